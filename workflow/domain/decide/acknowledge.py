"""Acknowledge: "mine, by hh:mm". It pauses the climb until then and never ends it."""

from dataclasses import replace
from datetime import datetime, timedelta

from workflow.domain.actor import Role
from workflow.domain.decide.complete import ended, find
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.gate import GateReport, closed
from workflow.domain.ladder import Ladder, TimerState, Urgency
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import set_timer

# How long a promise may hold the climb back; defaults of this engine, no source was found.
LONGEST = {
    Urgency.ROUTINE: timedelta(days=7),
    Urgency.URGENT: timedelta(hours=24),
    Urgency.RED: timedelta(minutes=30),
}


def acknowledge(s: Situation, *, key: str, until: datetime) -> Decision:
    """Take a task on until a time. Not done by then, its ladder goes on where it stood.

    A promise that runs can be taken over or shortened, never made longer: or the climb could be put off for ever.
    Raises NotFoundError; ImpossibleTimeError where `until` is past or further than its urgency allows
    (routine 7 days, urgent 24 hours, red 30 minutes).
    """
    task = find(s, key)
    about = {"task": key, "until": until}
    bars = bars_to_take(s, task)
    if bars:
        return refuse(s, "acknowledge", occurred_at=s.now, about=about, basis=bars)
    check_promise(s, task, until, most=s.now + LONGEST[ladder_of(s, task).urgency])
    draft = Draft(s)
    hold_back(draft, replace(task, assignee=s.actor.id), until)
    return draft.decide("acknowledge", occurred_at=s.now, about=about)


def bars_to_take(s: Situation, task: Task) -> tuple[GateReport, ...]:
    """What keeps the actor from taking a task on: it has ended, or they are nobody its ladder would call."""
    if not task.is_open:
        return (ended(task),)
    rule = s.protocol.task(task.name)
    if task.assignee != s.actor.id and not s.actor.holds(rule.role, *_told(s, rule.ladder)):
        return (closed("role", "Not yours", f"{rule.label} is for {rule.role}"),)
    return ()


def ladder_of(s: Situation, task: Task) -> Ladder:
    return s.protocol.ladders[s.protocol.task(task.name).ladder]


def check_promise(s: Situation, task: Task, until: datetime, *, most: datetime) -> None:
    """Refuse a promise that is past, further off than `most`, or longer than one that runs already.

    Raises ImpossibleTimeError.
    """
    running = task.acknowledged_until
    latest = most if running is None or running <= s.now else min(running, most)
    if until.tzinfo is None or not s.now < until <= latest:
        raise ImpossibleTimeError(
            "a promise lies ahead, and not too far", place="until", allowed=f"until {latest.isoformat()}"
        )


def hold_back(draft: Draft, task: Task, until: datetime) -> None:
    """Let a task's climb wait until a time, at the rung where it stands, on the actor's word.

    A duty's rung that is due already is told all the same, and the one after it waits: or promise and new fact by
    turns could keep it quiet.
    """
    draft.put("tasks", task.key, replace(task, acknowledged_by=draft.s.actor.id, acknowledged_until=until))
    timer = draft.episode.timers[task.key]
    told_first = task.is_duty and timer.due_at <= draft.s.now
    if timer.state is TimerState.LIVE and not told_first:
        set_timer(draft, task.key, rung=timer.rung, due_at=until)


def _told(s: Situation, ladder: str) -> tuple[Role, ...]:
    """The roles some rung of a ladder tells: whoever can be called may answer."""
    names = {name for rung in s.protocol.ladders[ladder].rungs for name in rung.tell}
    return tuple(Role(name) for name in names if name != "assignee")
