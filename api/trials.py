"""Trials: doses as ordered and as given. Theca computes none."""

from typing import Annotated

from fastapi import Path, Response

from api import present
from api.asks import asks
from api.deps import EpisodeId, Headed, TheDesk
from api.document import ACTED
from api.door import resource
from api.episodes import dose
from api.schemas.asked import AdministrationIn
from api.schemas.told import ActOut
from workflow.domain.policy import Verb
from workflow.service import act

router = resource("trials")
Number = Annotated[int, Path(ge=1, le=99, description="The trial's number.", examples=[1])]


@router.post(
    "/episodes/{id}/trials/{n}/administrations",
    status_code=201,
    response_model=ActOut,
    responses=ACTED,
    summary="Record a dose as given",
    response_description="Recorded.",
)
@asks(Verb.ADMINISTER)
def administer(episode: EpisodeId, n: Number, asked: AdministrationIn, desk: TheDesk, heading: Headed) -> Response:
    """Records a dose of the trial under way. It needs the authorisation of its act, standing when it was given."""
    told = act.administer(desk, heading.on(episode), dose=dose(asked), given_at=asked.given_at, trial=n)
    return present.answer(told, done=201)
