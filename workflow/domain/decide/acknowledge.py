"""Acknowledge: "mine, by hh:mm". It pauses the climb until then and never ends it. It may be said on the phone."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from workflow.domain.actor import Actor, Role
from workflow.domain.decide.complete import ended, find
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError, ImpossibleTimeError
from workflow.domain.gate import GateReport, closed
from workflow.domain.ladder import Ladder, TimerState, Urgency
from workflow.domain.policy import Relation, Verb, permits
from workflow.domain.roster import NAMES
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import answered, set_timer

# How long a promise may hold the climb back; defaults of this engine, no source was found.
LONGEST = {
    Urgency.ROUTINE: timedelta(days=7),
    Urgency.URGENT: timedelta(hours=24),
    Urgency.RED: timedelta(minutes=30),
}


class Via(StrEnum):
    """How somebody said that a task is theirs."""

    APP = "app"  # themselves
    PHONE = "phone"  # to whoever logs it


def acknowledge(
    s: Situation,
    *,
    key: str,
    until: datetime,
    by: str | None = None,
    via: Via = Via.APP,
    note: str = "",
    by_link: bool = False,
) -> Decision:
    """Take a task on until a time. Not done by then, its ladder goes on where it stood.

    A promise that runs can be taken over or shortened, never made longer: or the climb could be put off for ever.
    Whoever the task was offered to accepts it with this: another's promise ends, and what is due then is told.
    `by` said so on the phone, and the actor logs it: the promise and the task are theirs. `by_link`: the actor said
    so by the link in a letter.
    Raises NotFoundError; ImpossibleTimeError where `until` is past or further than its urgency allows
    (routine 7 days, urgent 24 hours, red 30 minutes); ImpossibleInputError where `by` is not at work here now.
    """
    task, who = find(s, key), _whose_word(s, by, via)
    logged = {} if who == s.actor else {"by": who.id, "via": via.value, "note": note.strip()}
    linked = {"via": "link"} if by_link else {}
    about = {"task": key, "until": until, **logged, **linked, **offered(task, who)}
    bars = bars_to_take(s, task, who) or bars_to_log(s, task, who)
    if bars:
        return refuse(s, "acknowledge", occurred_at=s.now, about=about, basis=bars)
    draft, theirs = Draft(s), taken(task, who)
    if task.offered_to == who.id:
        theirs = hand_over(draft, theirs)
    check_promise(s, theirs, until, most=s.now + LONGEST[ladder_of(s, task).urgency])
    hold_back(draft, theirs, until, by=who.id)
    return draft.decide("acknowledge", occurred_at=s.now, about=about)


def taken(task: Task, who: Actor) -> Task:
    """A task in the hands of somebody: no outsider has it any more, and no offer of it stands."""
    return replace(task, assignee=who.id, offered_to=None, waiting_on=None)


def offered(task: Task, who: Actor) -> dict[str, str]:
    """What a line tells of an offer that is accepted: who had made it."""
    return {"accepted_from": task.assignee or str(task.role)} if task.offered_to == who.id else {}


def bars_to_take(s: Situation, task: Task, who: Actor | None = None) -> tuple[GateReport, ...]:
    """What keeps somebody (the actor) from taking a task on: it has ended, or they are nobody its ladder would call."""
    who = who or s.actor
    if not task.is_open:
        return (ended(task),)
    rule = s.protocol.task(task.name)
    if who.id in (task.assignee, task.offered_to) or who.holds(rule.role, *_told(s, rule.ladder)):
        return ()
    if who.id in _called(s, task):
        return ()
    return (closed("role", "Not theirs" if who != s.actor else "Not yours", f"{rule.label} is for {rule.role}"),)


def bars_to_log(s: Situation, task: Task, who: Actor) -> tuple[GateReport, ...]:
    """What keeps the actor from logging what somebody said: they could not take the task, and coordinate nothing."""
    if who == s.actor or permits(s.actor, Verb.ACKNOWLEDGE, Relation.OTHERS):
        return ()
    return bars_to_take(s, task)


def ladder_of(s: Situation, task: Task) -> Ladder:
    return s.protocol.ladders[s.protocol.task(task.name).ladder]


def check_promise(s: Situation, task: Task, until: datetime, *, most: datetime, place: str = "until") -> None:
    """Refuse a promise that is past, further off than `most`, or longer than one that runs already.

    While its clock stands still, a promise that has run out is not made anew: or holds and promises by turns could
    keep it quiet.

    Raises ImpossibleTimeError.
    """
    running = task.acknowledged_until
    if running is not None and running <= s.now and s.episode.timers[task.key].state is TimerState.PAUSED:
        raise ImpossibleTimeError(
            "a promise for it has run out, and its clock stands still", place=place, allowed="once the hold is released"
        )
    latest = most if running is None or running <= s.now else min(running, most)
    if until.tzinfo is None or not s.now < until <= latest:
        raise ImpossibleTimeError(
            "a promise lies ahead, and not too far", place=place, allowed=f"until {latest.isoformat()}"
        )


def hold_back(draft: Draft, task: Task, until: datetime, *, by: str = "") -> None:
    """Let a task's climb wait until a time, at the rung where it stands, on somebody's (the actor's) word.

    The first reminder of a task can be answered before it is told. Any other rung that is due already is told all
    the same, and the one after it waits, as for every duty: or promise after promise, or promise and new fact by
    turns, could keep it quiet.
    """
    promised = replace(task, acknowledged_by=by or draft.s.actor.id, acknowledged_until=until, withheld_until=None)
    draft.put("tasks", task.key, promised)
    timer = draft.episode.timers[task.key]
    told_first = timer.due_at <= draft.s.now and (task.is_duty or timer.n > 1)
    if timer.state is TimerState.LIVE and not told_first:
        set_timer(draft, task.key, rung=timer.rung, due_at=until)
    answered(draft, task.key)


def hand_over(draft: Draft, task: Task) -> Task:
    """Put a task into its assignee's hands. Another's promise that runs ends with it, and the climb goes on now."""
    until = task.acknowledged_until
    if until is None or until <= draft.s.now or task.acknowledged_by == task.assignee:
        draft.put("tasks", task.key, task)
        return task
    free = replace(task, acknowledged_by=None, acknowledged_until=None, waiting_on=None)
    draft.put("tasks", task.key, free)
    timer = draft.episode.timers[task.key]
    if timer.state is TimerState.LIVE:
        set_timer(draft, task.key, rung=timer.rung, due_at=draft.s.now)
    return free


def _whose_word(s: Situation, by: str | None, via: Via) -> Actor:
    """Whose promise this is. Raises ImpossibleInputError where it is somebody's who is not at work here now."""
    if by is None and via is Via.APP:
        return s.actor
    if by is None or via is Via.APP or by == s.actor.id:
        raise ImpossibleInputError(
            "a promise is one's own, or another person's on the phone",
            place="via" if by is None or via is Via.APP else "by",
            allowed="neither by nor via; or via phone, and by: who said it",
        )
    member = s.roster.member(by)
    if member is None or not s.roster.is_there(by):
        away = "whoever said it is away" if member is not None else "whoever said it does not work here today"
        raise ImpossibleInputError(away, said=by, place="by", allowed="the id of somebody at work here now")
    return Actor(id=member.id, roles=member.roles)


def _called(s: Situation, task: Task) -> set[str]:
    """Everybody whom some rung would tell now, whoever they stand in for."""
    told = (
        s.roster.tell(rung.tell, assignee=task.assignee, role=task.role, offered_to=task.offered_to)
        for rung in ladder_of(s, task).rungs
    )
    return {member.id for called in told for member in called.people}


def _told(s: Situation, ladder: str) -> tuple[Role, ...]:
    """The roles some rung of a ladder tells: whoever can be called may answer."""
    names = {name for rung in s.protocol.ladders[ladder].rungs for name in rung.tell}
    return tuple(Role(name) for name in names if name not in NAMES)
