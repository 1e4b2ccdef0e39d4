"""How a gate's answer is told."""

from api.schemas.kinds import Wire, example

_FINDING = {
    "verdict": "unknown",
    "because": "Platelets has expired: 210 of 2026-09-01 08:30, valid for 30d",
    "asked": "Platelets: at least 100",
    "source": "common practice, site confirms (U)",
}


class FindingOut(Wire):
    """One criterion's answer: open, shut or unknown, because …, and what it rests on (observation keys).

    `margin` is how far a value lies inside its line (negative: outside), in the value's own unit.
    """

    model_config = example(**_FINDING)

    verdict: str
    because: str
    asked: str | None = None
    source: str = ""
    keys: tuple[str, ...] = ()
    parts: tuple["FindingOut", ...] = ()
    join: str | None = None
    least: int | None = None
    age: str | None = None
    margin: str | None = None


class GateOut(Wire):
    """What a gate answered: open, shut, unknown, waived or overridden; and the fewest things that would open it.

    With `weight: warns` it bars nobody.
    """

    model_config = example(
        gate="bloods",
        label="Platelets and INR allow a puncture",
        verdict="unknown",
        because=_FINDING["because"],
        opens_when=_FINDING["asked"],
        finding=_FINDING,
    )

    gate: str
    label: str
    verdict: str
    because: str
    opens_when: str = ""
    finding: FindingOut | None = None
    dispensed: str | None = None
    weight: str | None = None
