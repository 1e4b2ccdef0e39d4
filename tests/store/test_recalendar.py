"""A site's calendar changes in the database: every clock that rests on it moves once, with its line, killed or not."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests.conftest import Database
from workflow.domain.errors import ImpossibleInputError
from workflow.service import audit, look, people, recalendar
from workflow.service.act import Desk
from workflow.store import episodes, ledger, reprojections, session
from workflow.store.house import house
from workflow.store.session import Store, UnavailableError
from workflow.store.sites import Habits
from workflow.store.staff import Person

BERLIN = {"name": "North", "zone": "Europe/Berlin", "country": "DE", "subdivision": "BE"}
NEW_YORK = {"name": "South", "zone": "America/New_York", "country": "US", "subdivision": "NY"}


@pytest.fixture
def admin(database: Database) -> Iterator[Store]:
    """The store as theca_migrate, as the command line opens it."""
    opened = session.open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


def due(store: Store, episode: str, site: str = "north") -> datetime:
    """When the referral's triage is next asked for."""
    with store.transaction([site]) as connection:
        found = episodes.load(connection, site, [episode], sealed=False)[episode].episode
    (task,) = [task for task in found.open_tasks if task.name == "triage_referral"]
    return found.timers[task.key].due_at


def day_of(at: datetime, zone: str = "Europe/Berlin") -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def lines(store: Store, episode: str, site: str = "north") -> list[ledger.Read]:
    with store.transaction([site]) as connection:
        loaded = episodes.load(connection, site, [episode], sealed=False)
        key = episodes.keys_of(store.vault, loaded)[episode]
        return [line for line in ledger.read(connection, site, episode, key) if line.verb == "reproject"]


def waiting(store: Store, site: str = "north") -> int:
    with store.transaction([site]) as connection:
        return reprojections.count(connection, site)


def test_a_closure_moves_the_clocks_of_its_site_and_of_no_other(admin: Store, enrolled: Callable[..., str]) -> None:
    here, there = enrolled("M1", days=0), enrolled("M2", site="south", days=0)
    was, elsewhere = due(admin, here), due(admin, there, "south")
    assert people.add_closure(admin, site="north", day=day_of(was), label="Staff day", dry=True) == 1
    assert due(admin, here) == was
    assert people.add_closure(admin, site="north", day=day_of(was), label="Staff day") == 1
    assert day_of(due(admin, here)) > day_of(was)
    assert due(admin, there, "south") == elsewhere
    (line,) = lines(admin, here)
    assert line.actor == "system:calendar"
    assert f"closed on {day_of(was)}: Staff day" in json.dumps(line.payload)
    assert waiting(admin) == 0
    assert people.add_closure(admin, site="north", day=day_of(was), label="Staff day") == 0
    assert people.remove_closure(admin, site="north", day=day_of(was)) == 1
    assert due(admin, here) == was
    assert audit.audit(admin).flaws == ()


def test_other_hours_another_zone_and_other_days_move_them_too(admin: Store, enrolled: Callable[..., str]) -> None:
    here = enrolled("M1", days=0)
    was = due(admin, here)
    assert people.add_site(admin, site="north", **BERLIN) == 0
    assert people.add_site(admin, site="north", **BERLIN, habits=Habits(quiet_from="20:00")) == 0
    nights = Habits(opens="22:00", closes="06:00", weekdays="6")
    assert people.add_site(admin, site="north", **BERLIN, habits=nights, dry=True) == 1
    assert people.add_site(admin, site="north", **BERLIN, habits=nights) == 1
    assert due(admin, here) > was + timedelta(days=3)  # the third Sunday
    assert (
        people.add_site(admin, site="north", **BERLIN, habits=Habits(opens="08:00", closes="24:00", weekdays="01234"))
        == 1
    )
    assert due(admin, here) == was  # the same hour of the third working day


def test_killed_halfway_the_rest_moves_when_it_is_run_again_and_nothing_moves_twice(
    admin: Store, enrolled: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [enrolled(f"M{n}", days=0) for n in range(3)]
    was = {id_: due(admin, id_) for id_ in ids}
    day = day_of(max(was.values()))
    with monkeypatch.context() as patched:
        patched.setattr(recalendar, "BATCH", 1)
        real, batches = episodes.apply, list[object]()

        def dies(*given: object, **named: object) -> object:
            batches.append(given)
            if len(batches) > 1:
                raise KeyboardInterrupt
            return real(*given, **named)  # type: ignore[arg-type]

        patched.setattr(episodes, "apply", dies)
        with pytest.raises(KeyboardInterrupt):
            people.add_closure(admin, site="north", day=day, label="Staff day")
    moved = [id_ for id_ in ids if due(admin, id_) != was[id_]]
    assert (len(moved), waiting(admin)) == (1, 2)
    assert people.add_closure(admin, site="north", day=day, label="Staff day") == 2
    assert waiting(admin) == 0
    assert [len(lines(admin, id_)) for id_ in ids] == [1, 1, 1]
    assert all(day_of(due(admin, id_)) > day for id_ in ids)


def test_an_episode_somebody_holds_is_waited_for(
    admin: Store, store: Store, enrolled: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free, held = enrolled("M1", days=0), enrolled("M2", days=0)
    was = due(admin, held)
    locked, tried = Event(), Event()

    def holding() -> None:
        with store.transaction(["north"]) as connection:
            episodes.lock(connection, held, sites=["north"])
            locked.set()
            assert tried.wait(30)

    real = recalendar._patiently

    def patiently(*given: object) -> object:
        tried.set()
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(recalendar, "_patiently", patiently)
    other = Thread(target=holding)
    other.start()
    assert locked.wait(30)
    assert people.add_closure(admin, site="north", day=day_of(was), label="Staff day") == 2
    other.join()
    assert day_of(due(admin, free)) == day_of(due(admin, held)) > day_of(was)


def test_an_episode_that_stays_held_waits_and_the_next_run_goes_on_with_it(
    admin: Store, store: Store, enrolled: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled("M1", days=0)
    held = enrolled("M2", days=0)
    was = due(admin, held)
    monkeypatch.setattr(recalendar, "TRIES", 1)
    with store.transaction(["north"]) as connection:
        episodes.lock(connection, held, sites=["north"])
        with pytest.raises(UnavailableError, match="1 clocks moved; 1 candidates still wait"):
            people.add_closure(admin, site="north", day=day_of(was), label="Staff day")
    shown = recalendar.shown(admin, "north")
    assert shown is not None
    assert shown.waiting == 1
    assert recalendar.go_on(admin, "north") == 1
    assert day_of(due(admin, held)) > day_of(was)


def test_two_who_run_it_at_the_same_time_move_each_clock_once(
    admin: Store, enrolled: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [enrolled(f"M{n}", days=0) for n in range(8)]
    day = day_of(due(admin, ids[0]))
    monkeypatch.setattr(recalendar, "BATCH", 1)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(people.add_closure, admin, site="north", day=day, label="Staff day") for _ in range(2)]
    assert sum(run.result() for run in runs) == len(ids)
    assert [len(lines(admin, id_)) for id_ in ids] == [1] * len(ids)
    assert (waiting(admin), audit.audit(admin).flaws) == (0, ())


def test_one_odd_episode_keeps_no_other_from_moving(
    admin: Store, enrolled: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, sound = enrolled("M1", days=0), enrolled("M2", days=0)
    was, odd_was = due(admin, sound), due(admin, odd)
    real = recalendar._decided

    def decided(connection: object, loaded: episodes.Loaded, *more: object) -> object:
        if loaded.episode.id == odd:
            raise ValueError("odd")
        return real(connection, loaded, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(recalendar, "_decided", decided)
        with pytest.raises(UnavailableError, match="still wait"):
            people.add_closure(admin, site="north", day=day_of(was), label="Staff day")
    assert day_of(due(admin, sound)) > day_of(was)
    assert people.remove_closure(admin, site="north", day=day_of(was)) == 1  # the odd one never moved
    assert (due(admin, sound), due(admin, odd)) == (was, odd_was)


def test_what_a_site_leaves_out_stays_as_it_is(admin: Store) -> None:
    habits = Habits(opens="07:00", closes="15:30", weekdays="0123", quiet_from="19:00", quiet_until="06:30")
    more = Habits(routine="at_once", urgent_per_hour=3, emergency_number="+49 30 1234-0")
    people.add_site(admin, site="west", **BERLIN, habits=habits)
    people.add_site(admin, site="west", **BERLIN, habits=more)
    people.add_site(admin, site="west", name="West", zone="Europe/Berlin", country="DE")
    with admin.transaction() as connection:
        found = connection.execute(text("SELECT * FROM site WHERE site_id = 'west'")).one()._asdict()
    assert found == {
        "site_id": "west",
        "name": "West",
        "zone": "Europe/Berlin",
        "country": "DE",
        "subdivision": "BE",
        "opens": "07:00",
        "closes": "15:30",
        "weekdays": "0123",
        "quiet_from": "19:00",
        "quiet_until": "06:30",
        "routine": "at_once",
        "urgent_per_hour": 3,
        "emergency_number": "+49 30 1234-0",
        "retention_years": 10,
    }


@pytest.mark.parametrize(
    ("habits", "place"),
    [
        (Habits(opens="8:00"), "opens"),
        (Habits(opens="24:00"), "opens"),
        (Habits(closes="25:00"), "closes"),
        (Habits(closes="17.00"), "closes"),
        (Habits(opens="08:00", closes="11:59"), "closes"),
        (Habits(opens="22:00", closes="01:30"), "closes"),
        (Habits(opens="08:00", closes="08:00"), "closes"),
        (Habits(weekdays=""), "weekdays"),
        (Habits(weekdays="7"), "weekdays"),
        (Habits(weekdays="10"), "weekdays"),
        (Habits(weekdays="mon"), "weekdays"),
        (Habits(weekdays="٠١"), "weekdays"),
        (Habits(quiet_from="late"), "quiet_from"),
        (Habits(quiet_until="24:00"), "quiet_until"),
        (Habits(routine="never"), "routine"),
        (Habits(urgent_per_hour=0), "urgent_per_hour"),
        (Habits(urgent_per_hour=10_000_000_000), "urgent_per_hour"),
        (Habits(emergency_number="call us"), "emergency_number"),
        (Habits(emergency_number="1" * 50), "emergency_number"),
    ],
)
def test_what_no_site_can_do_is_refused_and_nothing_changes(admin: Store, habits: Habits, place: str) -> None:
    before = recalendar.shown(admin, "north")
    with pytest.raises(ImpossibleInputError) as refused:
        people.add_site(admin, site="north", **BERLIN, habits=habits)
    assert refused.value.place == place
    assert recalendar.shown(admin, "north") == before


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda admin: people.add_closure(admin, site="nowhere", day=date(2026, 12, 24), label="x"), "site"),
        (lambda admin: people.add_closure(admin, site="north", day=date(2026, 12, 24), label=" "), "label"),
        (lambda admin: people.add_closure(admin, site="north", day=date(2026, 12, 24), label="a\nb"), "label"),
        (lambda admin: people.remove_closure(admin, site="north", day=date(2026, 12, 24)), "day"),
        (lambda admin: people.add_site(admin, site="North!", **BERLIN), "site"),
        (lambda admin: people.add_site(admin, site="north", **{**BERLIN, "zone": "Berlin"}), "zone"),
        (lambda admin: people.add_site(admin, site="north", **{**BERLIN, "country": "XX"}), "country"),
        (lambda admin: people.add_site(admin, site="north", **{**BERLIN, "subdivision": "NY"}), "country"),
        (lambda admin: people.add_site(admin, site="north", **{**BERLIN, "name": ""}), "name"),
    ],
)
def test_a_change_that_makes_no_sense_says_what_is_wrong(
    admin: Store, change: Callable[[Store], int], place: str
) -> None:
    with pytest.raises(ImpossibleInputError) as refused:
        change(admin)
    assert refused.value.place == place


def test_weekdays_and_the_end_of_the_day_reach_every_calendar(
    admin: Store, desk: Desk, enrolled: Callable[..., str], someone: Callable[..., Person]
) -> None:
    people.add_site(admin, site="north", **BERLIN, habits=Habits(weekdays="6", opens="00:00", closes="24:00"))
    here = enrolled("M1", days=0)
    with admin.transaction(["north"]) as connection:
        works = episodes.load(connection, "north", [here], sealed=False)[here].calendar
        task = due(admin, here)
        assert house(connection, "north").calendar == works
    ((line, told),) = look.sites(desk, someone("nurse"))
    assert told == works
    assert (works.weekdays, works.open_minutes, line.closes) == (frozenset({6}), 24 * 60, "24:00")
    assert task > datetime.now(UTC) + timedelta(days=14)  # the third Sunday: enrolment read the weekdays too
