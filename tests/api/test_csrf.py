"""A page of another site can make a browser send anything but what it would need to be believed."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from caller import V1
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from visitor import PASSWORD, Browser

from api.door import Door, Threshold
from workflow.service import passwords
from workflow.store import session as store_session

STATE = (
    "SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM absence), (SELECT count(*) FROM membership),"
    " (SELECT count(*) FROM tablet), (SELECT count(*) FROM session WHERE ended_at IS NULL),"
    " (SELECT count(*) FROM oidc_attempt), (SELECT max(confirmed_at) FROM session),"
    " (SELECT max(changed_at) FROM credential), (SELECT count(*) FROM credential WHERE pin IS NOT NULL)"
)
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
FORGED: dict[str, dict[str, str]] = {
    "no token": {"X-CSRF-Token": ""},
    "a guessed token": {"X-CSRF-Token": "A" * 43},
    "a token that is no ASCII": {"X-CSRF-Token": "\xe4"},
    "another site's page": {"Origin": "https://elsewhere.example"},
    "a page of nowhere": {"Origin": "null"},
    "our host with another port": {"Origin": "http://127.0.0.1:1"},
    "our name with theirs behind": {"Origin": "http://127.0.0.1.elsewhere.example"},
    "a browser says cross-site": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour's host": {"Sec-Fetch-Site": "same-site"},
}


def every(app: FastAPI) -> Iterator[tuple[str, str, Any]]:
    """Every method and path of an application, with the route that answers there."""
    for place in iter_route_contexts(app.routes):
        for method in sorted(place.methods or ()):
            yield method, place.path or "", place.original_route


def routes(app: FastAPI, kind: type) -> list[tuple[str, str]]:
    """Every unsafe method and path that stands behind a kind of door."""
    return [(way, path) for way, path, route in every(app) if way in UNSAFE and isinstance(route, kind)]


def filled(path: str) -> str:
    for name in ("id", "n", "key", "tablet", "token", "choice", "episode"):
        path = path.replace(f"{{{name}}}", "north")
    return path


@pytest.fixture
def browser(client: httpx.Client, database) -> Browser:
    admin = store_session.open_store(database.migrate, database.key_file)
    for person in ("admin-1", "coordinator-1"):
        passwords.set_password(admin, person, PASSWORD)
    admin.close()
    made = Browser(client)
    assert made.sign_in("coordinator-1").status_code == 201
    return made


def test_no_unsafe_route_believes_a_cookie_alone(browser: Browser, served, sql: Callable[..., list]):
    found = routes(served[0], Door)
    assert len(found) > 30
    before, fell = sql(STATE), []
    for method, path in found:
        for name, headers in FORGED.items():
            told = browser.send(method, filled(path), {} if method == "POST" else None, **_latin(headers))
            if (told.status_code, told.json().get("code")) != (403, "csrf"):
                fell.append((method, path, name, told.status_code, told.text[:100]))
    assert fell == []
    assert sql(STATE) == before
    counted = sql("SELECT actor, kind, sum(count) FROM security_event GROUP BY actor, kind")
    assert counted == [("coordinator-1", "csrf", len(found) * len(FORGED))]


def test_a_page_of_another_site_cannot_sign_anybody_in_or_out(browser: Browser, served, sql: Callable[..., list]):
    found = routes(served[0], Threshold)
    assert ("POST", f"{V1}/sessions") in found
    before = sql(STATE)
    for method, path in found:
        for name in ("another site's page", "a page of nowhere", "a browser says cross-site", "a neighbour's host"):
            body = {"person": "admin-1", "password": PASSWORD}
            told = browser.send(method, path, body, **FORGED[name])
            assert (told.status_code, told.json()["code"]) == (403, "csrf"), (path, name)
            assert "set-cookie" not in told.headers
    assert sql(STATE) == before


def test_every_unsafe_route_stands_behind_one_of_the_two_doors_or_a_signed_link(served):
    behind = {*routes(served[0], Door), *routes(served[0], Threshold)}
    unsafe = {(method, path) for method, path, _ in every(served[0]) if method in UNSAFE}
    assert unsafe - behind == {("POST", "/a/{token}/{choice}")}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_can_send_is_not_read(browser: Browser, kind: str):
    raw = json.dumps({"person": "admin-1", "password": PASSWORD}).encode()
    told = browser.client.post(f"{V1}/sessions", content=raw, headers={"Content-Type": kind})
    assert told.status_code == 415


def test_a_page_of_ours_is_believed_with_the_token(browser: Browser, served):
    own = served[1]
    body = {"person": "coordinator-1", "starts_at": "2196-01-01T00:00:00Z", "ends_at": "2196-01-02T00:00:00Z"}
    told = browser.post("/sites/north/absences", body, **{"Origin": own, "Sec-Fetch-Site": "same-origin"})
    assert told.status_code == 201, told.text


def test_the_token_of_another_session_is_none(browser: Browser, client: httpx.Client):
    other = Browser(client)
    other.sign_in("coordinator-1")
    told = browser.post("/sessions/current/alive", **{"X-CSRF-Token": other.csrf})
    assert told.json()["code"] == "csrf"


def test_a_bearer_token_needs_no_other(client: httpx.Client, tokens: dict[str, str]):
    headers = {"Authorization": f"Bearer {tokens['coordinator-1']}", "Origin": "https://elsewhere.example"}
    body = {"person": "coordinator-1", "starts_at": "2196-01-01T00:00:00Z", "ends_at": "2196-01-02T00:00:00Z"}
    assert client.post(f"{V1}/sites/north/absences", json=body, headers=headers).status_code == 201


def test_looking_changes_nothing(browser: Browser, served, sql: Callable[..., list]):
    before = sql(STATE)
    looked = [filled(path) for method, path, _ in every(served[0]) if method == "GET"]
    assert len(looked) > 20
    for path in looked:
        assert browser.client.get(path, headers={"Cookie": f"__Host-theca={browser.secret}"}).status_code != 500
    assert sql(STATE) == before


def _latin(headers: dict[str, str]) -> dict[str, str]:
    return {name: value.encode("latin-1") for name, value in headers.items()}
