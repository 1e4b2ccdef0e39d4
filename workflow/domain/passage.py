"""A gate somebody went through, what an act was authorised on, and who agreed to what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class How(StrEnum):
    """On what ground a gate was passed."""

    OPEN = "open"
    WAIVED = "waived"  # a declared waiver, by two people
    OVERRIDDEN = "overridden"  # a declared override, by two people
    DEVIATION = "deviation"  # it happened against a shut gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One gated step taken. With an `act` and `until` it is an authorisation, good for one act until then."""

    key: str
    name: str  # the transition
    how: How
    at: datetime
    by: str
    second: str | None = None
    act: str | None = None
    until: datetime | None = None
    used_at: datetime | None = None
    trial: int | None = None
    reason: str | None = None
    signed: str | None = None  # the digest of what was signed for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one person asks for and a second, other person must ask for too. `evidence` binds what both saw."""

    key: str  # what is asked for
    by: str
    at: datetime
    until: datetime
    evidence: str
    reason: str
    settled_at: datetime | None = None
    signed: str | None = None  # the digest the first person signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A shut gate two people agreed to pass, for one candidate, on what they saw, until it lapses."""

    key: str
    gate: str
    how: How
    reason: str
    by: str
    second: str
    at: datetime
    until: datetime
    evidence: str
    signed: str | None = None  # the digest both people signed
