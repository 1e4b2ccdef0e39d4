"""How a gate's answer is told."""

from api.schemas.kinds import Wire, example

_FINDING = {
    "verdict": "unknown",
    "because": "Platelets has expired: 210 of 2026-09-01 08:30, valid for 30d",
    "opens_when": "Platelets: at least 100",
    "source": "common practice, site confirms (U)",
}


class FindingOut(Wire):
    """One criterion's answer: open, shut or unknown, because …, and what it rests on (observation keys)."""

    model_config = example(**_FINDING)

    verdict: str
    because: str
    opens_when: str = ""
    source: str = ""
    keys: tuple[str, ...] = ()
    parts: tuple["FindingOut", ...] = ()


class GateOut(Wire):
    """What a gate answered: open, shut, unknown, waived or overridden; and what would open it."""

    model_config = example(
        gate="bloods",
        label="Platelets and INR allow a puncture",
        verdict="unknown",
        because=_FINDING["because"],
        opens_when=_FINDING["opens_when"],
        finding=_FINDING,
    )

    gate: str
    label: str
    verdict: str
    because: str
    opens_when: str = ""
    finding: FindingOut | None = None
    dispensed: str | None = None
