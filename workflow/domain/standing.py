"""How every open task stands now: its clock, who holds it, what holds it back, and since when it is late.

A task is late once its first reminder's time has passed and its clock runs. A ladder that counts back to a moment is
late once that moment has passed: what it tells before is no delay.
"""

from dataclasses import dataclass
from datetime import datetime

from workflow.domain.following import counted_from
from workflow.domain.ladder import Ladder, Timer, TimerState, Urgency
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One open task or duty. `due_at` is when its next rung fires; None while a hold pauses its clock."""

    task: Task
    label: str
    advice: str
    urgency: Urgency
    clock: TimerState
    rung: int
    tells: tuple[str, ...]  # whom that rung names
    due_at: datetime | None
    late_since: datetime | None
    unheard: bool  # its last rung found nobody it names, and the lead was told

    @property
    def holder(self) -> str:
        """Who has it: its assignee, else the role whose work it is."""
        return self.task.assignee or str(self.task.role)

    @property
    def waits_on(self) -> str | None:
        """The outsider it waits on, while there is a date to chase them."""
        return None if self.task.acknowledged_until is None else self.task.waiting_on

    def promised(self, now: datetime) -> datetime | None:
        """Until when somebody has said it is theirs; None where nobody has, or that time is past."""
        until = self.task.acknowledged_until
        return None if self.waits_on or until is None or until <= now else until


def standings(s: Situation) -> tuple[Standing, ...]:
    """Every open task, the one whose next rung fires first, first; paused clocks last."""
    found = [_standing(s, task) for task in s.episode.open_tasks]
    return tuple(sorted(found, key=lambda one: (one.due_at is None, one.due_at or s.now, one.task.key)))


def of_the_stay(s: Situation, found: tuple[Standing, ...]) -> tuple[Standing, ...]:
    """The work that belongs to where the candidate stands: the hold's while on hold, else the stay's."""
    scope = Scope.HOLD if s.episode.hold is not None else Scope.STINT
    return tuple(one for one in found if one.task.scope is scope)


def late_stay(found: tuple[Standing, ...]) -> datetime | None:
    """Since when the stay is late against its own ladder; None where it is not."""
    since = [one.late_since for one in found if one.task.scope is Scope.STINT and one.late_since is not None]
    return min(since, default=None)


def _standing(s: Situation, task: Task) -> Standing:
    timer, rule = s.episode.timers[task.key], s.protocol.task(task.name)
    ladder = s.protocol.ladders[rule.ladder]
    live = timer.state is TimerState.LIVE
    tells = ladder.rungs[min(timer.rung, len(ladder.rungs) - 1)].tell
    return Standing(
        task=task,
        label=rule.label,
        advice=rule.advice,
        urgency=ladder.urgency,
        clock=timer.state,
        rung=timer.rung,
        tells=tuple(task.assignee or str(rule.role) if name == "assignee" else name for name in tells),
        due_at=timer.due_at if live else None,
        late_since=_late_since(s, task, timer, ladder) if live else None,
        unheard=timer.reached == 0,
    )


def _late_since(s: Situation, task: Task, timer: Timer, ladder: Ladder) -> datetime | None:
    anchor = counted_from(s.view(s.now), task)
    if ladder.counts_back:
        since = anchor
    else:
        first = ladder.first(anchor, s.calendar)
        since = max(first, timer.due_at) if timer.rung == 0 else first  # a first reminder may have been put off
    return since if since <= s.now else None
