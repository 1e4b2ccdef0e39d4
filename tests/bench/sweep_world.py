"""A database with many open episodes. Those that will be due are sound to the last byte; the others are weight.

The due ones are decided and written by the product itself. The others are made by the database from one of them: each
with a candidate, a task, a clock due in the weeks to come, and a ledger line nobody will open.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

from tests.bench.world import PROTOCOL, TEXT, readings
from workflow.domain import decide
from workflow.domain.actor import Actor, Role
from workflow.domain.calendar import Calendar
from workflow.domain.decision import Decision
from workflow.domain.situation import Situation
from workflow.engines import Engines
from workflow.service import people
from workflow.store import episodes, migrate, roles
from workflow.store.session import Store, open_store
from workflow.store.vault import CandidateKey

SITE = "north"
WHO = Actor(id="coordinator-1", roles=frozenset({Role.COORDINATOR}))
AT_ONCE = 500

OTHERS = """
CREATE TEMPORARY TABLE other AS
  SELECT gen_random_uuid() AS episode, gen_random_uuid() AS candidate, n FROM generate_series(1, {count}) AS n;
CREATE TEMPORARY TABLE one AS SELECT id, candidate_id FROM episode LIMIT 1;
INSERT INTO candidate SELECT c.site_id, o.candidate, 'O-' || o.n, c.wrapped, c.created_at
  FROM other AS o, candidate AS c WHERE c.id = (SELECT candidate_id FROM one);
INSERT INTO episode
  SELECT (jsonb_populate_record(e, jsonb_build_object('id', o.episode, 'candidate_id', o.candidate))).*
  FROM other AS o, episode AS e WHERE e.id = (SELECT id FROM one);
INSERT INTO timer SELECT (jsonb_populate_record(t, jsonb_build_object('episode_id', o.episode,
    'due_at', clock_timestamp() + interval '1 day' + o.n % 60000 * interval '1 minute'))).*
  FROM other AS o, timer AS t WHERE t.episode_id = (SELECT id FROM one);
{copies}
DROP TABLE other, one;
"""
COPIED = """
INSERT INTO {table} SELECT (jsonb_populate_record(c, jsonb_build_object('episode_id', o.episode))).*
  FROM other AS o, {table} AS c WHERE c.episode_id = (SELECT id FROM one) {only};
"""
DUE_AGAIN = """
UPDATE timer AS t SET rung = 0, due_at = clock_timestamp() - interval '1 minute'
  FROM ledger AS l WHERE l.seq = 2 AND l.site_id = t.site_id AND l.episode_id = t.episode_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One database, as the superuser and as a worker sees it."""

    open: int
    superuser: str
    worker_url: str
    worker: Store

    def due_again(self) -> None:
        """Make the sound ones due, and begin from a checkpoint."""
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            connection.execute(DUE_AGAIN)
            connection.execute("CHECKPOINT")


def others(count: int) -> str:
    """The statements that put so many more open episodes beside those that are there, as the superuser."""
    only = {"task": "", "ledger": "AND c.seq = 1", "ledger_payload": "AND c.seq = 1"}
    copies = "".join(COPIED.format(table=table, only=only[table]) for table in only)
    return "SET session_replication_role = replica;" + OTHERS.format(count=count, copies=copies)


@contextmanager
def worlds(servers: Engines, key: Path, *, due: int, sizes: Sequence[int]) -> Iterator[list[World]]:
    """A database for each number of open episodes; in each the same so many can be made due."""
    passwords = roles.new_passwords()
    with ExitStack() as stack:
        made = first(servers, key, passwords, due=due)
        yield [stack.enter_context(_grown(made, key, passwords, due=due, size=size)) for size in sizes]


def first(servers: Engines, key: Path, passwords: Mapping[str, str], *, due: int) -> str:
    """The database that the others are copies of; answers its address as the superuser."""
    roles.establish(servers.admin_url, "sweep", passwords)
    urls = {role: roles.url_of(servers.admin_url, role, word, "sweep") for role, word in passwords.items()}
    migrate.upgrade(urls["theca_migrate"])
    filled: dict[str, Callable[[Store], None]] = {"theca_migrate": _people, "theca_app": lambda app: _sound(app, due)}
    for role, fill in filled.items():
        store = open_store(urls[role], key)
        fill(store)
        store.close()
    return servers.admin_url.replace("postgresql+psycopg://", "postgresql://").rsplit("/", 1)[0] + "/sweep"


@contextmanager
def _grown(made: str, key: Path, passwords: Mapping[str, str], *, due: int, size: int) -> Iterator[World]:
    """A copy of the first database, grown to a size."""
    server, name = made.rsplit("/", 1)[0], f"sweep_{size}"
    superuser = f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE sweep")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        if size > due:
            connection.execute(others(size - due))
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    url = roles.url_of(superuser, "theca_worker", passwords["theca_worker"], name)
    store = open_store(url, key)
    yield World(open=size, superuser=superuser, worker_url=url, worker=store)
    store.close()


def _people(admin: Store) -> None:
    people.publish(admin, TEXT)
    people.add_site(admin, site=SITE, name="North", zone="Europe/Berlin", country="DE")
    for role in (Role.COORDINATOR, Role.CLINICIAN, Role.LEAD):
        people.add_person(admin, person=f"{role}-1", name=f"{role} 1", email=f"{role}-1@theca.example")
        people.add_role(admin, site=SITE, person=f"{role}-1", role=role, starts_on=date(2020, 1, 1))


def _sound(app: Store, count: int) -> None:
    """Episodes as the product writes them: somebody enrolled 31 days ago, with nine values, and one task."""
    for start in range(0, count, AT_ONCE):
        new = [_one(app) for _ in range(min(AT_ONCE, count - start))]
        people_ = [(SITE, one[0].after.candidate, f"C-{start + n}", wrapped) for n, (one, _, wrapped) in enumerate(new)]
        with app.transaction([SITE]) as connection:
            with connection.connection.cursor() as cursor:
                cursor.executemany("INSERT INTO candidate VALUES (%s, %s, %s, %s, now())", people_)
            decisions = [decision for both, _, _ in new for decision in both]
            episodes.apply(connection, decisions, heads={}, keys={both[0].after.id: key for both, key, _ in new})


def _one(app: Store) -> tuple[tuple[Decision, Decision], CandidateKey, bytes]:
    """The two decisions of one episode, and the key of its candidate."""
    candidate, at = str(uuid.uuid4()), datetime.now(UTC) - timedelta(days=31)
    key, wrapped = app.vault.new_key(candidate)
    before = Situation(
        protocol=PROTOCOL,
        episode=episodes.fresh(id=str(uuid.uuid4()), site=SITE, candidate=candidate),
        calendar=Calendar(zone="Europe/Berlin"),
        actor=WHO,
        now=at,
    )
    enrolled = decide.enrol(before, occurred_at=at)
    return (enrolled, decide.record(replace(before, episode=enrolled.after), readings=readings(at))), key, wrapped
