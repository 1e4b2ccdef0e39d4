"""Enrol: a candidate starts on a protocol version, at its first stage."""

from datetime import datetime

from workflow.domain.decide.steps import enter
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleNowError
from workflow.domain.situation import Situation


def enrol(s: Situation, *, occurred_at: datetime | None = None) -> Decision:
    """Start the episode at the protocol's first stage.

    `occurred_at` is when the referral arrived. Raises ImpossibleTimeError for the future or before birth,
    ImpossibleNowError where the episode has begun already.
    """
    if s.episode.seq:
        raise ImpossibleNowError("this episode has begun already")
    at = s.moment(occurred_at)
    draft = Draft(s)
    draft.set(protocol=s.protocol.name, enrolled_at=at)
    enter(draft, s.protocol.begins, at=at)
    return draft.decide("enrol", occurred_at=at, about={"protocol": s.protocol.name, "sha256": s.protocol.sha256})
