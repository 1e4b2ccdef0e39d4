"""Fire: a timer is due. Look again, tell the rung's people, and set the next rung. Time never moves a candidate."""

from workflow.domain.actor import Role
from workflow.domain.decide.steps import settle
from workflow.domain.decision import Decision, Draft, Message
from workflow.domain.following import counted_from
from workflow.domain.ladder import Ladder, Timer, TimerState
from workflow.domain.roster import Member
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, Task, TaskState
from workflow.domain.work import end_task, set_timer


def fire(s: Situation, *, key: str, n: int) -> Decision | None:
    """Fire projection `n` of a task's timer. None where it was fired, moved, paused or ended meanwhile.

    The line is dated when the timer was due (`occurred_at`) and when it was written (`at`).
    """
    timer = s.episode.timers.get(key)
    if timer is None or timer.n != n or timer.state is not TimerState.LIVE or timer.due_at > s.now:
        return None
    task = s.episode.tasks[key]
    draft = Draft(s)
    if lapsed(s, task):
        end_task(draft, task, state=TaskState.CANCELLED, why="the proposal lapsed", at=s.now)
        settle(draft)
        return draft.decide("fire", occurred_at=timer.due_at, about={"task": key, "lapsed": "yes"})
    ladder = s.protocol.ladders[s.protocol.task(task.name).ladder]
    told = _told(s, task, ladder, timer)
    draft.messages = [_message(task, timer, ladder, member, channel) for member in told for channel in member.channels]
    rung, due = ladder.next(
        timer.rung, anchor=counted_from(s.view(s.now), task), due_at=timer.due_at, now=s.now, calendar=s.calendar
    )
    set_timer(draft, key, rung=rung, due_at=max(due, task.acknowledged_until or due))
    about = {"task": key, "rung": timer.rung, "due_at": timer.due_at, "people": len(told)}
    return draft.decide("fire", occurred_at=timer.due_at, about=about)


def lapsed(s: Situation, task: Task) -> bool:
    """Whether a task waits for a second person on a proposal that no longer stands."""
    asked = s.episode.proposals.get(task.about or "")
    return task.scope is Scope.PROPOSAL and (asked is None or asked.settled_at is not None or asked.until < s.now)


def _told(s: Situation, task: Task, ladder: Ladder, timer: Timer) -> tuple[Member, ...]:
    rung = ladder.rungs[timer.rung]
    assignee = task.assignee
    return s.roster.tell(rung.tell, assignee=assignee, role=Role(task.role))


def _message(task: Task, timer: Timer, ladder: Ladder, member: Member, channel: str) -> Message:
    return Message(
        key=f"{task.key}~{timer.n}~{member.id}~{channel}",
        task=task.key,
        name=task.name,
        rung=timer.rung,
        recipient=member.id,
        channel=channel,
        urgency=ladder.urgency,
        due_at=timer.due_at,
    )
