"""A task's clock when its ladder is written anew. What was told stays told, what is due stays due.

same times                  the clock is not touched
due already                 stays due, and the new ladder says who is told
held back by a promise      stays until the promise ends, no longer than a new promise could last
waits for a release         goes on waiting, no longer than before
told to the last rung       repeats on; where the new ladder has a further rung, that one is next
otherwise                   the next rung, counted anew from the anchor, plus what a hold had put it off
paused                      the time left to that rung when the hold began
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workflow.domain.calendar import Calendar
from workflow.domain.decision import Draft
from workflow.domain.ladder import Ladder, OnHold, Timer, TimerState
from workflow.domain.task import Task
from workflow.domain.work import set_timer


@dataclass(frozen=True, slots=True)
class Pace:
    """A ladder and what it counts from."""

    ladder: Ladder
    anchor: datetime

    @property
    def times(self) -> tuple[object, ...]:
        """All that a due time rests on."""
        ladder = self.ladder
        return (self.anchor, ladder.repeat, [(rung.after, ladder.kind(at)) for at, rung in enumerate(ladder.rungs)])

    @property
    def last(self) -> int:
        return self.ladder.last

    def due(self, rung: int, calendar: Calendar) -> datetime:
        """When a rung is due, counted from the anchor."""
        return self.ladder.due(rung, self.anchor, calendar)


def reclock(draft: Draft, task: Task, old: Pace, new: Pace, *, longest: timedelta) -> None:
    """Put an open task's timer where the new ladder wants it. `longest` is how far off a promise may lie.

    A paused clock whose new ladder runs on hold is set going; a running one whose ladder pauses is the caller's.
    """
    timer, until, latest = draft.episode.timers[task.key], task.acknowledged_until, draft.s.now + longest
    held_back = until is not None and timer.due_at == until
    withheld = task.withheld_until is not None and timer.due_at == task.withheld_until
    if until is not None and until > latest:
        until = latest
        draft.put("tasks", task.key, replace(task, acknowledged_until=until))
    if timer.state is TimerState.PAUSED:
        _paused(draft, timer, old, new, promised=until)
        return
    rung, due = timer.rung, timer.due_at
    if withheld:
        rung = min(rung, new.last)  # it waits for its release, and is then told as high as time has gone
    elif old.times != new.times:
        rung, due = _moved(draft, timer, old, new)
    if held_back and until is not None and timer.due_at > draft.s.now:
        due = until
    if (rung, due) != (timer.rung, timer.due_at):
        set_timer(draft, task.key, rung=rung, due_at=due)


def _moved(draft: Draft, timer: Timer, old: Pace, new: Pace) -> tuple[int, datetime]:
    """Which rung is next and when, for a clock that runs."""
    now, calendar, rung = draft.s.now, draft.s.calendar, min(timer.rung, new.last)
    if timer.due_at <= now:
        return rung, timer.due_at
    planned = old.due(timer.rung, calendar)
    repeats = timer.rung == old.last and timer.due_at > planned
    if repeats and timer.rung < new.last:
        return timer.rung + 1, new.due(timer.rung + 1, calendar)
    if repeats or timer.rung > new.last:
        return rung, min(timer.due_at, calendar.after(now, new.ladder.repeat, new.ladder.kind(rung)))
    put_off = max(timedelta(), timer.due_at - planned)
    return rung, new.due(rung, calendar) + put_off


def _paused(draft: Draft, timer: Timer, old: Pace, new: Pace, *, promised: datetime | None) -> None:
    calendar, rung, left = draft.s.calendar, min(timer.rung, new.last), timer.remaining or 0
    hold, time = draft.episode.hold, new.ladder.kind(rung)
    if old.times != new.times and hold is not None:
        left = calendar.between(hold.since, new.due(rung, calendar), time)
    if new.ladder.on_hold is OnHold.RUN:
        due = calendar.later(draft.s.now, left, time)
        set_timer(draft, timer.key, rung=rung, due_at=max(due, promised or due))
    elif (rung, left) != (timer.rung, timer.remaining):
        draft.put("timers", timer.key, replace(timer, n=timer.n + 1, rung=rung, remaining=left))
