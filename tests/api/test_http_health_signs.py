"""Each vital sign: red when it should be, green again after, with what to do; and asked of nobody too often."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from caller import Api

from api.lately import Lately
from workflow.domain.errors import TroubleError
from workflow.service import fire, health
from workflow.service.act import Desk
from workflow.service.health import DECISIVE, Finding, findings, vitals
from workflow.store.bell import Bell
from workflow.store.session import Store, UnavailableError, open_store

DEAD = (
    "UPDATE message SET state = 'dead', settled_at = clock_timestamp() - interval '2 minutes', reason = 'no such box'"
    " WHERE channel = 'email'"
)


def seen(client: httpx.Client) -> dict[str, dict[str, object]]:
    """Every finding by its name."""
    return {one["what"]: one for one in client.get("/readyz").json()["findings"]}


def figure(api: Api, name: str) -> float:
    text = api("service-1").get("/metrics").text
    (value,) = [line.split()[1] for line in text.splitlines() if line.startswith(f"theca_{name} ")]
    return float(value)


@pytest.fixture
def ticking(worker_store: Store) -> Store:
    """Somebody has just looked what is due."""
    fire.sweep(worker_store)
    return worker_store


def test_all_is_well_where_all_is_well(api: Api, ticking: Store, client: httpx.Client):
    api.enrol(days=0.1)
    told = client.get("/readyz")
    assert (told.status_code, told.json()["status"]) == (200, "ready")
    assert {what for what, one in seen(client).items() if not one["well"]} <= {"doorbell", "durable writes"}


def test_a_reminder_that_does_not_leave_is_expected_and_not_fired(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=0.1)
    sql("UPDATE timer SET due_at = clock_timestamp() - interval '50 seconds' WHERE state = 'live'")
    assert (seen(client)["expected minus fired"]["shown"], figure(api, "due_timers")) == ("0", 1.0)
    sql("UPDATE timer SET due_at = clock_timestamp() - interval '70 seconds' WHERE state = 'live'")
    red = seen(client)["expected minus fired"]
    assert (red["well"], red["shown"], client.get("/readyz").status_code) == (False, "1", 503)
    assert "theca sweep" in str(red["remedy"])
    assert figure(api, "expected_minus_fired") == 1.0
    fire.sweep(ticking)
    assert seen(client)["expected minus fired"]["well"]


def test_a_timer_that_is_set_aside_stays_expected(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    """What cannot be fired is no longer due to anybody, and still has not been told."""
    episode = api.enrol(days=30)
    sql("UPDATE task SET name = 'gone' WHERE episode_id = CAST(:id AS uuid)", id=episode)
    assert fire.sweep(ticking) == 0
    told = seen(client)
    assert (told["timers set aside"]["shown"], told["expected minus fired"]["shown"]) == ("1", "1")
    assert client.get("/readyz").status_code == 503


def test_a_rung_that_reached_nobody_turns_it_red(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=0.1)
    for reached, well, status in ((None, True, 200), (2, True, 200), (0, False, 503)):
        sql("UPDATE timer SET reached = :reached WHERE state = 'live'", reached=reached)
        told = seen(client)["rungs that reached nobody"]
        assert (told["well"], client.get("/readyz").status_code) == (well, status)
    assert "roster" in str(told["remedy"])
    assert figure(api, "rungs_reached_nobody") == 1.0


def test_what_waits_for_the_morning_is_not_late_and_what_could_leave_is(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=30)
    fire.sweep(ticking)
    sql("UPDATE message SET created_at = clock_timestamp() - interval '9 hours' WHERE state = 'waiting'")
    sql("UPDATE message SET next_try_at = clock_timestamp() + interval '3 hours' WHERE state = 'waiting'")
    assert seen(client)["oldest unsent message"] == {"what": "oldest unsent message", "well": True, "shown": "none"} | {
        "remedy": ""
    }
    assert figure(api, "unsent_messages") > 0
    sql("UPDATE message SET next_try_at = clock_timestamp() - interval '90 seconds' WHERE state = 'waiting'")
    assert not seen(client)["oldest unsent message"]["well"]
    assert 90 <= figure(api, "oldest_unsent_seconds") < 200


def test_a_letter_that_was_tried_and_is_tried_again_is_late_since_its_first_attempt(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=30)
    fire.sweep(ticking)
    sql("UPDATE message SET next_try_at = clock_timestamp() + interval '10 minutes' WHERE state = 'waiting'")
    sql(
        "INSERT INTO delivery SELECT site_id, episode_id, key, 1, clock_timestamp() - interval '5 minutes', 'busy'"
        " FROM message WHERE state = 'waiting' LIMIT 1"
    )
    assert 300 <= figure(api, "oldest_unsent_seconds") < 400


def test_a_dead_letter_without_a_task_turns_it_red_and_one_with_it_does_not(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=30)
    while fire.sweep(ticking):
        pass
    sql(DEAD)
    red = seen(client)
    assert (red["dead without a task"]["well"], client.get("/readyz").status_code) == (False, 503)
    assert figure(api, "dead_without_task") == figure(api, "dead_messages") > 0
    sql(
        "INSERT INTO task (site_id, episode_id, key, name, scope, role, opened_at, anchor_at, state, contacts)"
        " SELECT site_id, id, 'e.undelivered.1', 'undelivered', 'episode', 'coordinator', clock_timestamp(),"
        " clock_timestamp(), 'open', 0 FROM episode"
    )
    green = seen(client)
    assert (green["dead without a task"]["well"], green["dead messages"]["well"]) == (True, False)
    assert client.get("/readyz").status_code == 200


def test_a_dead_letter_about_work_that_is_done_needs_no_task(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    episode = api.accepted(days=30)
    fire.sweep(ticking)
    api("coordinator-1").advance(episode, "accept_referral")
    sql(DEAD)
    assert seen(client)["dead without a task"]["well"]


def test_a_letter_that_died_just_now_has_a_minute_to_get_its_task(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=30)
    fire.sweep(ticking)
    sql(DEAD.replace("- interval '2 minutes'", ""))
    assert seen(client)["dead without a task"]["well"]


def test_the_last_outage_is_told_of_and_stops_nothing(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    assert seen(client)["last outage"]["shown"] == "none"
    sql(
        "INSERT INTO outage (from_at, until_at)"
        " VALUES (clock_timestamp() - interval '3 hours', clock_timestamp() - interval '1 hour')"
    )
    told = seen(client)["last outage"]
    assert told["well"]
    assert str(told["shown"]).endswith(", 120 min; theca outages says what it delayed")
    assert client.get("/readyz").status_code == 200
    assert 3600 <= figure(api, "last_outage_seconds") < 3700


def test_a_backlog_is_counted_and_alarms_nobody(
    api: Api, ticking: Store, client: httpx.Client, sql: Callable[..., list]
):
    api.enrol(days=0.1)
    sql("UPDATE task SET withheld_until = clock_timestamp() + interval '1 day'")
    told = seen(client)["withheld backlog"]
    assert (told["well"], told["shown"], figure(api, "withheld_backlog")) == (True, "1 waits for a release", 1.0)


def test_the_database_says_whether_what_it_acknowledges_lasts(store: Store):
    now = replace(vitals(store), fsync="on", synchronous_commit="on", full_page_writes="on")

    def lasting(**changed: str) -> Finding:
        return next(one for one in findings(replace(now, **changed)) if one.what == "durable writes")

    assert lasting().well
    for name, value in (("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")):
        found = lasting(**{name: value})
        assert (found.well, f"turn {name} on" in found.remedy, f"{name} {value}" in found.shown) == (False, True, True)
    assert not lasting(synchronous_commit="local").well


def test_a_tick_that_lies_ahead_is_no_tick(store: Store):
    now = vitals(store)
    ahead = findings(replace(now, ticked_at=now.now + timedelta(hours=1)))
    assert not next(one for one in ahead if one.what == "tick").well


def test_every_finding_has_something_to_do_and_what_is_decisive_exists(store: Store):
    found = health.examine(store, Bell(""))
    assert {one.what for one in found} >= DECISIVE
    assert len({one.what for one in found}) == len(found)
    assert [one.what for one in found if not one.remedy and one.what not in {"last outage", "withheld backlog"}] == []


class Counted:
    """A clock that is set by hand, and how often the database was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
        self.now, self.asked, self.down = 100.0, 0, False
        self.desk = Desk(store, Bell(""))
        self.lately = Lately(clock=lambda: self.now)
        self.gate: threading.Event | None = None
        monkeypatch.setattr(health, "examine", self.examine)

    def examine(self, *_: object) -> tuple[Finding, ...]:
        self.asked += 1
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.down:
            raise UnavailableError
        return (Finding(what="look", well=True, shown=str(self.asked)),)

    def shown(self) -> str:
        return self.lately.findings(self.desk)[0].shown


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, store: Store) -> Counted:
    return Counted(monkeypatch, store)


def test_the_database_is_asked_at_most_once_a_second(counted: Counted):
    assert [counted.shown() for _ in range(50)] == ["1"] * 50
    counted.now += 0.9
    assert counted.shown() == "1"
    counted.now += 0.1
    assert counted.shown() == "2"
    assert counted.asked == 2


def test_who_asks_while_somebody_looks_is_not_kept_waiting(counted: Counted):
    counted.shown()
    counted.now += 2
    counted.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(counted.shown)
        while counted.asked < 2:
            pass
        assert [counted.shown() for _ in range(50)] == ["1"] * 50
        counted.gate.set()
        assert looking.result(10) == "2"
    assert counted.asked == 2


def test_fifty_at_once_are_one_look(counted: Counted):
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda _: counted.shown(), range(50))) == {"1"}
    assert counted.asked == 1


def test_a_database_that_is_down_is_not_asked_more_often_either(counted: Counted):
    counted.down = True
    for _ in range(50):
        with pytest.raises(UnavailableError):
            counted.shown()
    assert counted.asked == 1
    counted.now, counted.down = counted.now + 1, False
    assert counted.shown() == "2"


def test_a_flood_of_askers_costs_one_connection(client: httpx.Client, ticking: Store, served):
    served[0].state.lately = Lately(seconds=60)
    with ThreadPoolExecutor(20) as pool:
        codes = set(pool.map(lambda _: client.get("/readyz").status_code, range(200)))
    assert codes == {200}


def test_a_store_that_cannot_be_reached_is_trouble_of_one_kind(key_file):
    nowhere = Desk(open_store("postgresql://nobody@127.0.0.1:1/none", key_file), Bell(""))
    with pytest.raises(TroubleError) as down:
        Lately().findings(nowhere)
    assert down.value.code == "unavailable"
