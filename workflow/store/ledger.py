"""Reading the ledger: lines with their opened payloads, for one chain."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, text

from workflow.domain.canonical import instant
from workflow.domain.ledger import SALT_BYTES, commitment, digest
from workflow.store.episodes import payload_place
from workflow.store.vault import CandidateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One line as read back. `payload` is None where it can no longer be opened."""

    seq: int
    at: datetime
    occurred_at: datetime
    actor: str
    verb: str
    outcome: str
    prev: str
    hash: str
    head: bytes
    payload: dict[str, Any] | None
    sound: bool  # head hashes to `hash`, and the payload is the one it commits to


def read(
    connection: Connection, site: str, episode: str, key: CandidateKey, *, after: int = 0, most: int = 10_000
) -> list[Read]:
    """The lines of one chain after a seq, oldest first."""
    found = connection.execute(
        text(
            "SELECT l.*, p.sealed FROM ledger AS l JOIN ledger_payload AS p USING (site_id, episode_id, seq)"
            " WHERE l.site_id = :site AND l.episode_id = CAST(:episode AS uuid) AND l.seq > :after"
            " ORDER BY l.seq LIMIT :most"
        ),
        {"site": site, "episode": episode, "after": after, "most": most},
    )
    return [_opened(line, episode, key) for line in found]


def _opened(line: Any, episode: str, key: CandidateKey) -> Read:
    head = bytes(line.head)
    said = json.loads(head)
    payload: dict[str, Any] | None = None
    sound = digest(head) == line.hash and _says(said, line, episode)
    try:
        opened = key.open(bytes(line.sealed), place=payload_place(episode, line.seq))
        payload = json.loads(opened[SALT_BYTES:])
        sound = sound and commitment(opened[:SALT_BYTES], opened[SALT_BYTES:]) == said["payload"]
    except InvalidTag:
        sound = False
    return Read(
        seq=line.seq,
        at=line.at,
        occurred_at=line.occurred_at,
        actor=line.actor,
        verb=line.verb,
        outcome=line.outcome,
        prev=line.prev,
        hash=line.hash,
        head=head,
        payload=payload,
        sound=sound,
    )


def _says(said: dict[str, Any], line: Any, episode: str) -> bool:
    """Whether the columns beside a head say what the head says."""
    columns = {name: getattr(line, name) for name in ("seq", "prev", "actor", "verb", "outcome")}
    columns |= {"episode": episode, "site": line.site_id}
    times = {"at": instant(line.at), "occurred_at": instant(line.occurred_at)}
    return all(said.get(name) == value for name, value in (columns | times).items())
