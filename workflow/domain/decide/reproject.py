"""Reproject: a site's calendar has changed, and every clock that rests on it is put where it belongs now.

The calendar counts from the moment it changed, and the clocks follow one by one: what was set meanwhile stands right.

due already                      stays due
held back by a promise           stays until the promise ends; so does a backlog that waits for its release
paused                           the time left is kept, in the rung's own kind of time
where its rung's own time put it the same rung, counted anew from the anchor
elsewhere (repeats, put off)     the working time that was left is kept
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from workflow.domain.calendar import Calendar, TimeKind
from workflow.domain.decision import Decision, Draft
from workflow.domain.following import counted_from
from workflow.domain.ladder import Timer, TimerState
from workflow.domain.situation import Situation
from workflow.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One clock that was put elsewhere."""

    task: str
    was: datetime
    due_at: datetime


def reproject(s: Situation, *, before: Calendar, why: str, timers: Mapping[str, int] | None = None) -> Decision | None:
    """Put the open clocks of an episode where the calendar has them now; `before` is the one they were set by.

    `timers` are the projections that stood when it changed, all of them where it is left out. None where nothing
    moves; asked again with the calendar of now as `before`, nothing does.
    """
    draft, moved = Draft(s), list[Moved]()
    for task in s.episode.open_tasks:
        timer = s.episode.timers[task.key]
        stood = timers is None or timers.get(task.key) == timer.n
        due = timer.due_at if _stays(s, task, timer) else _due(s, task, timer, before, stood=stood)
        if due != timer.due_at:
            draft.put("timers", task.key, replace(timer, n=timer.n + 1, due_at=due))
            moved.append(Moved(task=task.key, was=timer.due_at, due_at=due))
    if not moved:
        return None
    return draft.decide("reproject", occurred_at=s.now, about={"why": why, "moved": moved})


def _stays(s: Situation, task: Task, timer: Timer) -> bool:
    held_back = timer.due_at in (task.acknowledged_until, task.withheld_until)
    return timer.state is not TimerState.LIVE or timer.due_at <= s.now or held_back


def _due(s: Situation, task: Task, timer: Timer, before: Calendar, *, stood: bool) -> datetime:
    """When the rung a running clock stands at is due now; never in the past."""
    ladder = s.protocol.ladders[s.protocol.tasks[task.name].ladder]
    view, due = s.view(s.now), timer.due_at
    was = ladder.due(timer.rung, counted_from(replace(view, calendar=before), task), before)
    now = ladder.due(timer.rung, counted_from(view, task), s.calendar)
    if due == was:
        return max(s.now, now, task.acknowledged_until or now)
    if due == now or not stood or ladder.kind(timer.rung) is TimeKind.CLOCK:
        return due
    return _kept(s, due, before)


def _kept(s: Situation, due: datetime, before: Calendar) -> datetime:
    """The same working time from now; where the day itself is closed now and no hour is lost, the next open moment."""
    after, left = s.calendar, before.between(s.now, due, TimeKind.WORKING)
    if after.between(s.now, due, TimeKind.WORKING) != left:
        return after.later(s.now, left, TimeKind.WORKING)
    if before.works_on(before.day(due)) and not after.works_on(after.day(due)):
        return after.later(due, 0, TimeKind.WORKING)
    return due
