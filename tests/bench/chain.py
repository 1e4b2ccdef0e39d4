"""What the chain costs a write: durable advances by 16 writers, with it and in bench builds without it.

Without the chain means, in a throw-away database and in this process alone: lines are written and sealed as ever, and
nothing is hashed, committed to, chained or checked; `ledger_append` is replaced by one that only inserts. Without a
ledger nothing of a line is made or written at all. No setting of the product can do either.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg

from tests.bench.durable import CANDIDATES, _candidate, _ours, _world
from tests.bench.figures import Row, Table, summary
from workflow.domain.canonical import canonical, written
from workflow.domain.decision import Decision, Entry
from workflow.domain.episode import Episode
from workflow.domain.ledger import GENESIS, Line
from workflow.store import episodes
from workflow.store.vault import CandidateKey

ROUNDS, WRITERS = 15, 16
INSTEAD = """
ALTER FUNCTION ledger_append(jsonb) RENAME TO ledger_append_kept;
CREATE FUNCTION ledger_append(lines jsonb) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN {body} END $$;
GRANT EXECUTE ON FUNCTION ledger_append(jsonb) TO theca_app;
"""
NOTHING = "RETURN 0;"
UNCHECKED = """
  INSERT INTO ledger (site_id, episode_id, seq, at, occurred_at, actor, verb, outcome, prev, hash, head)
    SELECT site_id, episode_id, seq, at, occurred_at, actor, verb, outcome, prev, hash, decode(head, 'hex')
    FROM jsonb_to_recordset(lines) AS g(site_id text, episode_id uuid, seq integer, at timestamptz,
      occurred_at timestamptz, actor text, verb text, outcome text, prev text, hash text, head text);
  INSERT INTO ledger_payload (site_id, episode_id, seq, sealed)
    SELECT site_id, episode_id, seq, decode(sealed, 'hex')
    FROM jsonb_to_recordset(lines) AS g(site_id text, episode_id uuid, seq integer, sealed text);
  RETURN 1;
"""
ON = "DROP FUNCTION ledger_append(jsonb); ALTER FUNCTION ledger_append_kept(jsonb) RENAME TO ledger_append;"


def measure() -> Table:
    """Interleaved rounds on two sets of candidates: a chain with a gap could not be gone on with."""
    with tempfile.TemporaryDirectory(prefix="theca-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _world(folder) as (desk, superuser, _):
            chained = [_candidate(desk, f"C-{n}") for n in range(CANDIDATES)]
            loose = [_candidate(desk, f"L-{n}") for n in range(CANDIDATES)]
            bare = [_candidate(desk, f"B-{n}") for n in range(CANDIDATES)]
            timed: dict[str, list[float]] = {"with": [], "loose": [], "bare": []}
            for _ in range(ROUNDS):
                with _instead(superuser, UNCHECKED), patch.object(episodes, "chain", _unchained):
                    timed["loose"].append(_ours(desk, loose, WRITERS))
                timed["with"].append(_ours(desk, chained, WRITERS))
                with _instead(superuser, NOTHING), patch.object(episodes, "_chained", _unwritten):
                    timed["bare"].append(_ours(desk, bare, WRITERS))
    base = summary(timed["loose"])
    named = {"loose": "lines without a chain", "with": "with the chain", "bare": "no ledger at all"}
    rows = [
        Row(name=f"{what}, {WRITERS} writers", figure=summary(timed[name]), ratio=base.median)
        for name, what in named.items()
    ]
    # Two measured one after the other have the same neighbours on a machine with other work.
    pairs = [100 * ours / loose for ours, loose in zip(timed["with"], timed["loose"], strict=True)]
    rows.append(Row(name="percent of its own neighbour, with the chain", figure=summary(pairs), ratio=100))
    return Table(title="chain", unit="advances a second", against="lines without a chain (at least 0.80)", rows=rows)


@contextmanager
def _instead(superuser: str, body: str) -> Iterator[None]:
    """Another `ledger_append` while the block runs."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(INSTEAD.format(body=body))
        yield
        connection.execute(ON)


def _unchained(entry: Entry, *, episode: Episode, prev: str, salt: bytes, engine: str) -> Line:
    """The same line, with nothing hashed: its bytes, its salt and its payload as ever."""
    payload = written(entry.payload)
    said = {"actor": entry.actor, "at": entry.at, "engine": engine, "episode": episode.id, "seq": entry.seq}
    said |= {"occurred_at": entry.occurred_at, "outcome": entry.outcome, "protocol": episode.protocol}
    head = canonical(said | {"alg": "none", "site": episode.site, "verb": entry.verb, "payload": GENESIS, "prev": prev})
    told = {name: getattr(entry, name) for name in ("seq", "at", "occurred_at", "actor", "verb", "outcome")}
    return Line(**told, prev=GENESIS, hash=GENESIS, head=head, salt=salt, payload=payload)


def _unwritten(
    decisions: Sequence[Decision], *, heads: Mapping[str, str], keys: Mapping[str, CandidateKey]
) -> tuple[list[dict[str, object]], dict[str, str]]:
    """No line at all, and the head left as it was."""
    return [], {decision.after.id: heads.get(decision.after.id, GENESIS) for decision in decisions}
