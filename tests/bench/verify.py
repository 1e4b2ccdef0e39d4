"""How many ledger lines are verified a second: one process, one core, from the first byte read to the verdict.

By the clock, and by the time this process computed itself: on a machine with other work the two differ.

The lines are real ones, chained and sealed by the product's own code, a hundred to a chain, every chain named by a
checkpoint. Held against 50,000 a second.
"""

import os
import secrets
import tempfile
import time
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.bench.figures import Row, Table, summary
from workflow import __version__, engines
from workflow.domain.canonical import instant
from workflow.domain.decision import Entry, Outcome
from workflow.domain.episode import Episode
from workflow.domain.ledger import GENESIS, SALT_BYTES, chain
from workflow.service import notary, people, verify
from workflow.service.notary import Office
from workflow.store import migrate, roles, session, signing, vault
from workflow.store.episodes import payload_place
from workflow.store.session import Store

if TYPE_CHECKING:
    from collections.abc import Callable

CHAINS, LINES, ROUNDS, WANTED = 2_000, 100, 5, 50_000
AT = datetime(2026, 1, 5, 8, tzinfo=UTC)


def measure() -> Table:
    """Interleaved rounds of an export, the database's heads, and the database with every payload opened."""
    with tempfile.TemporaryDirectory(prefix="theca-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        key, passwords = folder / "key", roles.new_passwords()
        vault.create_key_file(key)
        with engines.running(folder / "data") as servers:
            roles.establish(servers.admin_url, "theca", passwords)
            urls = {role: roles.url_of(servers.admin_url, role, word, "theca") for role, word in passwords.items()}
            migrate.upgrade(urls["theca_migrate"])
            superuser = servers.admin_url.replace("postgresql+psycopg://", "postgresql://").rsplit("/", 1)[0] + "/theca"
            admin, store = (session.open_store(urls[role], key) for role in ("theca_migrate", "theca_verify"))
            people.add_site(admin, site="north", name="North", zone="Europe/Berlin", country="DE")
            admin.close()
            _fill(superuser, store)
            rows = _rounds(store, folder)
            store.close()
    return Table(title="verify", unit=f"lines a second, {CHAINS * LINES:,} lines", against="50,000", rows=rows)


def _rounds(store: Store, folder: Path) -> list[Row]:
    signing.create(folder / "signs", "bench")
    office = Office(store=store, file=folder / "notes", signer=signing.signer(folder / "signs", "bench"))
    notary.take(office)
    verify.export(store, folder / "export")
    notes = verify.notes_of(office.file, [office.signer.verifier])
    asked: dict[str, Callable[[], verify.Verdict]] = {
        "an export": lambda: verify.of_export(folder / "export", notes),
        "the database": lambda: verify.of_database(store, notes),
        "the database, every payload opened": lambda: verify.of_database(store, notes, opening=True),
    }
    timed: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, ask in asked.items():
            start, own = time.perf_counter(), time.process_time()
            found = ask()
            timed[name].append(found.lines / (time.perf_counter() - start))
            timed[f"{name}, by this process's own time"].append(found.lines / (time.process_time() - own))
            assert found.sound, found.flaws[:3]
    return [Row(name=name, figure=summary(values), ratio=WANTED) for name, values in timed.items()]


def _fill(superuser: str, store: Store) -> None:
    """Write the chains past the function that appends, because that is not what is measured here."""
    with psycopg.connect(superuser) as connection:
        for n in range(CHAINS):
            _chain(connection, store, n)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    os.sync()


def _chain(connection: psycopg.Connection, store: Store, number: int) -> None:
    episode = Episode(id=str(uuid.uuid4()), site="north", candidate=str(uuid.uuid4()), protocol="bench@1")
    key, wrapped = store.vault.new_key(episode.candidate)
    prev, at, lines = GENESIS, AT, []
    for seq in range(1, LINES + 1):
        at += timedelta(minutes=7)
        about = {"readings": [{"item": "pain", "number": str(seq % 11), "observed_at": instant(at)}]}
        entry = Entry(
            seq=seq, at=at, occurred_at=at, actor="nurse-1", verb="record", outcome=Outcome.DONE, about=about,
            stands={"stage": "trial", "version": seq},
        )  # fmt: skip
        lines.append(chain(entry, episode=episode, prev=prev, salt=secrets.token_bytes(SALT_BYTES), engine=__version__))
        prev = lines[-1].hash
    person = ("north", episode.candidate, f"C-{number}", wrapped)
    connection.execute("INSERT INTO candidate VALUES (%s, %s, %s, %s, now())", person)
    here = ("north", episode.id, episode.candidate, LINES, LINES, prev)
    connection.execute(
        "INSERT INTO episode (site_id, id, candidate_id, protocol, stage, stint, stint_at, enrolled_at, seq, version,"
        " head) VALUES (%s, %s, %s, 'bench@1', 'trial', 1, now(), now(), %s, %s, %s)",
        here,
    )
    columns = "site_id, episode_id, seq, at, occurred_at, actor, verb, outcome, prev, hash, head"
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY ledger ({columns}) FROM STDIN") as copy:
            for one in lines:
                told = (
                    one.seq,
                    one.at,
                    one.occurred_at,
                    one.actor,
                    one.verb,
                    one.outcome,
                    one.prev,
                    one.hash,
                    one.head,
                )
                copy.write_row(("north", episode.id, *told))
        with cursor.copy("COPY ledger_payload (site_id, episode_id, seq, sealed) FROM STDIN") as copy:
            for one in lines:
                sealed = key.seal(one.salt + one.payload, place=payload_place(episode.id, one.seq))
                copy.write_row(("north", episode.id, one.seq, sealed))
