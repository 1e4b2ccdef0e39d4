"""A gate's report: open, shut or unknown, because ...; or passed by two people, and shown as that."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from workflow.domain.canonical import canonical
from workflow.domain.criterion import Finding, Verdict, judge
from workflow.domain.opening import opening
from workflow.domain.passage import Override
from workflow.domain.protocol import Gate
from workflow.domain.view import View


class Weight(StrEnum):
    """What a gate that is not open does. None said: it bars the way."""

    WARNS = "warns"  # it is shown, and bars nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What a gate answered at one instant, and everything it rests on."""

    gate: str
    label: str
    verdict: Verdict
    because: str
    opens_when: str = ""
    finding: Finding | None = None
    dispensed: str | None = None  # the reason two people gave
    weight: Weight | None = None

    @property
    def warns(self) -> bool:
        return self.weight is Weight.WARNS

    @property
    def passes(self) -> bool:
        return self.warns or self.verdict.passes


def report(gate: Gate, view: View) -> GateReport:
    """Answer a gate. A declared waiver or override that still stands shows as such, never as open."""
    finding = judge(gate.criterion, view)
    plain = GateReport(
        gate=gate.key,
        label=gate.label,
        verdict=finding.verdict,
        because=finding.because,
        opens_when="; ".join(opening(finding)),
        finding=finding,
    )
    standing = None if plain.passes else _standing(plain, view)
    if standing is None:
        return plain
    return GateReport(
        gate=gate.key,
        label=gate.label,
        verdict=Verdict(standing.how),
        because=f"{standing.how} by two people ({standing.reason}); it stood as {plain.verdict}: {plain.because}",
        finding=finding,
        dispensed=standing.reason,
    )


def closed(gate: str, label: str, because: str, opens_when: str = "") -> GateReport:
    """A report of something other than the file's gates that bars the way: the stage, a hold, whose it is."""
    return GateReport(gate=gate, label=label, verdict=Verdict.SHUT, because=because, opens_when=opens_when)


def evidence(*reports: GateReport) -> str:
    """A fingerprint of what was seen: the verdicts, and which observations they rest on."""
    seen = [[r.gate, _underlying(r), sorted(r.finding.keys) if r.finding else []] for r in reports]
    return hashlib.sha256(canonical(seen)).hexdigest()


def _underlying(seen: GateReport) -> str:
    return str(seen.finding.verdict if seen.finding else seen.verdict)


def _standing(plain: GateReport, view: View) -> Override | None:
    """The override of this gate that stands now, on the very evidence both people saw."""
    for override in view.episode.overrides.values():
        holds = override.gate == plain.gate and override.at <= view.at <= override.until
        if holds and override.evidence == evidence(plain):
            return override
    return None
