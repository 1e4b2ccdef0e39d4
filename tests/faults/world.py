"""A small clinic on servers of its own: one site, four people, candidates as needed, and who checks at the end."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, text

from tests.faults.mailroom import Mailroom
from tests.faults.servers import Servers, servers, until
from workflow.domain.actor import Role
from workflow.service import people
from workflow.service.act import Desk
from workflow.service.audit import audit
from workflow.service.enrol import enrol
from workflow.settings import environment_with
from workflow.store import migrate, roles, session, vault
from workflow.store.bell import Bell
from workflow.store.candidates import Identity
from workflow.store.episodes import Command
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

PROTOCOL = (Path(__file__).parent / "protocol.yaml").read_text(encoding="utf-8")
LINK = "http://theca.example"
COORDINATOR = Person(id="coordinator-1", name="Coordinator", roles={"north": frozenset({Role.COORDINATOR})})
CLINICIAN = Person(id="clinician-1", name="Clinician", roles={"north": frozenset({Role.CLINICIAN})})
# A reminder is due ten minutes after enrolment: see protocol.yaml.
REMINDED_AFTER = timedelta(minutes=10)
CELERY = ("celery", "-A", "tests.faults.armed_worker", "worker", "--loglevel", "ERROR", "--without-mingle")
BEAT = ("celery", "-A", "workers.app", "beat", "--loglevel", "ERROR", "--pidfile", "")
_numbers = count(1)


@dataclass
class World:
    """Where things are, and the few things a scenario does with them."""

    home: Path
    servers: Servers
    urls: dict[str, str]
    key_file: Path
    mail: Mailroom
    store: Store
    worker_store: Store
    owner: Engine  # sees every site; for looking, and for letting time pass by hand
    token: str

    def desk(self, *, ringing: bool = False) -> Desk:
        return Desk(self.store, Bell(self.servers.redis_url if ringing else ""))

    def enrolled(self, *, due: datetime | None = None, desk: Desk | None = None, key: str | None = None) -> str:
        """A new candidate whose reminder is due at a time; without one, in ten minutes."""
        identity = Identity(
            external_id=f"F-{next(_numbers)}", family_name="Invented", given_name="Ada", birth_date="1960-01-01"
        )
        at = (due or datetime.now(UTC) + REMINDED_AFTER) - REMINDED_AFTER - timedelta(milliseconds=1)
        command = Command(actor=COORDINATOR.id, key=key, body="") if key else None
        return enrol(
            desk or self.desk(),
            COORDINATOR,
            site="north",
            identity=identity,
            protocol="faults",
            occurred_at=at,
            command=command,
        ).episode

    def late(self, number: int = 1) -> list[str]:
        """New candidates whose reminder is due already."""
        return [self.enrolled(due=datetime.now(UTC) - timedelta(seconds=1)) for _ in range(number)]

    def sql(self, query: str, **values: object) -> list[Any]:
        with self.owner.begin() as connection:
            found = connection.execute(text(query), values)
            return list(found) if found.returns_rows else []

    def superuser(self, query: str, *values: object) -> list[Any]:
        """What only the superuser may ask and do."""
        url = self.servers.admin_url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def analyse(self) -> None:
        """What autovacuum does within a minute: count what the tables hold, so that queries are planned for it."""
        with self.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET ROLE theca_owner"))
            connection.execute(text("ANALYZE"))
            connection.execute(text("RESET ROLE"))

    def ticking(self) -> None:
        """Wait until a worker's children do the work: while nobody looks, its parent does."""
        seen = self.one("SELECT max(at) FROM pulse WHERE name = 'tick'")
        for _ in range(2):
            until(lambda: self.one("SELECT max(at) FROM pulse WHERE name = 'tick'") != seen, what="a tick")  # noqa: B023
            seen = self.one("SELECT max(at) FROM pulse WHERE name = 'tick'")

    def one(self, query: str, **values: object) -> Any:
        return self.sql(query, **values)[0][0]

    def flaws(self, of: str | None = None) -> list[str]:
        """What `theca doctor --invariants` finds; of one episode only, where it is named."""
        verify = open_store(self.urls["theca_verify"], self.key_file)
        try:
            found = audit(verify).flaws
            return [f"{flaw.kind}: {flaw.detail}" for flaw in found if of in (None, flaw.episode)]
        finally:
            verify.close()

    def unsent_sent(self) -> int:
        """Letters marked sent that the relay never took: lost."""
        marked = self.one("SELECT count(*) FROM message WHERE channel = 'email' AND state = 'sent'")
        return max(0, marked - len(self.mail.copies()))

    def waiting(self) -> int:
        return self.one("SELECT count(*) FROM message WHERE state = 'waiting'")

    def due(self) -> int:
        return self.one("SELECT count(*) FROM timer WHERE state = 'live' AND due_at <= clock_timestamp()")

    def told(self, table: dict[str, object] | None = None) -> dict[str, str]:
        """The settings of a process that works here."""
        return {
            "DATABASE_URL": self.urls["theca_app"],
            "DATABASE_WORKER_URL": self.urls["theca_worker"],
            "REDIS_URL": self.servers.redis_url,
            "THECA_KEY_FILE": str(self.key_file),
            "THECA_PUBLIC_URL": LINK,
            "THECA_TOKEN": "",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "SMTP_TLS": "false",
            "TRANSPORT": "smtp",
            **{name: str(value) for name, value in (table or {}).items()},
        }

    @contextmanager
    def running(self, *command: str, **extra: object) -> Iterator["subprocess.Popen[bytes]"]:
        """A process of ours, tethered: it ends with the block, or with us."""
        log = (self.home / "processes.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment_with(self.told(extra)), stdout=log, stderr=log
        )
        log.close()
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def worker(self, *, children: int = 2, **extra: object) -> Iterator["subprocess.Popen[bytes]"]:
        with self.running(*CELERY, "--concurrency", str(children), **extra) as process:
            yield process


@contextmanager
def world(*, durable: bool = False, home: Path | None = None) -> Iterator[World]:
    """A clinic that is open; everything of it is gone with the block."""
    with ExitStack() as stack:
        if home is None:
            home = Path(tempfile.mkdtemp(prefix="theca-faults-"))
            stack.callback(shutil.rmtree, home, ignore_errors=True)
            home.chmod(0o755)
        run = stack.enter_context(servers(home / "servers", durable=durable))
        key, passwords = home / "key", roles.new_passwords()
        vault.create_key_file(key)
        roles.establish(run.admin_url, "theca", passwords)
        urls = {role: roles.url_of(run.admin_url, role, word, "theca") for role, word in passwords.items()}
        migrate.upgrade(urls["theca_migrate"])
        token = _set_up(urls["theca_migrate"], key)
        mail = Mailroom().open()
        stack.callback(mail.close)
        store, worker = open_store(urls["theca_app"], key), open_store(urls["theca_worker"], key)
        owner = create_engine(session.address_of(urls["theca_migrate"]), pool_pre_ping=True)
        for opened in (store.close, worker.close, owner.dispose):
            stack.callback(opened)
        yield World(
            home=home,
            servers=run,
            urls=urls,
            key_file=key,
            mail=mail,
            store=store,
            worker_store=worker,
            owner=owner,
            token=token,
        )


_SITE = """
INSERT INTO site (site_id, name, zone, country, subdivision, opens, closes, weekdays, quiet_from, quiet_until, routine,
  urgent_per_hour, emergency_number)
VALUES ('north', 'North', 'Europe/Berlin', 'DE', '', '00:00', '23:59', '0123456', '00:00', '00:00', 'at_once',
  1000000, '')
"""


def _set_up(admin_url: str, key: Path) -> str:
    """The site, where nothing waits for the morning, and its people; answers the coordinator's token."""
    admin = open_store(admin_url, key)
    people.publish(admin, PROTOCOL)
    with admin.transaction() as connection:
        connection.execute(text(_SITE))
    for role in (Role.COORDINATOR, Role.CLINICIAN, Role.NURSE, Role.LEAD):
        person = f"{role}-1"
        people.add_person(admin, person=person, name=role.value, email=f"{person}@theca.example")
        people.add_role(admin, site="north", person=person, role=role, starts_on=date(2020, 1, 1))
    token = people.add_token(admin, person=COORDINATOR.id, label="faults", days=1)
    admin.close()
    return token
