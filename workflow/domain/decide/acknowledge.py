"""Acknowledge: "mine, by hh:mm". It pauses the climb until then and never ends it."""

from dataclasses import replace
from datetime import datetime, timedelta

from workflow.domain.actor import Role
from workflow.domain.decide.complete import ended, find
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.gate import closed
from workflow.domain.ladder import TimerState, Urgency
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
    rule = s.protocol.task(task.name)
    about = {"task": key, "until": until}
    if not task.is_open:
        return refuse(s, "acknowledge", occurred_at=s.now, about=about, basis=(ended(task),))
    if task.assignee != s.actor.id and not s.actor.holds(rule.role, *_told(s, rule.ladder)):
        bar = closed("role", "Not yours", f"{rule.label} is for {rule.role}")
        return refuse(s, "acknowledge", occurred_at=s.now, about=about, basis=(bar,))
    latest = _latest(s, task, LONGEST[s.protocol.ladders[rule.ladder].urgency])
    if until.tzinfo is None or not s.now < until <= latest:
        raise ImpossibleTimeError(
            "a promise lies ahead, and not too far", place="until", allowed=f"until {latest.isoformat()}"
        )
    draft = Draft(s)
    mine = replace(task, assignee=s.actor.id, acknowledged_by=s.actor.id, acknowledged_until=until)
    draft.put("tasks", key, mine)
    timer = s.episode.timers[key]
    if timer.state is TimerState.LIVE:
        set_timer(draft, key, rung=timer.rung, due_at=until)
    return draft.decide("acknowledge", occurred_at=s.now, about=about)


def _latest(s: Situation, task: Task, longest: timedelta) -> datetime:
    """The furthest a promise made now may reach."""
    running = task.acknowledged_until
    return s.now + longest if running is None or running <= s.now else min(running, s.now + longest)


def _told(s: Situation, ladder: str) -> tuple[Role, ...]:
    """The roles some rung of a ladder tells: whoever can be called may answer."""
    names = {name for rung in s.protocol.ladders[ladder].rungs for name in rung.tell}
    return tuple(Role(name) for name in names if name != "assignee")
