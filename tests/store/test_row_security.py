"""Row security, asked of the database's own catalogue: every table, every role, and what no setting shows."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from workflow.domain.actor import Role
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.store.bell import Bell
from workflow.store.candidates import Identity
from workflow.store.outside import OUTSIDE
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

PEOPLE = ("theca_app", "theca_worker")


@pytest.fixture(scope="module")
def base(a_copy: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
    """One database for all of these: what is refused leaves nothing behind."""
    with a_copy() as made:
        yield made


@pytest.fixture(scope="module")
def app(base: Any) -> Iterator[Store]:
    """The store as the API opens it, with something of everything at both sites."""
    opened = open_store(base.app, base.key_file)
    for number, site in ((1, "north"), (3, "south")):
        _fill(opened, number, site)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def worker(base: Any) -> Iterator[Store]:
    opened = open_store(base.worker, base.key_file)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def catalogue(base: Any, app: Store) -> Iterator[Callable[..., list[Any]]]:
    """Ask the catalogue, as the owner of the database's shape, once there is something of everything."""
    assert app
    engine = create_engine(make_url(base.migrate).set(drivername="postgresql+psycopg"))

    def ask(query: str, **values: object) -> list[Any]:
        with engine.begin() as connection:
            return list(connection.execute(text(query), values))

    yield ask
    engine.dispose()


def _fill(store: Store, number: int, site: str) -> None:
    lead = Person(id=f"lead-{number}", name="Lead", roles={site: frozenset({Role.LEAD})})
    ada = Identity(external_id="M-1", family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
    enrol(Desk(store, Bell("")), lead, site=site, identity=ada, protocol="opioid_trial")
    with store.transaction([site]) as connection:
        for statement in (
            "INSERT INTO closure VALUES (:site, '2031-01-01', 'a fair')",
            "INSERT INTO absence VALUES (:site, :nurse, now(), now() + interval '1 day', NULL)",
            "INSERT INTO deputy VALUES (:site, :nurse, :lead)",
            "INSERT INTO on_call VALUES (:site, :nurse, now(), now() + interval '1 day')",
            "INSERT INTO used_link VALUES (:site, 'x', now())",
            "INSERT INTO access (site_id, actor, at, what) VALUES (:site, :nurse, now(), 'list')",
        ):
            connection.execute(text(statement), {"site": site, "nurse": f"nurse-{number}", "lead": lead.id})


def tables(catalogue: Callable[..., list[Any]]) -> dict[str, tuple[bool, bool, bool]]:
    """Every table: whether it has a site, whether its rows are secured, and whether that is forced on its owner too."""
    query = """
      SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
        EXISTS (SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'site_id') AS by_site
      FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"""
    return {line.relname: (line.by_site, line.relrowsecurity, line.relforcerowsecurity) for line in catalogue(query)}


def test_every_table_is_secured_row_by_row_or_stands_on_the_short_list(catalogue: Callable[..., list[Any]]):
    found = tables(catalogue)
    assert len(found) > 30
    open_ = {name for name, (_, secured, forced) in found.items() if not (secured and forced)}
    assert open_ == set(OUTSIDE)
    assert [name for name in open_ if found[name][0]] == []
    assert all(len(why) > 20 for why in OUTSIDE.values())


def test_no_setting_shows_no_row_of_any_table_with_a_site(
    catalogue: Callable[..., list[Any]], app: Store, worker: Store
):
    secured = [name for name, (_, rows, _) in tables(catalogue).items() if rows]
    seen = {}
    for each in (app, worker):
        role = each.engine.url.username
        readable = [name for name in secured if _may_read(catalogue, role, name)]
        assert len(readable) > 20
        for setting in ("", "nowhere", "north'", "north;south", "%", "*", "NORTH", " north"):
            with each.transaction([setting] if setting else []) as connection:
                for name in readable:
                    seen[role, name, setting] = connection.scalar(text(f"SELECT count(*) FROM {name}"))
    workers_write_to = {("theca_worker", name) for name in ("staff", "address")}
    assert {key: n for key, n in seen.items() if n and key[:2] not in workers_write_to} == {}


def test_a_site_in_sight_shows_its_own_rows_and_no_other(catalogue: Callable[..., list[Any]], app: Store):
    by_site = [
        name for name, (has, _, _) in tables(catalogue).items() if has and _may_read(catalogue, "theca_app", name)
    ]
    for site in ("north", "south"):
        with app.transaction([site]) as connection:
            for name in by_site:
                found = set(connection.scalars(text(f"SELECT DISTINCT site_id FROM {name}")))
                assert found <= {site}, name
            assert connection.scalar(text("SELECT count(*) FROM candidate_identity")) == 1
            people = set(connection.scalars(text("SELECT id FROM staff")))
        everybody = {line.staff_id for line in catalogue(f"SELECT staff_id FROM membership WHERE site_id = '{site}'")}
        assert people == everybody


def test_what_is_written_to_another_site_is_refused(app: Store):
    foreign = [
        "INSERT INTO access (site_id, actor, at, what) VALUES ('south', 'x', now(), 'x')",
        "INSERT INTO closure VALUES ('south', '2030-01-01', 'x')",
        "INSERT INTO deputy VALUES ('south', 'nurse-3', 'lead-3')",
    ]
    for statement in foreign:
        with pytest.raises(DBAPIError, match="row-level security"), app.transaction(["north"]) as connection:
            connection.execute(text(statement))
    with app.transaction(["north"]) as connection:
        assert connection.execute(text("UPDATE site SET opens = '00:00' WHERE site_id = 'south'")).rowcount == 0
        assert connection.execute(text("DELETE FROM absence WHERE site_id = 'south'")).rowcount == 0


CLIMBS = [
    "ALTER ROLE theca_app BYPASSRLS",
    "ALTER ROLE theca_worker SUPERUSER",
    "SET ROLE theca_owner",
    "SET ROLE theca_migrate",
    "SET SESSION AUTHORIZATION theca_migrate",
    "GRANT theca_owner TO theca_app",
    "ALTER TABLE candidate_identity NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE candidate_identity DISABLE ROW LEVEL SECURITY",
    "DROP POLICY by_site ON candidate_identity",
    "CREATE POLICY mine ON candidate_identity USING (true)",
    "SET session_replication_role = replica",
    "SET row_security = off; SELECT count(*) FROM candidate_identity",
    "CREATE FUNCTION peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "CREATE TABLE mine (x int)",
    "COPY staff TO '/tmp/stolen'",
    "COPY staff TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM token",
    "INSERT INTO membership VALUES ('north', 'nurse-1', 'admin', '2020-01-01')",
    "UPDATE membership SET role = 'admin'",
    "DELETE FROM membership",
    "INSERT INTO staff VALUES ('x', 'x', '')",
    "UPDATE staff SET email = 'x@theca.example'",
    "UPDATE token SET revoked_at = NULL",
    "INSERT INTO setting VALUES ('north', 'opioid_trial', 'x', now(), 1, 'nurse-1', 'because')",
    "INSERT INTO ledger SELECT * FROM ledger",
    "DELETE FROM ledger",
    "DELETE FROM access",
    "UPDATE access SET actor = 'somebody'",
    "DELETE FROM security_event",
    "DELETE FROM episode",
    "UPDATE protocol_version SET text = ''",
    "UPDATE alembic_version SET version_num = '0001'",
    "UPDATE site SET zone = 'UTC'",
    "UPDATE site SET site_id = 'mine'",
    "UPDATE closure SET site_id = 'south'",
]


@pytest.mark.parametrize("statement", CLIMBS)
@pytest.mark.parametrize("role", PEOPLE)
def test_neither_the_app_nor_the_workers_climb(app: Store, worker: Store, role: str, statement: str):
    each = app if role == "theca_app" else worker
    with pytest.raises(DBAPIError) as refused, each.transaction(["north"]) as connection:
        _raw(connection, statement)
    assert refused.value.orig is not None
    assert getattr(refused.value.orig, "sqlstate", "") in {"42501", "25006"}, refused.value.orig


def test_nobody_makes_tables_that_would_stand_before_ours(catalogue: Callable[..., list[Any]]):
    query = "SELECT has_database_privilege(:role, 'theca_template', 'TEMP, CREATE')"
    assert [role for role in PEOPLE if catalogue(query, role=role)[0][0]] == []


def test_the_owners_functions_are_called_by_whom_they_are_for(catalogue: Callable[..., list[Any]]):
    found = catalogue("""
      SELECT p.proname, p.prosecdef, coalesce(p.proconfig::text, '') AS config,
        has_function_privilege('public', p.oid, 'EXECUTE') AS everybody
      FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace""")
    owners = [line for line in found if line.prosecdef]
    assert len(owners) > 8
    assert [line.proname for line in owners if "search_path" not in line.config or line.everybody] == []


def test_nobody_who_serves_people_sees_through_row_security(catalogue: Callable[..., list[Any]]):
    found = catalogue(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname IN ('theca_app', 'theca_worker')"
    )
    assert len(found) == 2
    assert [line.rolname for line in found if any(line[1:])] == []
    owned = catalogue(
        "SELECT count(*) FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner"
        " WHERE r.rolname IN ('theca_app', 'theca_worker')"
    )
    assert owned == [(0,)]


def _may_read(catalogue: Callable[..., list[Any]], role: str | None, table: str) -> bool:
    query = "SELECT has_any_column_privilege(:role, :table, 'SELECT') AND has_table_privilege(:role, :table, 'SELECT')"
    return bool(catalogue(query, role=role, table=table)[0][0])


def _raw(connection: Connection, statement: str) -> None:
    for each in statement.split("; "):
        connection.exec_driver_sql(each)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE session SET staff_id = 'lead-1'",
        "UPDATE session SET ends_at = ends_at + interval '1 day'",
        "UPDATE session SET tablet = NULL",
        "SELECT csrf FROM session",
        "DELETE FROM session",
        "UPDATE credential SET staff_id = 'lead-1'",
        "DELETE FROM credential",
        "UPDATE invitation SET staff_id = 'lead-1'",
        "UPDATE invitation SET expires_at = expires_at + interval '1 day'",
        "UPDATE known_source SET staff_id = 'lead-1'",
        "UPDATE tablet SET site_id = 'south'",
        "UPDATE signing_series SET staff_id = 'lead-1'",
        "UPDATE signing_series SET held_by = ''",
        "UPDATE site SET retention_years = 0",
        "SELECT 1 FROM token",
    ],
)
def test_no_proof_of_who_somebody_is_passes_to_another_and_nothing_is_kept_shorter(app: Store, statement: str):
    with pytest.raises(DBAPIError, match="permission denied"), app.transaction(["north"]) as connection:
        connection.execute(text(statement))
