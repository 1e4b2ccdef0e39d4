"""Episodes: lock one, load it, and write decisions. `apply` is the only writer of what a decision changed.

lock ──► sees the actor's sites, waits for the row, answers with the time            one round trip
load ──► the whole episode, its site's calendar, the command key                     one
apply ─► every table at most once, the ledger through its own function               one
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from workflow import __version__
from workflow.domain.calendar import Calendar
from workflow.domain.canonical import instant, plain, revive
from workflow.domain.decision import Decision
from workflow.domain.episode import COLLECTIONS, Episode, Hold
from workflow.domain.errors import NotFoundError
from workflow.domain.ledger import GENESIS, SALT_BYTES, chain
from workflow.failpoints import failpoint
from workflow.store.calendars import Place, calendar, dates
from workflow.store.parameters import IN_FORCE, read
from workflow.store.rows import COMMAND, EPISODE, MESSAGE, RECALLED, TABLES, Image, packed, row, write
from workflow.store.vault import CandidateKey, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A command key that was used: the line that answered it, and the fingerprint of the body it came with."""

    episode: str
    seq: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An episode as it stands, with what its ledger needs: the chain's head, and the candidate's wrapped key."""

    episode: Episode
    head: str
    wrapped: bytes
    code: str
    calendar: Calendar
    settings: Mapping[str, Decimal] = field(default_factory=dict)  # the site's own values of parameters
    identity: bytes | None = None
    answered: Answered | None = None  # what the command key was used for already
    emergency_number: str = ""  # the site's: what people call when harm may follow within hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An idempotency key: who used it, and a fingerprint of the body it came with."""

    actor: str
    key: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What a lock answers: which site the episode is at, and what time it is there and then."""

    site: str
    id: str
    now: datetime


def lock(connection: Connection, episode: str, *, sites: Sequence[str]) -> Locked:
    """Let the transaction see these sites, wait for the episode's row and keep it. Raises NotFoundError."""
    found = connection.execute(
        text("SELECT site_id, id, now FROM lock_episode(:sites, CAST(:id AS uuid))"),
        {"sites": ",".join(sites), "id": episode},
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return Locked(site=found.site_id, id=str(found.id), now=found.now)


def lock_many(connection: Connection, site: str, episodes: Sequence[str]) -> tuple[list[str], datetime]:
    """Lock episodes of one site in one order; those somebody else holds are left out. The time is read after."""
    query = (
        "SELECT coalesce(array_agg(id::text), '{}') AS held, max(now) AS now"
        " FROM lock_episodes(:site, CAST(:ids AS uuid[]))"
    )
    found = connection.execute(text(query), {"site": site, "ids": list(episodes)}).one()
    return list(found.held), found.now or _LONG_AGO


def load(
    connection: Connection, site: str, episodes: Sequence[str], *, command: Command | None = None, sealed: bool = True
) -> dict[str, Loaded]:
    """Load whole episodes by id, in one statement. A read that locks nothing.

    With `sealed` the identities come too, sealed; the workers have no right to those.
    """
    values = {
        "site": site,
        "ids": list(episodes),
        "actor": command.actor if command else "",
        "key": command.key if command else "",
    }
    found = connection.execute(_LOAD_SEALED if sealed else _LOAD, values)
    return {str(line.id): _loaded(line.whole, line) for line in found}


def apply(
    connection: Connection,
    decisions: Sequence[Decision],
    *,
    heads: Mapping[str, str],
    keys: Mapping[str, CandidateKey],
    command: Command | None = None,
) -> dict[str, str]:
    """Write decisions in one statement, each table at most once; answers the new head of each chain.

    Several decisions of one episode follow each other. The ledger refuses any line but the next.
    """
    lines, new_heads = _chained(decisions, heads=heads, keys=keys)
    images: _Images = {}
    for decision in decisions:
        _collect(decision, new_heads, images)
    values = {name: packed(things.values()) for name, things in images.items()}
    if command is not None:
        values[COMMAND] = packed([_command_row(command, decisions[-1])])
    failpoint("T5")
    connection.execute(_writing(tuple(values)), values | {"lines": packed(lines)})
    failpoint("T6")
    return new_heads


def fresh(*, id: str, site: str, candidate: str) -> Episode:  # noqa: A002 - the field's own name
    """An episode before its first line."""
    return Episode(id=id, site=site, candidate=candidate)


@lru_cache(maxsize=256)
def _writing(names: tuple[str, ...]) -> TextClause:
    """The one statement that writes these tables and appends to the ledger; few combinations ever occur."""
    ctes = ", ".join(f"w_{name} AS ({write(name)})" for name in names)
    return text(f"WITH {ctes} SELECT ledger_append(CAST(:lines AS jsonb))")


_Images = dict[str, dict[tuple[str, str], Image]]
_OWN = ("protocol", "stage", "stint", "stint_at", "enrolled_at", "closed_at", "seq", "version")
_HOLD = tuple(field.name for field in fields(Hold))
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _chained(
    decisions: Sequence[Decision], *, heads: Mapping[str, str], keys: Mapping[str, CandidateKey]
) -> tuple[list[Image], dict[str, str]]:
    now_heads, lines = dict(heads), list[Image]()
    for decision in decisions:
        after = decision.after
        line = chain(
            decision.entry,
            episode=after,
            prev=now_heads.get(after.id, GENESIS),
            salt=secrets.token_bytes(SALT_BYTES),
            engine=__version__,
        )
        now_heads[after.id] = line.hash
        sealed = keys[after.id].seal(line.salt + line.payload, place=payload_place(after.id, line.seq))
        lines.append(
            {
                "site_id": after.site,
                "episode_id": after.id,
                "seq": line.seq,
                "at": instant(line.at),
                "occurred_at": instant(line.occurred_at),
                "actor": line.actor,
                "verb": line.verb,
                "outcome": line.outcome,
                "prev": line.prev,
                "hash": line.hash,
                "head": line.head.hex(),
                "sealed": sealed.hex(),
            }
        )
    return lines, now_heads


def payload_place(episode: str, seq: int) -> str:
    """What a sealed payload is bound to."""
    return f"ledger|{episode}|{seq}"


def _collect(decision: Decision, heads: Mapping[str, str], images: _Images) -> None:
    """The rows a decision leaves behind; where two touch the same row, the later image stands."""
    after, at = decision.after, instant(decision.entry.at)
    for collection, things in decision.entry.put.items():
        table = images.setdefault(TABLES[collection], {})
        for key, value in things.items():
            table[after.id, key] = row(value, site=after.site, episode=after.id)
    for task in decision.recalled:
        images.setdefault(RECALLED, {})[after.id, task] = {"site_id": after.site, "episode_id": after.id, "task": task}
    images.setdefault(EPISODE, {})[after.id, ""] = _episode_row(after, heads[after.id])
    for message in decision.messages:
        at_once = message.channel == "in_app"
        images.setdefault(MESSAGE, {})[after.id, message.key] = row(message, site=after.site, episode=after.id) | {
            "created_at": at,
            "state": "sent" if at_once else "waiting",
            "attempts": 0,
            "next_try_at": at,
            "settled_at": at if at_once else None,
        }


def _episode_row(episode: Episode, head: str) -> Image:
    ids = {"site_id": episode.site, "id": episode.id, "candidate_id": episode.candidate, "head": head}
    hold = {f"hold_{name}": getattr(episode.hold, name) for name in _HOLD} if episode.hold else {}
    cells = ids | {name: getattr(episode, name) for name in _OWN} | hold
    return {name: plain(cell) for name, cell in cells.items() if cell is not None}


def _command_row(command: Command, decision: Decision) -> Image:
    return {
        "site_id": decision.after.site,
        "actor": command.actor,
        "key": command.key,
        "body": command.body,
        "episode_id": decision.after.id,
        "seq": decision.entry.seq,
        "created_at": instant(decision.entry.at),
    }


def _many(collection: str) -> str:
    table = TABLES[collection]
    return (
        f"'{collection}', (SELECT jsonb_agg(to_jsonb(c)) FROM {table} AS c"  # noqa: S608 - names from our own table
        " WHERE c.site_id = e.site_id AND c.episode_id = e.id)"
    )


_WHOLE = (  # the names are our own tables
    "SELECT e.id, c.wrapped, c.code, {sealed} AS sealed, jsonb_build_object('episode', to_jsonb(e),"  # noqa: S608
    " 'site', to_jsonb(s), 'year', extract(year FROM current_date)::integer,"
    " 'settings', "
    + IN_FORCE.format(site="e.site_id", protocol="split_part(e.protocol, '@', 1)")
    + ", 'closures', (SELECT jsonb_agg(d.day) FROM closure AS d WHERE d.site_id = e.site_id),"
    " 'answered', (SELECT to_jsonb(m) FROM command AS m"
    " WHERE m.site_id = e.site_id AND m.actor = :actor AND m.key = :key), "
    + ", ".join(_many(collection) for collection in COLLECTIONS)
    + ")::text AS whole FROM episode AS e JOIN site AS s ON s.site_id = e.site_id"
    " JOIN candidate AS c ON c.site_id = e.site_id AND c.id = e.candidate_id {join}"
    " WHERE e.site_id = :site AND e.id = ANY(CAST(:ids AS uuid[]))"
)
_LOAD = text(_WHOLE.format(sealed="NULL::bytea", join=""))
_LOAD_SEALED = text(
    _WHOLE.format(
        sealed="i.sealed",
        join="LEFT JOIN candidate_identity AS i ON i.site_id = c.site_id AND i.candidate_id = c.id",
    )
)


def _loaded(whole: str, line: object) -> Loaded:
    data = json.loads(whole, parse_float=Decimal, parse_int=str)
    stored = data["episode"]
    collections: dict[str, dict[str, Any]] = {
        name: {thing["key"]: revive(cls, _without(thing)) for thing in data[name] or ()}
        for name, cls in COLLECTIONS.items()
    }
    episode = Episode(
        id=stored["id"],
        site=stored["site_id"],
        candidate=stored["candidate_id"],
        protocol=stored["protocol"],
        stage=stored["stage"],
        stint=int(stored["stint"]),
        stint_at=_time(stored["stint_at"]),
        enrolled_at=_time(stored["enrolled_at"]),
        closed_at=_time(stored["closed_at"]),
        seq=int(stored["seq"]),
        version=int(stored["version"]),
        hold=_hold(stored),
        **collections,
    )
    return Loaded(
        episode=episode,
        head=stored["head"],
        wrapped=bytes(line.wrapped),  # type: ignore[attr-defined]
        identity=bytes(line.sealed) if line.sealed else None,  # type: ignore[attr-defined]
        code=line.code,  # type: ignore[attr-defined]
        calendar=calendar(place(data)),
        settings=read(data["settings"]),
        answered=_answered(data["answered"]),
        emergency_number=data["site"]["emergency_number"],
    )


def place(data: Mapping[str, Any]) -> Place:
    """Where and when a site works, from its row, its closures and the year."""
    site = data["site"]
    named = {name: site[name] for name in ("zone", "country", "subdivision", "opens", "closes", "weekdays")}
    return Place(**named, year=int(data["year"]), closures=dates(data["closures"]))


def _answered(used: dict[str, str] | None) -> Answered | None:
    return None if used is None else Answered(episode=used["episode_id"], seq=int(used["seq"]), body=used["body"])


def _without(thing: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in thing.items() if name not in ("site_id", "episode_id")}


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _hold(stored: Mapping[str, str | None]) -> Hold | None:
    if stored["hold_reason"] is None:
        return None
    return revive(Hold, {name: stored[f"hold_{name}"] for name in _HOLD})


def keys_of(vault: Vault, loaded: Mapping[str, Loaded]) -> dict[str, CandidateKey]:
    """The data keys of the loaded episodes' candidates."""
    return {id_: vault.key(one.episode.candidate, one.wrapped) for id_, one in loaded.items()}
