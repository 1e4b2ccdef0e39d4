"""Tasks: the inbox, saying that work is done, and until when it is mine."""

from typing import Annotated

from fastapi import Query, Response

from api import present
from api.deps import Headed, Me, TheDesk, ThingId
from api.document import ACTED
from api.door import resource
from api.ids import after, cursor, name, thing_of
from api.schemas.around import TaskOut, TasksOut
from api.schemas.asked import AcknowledgeIn, CompleteIn
from api.schemas.told import ActOut
from api.schemas.wanted import TasksQuery
from workflow.domain.task import Scope
from workflow.service import act, look
from workflow.service.look import Work
from workflow.store.worklist import TasksWanted

router = resource("tasks")


@router.get("/tasks", summary="List open tasks", response_description="A page of open tasks.")
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
def acknowledge(thing: ThingId, asked: AcknowledgeIn, desk: TheDesk, heading: Headed) -> Response:
    """Says "mine, by hh:mm". It pauses the climb until then and never ends it."""
    episode, key = thing_of(thing)
    return present.answer(act.acknowledge(desk, heading.on(episode), task=key, until=asked.until))


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
        opened_at=it.opened_at,
        due_at=it.due_at,
        rung=it.rung,
        clock=it.clock,
        late=it.late,
        about=it.about,
    )
