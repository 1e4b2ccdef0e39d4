"""What happens when a letter does not arrive: the coordinator gets a task, and the next rung is told at once.

undelivered  a letter is dead: the engine's own duty opens, and its task's clock goes to now
storm        more urgent work waits for one person than letters may tell of: one line to the lead
instead      whom a letter was for is away or gone when it leaves: those in their place now are told, each once

A clock that has gone on since the letter was written is left alone: its work was promised, or told again, or counts
anew. A promise made before the letter does not excuse it, nor does a calendar that moved the clock since. The last
rung, which only repeats, is not hurried: it would call the same dead address again and again.
"""

from dataclasses import replace
from datetime import datetime

from workflow.domain.actor import Role
from workflow.domain.decision import Decision, Draft, Message
from workflow.domain.ladder import TimerState, Urgency
from workflow.domain.protocol import UNDELIVERED
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import open_task, set_timer

STORM = "storm"


def undelivered(s: Situation, *, task: str, message: str, rung: int, recipient: str, reason: str) -> Decision | None:
    """A letter about open work will not arrive. None where that work has ended, or where all is on its way already.

    A dead letter about the engine's own duty opens no other: that one goes to its next rung, once.
    """
    about = s.episode.tasks.get(task)
    if about is None or not about.is_open:
        return None
    draft = Draft(s)
    if about.name != UNDELIVERED:
        open_task(draft, s.protocol.task(UNDELIVERED), anchor=s.now)
    if _still_waits(s, about, message, rung):
        set_timer(draft, about.key, rung=s.episode.timers[about.key].rung, due_at=s.now)
    if draft.episode == s.episode:
        return None
    said = {"task": task, "message": message, "recipient": recipient, "reason": reason}
    return draft.decide("undelivered", occurred_at=s.now, about=said)


def storm(s: Situation, *, task: str, message: str, rung: int, recipient: str, count: int) -> Decision | None:
    """One line to the lead: so many pieces of urgent work wait for one person. None where there is no other lead.

    `message` is the newest of those that were put into one letter; `recipient` is whose letter that is.
    """
    about = s.episode.tasks.get(task)
    there = s.roster.tell((Role.LEAD,), assignee=None, role=Role.LEAD).people
    leads = [member for member in there if member.id != recipient]
    if about is None or not leads:
        return None
    first = Message(
        key="",
        task=task,
        name=about.name,
        rung=rung,
        recipient="",
        channel="",
        urgency=Urgency.URGENT,
        due_at=s.now,
    )
    draft = Draft(s)
    draft.messages = [
        replace(first, key=f"{message}~{STORM}~{lead.id}~{channel}", recipient=lead.id, channel=channel)
        for lead in leads
        for channel in lead.channels
    ]
    said = {"task": task, "message": message, "recipient": recipient, "count": count}
    return draft.decide("storm", occurred_at=s.now, about=said)


def instead(
    s: Situation,
    *,
    task: str,
    message: str,
    rung: int,
    recipient: str,
    due_at: datetime,
    known: frozenset[str],
    reason: str,
) -> Decision | None:
    """Tell whoever the rung would tell now and who does not know (`known`) instead of somebody a letter misses.

    None where that is nobody, where somebody has promised the work meanwhile, or where it has ended. The clock runs on.
    """
    about, (_, n, *others) = s.episode.tasks.get(task), message.split("~")
    if about is None or not about.is_open or len(others) != 2:
        return None
    if about.acknowledged_until is not None and about.acknowledged_until > s.now:
        return None
    ladder = s.protocol.ladders[s.protocol.task(about.name).ladder]
    tell = ladder.rungs[min(rung, ladder.last)].tell
    told = s.roster.tell(tell, assignee=about.assignee, role=about.role, offered_to=about.offered_to)
    draft = Draft(s)
    draft.messages = [
        Message(
            key=f"{task}~{n}~{member.id}~{channel}",
            task=task,
            name=about.name,
            rung=rung,
            recipient=member.id,
            channel=channel,
            urgency=ladder.urgency,
            due_at=due_at,
        )
        for member in told.people
        if member.id not in known
        for channel in member.channels
    ]
    if not draft.messages:
        return None
    said = {"task": task, "message": message, "recipient": recipient, "reason": reason}
    return draft.decide("instead", occurred_at=s.now, about=said)


def of_storm(message: str) -> str:
    """Whose storm a message to the lead tells of; empty where it tells of none."""
    parts = message.split("~")
    return parts[2] if STORM in parts[4:] else ""


def _still_waits(s: Situation, task: Task, message: str, rung: int) -> bool:
    """Whether the task's clock stands at the rung after the letter's, later than now, on nobody's newer promise."""
    timer, (_, n, *others) = s.episode.timers[task.key], message.split("~")
    if len(others) != 2 or timer.state is not TimerState.LIVE or timer.due_at <= s.now:  # a rung's own: person, channel
        return False
    if timer.n == int(n) + 1:
        return timer.rung > rung
    ladder = s.protocol.ladders[s.protocol.task(task.name).ladder]
    untold = timer.rung == rung + 1 < ladder.last  # of the last one nobody can say: it stands where it stood
    return untold and timer.due_at != task.acknowledged_until
