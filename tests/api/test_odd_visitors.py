"""Cookies, headers and bodies nobody sends: no answer is a failure of ours, and none lets anybody in."""

import json
import os
from collections.abc import Iterator
from ipaddress import ip_network

import httpx
import pytest
from caller import V1
from fastapi import FastAPI, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visitor import PASSWORD, Browser

from api.entrance import Entrance, entrance_of, source
from workflow.domain.errors import ImpossibleInputError
from workflow.service import passwords
from workflow.settings import Settings
from workflow.store import session as store_session

EXAMPLES = int(os.environ.get("THECA_FUZZ", "60"))
RELAXED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize="THECA_FUZZ" not in os.environ,
)
TELLING = [
    "", "=", ";", "theca", "__Host-theca=", "__Host-theca=" + "A" * 43, "__Host-theca=" + "A" * 44, "__Host-theca=%00",
    "__Host-theca=\xff", "theca=" + "A" * 43, '__Host-theca="' + "A" * 43 + '"', "__Host-theca-tablet=" + "-" * 43,
    "__Host-theca-browser=" + "_" * 43, "__Host-theca=a; __Host-theca=b", "A" * 4000,
]  # fmt: skip
NAMES = [
    "Cookie", "Authorization", "X-CSRF-Token", "Origin", "Sec-Fetch-Site", "X-Forwarded-For", "Forwarded", "Host",
    "X-Background", "X-Forwarded-Proto",
]  # fmt: skip
# What a header may hold at all: a server refuses the rest before anything of ours is asked.
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
VALUES = st.sampled_from(TELLING) | LATIN.map(str.strip)
PATHS = ["/sessions", "/sessions/pin", "/sessions/current/alive", "/sessions/current/confirm", "/passwords", "/tablets",
         "/sessions/oidc", "/me/pin", "/me/password", "/sessions/end", "/sessions/x/end"]  # fmt: skip


@pytest.fixture
def behind_a_proxy(served) -> Iterator[None]:
    app, before = served[0], served[0].state.entrance
    app.state.entrance = Entrance(proxies=(ip_network("127.0.0.0/8"),), plain=True)
    yield
    app.state.entrance = before


def test_no_header_is_a_failure_of_ours_or_lets_anybody_in(client: httpx.Client, behind_a_proxy):
    @RELAXED
    @given(headers=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), path=st.sampled_from(["/me", *PATHS]))
    def ask(headers: dict[str, str], path: str) -> None:
        sent = {name: value.encode("latin-1") for name, value in headers.items()}
        method = "GET" if path == "/me" else "POST"
        body = None if method == "GET" else b"{}"
        told = client.request(method, V1 + path, content=body, headers={"Content-Type": "application/json"} | sent)
        assert 400 <= told.status_code < 500, (path, headers, told.text)
        if told.headers.get("content-type") == "application/problem+json":
            assert told.json()["code"]

    ask()


def test_no_body_is_a_failure_of_ours_or_lets_anybody_in(client: httpx.Client, database):
    admin = store_session.open_store(database.migrate, database.key_file)
    passwords.set_password(admin, "clinician-1", PASSWORD)
    admin.close()
    browser = Browser(client)
    assert browser.sign_in("clinician-1").status_code == 201
    texts = st.text(max_size=30) | st.sampled_from(["\ud800", "\x00", "clinician-1", "x" * 401, "nurse-1", "1234"])
    leaves = texts | st.none() | st.booleans() | st.integers() | st.lists(texts, max_size=2)
    keys = st.sampled_from(["person", "password", "pin", "new", "invitation", "code", "label", "x"])

    @RELAXED
    @given(body=st.dictionaries(keys, leaves, max_size=4) | leaves, path=st.sampled_from(PATHS[:3] + PATHS[3:9]))
    def ask(body: object, path: str) -> None:
        sent = {"Content-Type": "application/json", "Cookie": f"__Host-theca={browser.secret}"}
        headers = sent | {"X-CSRF-Token": browser.csrf}
        told = client.post(V1 + path, content=json.dumps(body).encode(), headers=headers)
        assert told.status_code < 500, (path, body, told.text)
        assert told.status_code >= 400 or path.endswith("/alive")

    ask()


def test_a_request_that_comes_back_is_no_failure_of_ours(client: httpx.Client):
    @RELAXED
    @given(query=st.dictionaries(st.sampled_from(["state", "code", "error", "iss"]), st.text(max_size=30), max_size=4))
    def ask(query: dict[str, str]) -> None:
        safe = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        told = client.get("/sign-in/came-back", params=safe, headers={"Cookie": "__Host-theca-sso=" + "A" * 43})
        assert told.status_code in (401, 404)

    ask()


def test_every_address_is_one_source_or_nowhere(served):
    app: FastAPI = FastAPI()
    app.state.entrance = Entrance(proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))

    @RELAXED
    @given(peer=st.ip_addresses().map(str) | st.text(max_size=20), told=st.lists(VALUES, max_size=3))
    def ask(peer: str, told: list[str]) -> None:
        headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in told]
        found = source(Request({"type": "http", "app": app, "client": (peer, 1), "headers": headers}))
        assert found == "nowhere" or found.count("/") == (1 if ":" in found else 0)

    ask()
    for peer, told, seen in (
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::/64"),
        ("2001:db8:0:1:2:3:4:5", "", "2001:db8:0:1::/64"),
    ):
        scope = {"type": "http", "app": app, "client": (peer, 1), "headers": [(b"x-forwarded-for", told.encode())]}
        assert source(Request(scope)) == seen


def test_a_cookie_without_tls_is_for_loopback_only(client: httpx.Client, database, served, behind_a_proxy):
    admin = store_session.open_store(database.migrate, database.key_file)
    passwords.set_password(admin, "clinician-1", PASSWORD)
    admin.close()
    here = Browser(client)
    assert here.sign_in("clinician-1").status_code == 201
    assert set(here.jar) == {"theca", "theca-browser"}
    assert here.get("/me").status_code == 200
    for headers in (
        {"Host": "theca.hospital.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Forwarded-Proto": "http"},
        {"Host": "localhost.elsewhere.example"},
    ):
        assert here.get("/me", **headers).status_code == 401, headers
        other = Browser(client)
        assert other.sign_in("clinician-1", **headers).status_code == 201
        assert set(other.jar) == {"__Host-theca", "__Host-theca-browser"}
    served[0].state.entrance = Entrance()
    assert here.get("/me").status_code == 401


def test_the_settings_make_the_entrance():
    now = Settings(
        theca_cookie="plain", theca_trusted_proxies="10.0.0.5, fd00::/8", theca_public_url="https://T.example/x"
    )
    assert entrance_of(now) == Entrance(
        plain=True, origin="https://t.example", proxies=(ip_network("10.0.0.5"), ip_network("fd00::/8"))
    )
    with pytest.raises(ImpossibleInputError) as wrong:
        entrance_of(Settings(theca_trusted_proxies="everybody"))
    assert wrong.value.place == "THECA_TRUSTED_PROXIES"
