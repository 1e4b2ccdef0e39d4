"""Appointments: what is planned, moved, and what became of it."""

from fastapi import Response

from api import present
from api.asks import asks
from api.deps import EpisodeId, Headed, Heading, TheDesk, ThingId
from api.document import ACTED
from api.door import resource
from api.ids import thing_of
from api.schemas.asked import AppointmentIn, ConcludeIn, RescheduleIn
from api.schemas.told import ActOut
from workflow.domain.appointment import AppointmentState
from workflow.domain.policy import Verb
from workflow.service import act
from workflow.service.act import Desk

router = resource("appointments")


@router.post(
    "/episodes/{id}/appointments",
    status_code=201,
    response_model=ActOut,
    responses=ACTED,
    summary="Plan an appointment",
    response_description="Planned; `made` is its id.",
)
@asks(Verb.APPOINT)
def appoint(episode: EpisodeId, asked: AppointmentIn, desk: TheDesk, heading: Headed) -> Response:
    """Plans a procedure or visit; the work counted back from it opens with it."""
    told = act.appoint(desk, heading.on(episode), kind=asked.kind, starts_at=asked.starts_at)
    return present.answer(told, done=201, made=(str(told.about.get("appointment", "")),))


@router.post(
    "/appointments/{id}/reschedule",
    response_model=ActOut,
    responses=ACTED,
    summary="Move an appointment",
    response_description="Moved, and all that hangs on it.",
)
@asks(Verb.APPOINT)
def reschedule(thing: ThingId, asked: RescheduleIn, desk: TheDesk, heading: Headed) -> Response:
    """Moves an appointment; everything counted from it is projected anew in the same decision."""
    episode, key = thing_of(thing)
    return present.answer(act.reschedule(desk, heading.on(episode), appointment=key, starts_at=asked.starts_at))


@router.post(
    "/appointments/{id}/cancel",
    response_model=ActOut,
    responses=ACTED,
    summary="Cancel an appointment",
    response_description="Cancelled.",
)
@asks(Verb.APPOINT)
def cancel(thing: ThingId, asked: ConcludeIn, desk: TheDesk, heading: Headed) -> Response:
    """Says that an appointment will not be kept."""
    return _conclude(desk, heading, thing, asked, AppointmentState.CANCELLED)


@router.post(
    "/appointments/{id}/attend",
    response_model=ActOut,
    responses=ACTED,
    summary="Record an appointment as attended",
    response_description="Attended.",
)
@asks(Verb.APPOINT)
def attend(thing: ThingId, asked: ConcludeIn, desk: TheDesk, heading: Headed) -> Response:
    """Says that an appointment was kept."""
    return _conclude(desk, heading, thing, asked, AppointmentState.ATTENDED)


@router.post(
    "/appointments/{id}/miss",
    response_model=ActOut,
    responses=ACTED,
    summary="Record an appointment as missed",
    response_description="Missed; a call is to be made.",
)
@asks(Verb.APPOINT)
def miss(thing: ThingId, asked: ConcludeIn, desk: TheDesk, heading: Headed) -> Response:
    """Says that nobody came. A duty to call opens."""
    return _conclude(desk, heading, thing, asked, AppointmentState.MISSED)


def _conclude(desk: Desk, heading: Heading, id_: str, asked: ConcludeIn, state: AppointmentState) -> Response:
    episode, key = thing_of(id_)
    return present.answer(act.conclude(desk, heading.on(episode), appointment=key, state=state, reason=asked.reason))
