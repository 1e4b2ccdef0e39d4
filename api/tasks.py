"""Tasks: the inbox, saying that work is done, whose it is, and until when it waits."""

from typing import Annotated

from fastapi import Query, Response

from api import present
from api.asks import asks
from api.deps import Headed, Me, TheDesk, ThingId
from api.document import ACTED
from api.door import resource
from api.ids import after, cursor, name, thing_of
from api.schemas.around import TaskOut, TasksOut
from api.schemas.asked import AcknowledgeIn, ClaimIn, CompleteIn, ContactIn, ReassignIn, SnoozeIn, WaitIn
from api.schemas.told import ActOut
from api.schemas.wanted import TasksQuery
from workflow.domain.policy import Verb
from workflow.domain.task import Scope
from workflow.service import act, look
from workflow.service.look import Work
from workflow.store.worklist import TasksWanted

router = resource("tasks")


@router.get("/tasks", summary="List open tasks", response_description="A page of open tasks.")
@asks(Verb.READ)
def inbox(desk: TheDesk, me: Me, wanted: Annotated[TasksQuery, Query()]) -> TasksOut:
    """The open tasks and duties of your sites, the first due first."""
    at, (episode, key) = after(wanted.cursor, 2)
    asked = TasksWanted(
        most=wanted.limit,
        mine=wanted.mine,
        role=wanted.role,
        late=wanted.late,
        after_at=at,
        after_episode=episode,
        after_key=key,
    )
    found = look.work(desk, me, asked, site=wanted.site)
    last = found[-1].line if len(found) == wanted.limit else None
    return TasksOut(
        items=tuple(_task(one) for one in found), next=cursor(last.due_at, last.episode, last.key) if last else None
    )


@router.post(
    "/tasks/{id}/complete",
    response_model=ActOut,
    responses=ACTED,
    summary="Say a task is done",
    response_description="Done.",
)
@asks(Verb.COMPLETE)
def complete(thing: ThingId, asked: CompleteIn, desk: TheDesk, heading: Headed) -> Response:
    """Marks a task done. Refused, with the because, where only a fact or moving on can end it."""
    episode, key = thing_of(thing)
    return present.answer(act.complete(desk, heading.on(episode), task=key, note=asked.note))


@router.post(
    "/tasks/{id}/acknowledge",
    response_model=ActOut,
    responses=ACTED,
    summary="Take a task on until a time",
    response_description="Yours until then.",
)
@asks(Verb.ACKNOWLEDGE)
def acknowledge(thing: ThingId, asked: AcknowledgeIn, desk: TheDesk, heading: Headed) -> Response:
    """Says "mine, by hh:mm", or logs that somebody said so on the phone. It pauses the climb and never ends it."""
    episode, key = thing_of(thing)
    told = act.acknowledge(
        desk, heading.on(episode), task=key, until=asked.until, by=asked.by, via=asked.via, note=asked.note
    )
    return present.answer(told)


@router.post(
    "/tasks/{id}/claim",
    response_model=ActOut,
    responses=ACTED,
    summary="Make a task yours",
    response_description="Yours.",
)
@asks(Verb.CLAIM)
def claim(thing: ThingId, _asked: ClaimIn, desk: TheDesk, heading: Headed) -> Response:
    """Makes you the assignee; accepts the task where it was offered to you. Its clock runs on as before."""
    episode, key = thing_of(thing)
    return present.answer(act.claim(desk, heading.on(episode), task=key))


@router.post(
    "/tasks/{id}/reassign",
    response_model=ActOut,
    responses=ACTED,
    summary="Give a task to another person, or offer it",
    response_description="Theirs, or offered to them.",
)
@asks(Verb.REASSIGN)
def reassign(thing: ThingId, asked: ReassignIn, desk: TheDesk, heading: Headed) -> Response:
    """A coordinator or lead gives it: theirs at once. Anybody else offers it: whose it was it stays until they take it.

    Given or taken, another's running promise ends with it. Reminders go on all the while.
    """
    episode, key = thing_of(thing)
    return present.answer(act.reassign(desk, heading.on(episode), task=key, to=asked.to, reason=asked.reason))


@router.post(
    "/tasks/{id}/snooze",
    response_model=ActOut,
    responses=ACTED,
    summary="Put a first reminder off",
    response_description="Put off until then.",
)
@asks(Verb.SNOOZE)
def snooze(thing: ThingId, asked: SnoozeIn, desk: TheDesk, heading: Headed) -> Response:
    """Puts a task's first reminder off. Refused once it is past, and for red work."""
    episode, key = thing_of(thing)
    return present.answer(act.snooze(desk, heading.on(episode), task=key, until=asked.until, reason=asked.reason))


@router.post(
    "/tasks/{id}/wait",
    response_model=ActOut,
    responses=ACTED,
    summary="Let a task wait on an outsider",
    response_description="Waiting until then.",
)
@asks(Verb.WAIT)
def wait(thing: ThingId, asked: WaitIn, desk: TheDesk, heading: Headed) -> Response:
    """Says on whom a task waits, and when they are chased; then the climb goes on. Refused for red work."""
    episode, key = thing_of(thing)
    told = act.wait(desk, heading.on(episode), task=key, on=asked.on, until=asked.until, reason=asked.reason)
    return present.answer(told)


@router.post(
    "/tasks/{id}/contacts",
    response_model=ActOut,
    responses=ACTED,
    summary="Log an attempt to reach an outsider",
    response_description="Logged.",
)
@asks(Verb.CONTACT)
def contact(thing: ThingId, asked: ContactIn, desk: TheDesk, heading: Headed) -> Response:
    """Counts an attempt to reach whom the task waits on; after as many as the protocol says, its next step opens."""
    episode, key = thing_of(thing)
    told = act.contact(
        desk,
        heading.on(episode),
        task=key,
        how=asked.how,
        reached=asked.reached,
        note=asked.note,
        chase_at=asked.chase_at,
    )
    return present.answer(told)


def _task(one: Work) -> TaskOut:
    it, rule = one.line, one.protocol.task(one.line.name)
    return TaskOut(
        id=name(it.episode, it.key),
        episode=it.episode,
        code=it.code,
        site=it.site,
        stage=present.stage(one.protocol, it.stage),
        name=it.name,
        label=rule.label,
        role=it.role,
        duty=it.scope == Scope.EPISODE,
        urgency=one.protocol.ladders[rule.ladder].urgency,
        assignee=it.assignee,
        acknowledged_until=it.acknowledged_until,
        waiting_on=it.waiting_on,
        contacts=it.contacts,
        offered_to=it.offered_to,
        emergency=present.emergency(one.protocol, it.name, it.emergency_number),
        opened_at=it.opened_at,
        due_at=it.due_at,
        rung=it.rung,
        clock=it.clock,
        late=it.late,
        about=it.about,
    )
