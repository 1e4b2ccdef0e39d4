"""Guessing slows whoever guesses, and nobody else: no number of wrong passwords locks an account."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest
from visitor import PASSWORD, Browser

from api.entrance import Entrance
from workflow.service import passwords
from workflow.store import session as store_session
from workflow.store.session import UnavailableError

INSIDE, OUTSIDE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def behind_a_proxy(served) -> Iterator[None]:
    """Addresses come in X-Forwarded-For, from a proxy on loopback that settings name."""
    app, before = served[0], served[0].state.entrance
    app.state.entrance = Entrance(proxies=(ip_network("127.0.0.0/8"),))
    yield
    app.state.entrance = before


@pytest.fixture
def browser(client: httpx.Client, database, behind_a_proxy) -> Callable[..., Browser]:
    admin = store_session.open_store(database.migrate, database.key_file)
    for person in ("clinician-1", "nurse-1", "lead-1"):
        passwords.set_password(admin, person, PASSWORD)
    admin.close()
    return lambda address: Browser(client, headers={"X-Forwarded-For": address})


@contextmanager
def _a_place() -> Iterator[None]:
    line = passwords.STRANGERS._in_line
    if not line.acquire(blocking=False):
        raise UnavailableError
    yield
    line.release()


STRETCH = (
    "UPDATE brake SET until = until + interval '1 hour'"
    " WHERE until > at + interval '0.5 s' AND until < at + interval '1 hour'"
)


@pytest.fixture
def hammer(sql: Callable[..., list]) -> Callable[..., list[int]]:
    """Wrong passwords, one after the other, faster than any wait: each wait is made an hour longer."""

    def hammered(each: Iterable[tuple[Browser, str]]) -> list[int]:
        told = []
        for browser, person in each:
            told.append(browser.sign_in(person, "Spring 2026 spring").status_code)
            sql(STRETCH)
        return told

    return hammered


def test_an_outsider_who_hammers_is_slowed_and_the_clinician_is_not(
    browser: Callable[..., Browser], hammer: Callable[..., list[int]]
):
    assert browser(INSIDE).sign_in("clinician-1").status_code == 201
    assert hammer([(browser(OUTSIDE), "clinician-1")] * 30) == [401] * 5 + [429] * 25
    told = browser(OUTSIDE).sign_in("clinician-1")
    assert (told.status_code, told.json()["code"]) == (429, "too_many_tries")
    assert int(told.headers["retry-after"]) >= 1
    assert browser(INSIDE).sign_in("clinician-1").status_code == 201
    assert browser("192.0.2.44").sign_in("clinician-1").status_code == 201  # also where they never were


def test_a_browser_somebody_signed_in_at_is_not_slowed_by_others_at_its_address(
    browser: Callable[..., Browser], hammer: Callable[..., list[int]]
):
    own = browser(INSIDE)
    assert own.sign_in("clinician-1").status_code == 201
    assert hammer([(browser(INSIDE), "clinician-1")] * 12)[-1] == 429
    assert browser(INSIDE).sign_in("clinician-1").status_code == 429
    own.csrf = ""
    assert own.sign_in("clinician-1").status_code == 201


def test_another_persons_browser_is_not_known_for_this_one(
    browser: Callable[..., Browser], hammer: Callable[..., list[int]]
):
    other = browser(OUTSIDE)
    assert other.sign_in("nurse-1").status_code == 201
    other.csrf = ""
    assert hammer([(other, "clinician-1")] * 6) == [401] * 5 + [429]


def test_waits_grow_and_end(browser: Callable[..., Browser], sql: Callable[..., list]):
    waits = []
    for _ in range(14):
        told = browser(OUTSIDE).sign_in("clinician-1", "not the password")
        if told.status_code == 429:
            waits.append(int(told.headers["retry-after"]))
            sql("UPDATE brake SET until = clock_timestamp()")
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    assert waits[-1] <= 900
    sql("UPDATE brake SET until = clock_timestamp(), at = at - interval '1 day'")
    assert browser(OUTSIDE).sign_in("clinician-1").status_code == 201


def test_a_try_that_had_to_wait_is_not_counted(
    browser: Callable[..., Browser], sql: Callable[..., list], hammer: Callable[..., list[int]]
):
    hammer([(browser(OUTSIDE), "clinician-1")] * 6)
    before = sql("SELECT key, spent FROM brake ORDER BY key")
    assert hammer([(browser(OUTSIDE), "clinician-1")] * 3) == [429] * 3
    assert sql("SELECT key, spent FROM brake ORDER BY key") == before


def test_one_password_tried_on_many_people_is_slowed_by_its_source(
    browser: Callable[..., Browser], hammer: Callable[..., list[int]]
):
    tried = hammer((browser(OUTSIDE), f"clinician-{n}") for n in range(32))
    assert (set(tried[:20]), set(tried[-6:])) == ({401}, {429})
    assert browser(INSIDE).sign_in("clinician-1").status_code == 201


def test_one_good_account_frees_nobody_to_try_others(browser: Callable[..., Browser], hammer: Callable[..., list[int]]):
    tried = []
    for n in range(30):
        tried += hammer([(browser(OUTSIDE), f"someone-{n}")])
        if n % 5 == 4:
            browser(OUTSIDE).sign_in("nurse-1")
    assert tried[-5:] == [429] * 5


def test_a_neighbourhood_of_ipv6_is_one_source(browser: Callable[..., Browser], hammer: Callable[..., list[int]]):
    assert hammer((browser(f"2001:db8:1:2::{n:x}"), "clinician-1") for n in range(1, 9))[-1] == 429
    assert browser("2001:db8:1:3::1").sign_in("clinician-1", "no").status_code == 401


def test_an_address_told_by_anybody_is_not_believed(
    served, browser: Callable[..., Browser], hammer: Callable[..., list[int]]
):
    served[0].state.entrance = replace(served[0].state.entrance, proxies=())
    assert hammer((browser(f"203.0.113.{n}"), "clinician-1") for n in range(1, 9))[-1] == 429


def test_what_stands_before_the_proxys_own_word_is_not_believed(
    browser: Callable[..., Browser], hammer: Callable[..., list[int]]
):
    assert hammer((browser(f"192.0.2.{n}, {OUTSIDE}"), "clinician-1") for n in range(1, 9))[-1] == 429


def test_nobody_and_somebody_are_answered_alike_for_the_same_work(
    browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch, hammer: Callable[..., list[int]], sql: Callable
):
    done = []
    honest = passwords._hasher.verify_and_update
    monkeypatch.setattr(passwords._hasher, "verify_and_update", lambda *asked: done.append(asked) or honest(*asked))
    tried = {"wrong": ("clinician-1", "no"), "nobody": ("no-such-one", "no"), "no password": ("auditor-1", "no")}
    told = {name: browser(OUTSIDE).sign_in(*asked) for name, asked in tried.items()}
    assert {answer.status_code for answer in told.values()} == {401}
    assert len({answer.text for answer in told.values()}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"date"})) for answer in told.values()}) == 1
    assert len(done) == len(tried)
    costs = {kept.rpartition("$")[0].rpartition("$")[0] for _, kept in done}
    assert len(costs) == 1  # the same algorithm with the same parameters
    both = [(browser(OUTSIDE), "clinician-1"), (browser(OUTSIDE), "no-such-one")]
    assert hammer(both * 6)[-2:] == [429, 429]
    assert sql("SELECT actor, kind FROM security_event GROUP BY 1, 2 ORDER BY 2") == [
        ("nobody", "sign_in_refused"),
        ("nobody", "too_many_tries"),
    ]
    assert len(sql("SELECT 1 FROM security_event")) <= 4  # collapsed by the minute


def test_strangers_however_many_do_not_stand_before_those_who_have_been_here(browser: Callable[..., Browser]):
    own = browser(INSIDE)
    assert own.sign_in("clinician-1").status_code == 201
    own.csrf = ""
    with ExitStack() as held:
        turned = []
        while not turned:  # every place of the strangers' lane is taken
            try:
                held.enter_context(_a_place())
            except UnavailableError as full:
                turned.append(full)
        assert browser(OUTSIDE).sign_in("nurse-1").status_code == 503
        assert own.sign_in("clinician-1").status_code == 201
    assert browser(OUTSIDE).sign_in("nurse-1").status_code == 201


def test_confirming_is_slowed_for_a_minute_at_most(browser: Callable[..., Browser], sql: Callable[..., list]):
    own = browser(INSIDE)
    own.sign_in("clinician-1")
    waits = []
    for _ in range(20):
        told = own.post("/sessions/current/confirm", {"password": "no"})
        if told.status_code == 429:
            waits.append(int(told.headers["retry-after"]))
            sql("UPDATE brake SET until = clock_timestamp()")
    assert waits
    assert max(waits) <= 60
    assert own.post("/sessions/current/confirm", {"password": PASSWORD}).status_code in (200, 429)
    sql("UPDATE brake SET until = clock_timestamp()")
    assert own.post("/sessions/current/confirm", {"password": PASSWORD}).status_code == 200
