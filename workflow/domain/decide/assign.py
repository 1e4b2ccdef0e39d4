"""Claim and reassign: whose a task is. Neither quiets its ladder."""

from dataclasses import replace

from workflow.domain.actor import Role
from workflow.domain.decide.acknowledge import bars_to_take
from workflow.domain.decide.complete import ended, find
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.gate import GateReport, closed
from workflow.domain.ladder import TimerState
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import set_timer


def claim(s: Situation, *, key: str) -> Decision:
    """Make a task mine. Its clock runs on as before; whoever may acknowledge it may claim it.

    Raises NotFoundError.
    """
    task = find(s, key)
    about = {"task": key}
    bars = bars_to_take(s, task)
    if bars:
        return refuse(s, "claim", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(s)
    draft.put("tasks", key, replace(task, assignee=s.actor.id))
    return draft.decide("claim", occurred_at=s.now, about=about)


def reassign(s: Situation, *, key: str, to: str, reason: str | None = None) -> Decision:
    """Give a task to another person. A running promise by anybody else ends, and the climb goes on now.

    Whether `to` works at the site is the caller's to see. Raises NotFoundError.
    """
    task = find(s, key)
    about = {"task": key, "to": to, "reason": reason}
    bars = _bars(s, task)
    if bars:
        return refuse(s, "reassign", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(s)
    theirs = replace(task, assignee=to)
    until = task.acknowledged_until
    if until is not None and until > s.now and task.acknowledged_by != to:
        _go_on(draft, theirs)
    else:
        draft.put("tasks", key, theirs)
    return draft.decide("reassign", occurred_at=s.now, about=about)


def _bars(s: Situation, task: Task) -> tuple[GateReport, ...]:
    if not task.is_open:
        return (ended(task),)
    rule = s.protocol.task(task.name)
    if task.assignee != s.actor.id and not s.actor.holds(rule.role, Role.COORDINATOR, Role.LEAD):
        who = f"done by: its assignee, {rule.role}, coordinator or lead"
        return (closed("role", "Not yours", f"{rule.label} is for {rule.role}", who),)
    return ()


def _go_on(draft: Draft, task: Task) -> None:
    draft.put("tasks", task.key, replace(task, acknowledged_by=None, acknowledged_until=None))
    timer = draft.episode.timers[task.key]
    if timer.state is TimerState.LIVE:
        set_timer(draft, task.key, rung=timer.rung, due_at=draft.s.now)
