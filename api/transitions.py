"""Transitions: a person advances a candidate."""

from fastapi import Response

from api import present
from api.asks import asks
from api.deps import EpisodeId, Headed, TheDesk, TheSigner, proof
from api.document import ACTED, problems
from api.door import resource
from api.episodes import PROPOSED
from api.schemas.asked import AdvanceIn
from api.schemas.told import ActOut
from workflow.domain.policy import Verb
from workflow.service import act, signing

router = resource("transitions")


@router.post(
    "/episodes/{id}/transitions",
    response_model=ActOut,
    responses=ACTED | PROPOSED | problems(_428="If-Match is missing: say which version you saw."),
    summary="Advance a candidate",
    response_description="Moved.",
)
@asks(Verb.ADVANCE)
def advance(episode: EpisodeId, asked: AdvanceIn, desk: TheDesk, heading: Headed, signer: TheSigner) -> Response:
    """Takes a declared transition, if every gate lets this candidate through at that instant.

    200 moved. 202 proposed: a second person must ask for the same. 409 refused, with every gate's because; also where
    it wants a signature and has none. 412 where what was signed is no longer how things are.
    """
    asking = heading.having_seen().on(episode)
    told = act.advance(
        desk,
        asking,
        name=asked.name,
        occurred_at=asked.occurred_at,
        reason=asked.reason,
        signed=signing.confirmed(desk.store, signer, proof(asked.signature)),
    )
    return present.answer(told)
