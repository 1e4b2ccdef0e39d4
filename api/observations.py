"""Observations: values as observed, or why there is none; and their corrections."""

from decimal import Decimal
from typing import Annotated

from fastapi import Body, Response
from pydantic import Field

from api import present
from api.asks import asks
from api.deps import EpisodeId, Headed, TheDesk, ThingId
from api.document import ACTED
from api.door import resource
from api.ids import thing_of
from api.schemas.asked import CorrectionIn, ObservationIn
from api.schemas.told import ActOut
from workflow.domain.observation import Reading
from workflow.domain.policy import Verb
from workflow.service import act
from workflow.service.act import Amendment
from workflow.service.answer import Answer

router = resource("observations")
Readings = Annotated[list[ObservationIn], Field(min_length=1, max_length=200), Body()]


@router.post(
    "/episodes/{id}/observations",
    status_code=201,
    response_model=ActOut,
    responses=ACTED,
    summary="Record observations",
    response_description="Recorded; `made` are their ids, `about` what they did to the response.",
)
@asks(Verb.RECORD)
def record(episode: EpisodeId, asked: Readings, desk: TheDesk, heading: Headed) -> Response:
    """Records all of them or none, and recomputes the response. A score opens a gate; a person walks through it."""
    told = act.record(desk, heading.on(episode), readings=tuple(_reading(each) for each in asked))
    return present.answer(told, done=201, made=_recorded(told))


@router.post(
    "/observations/{id}/corrections",
    status_code=201,
    response_model=ActOut,
    responses=ACTED,
    summary="Correct an observation",
    response_description="Corrected; the old value stays visible. `about.undone` names gates that no longer hold.",
)
@asks(Verb.CORRECT)
def correct(thing: ThingId, asked: CorrectionIn, desk: TheDesk, heading: Headed) -> Response:
    """Supersedes an observation by another value of the same item, or voids it, and judges everything again.

    Where a gate that was passed no longer holds, an urgent safety duty opens; nobody is moved back.
    """
    episode, key = thing_of(thing)
    asking = heading.on(episode)
    if asked.void:
        told = act.correct(desk, asking, observation=key, reason=asked.reason, reading=None)
    else:
        told = act.amend(desk, asking, observation=key, reason=asked.reason, amendment=_amendment(asked))
    by = str(told.about.get("by", "void"))
    return present.answer(told, done=201, made=() if by == "void" else (by,))


def _reading(asked: ObservationIn) -> Reading:
    number, text = _split(asked.value)
    return Reading(
        item=asked.item,
        observed_at=asked.observed_at,
        number=number,
        text=text,
        absent=asked.absent,
        unit=asked.unit,
        trial=asked.trial,
    )


def _amendment(asked: CorrectionIn) -> Amendment:
    number, text = _split(asked.value)
    return Amendment(number=number, text=text, absent=asked.absent, unit=asked.unit, observed_at=asked.observed_at)


def _split(value: Decimal | str | None) -> tuple[Decimal | None, str | None]:
    """A JSON number is a number and text is text; neither is ever taken for the other."""
    return (value, None) if isinstance(value, Decimal) else (None, value)


def _recorded(told: Answer) -> tuple[str, ...]:
    items = told.about.get("items")
    return tuple(f"{told.seq}.{number}" for number in range(len(items) if isinstance(items, list) else 0))
