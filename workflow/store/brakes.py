"""Brakes on guessing: buckets that fill with every try and empty with time, and growing waits once one is full.

A bucket is named by a hash of who tries what from where. Whether there is such a person makes no difference to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """One bucket: so many tries are free, one is forgiven every so many seconds; then waits double up to a longest."""

    key: str
    free: int
    forgiven_every: int  # seconds
    first_wait: int  # seconds
    longest_wait: int  # seconds


def key(*parts: str) -> str:
    """What a bucket is kept under: nobody's name, and of one length whatever was typed."""
    return sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def take(connection: Connection, brakes: Sequence[Brake]) -> int:
    """Count a try against every bucket; answers 0, or how many seconds to wait.

    Where it says to wait, the caller rolls back, so that an impatient try costs nothing.
    """
    for brake in brakes:
        wait = connection.scalar(text(_TAKE), _parameters(brake))
        if wait is None:
            left = connection.scalar(text(_LEFT), {"key": brake.key})
            return max(1, int(left or 1))
    return 0


def give_back(connection: Connection, *, freed: Sequence[Brake], lightened: Sequence[Brake] = ()) -> None:
    """The try was right: empty some buckets, and take this one try out of others."""
    for brake in lightened:  # first, as they are taken first: two tries at once never wait for each other
        connection.execute(text("UPDATE brake SET spent = greatest(0, spent - 1) WHERE key = :key"), {"key": brake.key})
    for brake in freed:
        connection.execute(text("DELETE FROM brake WHERE key = :key"), {"key": brake.key})


def forget(connection: Connection) -> None:
    """Remove some of the buckets that have long been empty."""
    connection.execute(
        text(
            "DELETE FROM brake WHERE key IN (SELECT key FROM brake"
            " WHERE at < clock_timestamp() - interval '1 day' LIMIT 100 FOR UPDATE SKIP LOCKED)"
        )
    )


def knows(connection: Connection, staff: str, sources: Sequence[str]) -> str | None:
    """The first of these sources from which the person has signed in before."""
    query = text("SELECT source FROM known_source WHERE staff_id = :staff AND source = ANY (:sources)")
    known = set(connection.scalars(query, {"staff": staff, "sources": list(sources)}))
    return next((source for source in sources if source in known), None)


def remember(connection: Connection, staff: str, sources: Sequence[str]) -> None:
    """The person has signed in from here."""
    for source in sources:
        connection.execute(
            text(
                "INSERT INTO known_source VALUES (:staff, :source, clock_timestamp())"
                " ON CONFLICT (staff_id, source) DO UPDATE SET at = excluded.at"
                " WHERE known_source.at < excluded.at - interval '1 day'"
            ),
            {"staff": staff, "source": source},
        )


def _parameters(brake: Brake) -> dict[str, object]:
    return {
        "key": brake.key,
        "free": brake.free,
        "every": brake.forgiven_every,
        "first": brake.first_wait,
        "longest": brake.longest_wait,
    }


# Answers nothing where the wait is not over. The wait after a try doubles with each one beyond the free ones.
_TAKE = """
INSERT INTO brake AS b (key, spent, at, until) VALUES (:key, 1, clock_timestamp(), clock_timestamp())
ON CONFLICT (key) DO UPDATE SET (spent, at, until) = (
  SELECT n.spent, clock_timestamp(), clock_timestamp() + CASE WHEN n.spent < :free - 0.5 THEN interval '0'
    ELSE make_interval(secs => least(:longest, :first * power(2, least(20, round(n.spent - :free))))) END
  FROM (SELECT 1 + greatest(0, b.spent - extract(epoch FROM clock_timestamp() - b.at) / :every) AS spent) AS n)
WHERE b.until <= clock_timestamp()
RETURNING 0
"""
_LEFT = "SELECT ceil(extract(epoch FROM until - clock_timestamp())) FROM brake WHERE key = :key"
