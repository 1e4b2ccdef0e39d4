"""A link in a letter: opening it changes nothing, a button acts once, and everything else changes nothing either."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from caller import REFERRAL, Api, ago
from itsdangerous import URLSafeSerializer

from api.app import create_app
from api.document import describe
from workflow.service import fire, links
from workflow.service.act import Desk
from workflow.store.session import Store

ASK = "SELECT count(*) FROM ledger"
STATES = {"half-hour", "two-hours", "tomorrow", "three-days", "week"}


@pytest.fixture
def letter(api: Api, worker_store: Store, sql: Callable[..., list], desk: Desk) -> Callable[..., str]:
    """The path of a link to the only task of somebody referred 40 days ago, as a letter to one person has it."""
    episode = api.enrol()
    fire.sweep(worker_store)

    def _letter(to: str = "coordinator-1", *, hours: float = 0, vault: object = None, message: str = "") -> str:
        found = sql(
            "SELECT key FROM message WHERE recipient = :to AND channel = 'email' ORDER BY created_at LIMIT 1", to=to
        )
        url = links.acknowledge_url(
            vault or desk.store.vault,
            "https://theca.example/",
            site="north",
            episode=episode,
            message=message or found[0].key,
            now=datetime.now(UTC) - timedelta(hours=hours),
        )
        assert url.startswith("https://theca.example/a/")
        return url.removeprefix("https://theca.example")

    return _letter


def test_opening_a_link_shows_a_page_without_a_name_and_changes_nothing(
    letter, client: httpx.Client, sql: Callable[..., list], api: Api
):
    before = sql(
        "SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM access), (SELECT count(*) FROM used_link)"
    )
    for _ in range(3):
        told = client.get(letter())
        assert told.status_code == 200
    code = sql("SELECT code FROM candidate")[0].code
    assert code in told.text
    words = ("Nightjar", "Ada", "1960", "MRN", "Triage", "referral", "coordinator-1", "<script")
    assert [word for word in words if word in told.text] == []
    assert before == sql(
        "SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM access), (SELECT count(*) FROM used_link)"
    )
    assert set(_buttons(told)) <= STATES
    assert _buttons(told)
    assert told.headers["content-type"] == "text/html; charset=utf-8"
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["referrer-policy"] == "no-referrer"
    policy = told.headers["content-security-policy"]
    for said in ("default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"):
        assert said in policy
    assert "set-cookie" not in told.headers


def test_a_link_says_neither_what_the_work_is_nor_whose(letter, desk: Desk):
    said = repr(links.read(desk.store.vault, letter().removeprefix("/a/")))
    assert "north" in said
    assert [word for word in ("triage", "coordinator", "email") if word in said] == []


def test_where_a_letter_points_tells_nothing_of_anybody(client: httpx.Client, api: Api):
    known, unknown = client.get(f"/e/{api.enrol()}"), client.get("/e/6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11")
    assert (known.status_code, known.text) == (200, unknown.text)


def test_what_a_page_shows_is_text(letter, client: httpx.Client, sql: Callable[..., list]):
    sql("UPDATE candidate SET code = '<b>\"C'")
    assert "&lt;b&gt;&#34;C" in client.get(letter()).text


def test_a_button_takes_the_task_on_in_the_recipients_name(letter, client, sql, api: Api):
    path = letter()
    told = client.post(f"{path}/half-hour")
    assert (told.status_code, "It is yours" in told.text) == (200, True)
    (task,) = api("coordinator-1").get("/tasks").json()["items"]
    assert task["assignee"] == "coordinator-1"
    until = datetime.fromisoformat(task["acknowledged_until"])
    assert timedelta(minutes=29) < until - datetime.now(UTC) <= timedelta(minutes=30)
    assert sql("SELECT actor, verb, outcome FROM ledger ORDER BY seq DESC LIMIT 1") == [
        ("coordinator-1", "acknowledge", "done")
    ]
    lines = api("lead-1").get(f"/episodes/{task['episode']}/ledger").json()["lines"]
    assert lines[-1]["payload"]["about"]["via"] == "link"
    assert sql("SELECT count(*) FROM used_link") == [(1,)]


def test_tomorrow_is_nine_in_the_morning_at_the_site(letter, client, api: Api):
    told = client.post(f"{letter()}/tomorrow")
    assert told.status_code == 200
    assert "09:00 CE" in told.text  # CET or CEST
    (task,) = api("coordinator-1").get("/tasks").json()["items"]
    assert datetime.fromisoformat(task["acknowledged_until"]) > datetime.now(UTC)


def test_a_used_link_is_used_up_for_every_copy_of_its_letter(letter, client, sql):
    first, second = letter(), letter(hours=1)
    assert first != second
    assert client.post(f"{first}/half-hour").status_code == 200
    was = sql(ASK)
    for told in (client.post(f"{first}/half-hour"), client.post(f"{second}/two-hours"), client.get(first)):
        assert (told.status_code, "was used" in told.text) == (410, True)
    assert sql(ASK) == was


def test_pressed_twice_at_once_it_acts_once(letter, client, sql):
    path, told, ready = letter(), list[int](), threading.Barrier(6)

    def press() -> None:
        ready.wait()
        told.append(client.post(f"{path}/half-hour").status_code)

    hands = [threading.Thread(target=press) for _ in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert told.count(200) == 1
    assert set(told) <= {200, 409, 410}
    assert sql("SELECT count(*) FROM ledger WHERE verb = 'acknowledge'") == [(1,)]


def test_after_72_hours_it_is_too_old(letter, client, sql):
    assert client.get(letter(hours=71.9)).status_code == 200
    was = sql(ASK)
    for told in (client.get(letter(hours=72.1)), client.post(f"{letter(hours=72.1)}/half-hour")):
        assert (told.status_code, "72 hours" in told.text) == (410, True)
    assert sql(ASK) == was


def test_what_we_did_not_sign_is_no_link(letter, client, sql, desk: Desk):
    good = letter().removeprefix("/a/")
    payload, _, signature = good.rpartition(".")
    shape = links._serializer(desk.store.vault)
    other = URLSafeSerializer(
        desk.store.vault.signing_key("another"), salt="theca.acknowledge", signer_kwargs=shape.signer_kwargs
    )
    was = sql(ASK)
    wrong = [
        payload + "." + signature[:-2],
        "x" + payload + "." + signature,
        other.dumps(shape.loads(good)),
        other.dumps({"site": "north"}),
        shape.dumps(["north"]),
        shape.dumps({"a": 1, "b": 2, "c": 3, "d": 4}),
        shape.dumps(["north", "no episode", "x", 1]),
        "x" * 5000,
        "%00",
        "\u0450",
    ]
    for token in wrong:
        for told in (client.get(f"/a/{token}"), client.post(f"/a/{token}/half-hour")):
            assert told.status_code == 404, token
            assert "Nothing was changed" in told.text
    assert client.get(letter(message="s1.gone.1~1~coordinator-1~email")).status_code == 404
    assert client.post(f"/a/{good}/for-ever").status_code == 404
    assert sql(ASK) == was
    assert sql("SELECT sum(count) FROM security_event WHERE kind = 'link'") == [(2 * len(wrong) + 2,)]


def test_work_that_is_done_cannot_be_taken_on(letter, client, sql, api: Api):
    path = letter()
    episode = sql("SELECT id::text FROM episode")[0].id
    assert api("coordinator-1").record(episode, ago(days=39), REFERRAL).status_code == 201
    assert api("coordinator-1").advance(episode, "accept_referral").status_code == 200
    was = sql(ASK)
    for told in (client.get(path), client.post(f"{path}/half-hour")):
        assert (told.status_code, "work is done" in told.text) == (409, True)
    assert sql(ASK) == was
    assert sql("SELECT count(*) FROM used_link") == [(0,)]


def test_whoever_left_cannot_use_their_link(letter, client, sql):
    path = letter()
    sql("UPDATE membership SET ends_on = current_date - 1 WHERE staff_id = 'coordinator-1'")
    was = sql(ASK)
    for told in (client.get(path), client.post(f"{path}/half-hour")):
        assert (told.status_code, "no longer works there" in told.text) == (410, True)
    assert sql(ASK) == was


def test_a_promise_that_runs_is_never_made_longer_by_a_link(letter, client, api: Api):
    first, second = letter("coordinator-1"), letter("coordinator-2")
    assert client.post(f"{first}/two-hours").status_code == 200
    page = client.get(second)
    assert set(_buttons(page)) == {"half-hour"}
    assert client.post(f"{second}/week").status_code == 409
    assert client.post(f"{second}/half-hour").status_code == 200
    (task,) = api("coordinator-1").get("/tasks").json()["items"]
    assert task["assignee"] == "coordinator-2"


def test_links_stay_outside_the_description_and_their_style_is_ours(client, desk: Desk):
    assert not [path for path in describe(create_app(desk))["paths"] if "{token}" in path or "static" in path]
    style = client.get("/static/theca.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in style.text


def test_a_body_too_large_is_not_read(letter, client, sql):
    assert client.post(f"{letter()}/half-hour", content=b"x" * 300_000).status_code == 413
    assert sql("SELECT count(*) FROM used_link") == [(0,)]


def _buttons(told: httpx.Response) -> list[str]:
    return [part.split('"')[0].rpartition("/")[2] for part in told.text.split('action="')[1:]]
