"""Another key file: every candidate's key wrapped anew, every blind index and address made anew, in one transaction.

What is sealed under candidates' own keys stays as it is, the ledger with it: its lines commit to what they say, not to
who can open it. Run it while nothing else runs; where it ends badly, nothing has changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from workflow.store import addresses
from workflow.store.candidates import opened
from workflow.store.vault import Vault

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How many were wrapped or sealed anew."""

    candidates: int
    addresses: int


def rotate(connection: Connection, old: Vault, new: Vault) -> Changed:
    """Exchange the key file, as theca_migrate. Raises InvalidTag where the old one is not the one in use."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("LOCK TABLE candidate, candidate_identity, candidate_name, address IN EXCLUSIVE MODE"))
    connection.execute(text("DELETE FROM candidate_name"))
    candidates = 0
    for batch in _batches(connection):
        candidates += len(batch)
        _batch(connection, old, new, batch)
    return Changed(candidates=candidates, addresses=addresses.resealed(connection, old, new))


def _batches(connection: Connection) -> Iterator[Sequence[Any]]:
    query = (
        "SELECT c.site_id, c.id, c.wrapped, i.sealed FROM candidate AS c LEFT JOIN candidate_identity AS i"
        " ON i.site_id = c.site_id AND i.candidate_id = c.id ORDER BY c.site_id, c.id"
    )
    found = connection.execute(text(query)).all()
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]


def _batch(connection: Connection, old: Vault, new: Vault, batch: Sequence[Any]) -> None:
    wrapped, indexes, tokens = [], [], []
    for line in batch:
        candidate = str(line.id)
        at = {"site": line.site_id, "id": candidate}
        wrapped.append(at | {"wrapped": new.rewrapped(old, candidate, bytes(line.wrapped))})
        if line.sealed is None:
            continue
        identity = opened(old.key(candidate, bytes(line.wrapped)), candidate, bytes(line.sealed))
        indexes.append(at | {"index": new.mrn_index(line.site_id, identity.external_id)})
        names = new.name_indexes(line.site_id, identity.family_name, identity.given_name)
        tokens += [at | {"token": token} for token in sorted(names)]
    here = "site_id = :site AND {} = CAST(:id AS uuid)"
    query = f"UPDATE candidate SET wrapped = :wrapped WHERE {here.format('id')}"  # noqa: S608 - our own pieces
    connection.execute(text(query), wrapped)
    if indexes:
        query = f"UPDATE candidate_identity SET mrn_index = :index WHERE {here.format('candidate_id')}"  # noqa: S608 - as above
        connection.execute(text(query), indexes)
        connection.execute(text("INSERT INTO candidate_name VALUES (:site, :token, CAST(:id AS uuid))"), tokens)
