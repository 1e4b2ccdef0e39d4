"""Real servers for every test that needs them: one PostgreSQL and one Valkey per test process, on loopback.

The database is migrated once into a template; each test that asks for `database` gets its own copy of it.
Tests sign in as the roles the product uses, never as the superuser.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from workflow import engines
from workflow.domain.actor import Role
from workflow.engines import ports
from workflow.service import people
from workflow.service.act import Desk
from workflow.store import migrate, protocols, roles, session, vault
from workflow.store.bell import Bell
from workflow.store.session import Store
from workflow.store.sites import Habits
from workflow.store.staff import Person

PROTOCOL = Path(__file__).parent.parent / "protocols" / "opioid_trial" / "v1.yaml"
TEMPLATE = "theca_template"
_numbers = count(1)
_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One test's own database, as each role sees it."""

    name: str
    superuser: str
    migrate: str
    app: str
    worker: str
    verify: str
    key_file: Path


@pytest.fixture(scope="session")
def servers() -> Iterator[engines.Engines]:
    """PostgreSQL and Valkey for this test process."""
    with tempfile.TemporaryDirectory(prefix="theca-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # for root, the servers run as another account and must reach it
        with engines.running(Path(folder) / "data", durable=False, trust=True) as running:
            yield running


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A port nobody listens on, below those the system hands out, so that nobody is given it meanwhile."""

    def _free_port() -> int:
        for port in _dice.sample(range(20_000, 32_000), 200):
            if ports.is_free(port):
                return port
        pytest.fail("no free port between 20000 and 32000")

    return _free_port


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    vault.create_key_file(path)
    return path


@pytest.fixture(scope="session")
def template(servers: engines.Engines, key_file: Path) -> dict[str, str]:
    """A migrated database with the protocol, two sites and people in every role; answers the role passwords."""
    passwords = roles.new_passwords()
    roles.establish(servers.admin_url, TEMPLATE, passwords)
    admin = roles.url_of(servers.admin_url, "theca_migrate", passwords["theca_migrate"], TEMPLATE)
    migrate.upgrade(admin)
    store = session.open_store(admin, key_file)
    _people(store)
    store.close()
    return passwords


def _people(store: Store) -> None:
    """Invented sites and people: two of each role at north, a third at south."""
    people.publish(store, PROTOCOL.read_text())
    # No letter waits for a morning, so that a test can wait for it.
    at_once = Habits(routine="at_once", quiet_from="00:00", quiet_until="00:00")
    berlin = {"zone": "Europe/Berlin", "country": "DE", "subdivision": "BE"}
    new_york = {"zone": "America/New_York", "country": "US", "subdivision": "NY"}
    people.add_site(store, site="north", name="North", habits=at_once, **berlin)
    people.add_site(store, site="south", name="South", habits=at_once, **new_york)
    for role in Role:
        for number, site in ((1, "north"), (2, "north"), (3, "south")):
            person = f"{role}-{number}"
            people.add_person(store, person=person, name=f"{role} {number}", email=f"{person}@theca.example")
            people.add_role(store, site=site, person=person, role=role, starts_on=date(2020, 1, 1))


@pytest.fixture
def database(a_copy: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    """A fresh copy of the template, dropped afterwards."""
    with a_copy() as made:
        yield made


@pytest.fixture(scope="session")
def a_copy(
    servers: engines.Engines, template: dict[str, str], key_file: Path
) -> Callable[[], AbstractContextManager[Database]]:
    """Makes a copy of the template for as long as somebody needs it: for one test, or for a file of them."""
    return lambda: _copied(servers, template, key_file)


@contextmanager
def _copied(servers: engines.Engines, template: dict[str, str], key_file: Path) -> Iterator[Database]:
    name = f"t{next(_numbers)}"
    protocols._KNOWN.clear()  # what another test published under the same name
    engine = create_engine(servers.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    urls = {role: roles.url_of(servers.admin_url, role, password, name) for role, password in template.items()}
    yield Database(
        name=name,
        superuser=servers.admin_url,
        migrate=urls["theca_migrate"],
        app=urls["theca_app"],
        worker=urls["theca_worker"],
        verify=urls["theca_verify"],
        key_file=key_file,
    )
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """The store as the API opens it."""
    opened = session.open_store(database.app, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def worker_store(database: Database) -> Iterator[Store]:
    """The store as a worker opens it."""
    opened = session.open_store(database.worker, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    """A desk whose bell rings nowhere."""
    return Desk(store, Bell(""))


@pytest.fixture
def someone() -> "Someone":
    return Someone()


class Someone:
    """Invented people, by role. `someone("nurse")` is the nurse at site north; `other` another of the same role."""

    def __call__(self, *held: str, site: str = "north", other: int = 1) -> Person:
        name = f"{held[0]}-{other}"
        return Person(id=name, name=name, roles={site: frozenset(Role(role) for role in held)})
