"""Signing: what would be signed is shown first; a sitting of several signatures is opened, and ended."""

from api.asks import asks
from api.deps import EpisodeId, Me, TheDesk, TheSigner
from api.document import BODY, problems
from api.door import resource
from api.episodes import dose
from api.schemas.signed import SeriesEndIn, SeriesEndOut, SeriesIn, SeriesOut, SigningIn, ToSignOut
from workflow.domain import decide
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.policy import Verb
from workflow.domain.signature import Matter
from workflow.domain.situation import Situation
from workflow.service import signing

router = resource("signatures")
_NOT_CONFIRMED = problems(_403="That is not your password (`not_confirmed`), or you sign nothing here.")


@router.post(
    "/episodes/{id}/signing",
    responses=BODY,
    summary="See what would be signed",
    response_description="The record, its meaning and its digest.",
)
@asks(Verb.READ)
def to_sign(episode: EpisodeId, asked: SigningIn, desk: TheDesk, me: Me) -> ToSignOut:
    """Shows what a step would record over a signature, as it stands now. Nothing is done; that you looked is noted."""
    found = signing.to_sign(desk, me, episode, lambda s: _matter(s, asked))
    if found is None:
        raise ImpossibleInputError("this wants no signature", place="transition.name", allowed="take it without one")
    return ToSignOut(meaning=found.meaning, digest=found.digest, record=dict(found.record))


@router.post(
    "/signing-series",
    status_code=201,
    responses=BODY | _NOT_CONFIRMED,
    summary="Open a signing series",
    response_description="Open.",
)
@asks(Verb.SIGN)
def begin(asked: SeriesIn, desk: TheDesk, signer: TheSigner) -> SeriesOut:
    """The first signing of a sitting shows in full who you are; the later ones send the series along.

    It is over after 15 minutes without a signature, after an hour, when you sign out, and when you open another. It
    belongs to the session or token it was opened in.
    """
    opened = signing.open_series(desk.store, signer, password=asked.password)
    return SeriesOut(series=opened.secret, opened_at=opened.opened_at, idle_at=opened.idle_at, ends_at=opened.ends_at)


@router.post("/signing-series/end", responses=BODY, summary="End a signing series", response_description="Over.")
@asks(Verb.SIGN)
def end(asked: SeriesEndIn, desk: TheDesk, me: Me) -> SeriesEndOut:
    """The sitting is over: whatever series you have open ends."""
    assert asked
    return SeriesEndOut(ended=signing.end_series(desk.store, me))


def _matter(s: Situation, asked: SigningIn) -> Matter | None:
    """What would be signed in the step that was named."""
    if asked.override is not None:
        return decide.override_to_sign(s, gate=asked.override.gate, reason=asked.override.reason)
    if (happened := asked.deviation) is not None:
        given = dose(happened.dose) if happened.dose else None
        return decide.deviate_to_sign(s, act=happened.act, occurred_at=happened.occurred_at, dose=given)
    assert asked.transition is not None
    way = asked.transition
    return decide.advance_to_sign(s, name=way.name, occurred_at=way.occurred_at, reason=way.reason)
