"""What a checkpoint looks at in the database: which chains grew, what was handed over, what every chain's end is.

New is what a transaction wrote that the last checkpoint could not see: rows keep the number of their transaction, and
the last checkpoint's snapshot says which of those were visible to it. So nothing is missed that was committed late, and
what was seen is not looked at again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from workflow.domain.note import Head
from workflow.domain.soundness import EPISODE, Entry

LOCK = 7_403_110_013  # one notary at a time
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """When and on what a checkpoint looks: the time, the visible transactions, and which database since when."""

    at: datetime
    snapshot: str
    database: str


def view(connection: Connection) -> View | None:
    """Look at one moment until this transaction ends, alone. None where another notary is at it."""
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    query = (
        "SELECT pg_try_advisory_xact_lock(:lock) AS alone, clock_timestamp() AS at,"
        " pg_current_snapshot()::text AS snapshot, (SELECT oid FROM pg_database WHERE datname = current_database())"
        " || ' ' || pg_postmaster_start_time()::text AS database"
    )
    found = connection.execute(text(query), {"lock": LOCK}).one()
    return View(at=found.at, snapshot=found.snapshot, database=found.database) if found.alone else None


def grown(connection: Connection, since: str) -> list[Head]:
    """Where the chains stand that grew since a snapshot, by name."""
    found = connection.execute(text(_GROWN), {"since": since})
    return [Head(chain=line.chain, seq=line.seq, hash=line.hash) for line in found]


def ends(connection: Connection) -> Iterator[Head]:
    """Where every chain stands."""
    for chain, seq, hash_ in streamed(connection, _ENDS):
        yield Head(chain=chain, seq=seq, hash=hash_)


def at(connection: Connection, heads: Sequence[Head]) -> dict[str, str]:
    """The hashes of these lines of these chains, by chain; a line that is not there is left out."""
    found: dict[str, str] = {}
    of_episodes = [head for head in heads if head.chain.startswith(EPISODE)]
    others = [head for head in heads if not head.chain.startswith(EPISODE)]
    for query, asked in ((_AT_EPISODES, of_episodes), (_AT_OTHERS, others)):
        given = {"chains": [head.chain.removeprefix(EPISODE) for head in asked], "seqs": [head.seq for head in asked]}
        found |= {line.chain: line.hash for line in connection.execute(text(query), given)}
    return found


def handed_over(connection: Connection, since: str) -> list[str]:
    """What was handed over since a snapshot, as "site episode key"."""
    return list(connection.scalars(text(_SENT), {"since": since}))


def erased(connection: Connection, since: str) -> list[str]:
    """Who was erased since a snapshot, as "site candidate"."""
    return list(connection.scalars(text(_ERASED), {"since": since}))


def noted(connection: Connection) -> None:
    """Say that a checkpoint was written."""
    connection.execute(text("SELECT checkpoint_noted()"))


def entries(connection: Connection) -> Iterator[Entry]:
    """Every line of every chain, by chain and seq, with what stands beside it."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    for chain, seq, hash_, head, *beside in streamed(connection, _EPISODE_LINES):
        yield f"episode:{chain}", seq, hash_, head, tuple(beside)
    for chain, seq, hash_, head, *beside in streamed(connection, _OTHER_LINES):
        yield chain, seq, hash_, head, tuple(beside)


def rows(connection: Connection) -> Iterator[tuple[str, int, str]]:
    """Where each episode's own row says its chain ends."""
    for id_, seq, head in streamed(connection, "SELECT id::text, seq, head FROM episode"):
        yield f"episode:{id_}", seq, head


def published(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """The protocol versions there are: name, text, and the hash beside it."""
    for line in connection.execute(text("SELECT key || '@' || number AS name, text, sha256 FROM protocol_version")):
        yield line.name, line.text, line.sha256


def streamed(connection: Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """Rows as they come, few in memory at once."""
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor("lines", binary=True) as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(query)
        yield from cursor


_NEW = """xact >= pg_snapshot_xmin(CAST(:since AS pg_snapshot))::text::bigint
    AND NOT pg_visible_in_snapshot(xact::text::xid8, CAST(:since AS pg_snapshot))"""

_GROWN = f"""
SELECT DISTINCT ON (chain) chain, seq, hash FROM (
  SELECT 'episode:' || episode_id AS chain, seq, hash FROM ledger WHERE {_NEW}
  UNION ALL SELECT chain, seq, hash FROM chain_line WHERE {_NEW}
) AS new ORDER BY chain, seq DESC
"""  # noqa: S608 - our own pieces

_SENT = f"""
SELECT DISTINCT site_id || ' ' || episode_id || ' ' || key FROM delivery
WHERE result LIKE 'sent: %' AND {_NEW} ORDER BY 1
"""  # noqa: S608 - as above

_ERASED = f"""
SELECT site_id || ' ' || (convert_from(head, 'UTF8')::jsonb->'about'->>'candidate') FROM chain_line
WHERE verb = 'erase' AND {_NEW} ORDER BY seq
"""  # noqa: S608 - as above

_ENDS = """
SELECT DISTINCT ON (site_id, episode_id) 'episode:' || episode_id, seq, hash FROM ledger
  ORDER BY site_id, episode_id, seq DESC
"""

_ENDS = f"""
SELECT * FROM ({_ENDS}) AS of_episodes
UNION ALL SELECT * FROM (SELECT DISTINCT ON (chain) chain, seq, hash FROM chain_line ORDER BY chain, seq DESC) AS others
"""  # noqa: S608 - as above

_AT_EPISODES = """
SELECT 'episode:' || w.episode_id AS chain, g.hash
FROM unnest(CAST(:chains AS uuid[]), CAST(:seqs AS integer[])) AS w(episode_id, seq)
CROSS JOIN site AS s
JOIN ledger AS g ON g.site_id = s.site_id AND g.episode_id = w.episode_id AND g.seq = w.seq
"""

_AT_OTHERS = """
SELECT c.chain, c.hash FROM unnest(CAST(:chains AS text[]), CAST(:seqs AS integer[])) AS w(chain, seq)
JOIN chain_line AS c ON c.chain = w.chain AND c.seq = w.seq
"""

_TIME = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

_EPISODE_LINES = f"""
SELECT episode_id::text, seq, hash, head, actor, {_TIME.format("at")}, {_TIME.format("occurred_at")}, outcome, prev,
  site_id, verb FROM ledger ORDER BY site_id, episode_id, seq
"""  # noqa: S608 - as above

_OTHER_LINES = f"""
SELECT chain, seq, hash, head, actor, {_TIME.format("at")}, prev, verb FROM chain_line ORDER BY site_id, chain, seq
"""  # noqa: S608 - as above
