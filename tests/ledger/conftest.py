"""A ledger with something in it, its notary, and a superuser who can do anything to the database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.conftest import Database
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.service.notary import Office
from workflow.store import session, signing
from workflow.store.candidates import Identity
from workflow.store.session import Store
from workflow.store.staff import Person


@pytest.fixture
def verify_store(database: Database) -> Iterator[Store]:
    """The store as an auditor's program opens it: theca_verify, with the key file."""
    opened = session.open_store(database.verify, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def migrate_store(database: Database) -> Iterator[Store]:
    """The store as it is set up with on the machine."""
    opened = session.open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    """A notary of this test's own, without the key file."""
    key = tmp_path / "notary" / "key"
    signing.create(key, "theca.test")
    store = session.open_sealed(database.verify)
    yield Office(store=store, file=tmp_path / "notary" / "notes", signer=signing.signer(key, "theca.test"))
    store.close()


@pytest.fixture
def as_superuser(database: Database) -> Iterator[Callable[..., None]]:
    """Do anything to the database, past every trigger: the attacker who owns the machine."""
    url = make_url(database.superuser).set(database=database.name, drivername="postgresql+psycopg")
    engine = create_engine(url)
    tables = ("ledger", "ledger_payload", "chain_line")

    def _do(*statements: str, **values: object) -> None:
        with engine.begin() as connection:
            for table in tables:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            for statement in statements:
                connection.execute(text(statement), values)
            for table in tables:
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))

    yield _do
    engine.dispose()


@pytest.fixture
def enrolled(desk: Desk, someone: Callable[..., Person]) -> Callable[..., str]:
    """Enrol an invented person at north, some days ago, and answer the episode's id."""

    def _enrol(mrn: str = "M1", *, name: str = "Nightjar", days: float = 30) -> str:
        identity = Identity(external_id=mrn, family_name=name, given_name="Ada", birth_date="1960-02-29")
        at = datetime.now(UTC) - timedelta(days=days)
        who = someone("coordinator")
        told = enrol(desk, who, site="north", identity=identity, protocol="opioid_trial", occurred_at=at)
        return told.episode

    return _enrol
