"""Why is this candidate not moving: one sentence, and what it rests on.

Since when they stand here, what bars the nearest way on, who holds the next step, what time will do next by itself,
and what would open the way. Whose question it is makes no difference to the answer.
"""

from dataclasses import dataclass
from datetime import datetime

from workflow.domain.appointment import AppointmentState
from workflow.domain.ladder import TimerState
from workflow.domain.onward import Way, nearest
from workflow.domain.readiness import Readiness, readiness
from workflow.domain.situation import Situation
from workflow.domain.standing import Standing, late_stay, of_the_stay, standings
from workflow.service.sentence import Told, sentence
from workflow.service.waiting import Approval, Asked, approval, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What time will do next: this rung of this task, at this moment, telling these roles."""

    task: str
    label: str
    rung: int
    tells: tuple[str, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Work that waits on an outsider, when they are to be chased, and how often somebody has tried."""

    task: str
    label: str
    on: str
    chase_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Work that somebody has taken on until a time; or, without one, was asked to take over."""

    task: str
    label: str
    by: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock of one open task or duty.

    `due_at` is None while a hold pauses it; `withheld_until` is told while its reminders wait to be released.
    """

    task: str
    label: str
    duty: bool
    urgency: str
    state: str
    rung: int
    tells: tuple[str, ...]
    due_at: datetime | None
    late_since: datetime | None
    withheld_until: datetime | None
    unheard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The sentence and its basis. `way` is the nearest way on; None where the pathway is over."""

    sentence: str
    stage: str
    since: datetime
    day: int
    late_since: datetime | None
    review_at: datetime | None
    way: Way | None
    holders: tuple[str, ...]
    asked: Asked | None
    approval: Approval | None
    next_due: Due | None
    waiting: tuple[Waiting, ...]
    promises: tuple[Promise, ...]
    offers: tuple[Promise, ...]
    clocks: tuple[Clock, ...]
    appointments: tuple[Readiness, ...]


def why(s: Situation, *, code: str) -> Why:
    """Why the candidate of this code stands where they stand."""
    episode, found, way = s.episode, standings(s), nearest(s)
    assert episode.stint_at is not None
    told = Told(
        s=s,
        code=code,
        day=day_of(s, episode.stint_at),
        late_since=late_stay(found),
        way=way,
        holders=_holders(s, way, found),
        asked=asked(s),
        approval=approval(s, way),
        found=found,
        planned=_planned(s),
    )
    return Why(
        sentence=sentence(told),
        stage=episode.stage,
        since=episode.stint_at,
        day=told.day,
        late_since=told.late_since,
        review_at=episode.hold.review_at if episode.hold else None,
        way=way,
        holders=told.holders,
        asked=told.asked,
        approval=told.approval,
        next_due=next_due(s),
        waiting=tuple(_waiting(one) for one in found if one.waits_on),
        promises=tuple(_promise(s, one) for one in found if one.promised(s.now)),
        offers=tuple(_offer(one) for one in found if one.task.offered_to),
        clocks=tuple(_clock(one) for one in found),
        appointments=told.planned,
    )


def day_of(s: Situation, since: datetime) -> int:
    """Which day it is since then, on the site's calendar; the first day is 1."""
    return (s.calendar.local(s.now).date() - s.calendar.local(since).date()).days + 1


def next_due(s: Situation) -> Due | None:
    """The timer that fires next among the open tasks."""
    one = next((one for one in standings(s) if one.clock is TimerState.LIVE), None)
    if one is None or one.due_at is None:
        return None
    return Due(task=one.task.key, label=one.label, rung=one.rung, tells=one.tells, due_at=one.due_at)


def _holders(s: Situation, way: Way | None, found: tuple[Standing, ...]) -> tuple[str, ...]:
    """Who holds the next step: those who may walk an open way, else whoever has the work here."""
    if way is not None and not way.bars and s.episode.hold is None:
        return way.roles
    return tuple(dict.fromkeys(one.holder for one in of_the_stay(s, found) or found))


def _planned(s: Situation) -> tuple[Readiness, ...]:
    """The appointments ahead, the next one first."""
    ahead = [
        one
        for one in s.episode.appointments.values()
        if one.state is AppointmentState.PLANNED and one.starts_at > s.now and one.kind in s.protocol.appointments
    ]
    return tuple(readiness(s, one) for one in sorted(ahead, key=lambda one: (one.starts_at, one.key)))


def _waiting(one: Standing) -> Waiting:
    task = one.task
    assert task.waiting_on is not None
    assert task.acknowledged_until is not None
    return Waiting(
        task=task.key, label=one.label, on=task.waiting_on, chase_at=task.acknowledged_until, attempts=task.contacts
    )


def _promise(s: Situation, one: Standing) -> Promise:
    by = one.task.acknowledged_by or one.holder
    return Promise(task=one.task.key, label=one.label, by=by, until=one.promised(s.now))


def _offer(one: Standing) -> Promise:
    return Promise(task=one.task.key, label=one.label, by=one.task.offered_to or "", until=None)


def _clock(one: Standing) -> Clock:
    return Clock(
        task=one.task.key,
        label=one.label,
        duty=one.task.is_duty,
        urgency=one.urgency,
        state=one.clock,
        rung=one.rung,
        tells=one.tells,
        due_at=one.due_at,
        late_since=one.late_since,
        withheld_until=one.task.withheld_until,
        unheard=one.unheard,
    )
