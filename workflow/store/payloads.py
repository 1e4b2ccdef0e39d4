"""Opening what ledger lines commit to, one after the other, and holding it against the commitment."""

import json
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from workflow.domain.ledger import SALT_BYTES, commitment
from workflow.domain.soundness import EPISODE, Flaw, Kind
from workflow.store.checkpoints import streamed
from workflow.store.episodes import payload_place
from workflow.store.vault import CandidateKey, Vault


@dataclass(slots=True)
class Found:
    """How many were opened and are what was committed to, and how many nobody can open any more."""

    opened: int = 0
    sealed_for_good: int = 0
    flaws: list[Flaw] = field(default_factory=list)


def look(connection: Connection, vault: Vault, erased: set[str]) -> Found:
    """Open every payload. Those of erased episodes are sealed for good; any other that cannot be opened is a flaw."""
    found, keys = Found(), dict[str, CandidateKey | None]()
    for episode, seq, head, sealed, candidate, wrapped in streamed(connection, _SEALED):
        chain = EPISODE + episode
        if chain in erased and wrapped is None:
            found.sealed_for_good += 1
            continue
        if episode not in keys:
            keys = {episode: _key(vault, candidate, wrapped)}
        wrong = _wrong(keys[episode], episode, seq, head, sealed)
        found.opened += not wrong
        if wrong:
            kind = Kind.DELETED if sealed is None else Kind.EDITED
            found.flaws.append(Flaw(chain=chain, seq=seq, kind=kind, detail=wrong))
    return found


def _key(vault: Vault, candidate: str | None, wrapped: bytes | None) -> CandidateKey | None:
    try:
        return vault.key(candidate, wrapped) if candidate and wrapped else None
    except (InvalidTag, ValueError):
        return None


def _wrong(key: CandidateKey | None, episode: str, seq: int, head: bytes, sealed: bytes | None) -> str:
    """Why a payload is not what its line commits to; empty where it is."""
    if sealed is None:
        return "its payload is missing"
    if key is None:
        return "its key is gone, and no line says that the candidate was erased"
    try:
        opened = key.open(sealed, place=payload_place(episode, seq))
        said = json.loads(head)["payload"]
        sound = commitment(opened[:SALT_BYTES], opened[SALT_BYTES:]) == said
    except (InvalidTag, ValueError, KeyError, TypeError):
        sound = False
    return "" if sound else "its payload is not the one it commits to"


_SEALED = """
SELECT l.episode_id::text, l.seq, l.head, p.sealed, c.id::text, c.wrapped FROM ledger AS l
LEFT JOIN ledger_payload AS p USING (site_id, episode_id, seq)
LEFT JOIN episode AS e ON e.site_id = l.site_id AND e.id = l.episode_id
LEFT JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id
ORDER BY l.site_id, l.episode_id, l.seq
"""
