"""A durable advance, everything on, beside pgbench running eight equal statements; fsync on, the same server.

pgbench's statements carry no row security and no hash: what those cost is part of our figure.
"""

import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path

from tests.bench.figures import Row, Table, summary
from tests.bench.world import TEXT, readings
from workflow import engines
from workflow.domain.actor import Role
from workflow.domain.decision import Outcome
from workflow.service import act, people
from workflow.service.act import Asked, Desk
from workflow.service.enrol import enrol
from workflow.store import migrate, roles, vault
from workflow.store.bell import Bell
from workflow.store.candidates import Identity
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

ROUNDS, SECONDS, CANDIDATES = 5, 3, 400
CLIENTS = (1, 8)
PERSON = Person(id="coordinator-1", name="Coordinator", roles={"north": frozenset({Role.COORDINATOR})})

SCRIPT = """
\\set who random(1, 100)
BEGIN;
SELECT seq, version, head FROM b_episode WHERE site = 'north' AND id = :who FOR UPDATE;
SELECT item, value FROM b_observation WHERE site = 'north' AND episode = :who;
UPDATE b_episode SET seq = seq + 1, version = version + 1, stage = 'b' WHERE site = 'north' AND id = :who;
INSERT INTO b_ledger VALUES ('north', :who, nextval('b_seq'), now(), repeat('h', 420), repeat('p', 1500));
UPDATE b_task SET state = 'cancelled' WHERE site = 'north' AND episode = :who AND key = 'one';
INSERT INTO b_task VALUES ('north', :who, nextval('b_seq')::text, 'open');
INSERT INTO b_timer VALUES ('north', :who, nextval('b_seq')::text, now());
COMMIT;
"""
TABLES = """
CREATE SEQUENCE b_seq;
CREATE TABLE b_episode (site text, id int, seq int, version int, stage text, head text, PRIMARY KEY (site, id));
CREATE TABLE b_observation (site text, episode int, item text, value numeric, PRIMARY KEY (site, episode, item));
CREATE TABLE b_ledger (site text, episode int, seq bigint, at timestamptz, head text, payload text,
  PRIMARY KEY (site, episode, seq));
CREATE TABLE b_task (site text, episode int, key text, state text, PRIMARY KEY (site, episode, key));
CREATE TABLE b_timer (site text, episode int, key text, due timestamptz, PRIMARY KEY (site, episode, key));
INSERT INTO b_episode SELECT 'north', n, 1, 1, 'here', '' FROM generate_series(1, 100) AS n;
INSERT INTO b_observation SELECT 'north', n, m::text, 5 FROM generate_series(1, 100) AS n, generate_series(1, 9) AS m;
INSERT INTO b_task SELECT 'north', n, 'one', 'open' FROM generate_series(1, 100) AS n;
"""


def measure() -> Table:
    """Interleaved rounds at one and at eight clients."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="theca-bench-") as folder:
        Path(folder).chmod(0o755)
        with _world(Path(folder)) as (desk, superuser, script):
            candidates = [_candidate(desk, f"M-{n}") for n in range(CANDIDATES)]
            for clients in CLIENTS:
                timed: dict[str, list[float]] = {"ours": [], "pgbench": []}
                for _ in range(ROUNDS):
                    timed["pgbench"].append(_pgbench(superuser, script, clients))
                    timed["ours"].append(_ours(desk, candidates, clients))
                base = summary(timed["pgbench"])
                people_ = f"{clients} client{'s' if clients > 1 else ''}"
                rows.append(Row(name=f"pgbench, 8 equal statements, {people_}", figure=base, ratio=base.median))
                rows.append(
                    Row(
                        name=f"act.advance in one process, {people_}",
                        figure=summary(timed["ours"]),
                        ratio=base.median,
                    )
                )
    return Table(title="durable", unit="advances a second", against="pgbench with as many clients", rows=rows)


@contextmanager
def _world(folder: Path) -> Iterator[tuple[Desk, str, Path]]:
    key, passwords = folder / "key", roles.new_passwords()
    with engines.running(folder / "data") as servers:
        vault.create_key_file(key)
        roles.establish(servers.admin_url, "theca", passwords)
        urls = {role: roles.url_of(servers.admin_url, role, word, "theca") for role, word in passwords.items()}
        migrate.upgrade(urls["theca_migrate"])
        admin = open_store(urls["theca_migrate"], key)
        _set_up(admin)
        admin.close()
        superuser = servers.admin_url.replace("postgresql+psycopg://", "postgresql://").rsplit("/", 1)[0] + "/theca"
        _psql(superuser, TABLES)
        script = folder / "advance.sql"
        script.write_text(SCRIPT)
        store = open_store(urls["theca_app"], key)
        yield Desk(store, Bell("")), superuser, script
        store.close()


def _set_up(admin: Store) -> None:
    people.publish(admin, TEXT)
    people.add_site(admin, site="north", name="North", zone="Europe/Berlin", country="DE")
    people.add_person(admin, person=PERSON.id, name=PERSON.name)
    people.add_role(admin, site="north", person=PERSON.id, role=Role.COORDINATOR, starts_on=date(2020, 1, 1))


def _candidate(desk: Desk, mrn: str) -> str:
    at = datetime.now(UTC) - timedelta(days=1)
    identity = Identity(external_id=mrn, family_name="Invented", given_name="Ada", birth_date="1960-01-01")
    episode = enrol(desk, PERSON, site="north", identity=identity, protocol="bench", occurred_at=at).episode
    act.record(desk, Asked(person=PERSON, episode=episode), readings=readings(at))
    return episode


def _ours(desk: Desk, candidates: list[str], clients: int) -> float:
    """Advances a second by threads, each taking its own candidates through the door in turn, there and back."""
    counts, end = [0] * clients, time.perf_counter() + SECONDS

    def walk(number: int) -> None:
        mine = cycle(Asked(person=PERSON, episode=one) for one in candidates[number::clients])
        for asked in mine:
            for way in ("go", "back"):
                assert act.advance(desk, asked, name=way).outcome is Outcome.DONE
                counts[number] += 1
            if time.perf_counter() > end:
                return

    threads = [threading.Thread(target=walk, args=(n,)) for n in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


def _pgbench(superuser: str, script: Path, clients: int) -> float:
    command = [engines.program("pgbench"), "-n", "-M", "prepared", "-f", script, "-T", str(SECONDS)]
    done = subprocess.run(
        [*command, "-c", str(clients), "-j", str(min(clients, 2)), superuser],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found.group(1))


def _psql(superuser: str, statements: str) -> None:
    subprocess.run(
        [engines.program("psql"), "-q", "-v", "ON_ERROR_STOP=1", superuser], input=statements, text=True, check=True
    )
