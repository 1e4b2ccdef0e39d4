"""Fire: a timer is due. Look again, tell the rung's people, and set the next rung. Time never moves a candidate.

Fired late, because nobody looked what was due, a ladder does what it declares for that: it tells each rung all the
same (`fire`), tells once as the highest rung whose time has passed (`collapse`), or leaves out what passed (`skip`).
After each of these there is a live timer, and it is never further off than the ladder's own next step. Who is told
is looked up now: who is away, who stands in, who is on call. A rung that finds nobody does not count as told.
"""

from dataclasses import replace
from datetime import timedelta

from workflow.domain.actor import Role
from workflow.domain.decide.steps import settle, settle_unseconded
from workflow.domain.decision import Decision, Draft, Message
from workflow.domain.following import counted_from
from workflow.domain.ladder import AfterOutage, Ladder, Timer, TimerState
from workflow.domain.roster import Called, Member
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, Task, TaskState
from workflow.domain.work import end_task, set_timer

LATE = timedelta(minutes=15)  # fired later than this, a timer was missed; a default of this engine, no source was found
AGAIN = timedelta(minutes=15)  # when a rung that found nobody at all, no lead either, is tried anew; our own default


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
        asked = s.episode.proposals.get(task.about or "")
        if asked is not None and asked.settled_at is None:
            settle_unseconded(draft, asked, "it lapsed before a second person agreed")
        settle(draft)
        return draft.decide("fire", occurred_at=timer.due_at, about={"task": key, "lapsed": "yes"})
    ladder = s.protocol.ladders[s.protocol.task(task.name).ladder]
    policy = _policy(s, task, ladder, timer)
    stands = timer if policy is AfterOutage.FIRE else _passed(s, task, ladder, timer)
    top = stands.rung
    if policy is AfterOutage.SKIP:
        _go_on(draft, task, ladder, stands)
        about = {"task": key, "due_at": timer.due_at, "skipped": [*range(timer.rung, top + 1)]}
        return draft.decide("fire", occurred_at=timer.due_at, about=about)
    told = _told_together(s, task, ladder, timer, top)
    as_told = timer if top == timer.rung else replace(timer, rung=top)
    draft.messages = [
        _message(task, as_told, ladder, member, channel) for member in told.people for channel in member.channels
    ]
    if told.people:
        _go_on(draft, task, ladder, stands, reached=told.reached)
    else:
        set_timer(draft, key, rung=top, due_at=s.now + AGAIN, reached=told.reached)
    about = {
        "task": key,
        "rung": top,
        "due_at": timer.due_at,
        "people": len(told.people),
        "reached": told.reached,
    }
    if top > timer.rung:
        about["passed_over"] = [*range(timer.rung, top)]
    return draft.decide("fire", occurred_at=timer.due_at, about=about)


def lapsed(s: Situation, task: Task) -> bool:
    """Whether a task waits for a second person on a proposal that no longer stands."""
    if task.scope is not Scope.PROPOSAL:
        return False
    asked = s.episode.proposals.get(task.about or "")
    return asked is None or asked.settled_at is not None or asked.until < s.now


def _policy(s: Situation, task: Task, ladder: Ladder, timer: Timer) -> AfterOutage:
    """What this ladder does now: in time it fires; late as it declares; once, where its task arrived overdue."""
    if task.withheld_until is not None:
        return AfterOutage.COLLAPSE
    return ladder.after_outage if s.now > timer.due_at + LATE else AfterOutage.FIRE


def _passed(s: Situation, task: Task, ladder: Ladder, timer: Timer) -> Timer:
    """The clock at the highest rung whose time has passed; the last rung repeats from now.

    A promise that runs holds back the rungs after the one that is due. What waited for a release was not put off: its
    rungs count from the anchor.
    """
    anchor = counted_from(s.view(s.now), task)
    stands = timer if task.withheld_until is None else replace(timer, due_at=ladder.due(timer.rung, anchor, s.calendar))
    while stands.rung < ladder.last:
        above, due = ladder.next(stands.rung, anchor=anchor, due_at=stands.due_at, now=s.now, calendar=s.calendar)
        if max(due, task.acknowledged_until or due) > s.now:
            break
        stands = replace(stands, rung=above, due_at=due)
    return replace(stands, due_at=s.now) if stands.rung == ladder.last else stands


def _go_on(draft: Draft, task: Task, ladder: Ladder, timer: Timer, *, reached: int | None = None) -> None:
    """Set the timer to what comes after the rung that was just told or left out."""
    s = draft.s
    rung, due = ladder.next(
        timer.rung, anchor=counted_from(s.view(s.now), task), due_at=timer.due_at, now=s.now, calendar=s.calendar
    )
    due = max(due, task.acknowledged_until or due)
    if ladder.after_outage is AfterOutage.SKIP:
        due = max(due, s.now)  # what a promise or a hold has put off is no outage: it is told
    if task.withheld_until is not None:
        draft.put("tasks", task.key, replace(task, withheld_until=None))
    set_timer(draft, task.key, rung=rung, due_at=due, reached=reached)


def _told_together(s: Situation, task: Task, ladder: Ladder, timer: Timer, top: int) -> Called:
    """The people of the rung that is told, and of the one the ladder stood at where that is another, each once."""
    if top == timer.rung:
        return _told(s, task, ladder, timer)
    told, below = _told(s, task, ladder, replace(timer, rung=top)), _told(s, task, ladder, timer).people
    known = {one.id for one in told.people}
    return replace(told, people=(*told.people, *(member for member in below if member.id not in known)))


def _told(s: Situation, task: Task, ladder: Ladder, timer: Timer) -> Called:
    rung = ladder.rungs[timer.rung]
    return s.roster.tell(rung.tell, assignee=task.assignee, role=Role(task.role), offered_to=task.offered_to)


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
