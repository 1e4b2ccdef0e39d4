"""The chain. Each line's hash covers the line before it and a salted commitment to its sealed payload.

head  = canonical {actor, alg, at, engine, episode, occurred_at, outcome, payload, prev, protocol, seq, site, verb}
hash  = SHA-256(head)                        payload = SHA-256(salt || canonical payload)

The salt is kept only with the sealed payload: when the candidate's key is destroyed the line still verifies,
and what it said can no longer be guessed by trying the eleven pain scores.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from workflow.domain.canonical import canonical, written
from workflow.domain.decision import Entry
from workflow.domain.episode import Episode

ALG = "theca-1"
GENESIS = "0" * 64
SALT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One chained ledger line: the exact bytes hashed, and the payload they commit to."""

    seq: int
    at: datetime
    occurred_at: datetime
    actor: str
    verb: str
    outcome: str
    prev: str
    hash: str
    head: bytes
    salt: bytes
    payload: bytes


def chain(entry: Entry, *, episode: Episode, prev: str, salt: bytes, engine: str) -> Line:
    """Chain one entry after `prev`. `episode` is the one after the decision."""
    payload = written(entry.payload)
    head = canonical(
        {
            "actor": entry.actor,
            "alg": ALG,
            "at": entry.at,
            "engine": engine,
            "episode": episode.id,
            "occurred_at": entry.occurred_at,
            "outcome": entry.outcome,
            "payload": commitment(salt, payload),
            "prev": prev,
            "protocol": episode.protocol,
            "seq": entry.seq,
            "site": episode.site,
            "verb": entry.verb,
        }
    )
    return Line(
        seq=entry.seq,
        at=entry.at,
        occurred_at=entry.occurred_at,
        actor=entry.actor,
        verb=entry.verb,
        outcome=entry.outcome,
        prev=prev,
        hash=digest(head),
        head=head,
        salt=salt,
        payload=payload,
    )


def commitment(salt: bytes, payload: bytes) -> str:
    """What a head says of its payload, as lower-case hexadecimal. Raises ValueError for a short salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hashlib.sha256(salt + payload).hexdigest()


def digest(head: bytes) -> str:
    """The hash of a head, as lower-case hexadecimal."""
    return hashlib.sha256(head).hexdigest()
