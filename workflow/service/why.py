"""Why is this candidate not moving: one sentence, and what it rests on.

Since when they stand here, what bars the nearest way on, who holds the next step, what time will do next by itself,
and what would open the way. Whose question it is makes no difference to the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workflow.domain.criterion import Verdict
from workflow.domain.decide import Option, survey
from workflow.domain.decide.deviate import DOSES
from workflow.domain.gate import GateReport
from workflow.domain.ladder import TimerState
from workflow.domain.protocol import Transition
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, Task

PUNCTURE = DOSES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What time will do next: this rung of this task, at this moment, telling these roles."""

    task: str
    label: str
    rung: int
    tells: tuple[str, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way on from here, whoever asks: what bars it, who may take it, and what would open it."""

    name: str
    label: str
    roles: tuple[str, ...]
    reports: tuple[GateReport, ...]
    second_person: bool

    @property
    def bars(self) -> tuple[GateReport, ...]:
        return tuple(seen for seen in self.reports if not seen.passes)

    @property
    def opens_when(self) -> tuple[str, ...]:
        return tuple(seen.opens_when for seen in self.bars if seen.opens_when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The sentence and its basis. `way` is the nearest way on; None where the pathway is over."""

    sentence: str
    stage: str
    since: datetime
    day: int
    way: Way | None
    holders: tuple[str, ...]
    next_due: Due | None


def why(s: Situation, *, code: str) -> Why:
    """Why the candidate of this code stands where they stand."""
    episode = s.episode
    assert episode.stint_at is not None
    way = None if s.protocol.stage(episode.stage).ends else _nearest(s)
    holders = _holders(s, way)
    due = next_due(s)
    sentence = "; ".join(part for part in (_standing(s, code, way), _held_by(s, holders), _coming(s, due)) if part)
    return Why(
        sentence=f"{sentence}.",
        stage=episode.stage,
        since=episode.stint_at,
        day=day_of(s, episode.stint_at),
        way=way,
        holders=holders,
        next_due=due,
    )


def day_of(s: Situation, since: datetime) -> int:
    """Which day it is since then, on the site's calendar; the first day is 1."""
    return (s.calendar.local(s.now).date() - s.calendar.local(since).date()).days + 1


def next_due(s: Situation) -> Due | None:
    """The timer that fires next among the open tasks."""
    clocks = [(s.episode.timers[task.key], task) for task in s.episode.open_tasks]
    live = [(timer, task) for timer, task in clocks if timer.state is TimerState.LIVE]
    if not live:
        return None
    timer, task = min(live, key=lambda pair: (pair[0].due_at, pair[0].key))
    rule = s.protocol.task(task.name)
    rung = s.protocol.ladders[rule.ladder].rungs[timer.rung]
    tells = tuple(task.assignee or rule.role if name == "assignee" else name for name in rung.tell)
    return Due(task=task.key, label=rule.label, rung=timer.rung, tells=tells, due_at=timer.due_at)


def _nearest(s: Situation) -> Way | None:
    """The way on with the fewest bars; a trial goes on by its puncture, and declared exceptions come last."""
    options = {option.name: option for option in survey(s).options}
    rules = [s.protocol.transition(name) for name in options]
    trial = s.episode.trial
    if trial is not None and trial.ended_at is None and trial.punctured_at is None:
        rules = [rule for rule in rules if rule.authorises == PUNCTURE] or rules
    onward = [rule for rule in rules if _leads_on(s, rule)] or [rule for rule in rules if rule.gates]
    ways = [(_way(s, _authorised_first(s, rule, options)), rule) for rule in onward]
    best = min(ways, key=lambda pair: (bool(pair[1].reasons), len(pair[0].bars)), default=None)
    return None if best is None else best[0]


def _leads_on(s: Situation, rule: Transition) -> bool:
    """Whether a transition leads to a later stage of the pathway, and not to an end of it."""
    order = list(s.protocol.stages)
    later = bool(rule.to) and order.index(rule.to) > order.index(s.episode.stage)
    return later and not s.protocol.stage(rule.to).ends


def _authorised_first(s: Situation, rule: Transition, options: dict[str, Option]) -> Option:
    """An act that nobody has authorised yet waits for its authorisation, so that is the way to tell of."""
    option = options[rule.name]
    missing = any(seen.gate == "authorisation" for seen in option.reports)
    for name, other in options.items():
        if missing and s.protocol.transition(name).authorises == rule.records:
            return other
    return option


def _way(s: Situation, option: Option) -> Way:
    roles = tuple(str(role) for role in s.protocol.transition(option.name).by)
    reports = tuple(seen for seen in option.reports if seen.gate != "role")
    return Way(name=option.name, label=option.label, roles=roles, reports=reports, second_person=option.second_person)


def _holders(s: Situation, way: Way | None) -> tuple[str, ...]:
    """Who holds the next step: those who may walk an open way, else whoever has the work here."""
    if way is not None and not way.bars and s.episode.hold is None:
        return way.roles
    scope = Scope.HOLD if s.episode.hold is not None else Scope.STINT
    work = [task for task in s.episode.open_tasks if task.scope is scope] or list(s.episode.open_tasks)
    return tuple(dict.fromkeys(task.assignee or str(task.role) for task in work))


def _standing(s: Situation, code: str, way: Way | None) -> str:
    episode, label = s.episode, s.protocol.stage(s.episode.stage).label
    assert episode.stint_at is not None
    since = f"{s.calendar.local(episode.stint_at):%Y-%m-%d %H:%M}"
    if episode.hold is not None:
        held = f"{s.calendar.local(episode.hold.since):%Y-%m-%d %H:%M}"
        return f"{code} is on hold in {label} since {held}: {episode.hold.reason}"
    if way is None:
        return f"{code} ended in {label} on {since}" + _kept_open(s, episode.open_duties)
    here = f"{code} stands in {label} since {since} (day {day_of(s, episode.stint_at)})"
    if not way.bars:
        second = ", by two people" if way.second_person else ""
        return f"{here} and can move on: {way.label}{second}"
    unknown = all(seen.verdict is Verdict.UNKNOWN for seen in way.bars)
    verb = "waits for what is not known" if unknown else "is barred"
    return f"{here}: {way.label} {verb} ({_brief([seen.because for seen in way.bars])})"


def _kept_open(s: Situation, duties: Sequence[Task]) -> str:
    labels = sorted({s.protocol.task(duty.name).label for duty in duties})
    return f" and is kept open by: {', '.join(labels)}" if labels else ""


def _held_by(s: Situation, holders: tuple[str, ...]) -> str:
    asked = [p for p in s.episode.proposals.values() if p.settled_at is None and p.until >= s.now]
    second = f"; {asked[-1].by} has asked, and a second person must too" if asked else ""
    return (f"the next step is with {', '.join(holders)}" if holders else "nothing is open") + second


def _coming(s: Situation, due: Due | None) -> str:
    if due is None:
        return ""
    at, tells = f"{s.calendar.local(due.due_at):%Y-%m-%d %H:%M}", ", ".join(due.tells)
    if due.due_at <= s.now:
        return f"{tells} are being told of {due.label} now, due since {at}"
    return f"next, {at}, {tells} will be told of {due.label}"


def _brief(because: Sequence[str], most: int = 2) -> str:
    more = f"; and {len(because) - most} more" if len(because) > most else ""
    return "; ".join(because[:most]) + more
