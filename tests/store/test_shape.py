"""The database's shape: from nothing, from the step before, and equal to the tables in the code."""

from itertools import count

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from workflow import engines
from workflow.store import chains, migrate, roles

_numbers = count(1)


@pytest.fixture
def empty(servers: engines.Engines) -> str:
    """A database with roles and no tables, as theca_migrate."""
    name, passwords = f"shape{next(_numbers)}", roles.new_passwords()
    roles.establish(servers.admin_url, name, passwords)
    return roles.url_of(servers.admin_url, "theca_migrate", passwords["theca_migrate"], name)


def test_from_nothing_to_the_newest(empty: str):
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.head()
    command.check(migrate.configured(empty))


def test_from_the_step_before_with_rows_in_it(empty: str):
    migrate.upgrade(empty, "0002")
    engine = create_engine(empty)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO site VALUES ('north', 'N', 'Europe/Berlin', 'DE', '', '08:00', '17:00')"))
    migrate.upgrade(empty)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT zone FROM site")) == "Europe/Berlin"
    engine.dispose()


def test_what_was_published_before_there_was_a_chain_of_it_is_told_by_the_upgrade(empty: str):
    migrate.upgrade(empty, "0012")
    engine = create_engine(empty)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO protocol_version VALUES ('p', 1, repeat('a', 64), 'x', now())"))
    migrate.upgrade(empty)
    with engine.begin() as connection:
        told = chains.read(connection, "protocols")
    assert [(one.actor, one.about) for one in told] == [("system:upgrade", {"protocol": "p@1", "sha256": "a" * 64})]
    engine.dispose()


def test_back_to_nothing_and_forth(empty: str):
    migrate.upgrade(empty)
    migrate.downgrade(empty, "base")
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.head()


def test_establishing_twice_sets_new_passwords_and_keeps_the_data(servers: engines.Engines, empty: str):
    migrate.upgrade(empty)
    name = empty.rsplit("/", 1)[1]
    passwords = roles.new_passwords()
    roles.establish(servers.admin_url, name, passwords)
    again = roles.url_of(servers.admin_url, "theca_migrate", passwords["theca_migrate"], name)
    assert migrate.current(again) == migrate.head()
