"""The huddle: what harms if nobody acts today, gravest first; one line a thing, in words.

red        red work that is late or due today
duty       other duties that are late or due today, urgent ones first
procedure  procedures of the next five working days, those that still lack something first
priority   referrals that come first by the protocol, and are late
chase      work that waits on an outsider who is to be chased by today
unheard    reminders that reached nobody they name, and letters that could not be delivered
late       everything else that is late
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from workflow.domain.appointment import AppointmentState
from workflow.domain.calendar import Calendar, Duration, TimeKind
from workflow.domain.criterion import Verdict, judge
from workflow.domain.ladder import Urgency
from workflow.domain.protocol import UNDELIVERED
from workflow.domain.readiness import Readiness, is_procedure, readiness
from workflow.domain.situation import Situation
from workflow.domain.standing import Standing, late_stay, of_the_stay, standings
from workflow.domain.wording import counted, moment, plain, some_of

WORKING_DAYS = Duration(5, "d")  # how far ahead procedures are looked at


class Harm(StrEnum):
    """Why something is on the list, gravest first."""

    RED = "red"
    DUTY = "duty"
    PROCEDURE = "procedure"
    PRIORITY = "priority"
    CHASE = "chase"
    UNHEARD = "unheard"
    LATE = "late"


TO_DO = {
    Harm.RED: "act now, and say that you have it",
    Harm.DUTY: "do it, or acknowledge it until a time",
    Harm.CHASE: "chase them, log the attempt, and set the next date",
    Harm.UNHEARD: "give it to somebody who is here",
    Harm.LATE: "do it, or acknowledge it until a time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Today on a site's calendar, and the end of the fifth working day after it."""

    today: datetime
    tomorrow: datetime
    ahead: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing on the list: what it is, why it is here, who holds it and what to do."""

    harm: Harm
    urgency: Urgency
    episode: str
    code: str
    stage: str  # its label
    about: str  # the key of its task or appointment; empty where it is the stay
    what: str
    because: str
    to_do: str
    held_by: tuple[str, ...]
    since: datetime | None
    due_at: datetime | None
    lacks: tuple[str, ...] = ()
    on_the_day: tuple[str, ...] = ()


def horizon(calendar: Calendar, now: datetime) -> Horizon:
    """What today, tomorrow and five working days are at a site."""
    local = calendar.local(now)

    def begins(moment: datetime, days: int) -> datetime:
        day = calendar.local(moment).date() + timedelta(days=days)
        return datetime.combine(day, time(), local.tzinfo)

    last = calendar.after(now, WORKING_DAYS, TimeKind.WORKING)
    return Horizon(today=begins(now, 0), tomorrow=begins(now, 1), ahead=begins(last, 1))


def lines(s: Situation, *, code: str, until: Horizon, work: Collection[str]) -> tuple[Line, ...]:
    """The lines of one candidate, of the open tasks in `work`; but for what is merely late."""
    told = _Told(s, code, until, standings(s))
    return (*_work(told, work), *_procedures(told), *_priority(told))


def gravity(one: Line) -> tuple[int, int, bool, datetime, str, str]:
    """By what lines are ranked: the gravest first; among equals what is due or late longest."""
    ready = one.harm is Harm.PROCEDURE and not one.lacks
    when = one.since or one.due_at or _NEVER
    return list(Harm).index(one.harm), _PRESSING[one.urgency], ready, when, one.code, one.about


# ---------------------------------------------------------------------------------------------------------------

_PRESSING = {Urgency.RED: 0, Urgency.URGENT: 1, Urgency.ROUTINE: 2}
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Told:
    """One candidate, and how far ahead is looked."""

    s: Situation
    code: str
    until: Horizon
    found: tuple[Standing, ...]

    def at(self, when: datetime) -> str:
        return moment(self.s.calendar, when, now=self.s.now)

    def line(self, harm: Harm, urgency: Urgency, **said: Any) -> Line:
        episode = self.s.episode
        stage = self.s.protocol.stage(episode.stage).label
        return Line(harm=harm, urgency=urgency, episode=episode.id, code=self.code, stage=stage, **said)


def _work(told: _Told, work: Collection[str]) -> Iterator[Line]:
    for one in told.found:
        harm = _harm(told, one) if one.task.key in work else None
        if harm is not None:
            yield told.line(
                harm,
                one.urgency,
                about=one.task.key,
                what=one.label,
                because="; ".join(_because(told, one)),
                to_do=one.advice or TO_DO[harm],
                held_by=(one.holder,),
                since=one.late_since,
                due_at=one.due_at,
            )


def _harm(told: _Told, one: Standing) -> Harm | None:
    task, tomorrow = one.task, told.until.tomorrow
    held_back = task.acknowledged_until is not None and task.acknowledged_until >= tomorrow
    today = one.late_since is not None or (one.due_at is not None and one.due_at < tomorrow)
    if one.urgency is Urgency.RED and today and not held_back:
        return Harm.RED
    if task.withheld_until is not None:
        return None
    if task.name == UNDELIVERED:
        return Harm.UNHEARD
    if task.is_duty and today and not held_back:
        return Harm.DUTY
    if one.waits_on and not held_back:
        return Harm.CHASE
    return Harm.UNHEARD if one.unheard else None


def _because(told: _Told, one: Standing) -> Iterator[str]:
    task, now = one.task, told.s.now
    if one.late_since is not None:
        yield f"late since {told.at(one.late_since)}"
    elif one.due_at is not None:
        yield f"due {told.at(one.due_at)}"
    if one.waits_on and task.acknowledged_until is not None:
        tried = f" ({counted(task.contacts, 'attempt')} so far)" if task.contacts else ""
        yield f"waits on {plain(one.waits_on)}, to be chased {told.at(task.acknowledged_until)}{tried}"
    elif (until := one.promised(now)) is not None:
        yield f"{task.acknowledged_by or one.holder} has it until {told.at(until)}"
    if one.unheard:
        yield "its last reminder found nobody it names, and the lead was told"


def _procedures(told: _Told) -> Iterator[Line]:
    s, until = told.s, told.until
    for planned in s.episode.appointments.values():
        soon = until.today <= planned.starts_at < until.ahead
        if planned.state is AppointmentState.PLANNED and soon and is_procedure(s.protocol, planned.kind):
            yield _procedure(told, readiness(s, planned))


def _procedure(told: _Told, found: Readiness) -> Line:
    lacks = f"still lacks {some_of(found.lacks, most=2)}" if found.lacks else "lacks nothing that can be known before"
    done = "get what is missing, or move it" if found.lacks else "on the day: " + some_of(found.on_the_day, most=3)
    return told.line(
        Harm.PROCEDURE,
        Urgency.URGENT if found.lacks else Urgency.ROUTINE,
        about=found.appointment.key,
        what=found.label,
        because=f"{told.at(found.appointment.starts_at)}; {lacks}",
        to_do=done if found.lacks or found.on_the_day else "nothing before the day",
        held_by=_holders(told),
        since=None,
        due_at=found.appointment.starts_at,
        lacks=found.lacks,
        on_the_day=found.on_the_day,
    )


def _priority(told: _Told) -> Iterator[Line]:
    """The stay of somebody who comes first, where it is late: in the first stage against the time they are owed."""
    s, first = told.s, told.s.protocol.priority
    if first is None or s.episode.hold is not None or s.protocol.stage(s.episode.stage).ends:
        return
    assert s.episode.stint_at is not None
    since = late_stay(told.found)
    if s.episode.stage == s.protocol.begins:
        owed = s.calendar.after(s.episode.stint_at, first.within, first.time)
        since = owed if owed <= s.now else since
    if since is None or judge(first.test, s.view(s.now)).verdict is not Verdict.OPEN:
        return
    mine = of_the_stay(s, told.found)
    yield told.line(
        Harm.PRIORITY,
        Urgency.URGENT,
        about="",
        what=first.label,
        because=f"late since {told.at(since)}",
        to_do="; ".join(one.advice or one.label for one in mine) or TO_DO[Harm.LATE],
        held_by=_holders(told),
        since=since,
        due_at=None,
    )


def _holders(told: _Told) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.holder for one in of_the_stay(told.s, told.found)))
