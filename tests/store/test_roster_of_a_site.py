"""The roster as a rung reads it: one statement, the site's own day, and nothing of any other site."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event, text

from workflow.domain.actor import Role
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError
from workflow.domain.roster import Roster
from workflow.service import people, rota
from workflow.service.rota import Office
from workflow.store import staff
from workflow.store.rota import Absence, Deputy, Shift
from workflow.store.session import Store, open_store

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def admin(database) -> Iterator[Store]:
    """The store as whoever sits at the machine opens it."""
    opened = open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


def seen(store: Store, *sites: str, site: str = "north") -> Roster:
    with store.transaction(sites or (site,)) as connection:
        return staff.roster(connection, site)


def away(person: str, *, from_: timedelta = -HOUR, until: timedelta = HOUR, substitute: str | None = None) -> Absence:
    return Absence(person=person, starts_at=NOW + from_, ends_at=NOW + until, substitute=substitute)


def entered(store: Store, site: str = "north", n: int = 1) -> None:
    """Somebody away with a substitute, a deputy, and somebody on call."""
    office = Office(store=store, site=site)
    rota.add_absence(office, away(f"nurse-{n}", substitute=f"coordinator-{n}"))
    rota.add_deputy(office, Deputy(person=f"clinician-{n}", deputy=f"implanter-{n}"))
    rota.add_on_call(office, Shift(person=f"clinician-{n}", starts_at=NOW - HOUR, ends_at=NOW + HOUR))


def test_what_is_entered_is_what_a_rung_reads(admin: Store, worker_store: Store, store: Store):
    entered(admin)
    for each in (worker_store, store):
        roster = seen(each)
        assert roster.away == {"nurse-1": "coordinator-1"}
        assert roster.deputies == {"clinician-1": ("implanter-1",)}
        assert roster.on_call == {"clinician-1"}
        assert {"nurse-1", "nurse-2"} <= {member.id for member in roster.members}


def test_what_is_over_or_ahead_is_not_now(admin: Store, worker_store: Store):
    office = Office(store=admin, site="north")
    rota.add_absence(office, away("nurse-1", from_=HOUR, until=2 * HOUR))
    rota.add_on_call(office, Shift(person="nurse-2", starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR))
    with admin.transaction() as connection:
        _put(connection, "absence", NOW - 2 * HOUR, NOW - HOUR)
        _put(connection, "on_call", NOW - 2 * HOUR, NOW - HOUR)
    roster = seen(worker_store)
    assert (roster.away, roster.on_call) == ({}, frozenset())


def _put(connection: Connection, table: str, starts: datetime, ends: datetime) -> None:
    connection.execute(
        text(f"INSERT INTO {table} (site_id, staff_id, starts_at, ends_at) VALUES ('north', 'nurse-2', :s, :e)"),
        {"s": starts, "e": ends},
    )


def test_nothing_of_another_site_is_seen(admin: Store, worker_store: Store):
    entered(admin)
    entered(admin, "south", 3)
    assert seen(worker_store).away == {"nurse-1": "coordinator-1"}
    assert {member.id for member in seen(worker_store).members}.isdisjoint({"nurse-3", "lead-3"})
    assert seen(worker_store, "south", site="north") == Roster()
    for table in ("absence", "deputy", "on_call"):
        with worker_store.transaction(["south"]) as connection:
            found = connection.execute(text(f"SELECT DISTINCT site_id FROM {table}")).scalars().all()
        assert found == ["south"]
        with worker_store.transaction() as connection:
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_the_whole_roster_is_one_statement(admin: Store, worker_store: Store):
    entered(admin)
    with worker_store.transaction(["north"]) as connection:
        sent: list[str] = []
        event.listen(worker_store.engine, "before_cursor_execute", lambda *asked: sent.append(asked[2]))
        staff.roster(connection, "north")
    assert len(sent) == 1


def test_a_role_begins_and_ends_with_the_day_of_the_site(admin: Store, worker_store: Store):
    """At any hour one of these two zones has another date than UTC."""
    for site, zone in (("early", "Pacific/Kiritimati"), ("late", "Etc/GMT+12")):
        people.add_site(admin, site=site, name=site, zone=zone, country="DE")
        today = datetime.now(ZoneInfo(zone)).date()
        day = timedelta(days=1)
        for person, first, last in (
            ("nurse-1", today, today),
            ("nurse-2", today + day, None),
            ("nurse-3", today - day, today - day),
        ):
            people.add_role(admin, site=site, person=person, role=Role.NURSE, starts_on=first, ends_on=last)
        assert [member.id for member in seen(worker_store, site=site).members] == ["nurse-1"], zone


def test_two_absences_never_touch_and_the_same_again_is_no_second(admin: Store):
    office = Office(store=admin, site="north")
    one = away("nurse-1")
    rota.add_absence(office, one)
    rota.add_absence(office, one)
    assert rota.show(office).rota.absences == (one,)
    with pytest.raises(ImpossibleNowError):
        rota.add_absence(office, away("nurse-1", from_=timedelta(), until=3 * HOUR))
    rota.add_absence(office, away("nurse-1", from_=HOUR, until=3 * HOUR))
    assert len(rota.show(office).rota.absences) == 2


@pytest.mark.parametrize(
    ("absence", "place"),
    [
        (away("nurse-3"), "person"),
        (away("nobody-here"), "person"),
        (away("nurse-1", substitute="nurse-3"), "substitute"),
        (away("nurse-1", substitute="nurse-1"), "substitute"),
        (away("nurse-1", from_=HOUR, until=HOUR), "ends_at"),
        (away("nurse-1", from_=-2 * HOUR, until=-HOUR), "ends_at"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(admin: Store, absence: Absence, place: str):
    with pytest.raises(ImpossibleInputError) as wrong:
        rota.add_absence(Office(store=admin, site="north"), absence)
    assert wrong.value.place == place


def test_an_absence_that_has_begun_ends_now_and_one_ahead_is_taken_out(admin: Store, worker_store: Store):
    office = Office(store=admin, site="north")
    begun, ahead = away("nurse-1"), away("nurse-2", from_=HOUR, until=2 * HOUR)
    for one in (begun, ahead):
        rota.add_absence(office, one)
        rota.remove_absence(office, person=one.person, starts_at=one.starts_at)
        with pytest.raises(NotFoundError):
            rota.remove_absence(office, person=one.person, starts_at=one.starts_at)
    assert (rota.show(office).rota.absences, seen(worker_store).away) == ((), {})
    with admin.transaction() as connection:
        kept = connection.execute(text("SELECT staff_id FROM absence WHERE ends_at <= clock_timestamp()")).scalars()
        assert kept.all() == ["nurse-1"]


def test_a_site_that_is_not_there_has_no_roster(admin: Store, someone: Callable):
    for asks in (None, someone("lead", site="nowhere")):
        with pytest.raises(NotFoundError):
            rota.show(Office(store=admin, site="nowhere", person=asks))
