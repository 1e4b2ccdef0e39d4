"""A house to break into: two sites, people in every role, and the interface as a process of its own."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine, text

from tests.api.caller import Api
from tests.faults.servers import Servers, servers, until
from workflow.domain.actor import Role
from workflow.engines import ports
from workflow.service import people
from workflow.service.audit import audit
from workflow.settings import environment_with
from workflow.store import migrate, roles, session, vault
from workflow.store.session import Store, open_store
from workflow.store.sites import Habits

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "protocols" / "opioid_trial" / "v1.yaml").read_text(encoding="utf-8")
# What is written because somebody asked or looked, refused or not: who was turned away, who looked, who is alive, how
# often somebody guessed; and columns that say when something was last used.
BESIDE = frozenset({"security_event", "access", "pulse", "brake"})
PASSING = ("last_used_at", "seen_at", "idle_at")
UVICORN = ("uvicorn", "--factory", "api.app:app", "--no-access-log", "--log-level", "debug")


@dataclass
class House:
    """Where things are, and the ways to look behind everybody's back."""

    home: Path
    servers: Servers
    urls: Mapping[str, str]
    key_file: Path
    store: Store
    worker_store: Store
    owner: Engine  # sees every site
    address: str
    api: Api
    log: Path
    _digest: str = ""

    def sql(self, query: str, **values: object) -> list[Any]:
        with self.owner.begin() as connection:
            found = connection.execute(text(query), values)
            return list(found) if found.returns_rows else []

    def digest(self) -> dict[str, str]:
        """A hash of every row of every table that only decisions and administrators may change."""
        return dict(tuple(row) for row in self.sql(self._digest or self._learn()))

    def turned(self) -> dict[tuple[str, str], int]:
        """How often each actor was turned away, by kind."""
        rows = self.sql("SELECT actor, kind, sum(count) FROM security_event GROUP BY actor, kind")
        return {(actor, kind): int(count) for actor, kind, count in rows}

    def flaws(self) -> list[str]:
        """What `theca doctor --invariants` finds."""
        verify = open_store(self.urls["theca_verify"], self.key_file)
        try:
            return [f"{flaw.kind}: {flaw.detail}" for flaw in audit(verify).flaws]
        finally:
            verify.close()

    def told(self, **more: str) -> dict[str, str]:
        """The settings of a process that works here."""
        return {
            "DATABASE_URL": self.urls["theca_app"],
            "DATABASE_WORKER_URL": self.urls["theca_worker"],
            "REDIS_URL": self.servers.redis_url,
            "THECA_KEY_FILE": str(self.key_file),
            "THECA_PUBLIC_URL": "http://theca.example",
            **more,
        }

    def _learn(self) -> str:
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        noted = self.sql("SELECT DISTINCT table_name FROM information_schema.columns WHERE column_name = ANY(:passing)",
            passing=list(PASSING))  # fmt: skip
        passing = ", ".join(f"'{name}'" for name in PASSING)
        whole = {table: f"(to_jsonb(t) - ARRAY[{passing}])::text" for (table,) in noted}
        each = (
            f"SELECT '{name}', md5(coalesce(string_agg({row}, '|' ORDER BY {row}), '')) FROM \"{name}\" AS t"
            for name, row in ((name, whole.get(name, "t::text")) for (name,) in tables)
            if name not in BESIDE
        )
        self._digest = " UNION ALL ".join(each)
        return self._digest


@contextmanager
def house() -> Iterator[House]:
    """A house that is open; everything of it is gone with the block."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="theca-attack-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        home.chmod(0o755)
        run = stack.enter_context(servers(home / "servers", durable=False))
        key, passwords = home / "key", roles.new_passwords()
        vault.create_key_file(key)
        roles.establish(run.admin_url, "theca", passwords)
        urls = {role: roles.url_of(run.admin_url, role, word, "theca") for role, word in passwords.items()}
        migrate.upgrade(urls["theca_migrate"])
        tokens = _furnish(urls["theca_migrate"], key)
        store, worker = open_store(urls["theca_app"], key), open_store(urls["theca_worker"], key)
        owner = create_engine(session.address_of(urls["theca_migrate"]), pool_pre_ping=True)
        port = ports.choose(None, last=None, needed_by="the API", avoid=[run.postgres_port, run.valkey_port])
        address = f"http://127.0.0.1:{port}"
        client = httpx.Client(base_url=address, timeout=30, trust_env=False)
        for opened in (store.close, worker.close, owner.dispose, client.close):
            stack.callback(opened)
        made = House(
            home=home,
            servers=run,
            urls=urls,
            key_file=key,
            store=store,
            worker_store=worker,
            owner=owner,
            address=address,
            api=Api(client, tokens),
            log=home / "api.log",
        )
        command = (*UVICORN, "--host", "127.0.0.1", "--port", str(port))
        stack.enter_context(process(command, made.told(), made.log))
        until(lambda: _answers(client), what="the API answering")
        yield made


@contextmanager
def process(command: Sequence[str], settings: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of ours that writes all it says into a file; it ends with the block."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment_with(dict(settings)), stdout=out, stderr=out, cwd=ROOT
        )
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(25)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _furnish(admin_url: str, key: Path) -> dict[str, str]:
    """Two sites and people in every role, two at north and one at south; answers their tokens."""
    admin = open_store(admin_url, key)
    people.publish(admin, PROTOCOL)
    at_once = Habits(routine="at_once", quiet_from="00:00", quiet_until="00:00")
    people.add_site(admin, site="north", name="North", zone="Europe/Berlin", country="DE", habits=at_once)
    people.add_site(admin, site="south", name="South", zone="America/New_York", country="US", habits=at_once)
    tokens = {}
    for role in Role:
        for number, site in ((1, "north"), (2, "north"), (3, "south")):
            person = f"{role}-{number}"
            people.add_person(admin, person=person, name=f"{role} {number}", email=f"{person}@theca.example")
            people.add_role(admin, site=site, person=person, role=role, starts_on=date(2020, 1, 1))
            tokens[person] = people.add_token(admin, person=person, label="attack", days=1)
    admin.close()
    return tokens
