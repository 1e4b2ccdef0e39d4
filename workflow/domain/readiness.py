"""What a booked procedure still lacks: its gates judged on the day it is booked for, on what is known today.

What will have expired by then counts as missing. What stays valid for a shorter time than there is left can only be
known on the day, and is told apart. Nothing here authorises anything: the gates of the day look again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from workflow.domain.appointment import Appointment
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Criterion, Finding, Join, Test, Verdict, combine
from workflow.domain.decide.upkeep import expired_by
from workflow.domain.decision import Draft
from workflow.domain.gate import report
from workflow.domain.onward import nearest
from workflow.domain.opening import opening
from workflow.domain.protocol import ProtocolVersion, Transition, tests_of
from workflow.domain.situation import Situation
from workflow.domain.view import View
from workflow.domain.wording import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """One planned appointment, and what keeps its act from being done. `act` is empty where none is declared."""

    appointment: Appointment
    label: str
    act: str
    lacks: tuple[str, ...]
    on_the_day: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.lacks


def is_procedure(version: ProtocolVersion, kind: str) -> bool:
    """Whether an appointment of this kind is a procedure: it has an act, needs items, or a plan is made for it.

    Where a protocol marks none of its kinds, all of them are looked at.
    """
    planned = () if version.anticoagulants is None else version.anticoagulants.procedures
    marked = {k for k, one in version.appointments.items() if one.act or one.needs or k in planned}
    return kind in version.appointments and (kind in marked or not marked)


def readiness(s: Situation, planned: Appointment) -> Readiness:
    """How ready a candidate is for a planned appointment."""
    kind = s.protocol.appointments[planned.kind]
    view, expired = s.view(max(planned.starts_at, s.now)), dict(_expired(s, planned))
    lacks, later = list(_in_the_way(s)), list[str]()
    for rule in _asked(s, kind.act):
        day = _Ahead(s, planned, here=s.episode.stage in rule.sources)
        found = [_ahead(s, gate, view, day) for gate in rule.gates]
        lacks += [wish for finding in found if finding is not None for wish in opening(finding)]
        later += [s.protocol.gate(gate).label for gate in rule.gates if day.waits(s.protocol.gate(gate).criterion)]
    asked = {wish.partition(": ")[0] for wish in lacks}
    lacks = [f"{wish}{_runs_out(expired.get(wish.partition(': ')[0]))}" for wish in lacks]
    lacks += [f"{label}: {said}" for label, said in expired.items() if label not in asked]
    return Readiness(
        appointment=planned,
        label=kind.label,
        act=s.protocol.acts[kind.act].label if kind.act else "",
        lacks=tuple(dict.fromkeys(plain(one) for one in lacks)),
        on_the_day=tuple(dict.fromkeys(later)),
    )


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What can only be known on the day of an appointment; `here`: whether the step can be taken from this stage."""

    s: Situation
    planned: Appointment
    here: bool

    def unknowable(self, test: Test) -> bool:
        """Whether nobody could know this yet: it lasts too short, or is about a trial that has not begun."""
        return self._later(test) or (not self.here and bool(test.subject.derived or test.subject.this_trial))

    def _later(self, test: Test) -> bool:
        """Whether a value recorded now would no longer be valid when the appointment begins."""
        item = self.s.protocol.items.get(test.subject.item)
        spans = [span for span in (test.subject.within, item.valid_for if item else None) if span is not None]
        shortest = min(spans, key=_minutes, default=None)
        return shortest is not None and self.s.now + shortest.elapsed < self.planned.starts_at

    def waits(self, criterion: Criterion) -> bool:
        return any(self._later(test) for test in tests_of(criterion))


def _minutes(span: Duration) -> int:
    return span.minutes


def _in_the_way(s: Situation) -> Iterator[str]:
    if s.episode.hold is not None:
        yield f"on hold: {s.episode.hold.reason}"


def _asked(s: Situation, act: str) -> Iterator[Transition]:
    """The steps up to an act: the one that authorises it, and before that the nearest way on from another stage."""
    ways = [rule for rule in s.protocol.transitions.values() if act and rule.authorises == act]
    here = [rule for rule in ways if s.episode.stage in rule.sources]
    if not here and (way := nearest(s)) is not None:
        yield s.protocol.transition(way.name)
    yield from (here or ways)[:1]


def _ahead(s: Situation, gate: str, view: View, day: _Ahead) -> Finding | None:
    """What a gate will find on the day, where what only the day can tell goes well; None where it will pass."""
    rule = s.protocol.gate(gate)
    seen = report(rule, view)
    if seen.passes or seen.finding is None:
        return None
    finding = _hoped(rule.criterion, seen.finding, day, wanted=True)
    return None if finding.verdict is Verdict.OPEN else finding


def _hoped(criterion: Criterion, finding: Finding, day: _Ahead, *, wanted: bool) -> Finding:
    """A finding with what cannot be known yet taken as one would wish it."""
    if isinstance(criterion, Test):
        unknown = finding.verdict is Verdict.UNKNOWN and day.unknowable(criterion)
        return replace(finding, verdict=Verdict.OPEN if wanted else Verdict.SHUT) if unknown else finding
    inner = wanted != (criterion.join is Join.NONE)
    pairs = zip(criterion.parts, finding.parts, strict=True)
    parts = tuple(_hoped(part, found, day, wanted=inner) for part, found in pairs)
    verdict = combine(criterion.join, tuple(part.verdict for part in parts), least=criterion.least)
    return replace(finding, parts=parts, verdict=verdict)


def _expired(s: Situation, planned: Appointment) -> Iterator[tuple[str, str]]:
    """The items an appointment needs that will not be valid, and whether there is a value that runs out before."""
    view = s.view(s.now)
    for item in expired_by(Draft(s), planned):
        seen = view.latest(item)
        known = seen is not None and seen.absent is None
        yield s.protocol.items[item].label, _EXPIRES if known else "to be recorded"


def _runs_out(said: str | None) -> str:
    return f" ({said})" if said == _EXPIRES else ""


_EXPIRES = "expires before that day"
