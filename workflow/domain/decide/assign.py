"""Claim and reassign: whose a task is. A coordinator or lead gives; anybody else offers. Neither quiets its ladder.

offer     the task stays whose it was and its ladder goes on; its reminders reach whom it is offered to as well
accept    whoever it was offered to claims or acknowledges it: theirs now, and another's promise ends
give      a coordinator or lead: theirs at once, and another's promise ends

Whoever it is given or offered to is told at once. Work that waits for the release of a backlog goes on waiting.
"""

from dataclasses import replace

from workflow.domain.decide.acknowledge import bars_to_take, hand_over, ladder_of, offered, taken
from workflow.domain.decide.complete import ended, find
from workflow.domain.decision import Decision, Draft, Message, refuse
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.gate import GateReport, closed
from workflow.domain.policy import Relation, Verb, permits
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import answered

HANDED = "handed"


def claim(s: Situation, *, key: str) -> Decision:
    """Make a task mine. Its clock runs on as before; whoever may acknowledge it may claim it.

    For whoever it was offered to this accepts it: a running promise by anybody else ends. Raises NotFoundError.
    """
    task = find(s, key)
    about = {"task": key, **offered(task, s.actor)}
    bars = bars_to_take(s, task)
    if bars:
        return refuse(s, "claim", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(s)
    mine = taken(task, s.actor)
    if task.offered_to == s.actor.id:
        hand_over(draft, mine)
    else:
        draft.put("tasks", key, mine)
    answered(draft, key)
    return draft.decide("claim", occurred_at=s.now, about=about)


def reassign(s: Situation, *, key: str, to: str, reason: str | None = None) -> Decision:
    """Give a task to another person, or offer it where one neither coordinates nor leads.

    Given, a running promise by anybody else ends, and the climb goes on now. Offered, nothing ends and nothing
    waits until they take it. Whether `to` works at the site is the caller's to see.
    Raises NotFoundError, ImpossibleInputError for an offer to whoever has it, or to oneself.
    """
    task = find(s, key)
    about = {"task": key, "to": to, "reason": reason}
    bars = _bars(s, task) or _away(s, to)
    if bars:
        return refuse(s, "reassign", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(s)
    draft.messages = _handed(s, task, to)
    if permits(s.actor, Verb.REASSIGN, Relation.OTHERS):
        hand_over(draft, replace(task, assignee=to, offered_to=None))
        return draft.decide("reassign", occurred_at=s.now, about=about)
    if to in (s.actor.id, task.assignee):
        raise ImpossibleInputError("a task is offered to somebody else", place="to", allowed="another person")
    draft.put("tasks", key, replace(task, offered_to=to))
    return draft.decide("reassign", occurred_at=s.now, about=about | {"offered": "yes"})


def of_handing(message: str) -> bool:
    """Whether a message tells somebody that work was given or offered to them."""
    return f"~{HANDED}." in message


def _handed(s: Situation, task: Task, to: str) -> list[Message]:
    """What tells somebody that work is theirs or offered to them; nobody is told what they have done themselves."""
    member = s.roster.member(to)
    if member is None or to == s.actor.id:
        return []
    timer = s.episode.timers[task.key]
    return [
        Message(
            key=f"{task.key}~{timer.n}~{to}~{channel}~{HANDED}.{s.episode.seq + 1}",
            task=task.key,
            name=task.name,
            rung=timer.rung,
            recipient=to,
            channel=channel,
            urgency=ladder_of(s, task).urgency,
            due_at=s.now,
        )
        for channel in member.channels
    ]


def _bars(s: Situation, task: Task) -> tuple[GateReport, ...]:
    if not task.is_open:
        return (ended(task),)
    rule = s.protocol.task(task.name)
    theirs = task.assignee == s.actor.id or s.actor.holds(rule.role)
    if not theirs and not permits(s.actor, Verb.REASSIGN, Relation.OTHERS):
        who = f"done by: its assignee, {rule.role}, coordinator or lead"
        return (closed("role", "Not yours", f"{rule.label} is for {rule.role}", who),)
    return ()


def _away(s: Situation, to: str) -> tuple[GateReport, ...]:
    if to not in s.roster.away:
        return ()
    return (closed("away", "There to take it", f"{to} is away", "somebody who is there"),)
