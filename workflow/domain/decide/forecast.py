"""Forecast: what a migration would mean for one candidate, told before it is done. It changes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workflow.domain.decide.migrate import SAME_NAMES, migrate
from workflow.domain.decide.unmappable import successor
from workflow.domain.decision import Decision
from workflow.domain.gate import GateReport
from workflow.domain.ladder import Timer, TimerState
from workflow.domain.machine import reports_of
from workflow.domain.passage import How
from workflow.domain.protocol import ProtocolVersion, Transition
from workflow.domain.situation import Situation
from workflow.domain.view import View

_A_MOMENT = timedelta(microseconds=1)  # what lapses now stands no longer a moment later


@dataclass(frozen=True, slots=True, kw_only=True)
class GateShift:
    """One gate of one way on: what it answers before and after. An empty verdict: it is not asked for there."""

    way: str
    gate: str
    label: str
    before: str
    after: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkShift:
    """One open task or duty, and what becomes of it and its clock: kept, moved, ended or opened."""

    task: str
    label: str
    duty: bool
    fate: str
    rung_before: int | None = None
    rung_after: int | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    clock: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would change for one candidate. With `bars` nothing would: they stay on their version, for these reasons."""

    stage: str
    stage_after: str
    bars: tuple[GateReport, ...] = ()
    gates: tuple[GateShift, ...] = ()
    ways_gone: tuple[str, ...] = ()
    ways_new: tuple[str, ...] = ()
    work: tuple[WorkShift, ...] = ()
    lapsed: tuple[str, ...] = ()
    would_not_pass: tuple[str, ...] = ()  # steps taken, whose gates as they are now written would not have let them
    not_asked: tuple[str, ...] = ()  # recorded items the new version does not declare: kept, and no longer looked at
    response: str = ""
    response_after: str = ""


def forecast(s: Situation, *, to: ProtocolVersion, reason: str, names: Mapping[str, str] = SAME_NAMES) -> Forecast:
    """What `migrate` would do to this episode now, in words a person can check. Raises what migrate raises."""
    decision = migrate(s, to=to, reason=reason, names=names)
    here = s.protocol.stage(s.episode.stage).label
    if decision.refused:
        return Forecast(stage=here, stage_after=here, bars=decision.entry.basis)
    before, after = s.view(s.now), _after(s, decision, to)
    new = _ways(after)
    called = {successor(name, s.protocol, to, names) or name: rule for name, rule in _ways(before).items()}
    relief, relief_after = before.response(), after.response()
    return Forecast(
        stage=here,
        stage_after=to.stage(decision.after.stage).label,
        gates=tuple(
            shift for name in called if name in new for shift in _gates(called[name], new[name], before, after)
        ),
        ways_gone=tuple(rule.label for name, rule in called.items() if name not in new),
        ways_new=tuple(rule.label for name, rule in new.items() if name not in called),
        work=tuple(_work(s, decision, to)),
        lapsed=tuple(_lapsed(decision)),
        would_not_pass=tuple(_not_again(before, after)),
        not_asked=tuple(sorted({o.item for o in s.episode.observations.values() if o.stands} - set(to.items))),
        response=relief.because if relief else "",
        response_after=relief_after.because if relief_after else "",
    )


def _after(s: Situation, decision: Decision, to: ProtocolVersion) -> View:
    return replace(s.view(s.now + _A_MOMENT), protocol=to, episode=decision.after)


def _ways(view: View) -> dict[str, Transition]:
    return {name: rule for name, rule in view.protocol.transitions.items() if view.episode.stage in rule.sources}


def _gates(old: Transition, new: Transition, before: View, after: View) -> Iterator[GateShift]:
    """The gates of one way on that answer otherwise, or are asked on one side only."""
    told, telling = (
        {seen.gate: seen for seen in reports_of(rule, view)} for rule, view in ((old, before), (new, after))
    )
    for gate in dict.fromkeys((*told, *telling)):
        was, now = told.get(gate), telling.get(gate)
        seen = now or was
        if seen is not None and _verdict(was) != _verdict(now):
            yield GateShift(
                way=new.label,
                gate=gate,
                label=seen.label,
                before=_verdict(was),
                after=_verdict(now),
                because=seen.because,
            )


def _verdict(seen: GateReport | None) -> str:
    return "" if seen is None else str(seen.verdict)


def _work(s: Situation, decision: Decision, to: ProtocolVersion) -> Iterator[WorkShift]:
    was, now = decision.before, decision.after
    for key, task in now.tasks.items():
        old, old_clock, clock = was.tasks.get(key), was.timers.get(key), now.timers[key]
        if old is not None and not old.is_open:
            continue
        rules = to.tasks if task.name in to.tasks else s.protocol.tasks
        yield WorkShift(
            task=key,
            label=rules[task.name].label,
            duty=task.is_duty,
            fate=_fate(old_clock, clock),
            rung_before=None if old_clock is None else old_clock.rung,
            rung_after=clock.rung if task.is_open else None,
            due_before=None if old_clock is None else old_clock.due_at,
            due_after=clock.due_at if task.is_open else None,
            clock=clock.state,
            why=task.closing or "",
        )


def _fate(was: Timer | None, now: Timer) -> str:
    if was is None:
        return "opened"
    if now.state is TimerState.ENDED:
        return "ended"
    return "kept" if was == now else "moved"


def _lapsed(decision: Decision) -> Iterator[str]:
    said = decision.entry.about["lapsed"]
    assert isinstance(said, list)
    yield from (str(name) for name in said)


def _not_again(before: View, after: View) -> Iterator[str]:
    """Steps whose gates, as written now, would not open at their own instant; as they were written they did."""
    for key, passage in after.episode.passages.items():
        if passage.how is How.DEVIATION:
            continue
        old, new = (replace(view, at=passage.at, of_trial=passage.trial) for view in (before, after))
        if _open(old, before.episode.passages[key].name) and not _open(new, passage.name):
            yield after.protocol.transition(passage.name).label


def _open(view: View, way: str) -> bool:
    return all(seen.passes for seen in reports_of(view.protocol.transition(way), view))
