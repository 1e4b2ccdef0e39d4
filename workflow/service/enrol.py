"""Enrol: register the candidate if new, and start them on a protocol, in one transaction."""

import uuid
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from workflow.domain import decide
from workflow.domain.errors import ImpossibleNowError, KeyReusedError, NotFoundError
from workflow.domain.policy import Verb, require
from workflow.domain.situation import Situation
from workflow.service.act import Desk
from workflow.service.answer import Answer, retold, told
from workflow.store import candidates, episodes, ledger, parameters, protocols
from workflow.store.calendars import Place, calendar
from workflow.store.candidates import Identity, Registered
from workflow.store.episodes import Command
from workflow.store.staff import Person


def enrol(
    desk: Desk,
    person: Person,
    *,
    site: str,
    identity: Identity,
    protocol: str,
    occurred_at: datetime | None = None,
    command: Command | None = None,
    one_of_many: bool = False,
) -> Answer:
    """Start a candidate on a protocol version (`key@number`, or the newest of `key`).

    As `one_of_many`, out of a file, what is overdue already waits for a release.
    Raises NotFoundError for a site that is not yours, NotPermittedError, IdentityConflictError, ImpossibleNowError
    where the candidate has an open episode on this protocol already, and what deciding raises.
    """
    try:
        answer = _enrol(desk, person, site, identity, protocol, occurred_at, command, one_of_many=one_of_many)
    except IntegrityError:
        # Somebody else registered the same person or used the same key meanwhile: look again, once.
        answer = _enrol(desk, person, site, identity, protocol, occurred_at, command, one_of_many=one_of_many)
    desk.bell.ring()
    return answer


def _enrol(  # noqa: PLR0917 - as above
    desk: Desk,
    person: Person,
    site: str,
    identity: Identity,
    protocol: str,
    occurred_at: datetime | None,
    command: Command | None,
    *,
    one_of_many: bool,
) -> Answer:
    if site not in person.sites:
        raise NotFoundError("there is no such site among yours", place="site", allowed=", ".join(person.sites))
    actor = person.at(site)
    require(actor, Verb.ENROL)
    with desk.store.transaction([site]) as connection:
        candidates.alone(connection, desk.store.vault, site, identity.external_id)
        if command is not None and (before := _before(desk, connection, site, command)):
            return before
        version = protocols.fetch(connection, protocol)
        candidate = candidates.register(connection, desk.store.vault, site, identity)
        _not_twice(connection, site, candidate, version.key)
        now, place = _now_and_place(connection, site)
        episode = episodes.fresh(id=str(uuid.uuid4()), site=site, candidate=candidate.id)
        situation = Situation(
            protocol=version,
            episode=episode,
            calendar=calendar(place),
            actor=actor,
            now=now,
            born_on=identity.born_on,
            settings=parameters.in_force(connection, site, version.key),
        )
        decision = decide.enrol(situation, occurred_at=occurred_at, one_of_many=one_of_many)
        episodes.apply(connection, [decision], heads={}, keys={episode.id: candidate.key}, command=command)
    return told(decision)


def _before(desk: Desk, connection: Connection, site: str, command: Command) -> Answer | None:
    found = connection.execute(
        text(
            "SELECT m.episode_id, m.seq, m.body, c.id, c.wrapped FROM command AS m"
            " JOIN episode AS e ON e.site_id = m.site_id AND e.id = m.episode_id"
            " JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id"
            " WHERE m.site_id = :site AND m.actor = :actor AND m.key = :key"
        ),
        {"site": site, "actor": command.actor, "key": command.key},
    ).one_or_none()
    if found is None:
        return None
    if found.body != command.body:
        raise KeyReusedError
    key = desk.store.vault.key(str(found.id), bytes(found.wrapped))
    lines = ledger.read(connection, site, str(found.episode_id), key, after=found.seq - 1, most=1)
    return retold(lines[0], episode=str(found.episode_id), site=site)


def _not_twice(connection: Connection, site: str, candidate: Registered, protocol: str) -> None:
    """One open passage per candidate and protocol."""
    running = connection.scalar(
        text(
            "SELECT id FROM episode WHERE site_id = :site AND candidate_id = CAST(:candidate AS uuid)"
            " AND closed_at IS NULL AND split_part(protocol, '@', 1) = :protocol LIMIT 1"
        ),
        {"site": site, "candidate": candidate.id, "protocol": protocol},
    )
    if candidate.known and running is not None:
        raise ImpossibleNowError(f"{candidate.code} has an open episode on {protocol} already", place="candidate")


def _now_and_place(connection: Connection, site: str) -> tuple[datetime, Place]:
    found = connection.execute(
        text(
            "SELECT clock_timestamp() AS now, s.zone, s.country, s.subdivision, s.opens, s.closes, s.weekdays,"
            " extract(year FROM current_date)::integer AS year,"
            " (SELECT array_agg(c.day ORDER BY c.day) FROM closure AS c WHERE c.site_id = s.site_id) AS closures"
            " FROM site AS s WHERE s.site_id = :site"
        ),
        {"site": site},
    ).one()
    place = Place(
        zone=found.zone,
        country=found.country,
        subdivision=found.subdivision,
        opens=found.opens,
        closes=found.closes,
        weekdays=found.weekdays,
        year=found.year,
        closures=tuple(found.closures or ()),
    )
    return found.now, place
