"""Messages: who was told what, when, and whether it arrived."""

from typing import Annotated

from fastapi import Query

from api.asks import asks
from api.deps import Me, TheDesk
from api.door import resource
from api.ids import after, cursor, episode_of, name
from api.schemas.around import AttemptOut, MessageOut, MessagesOut
from api.schemas.wanted import MessagesQuery
from workflow.domain.policy import Verb
from workflow.service import look
from workflow.service.look import Told
from workflow.store.worklist import MessagesWanted

router = resource("messages")


@router.get("/messages", summary="Read the delivery log", response_description="A page of messages.")
@asks(Verb.READ)
def deliveries(desk: TheDesk, me: Me, wanted: Annotated[MessagesQuery, Query()]) -> MessagesOut:
    """Every message of your sites and every attempt to send it, the newest first. It names no candidate."""
    at, (episode, key) = after(wanted.cursor, 2)
    asked = MessagesWanted(
        most=wanted.limit,
        state=wanted.state,
        recipient=wanted.recipient,
        episode=None if wanted.episode is None else episode_of(wanted.episode),
        after_at=at,
        after_episode=episode,
        after_key=key,
    )
    found = look.deliveries(desk, me, asked, site=wanted.site)
    last = found[-1].line if len(found) == wanted.limit else None
    return MessagesOut(
        items=tuple(_message(one) for one in found),
        next=cursor(last.created_at, last.episode, last.key) if last else None,
    )


def _message(one: Told) -> MessageOut:
    it = one.line
    return MessageOut(
        id=name(it.episode, it.key),
        episode=it.episode,
        code=it.code,
        site=it.site,
        task=name(it.episode, it.task),
        label=rule.label if (rule := one.protocol.tasks.get(it.name)) else it.name,
        rung=it.rung,
        recipient=it.recipient,
        channel=it.channel,
        urgency=it.urgency,
        due_at=it.due_at,
        created_at=it.created_at,
        state=it.state,
        settled_at=it.settled_at,
        reason=it.reason,
        attempts=tuple(AttemptOut(attempt=each.attempt, at=each.at, result=each.result) for each in it.attempts),
    )
