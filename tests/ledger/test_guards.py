"""The ledger is only ever appended to, whoever asks: seven kinds of attempt, by the app, by a worker, by the owner."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from tests.conftest import Database
from workflow.service.guards import loose
from workflow.store.session import Store

TABLES = ("ledger", "ledger_payload", "chain_line")
ATTEMPTS = {
    "update": "UPDATE {table} SET seq = seq + 1",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table}",
    "insert": "INSERT INTO {table} SELECT * FROM {table}",
    "upsert": "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT DO NOTHING",
    "disable the trigger": "ALTER TABLE {table} DISABLE TRIGGER stands",
    "drop": "DROP TABLE {table}",
    "lock": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "replace the function": "CREATE OR REPLACE FUNCTION ledger_stands() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "switch triggers off": "SET session_replication_role = replica",
    "become the owner": "SET ROLE theca_owner",
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("role", ["app", "worker", "verify"])
def test_it_cannot_be_touched(database: Database, enrolled: Callable[..., str], role: str, attempt: str, table: str):
    enrolled()
    engine = create_engine(make_url(getattr(database, role)).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        connection.execute(text("SELECT set_config('app.sites', 'north,south', false)"))
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(ATTEMPTS[attempt].format(table=table)))
        assert refused.value.orig.sqlstate == "42501"  # insufficient privilege
    engine.dispose()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("attempt", ["update", "delete", "truncate"])
@pytest.mark.parametrize("how", ["as the owner", "as a superuser in a replica's role"])
def test_not_even_the_owner_or_a_superuser_without_saying_so(
    database: Database, enrolled: Callable[..., str], how: str, attempt: str, table: str
):
    enrolled()
    url = database.migrate if how == "as the owner" else make_url(database.superuser).set(database=database.name)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        become = "SET ROLE theca_owner" if how == "as the owner" else "SET session_replication_role = replica"
        connection.execute(text(become))
        with pytest.raises(DBAPIError, match="only ever appended to"):
            connection.execute(text(ATTEMPTS[attempt].format(table=table)))
    engine.dispose()


def test_guards_that_stand_are_called_so(verify_store: Store):
    assert loose(verify_store) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE ledger DISABLE TRIGGER stands", "ledger: trigger stands"),
        ("ALTER TABLE chain_line ENABLE TRIGGER stands_whole", "chain_line: trigger stands_whole"),
        ("DROP TRIGGER stands ON ledger_payload", "ledger_payload: trigger stands"),
        ("GRANT INSERT ON ledger TO theca_app", "ledger: theca_app may insert"),
        ("GRANT UPDATE (seq) ON chain_line TO theca_worker", "chain_line: theca_worker may update"),
        ("GRANT DELETE ON ledger_payload TO PUBLIC", "ledger_payload: theca_app may delete"),
        ("ALTER TABLE ledger DISABLE ROW LEVEL SECURITY", "ledger: row security"),
        ("ALTER TABLE chain_line OWNER TO theca_app", "chain_line: its owner is theca_app"),
        (
            (
                "CREATE OR REPLACE FUNCTION ledger_stands() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN RETURN new; END $$"
            ),
            "ledger_stands()",
        ),
        ("CREATE RULE quiet AS ON DELETE TO ledger DO INSTEAD NOTHING", "ledger: rule quiet"),
        ("ALTER ROLE theca_app BYPASSRLS", "theca_app sees every site"),
        ("GRANT theca_owner TO theca_worker", "theca_worker may act as the owner"),
    ],
)
def test_a_guard_that_was_taken_down_is_named(database: Database, verify_store: Store, statement: str, said: str):
    engine = create_engine(make_url(database.superuser).set(database=database.name, drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(statement))
    try:
        assert any(said in one for one in loose(verify_store)), loose(verify_store)
    finally:
        with engine.begin() as connection:  # roles are the cluster's, not this database's
            connection.execute(text("ALTER ROLE theca_app NOBYPASSRLS"))
            connection.execute(text("REVOKE theca_owner FROM theca_worker"))
        engine.dispose()
