"""Candidates: registering a person once per site, and finding them again without reading anybody's name."""

import json
import uuid
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, text

from workflow.domain.errors import IdentityConflictError
from workflow.store.vault import CandidateKey, Vault, new_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a candidate is. `external_id` is the site's record number (MRN); `born_on` as YYYY-MM-DD."""

    external_id: str
    family_name: str
    given_name: str
    birth_date: str
    phone: str = ""

    @property
    def born_on(self) -> date:
        return date.fromisoformat(self.birth_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A candidate's row: opaque id, code, and data key."""

    id: str
    code: str
    key: CandidateKey
    known: bool  # was there before


def alone(connection: Connection, vault: Vault, site: str, external_id: str) -> None:
    """Wait until nobody else enrols this record number at this site, and keep it so until the transaction ends."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 0))"),
        {"number": vault.mrn_index(site, external_id).hex()},
    )


def register(connection: Connection, vault: Vault, site: str, identity: Identity) -> Registered:
    """The candidate with this record number at this site, registered if new.

    Raises IdentityConflictError where the number is known with another birth date.
    """
    index = vault.mrn_index(site, identity.external_id)
    found = connection.execute(
        text(
            "SELECT c.id, c.code, c.wrapped, i.sealed FROM candidate_identity AS i"
            " JOIN candidate AS c ON c.site_id = i.site_id AND c.id = i.candidate_id"
            " WHERE i.site_id = :site AND i.mrn_index = :index"
        ),
        {"site": site, "index": index},
    ).one_or_none()
    if found is None:
        return _add(connection, vault, site, identity, index)
    key = vault.key(str(found.id), bytes(found.wrapped))
    known = opened(key, str(found.id), bytes(found.sealed))
    if known.birth_date != identity.birth_date:
        raise IdentityConflictError(place="candidate.birth_date")
    return Registered(id=str(found.id), code=found.code, key=key, known=True)


def opened(key: CandidateKey, candidate: str, sealed: bytes) -> Identity:
    """A candidate's identity, unsealed."""
    return Identity(**json.loads(key.open(sealed, place=_place(candidate))))


def named(connection: Connection, vault: Vault, site: str, query: str) -> set[str]:
    """The candidates at a site whose record number is this, or whose name has a word beginning with each word."""
    tokens = vault.name_query(site, query)
    by_number = connection.scalars(
        text("SELECT candidate_id FROM candidate_identity WHERE site_id = :site AND mrn_index = :index"),
        {"site": site, "index": vault.mrn_index(site, query)},
    )
    found = {str(id_) for id_ in by_number}
    if tokens:
        by_name = connection.scalars(
            text(
                "SELECT candidate_id FROM candidate_name WHERE site_id = :site AND token = ANY(:tokens)"
                " GROUP BY candidate_id HAVING count(DISTINCT token) = :count"
            ),
            {"site": site, "tokens": tokens, "count": len(set(tokens))},
        )
        found |= {str(id_) for id_ in by_name}
    return found


def open_episode(connection: Connection, vault: Vault, site: str, mrn: str, protocol: str) -> str | None:
    """The open episode on a protocol of the candidate with this record number."""
    found = connection.scalar(
        text(
            "SELECT e.id FROM candidate_identity AS i"
            " JOIN episode AS e ON e.site_id = i.site_id AND e.candidate_id = i.candidate_id"
            " WHERE i.site_id = :site AND i.mrn_index = :index AND e.closed_at IS NULL"
            " AND split_part(e.protocol, '@', 1) = split_part(:protocol, '@', 1)"
        ),
        {"site": site, "index": vault.mrn_index(site, mrn), "protocol": protocol},
    )
    return None if found is None else str(found)


def _add(connection: Connection, vault: Vault, site: str, identity: Identity, index: bytes) -> Registered:
    candidate, code = str(uuid.uuid4()), new_code()
    key, wrapped = vault.new_key(candidate)
    sealed = key.seal(json.dumps(asdict(identity)).encode(), place=_place(candidate))
    values = {"site": site, "id": candidate, "code": code, "wrapped": wrapped, "index": index, "sealed": sealed}
    connection.execute(
        text(
            "WITH person AS (INSERT INTO candidate (site_id, id, code, wrapped, created_at)"
            " VALUES (:site, CAST(:id AS uuid), :code, :wrapped, clock_timestamp())),"
            " identity AS (INSERT INTO candidate_identity (site_id, candidate_id, mrn_index, sealed)"
            " VALUES (:site, CAST(:id AS uuid), :index, :sealed))"
            " INSERT INTO candidate_name (site_id, token, candidate_id)"
            " SELECT :site, unnest(CAST(:tokens AS bytea[])), CAST(:id AS uuid)"
        ),
        values | {"tokens": sorted(vault.name_indexes(site, identity.family_name, identity.given_name))},
    )
    return Registered(id=candidate, code=code, key=key, known=False)


def _place(candidate: str) -> str:
    return f"identity|{candidate}"
