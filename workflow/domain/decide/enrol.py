"""Enrol: a candidate starts on a protocol version, at its first stage."""

from datetime import datetime

from workflow.domain.backlog import withhold
from workflow.domain.decide.steps import enter
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleNowError
from workflow.domain.situation import Situation


def enrol(s: Situation, *, occurred_at: datetime | None = None, one_of_many: bool = False) -> Decision:
    """Start the episode at the protocol's first stage.

    `occurred_at` is when the referral arrived. As `one_of_many`, out of a file, what is overdue already waits for a
    release; a person who enrols one candidate is told of it at once.

    Raises ImpossibleTimeError for the future or before birth, ImpossibleNowError where the episode has begun already.
    """
    if s.episode.seq:
        raise ImpossibleNowError("this episode has begun already")
    at = s.moment(occurred_at)
    draft = Draft(s)
    draft.set(protocol=s.protocol.name, enrolled_at=at)
    enter(draft, s.protocol.begins, at=at)
    about: dict[str, object] = {"protocol": s.protocol.name, "sha256": s.protocol.sha256}
    if one_of_many and (waiting := withhold(draft)):
        about["withheld"] = waiting
    return draft.decide("enrol", occurred_at=at, about=about)
