"""A site's own values of parameters: inside the bounds, by somebody who may, seen by that site alone, kept for good."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.conftest import PROTOCOL, Database
from workflow.domain.errors import (
    ImpossibleInputError,
    ImpossibleValueError,
    NotFoundError,
    NotPermittedError,
    UnknownNameError,
)
from workflow.service import people
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.store import episodes, parameters, session
from workflow.store.candidates import Identity
from workflow.store.session import Store
from workflow.store.staff import Person

DECLARED = """
parameters:
  shortest_life: {label: Life expectancy for a pump, unit: mo, default: "6", range: ["3", "12"], source: SEED, mark: R}
"""


@pytest.fixture
def admin(database: Database, key_file: Path) -> Iterator[Store]:
    """The machine's own hand, with a protocol that lets a site set one number."""
    store = session.open_store(database.migrate, key_file)
    source = PROTOCOL.read_text().replace("protocol: opioid_trial", "protocol: settable")
    source = source.replace(
        'item: life_expectancy_months, above: "6"', 'item: life_expectancy_months, above: "$shortest_life"'
    )
    people.publish(store, source + DECLARED)
    yield store
    store.close()


def put(
    admin: Store, value: str, *, site: str = "north", by: str = "clinician-1", reason: str = "panel agreed"
) -> None:
    people.set_parameter(
        admin, site=site, protocol="settable", name="shortest_life", value=Decimal(value), person=by, reason=reason
    )


def test_the_newest_value_counts_and_the_older_ones_stay(admin: Store):
    put(admin, "4")
    put(admin, "9", reason="panel changed its mind")
    with admin.transaction() as connection:
        assert parameters.in_force(connection, "north", "settable") == {"shortest_life": Decimal(9)}
        assert [one.value for one in parameters.history(connection, "north", "settable")] == [9, 4]


@pytest.mark.parametrize("value", ["2.999", "12.001", "NaN", "Infinity", "-6"])
def test_outside_the_bounds_is_refused_naming_them(admin: Store, value: str):
    with pytest.raises(ImpossibleValueError) as refused:
        put(admin, value)
    assert "3 to 12 mo (SEED (R))" in refused.value.allowed
    with admin.transaction() as connection:
        assert parameters.in_force(connection, "north", "settable") == {}


def test_only_who_may_and_only_what_there_is(admin: Store):
    with pytest.raises(NotPermittedError):
        put(admin, "4", by="coordinator-1")
    with pytest.raises(NotPermittedError):
        put(admin, "4", site="south", by="clinician-1")
    with pytest.raises(NotFoundError):
        put(admin, "4", site="nowhere")
    with pytest.raises(ImpossibleInputError):
        put(admin, "4", reason="  ")
    with pytest.raises(UnknownNameError, match="shortest"):
        people.set_parameter(
            admin,
            site="north",
            protocol="settable",
            name="shortest",
            value=Decimal(4),
            person="clinician-1",
            reason="panel agreed",
        )


def test_a_site_sees_its_own_and_nobody_changes_what_was_set(admin: Store, store: Store):
    put(admin, "4")
    with store.transaction(["north"]) as connection:
        assert parameters.in_force(connection, "north", "settable") == {"shortest_life": Decimal(4)}
    with store.transaction(["south"]) as connection:
        assert parameters.in_force(connection, "north", "settable") == {}
    for change in ("UPDATE setting SET value = 3", "DELETE FROM setting"):
        with pytest.raises(DBAPIError, match="permission denied"), store.transaction(["north"]) as connection:
            connection.execute(text(change))


def test_an_episode_is_judged_on_its_sites_value(admin: Store, desk: Desk, someone: Callable[..., Person]):
    put(admin, "4")
    for site, expected in (("north", {"shortest_life": Decimal(4)}), ("south", {})):
        identity = Identity(external_id="M9", family_name="Wren", given_name="Ida", birth_date="1950-01-01", phone="")
        person = someone("coordinator", site=site)
        told = enrol(desk, person, site=site, identity=identity, protocol="settable", occurred_at=datetime.now(UTC))
        with desk.store.transaction([site]) as connection:
            assert episodes.load(connection, site, [told.episode])[told.episode].settings == expected
