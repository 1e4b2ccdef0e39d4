"""Single sign-on, end to end against a provider of our own: what is proven is believed, and nothing else."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from provider import CLIENT, SECRET, Provider, serving
from visitor import PASSWORD, Browser

from workflow.domain.errors import ImpossibleInputError
from workflow.service import passwords, sign_in, single_sign_on
from workflow.service.sign_in import NotConfirmedError
from workflow.settings import Settings
from workflow.store import session as store_session
from workflow.store import sessions
from workflow.store.session import Store

GROUPS = {
    "it-ward-nurses": [{"site": "north", "role": "nurse"}],
    "it-leads": [{"site": "north", "role": "lead"}, {"site": "south", "role": "lead"}],
    "it-moon": [{"site": "moon", "role": "lead"}],
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Provider]:
    with serving() as made:
        yield made


@pytest.fixture
def provider(elsewhere: Provider, served, database, tmp_path: Path) -> Iterator[Provider]:
    """The provider as it should be, set for the application, with clinician-1 linked to its subject."""
    fresh = Provider(key=elsewhere.key)
    for name in ("subject", "groups", "lie", "header", "signed_by", "metadata", "asked", "codes"):
        setattr(elsewhere, name, getattr(fresh, name))
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "groups.json").write_text(json.dumps(GROUPS))
    now = Settings(
        theca_public_url=served[1],
        oidc_issuer=elsewhere.issuer,
        oidc_client_id=CLIENT,
        oidc_secret_file=tmp_path / "secret",
        oidc_groups_file=tmp_path / "groups.json",
    )
    served[0].state.provider = single_sign_on.provider_of(now)
    admin = store_session.open_store(database.migrate, database.key_file)
    single_sign_on.link(admin, issuer=elsewhere.issuer, subject="f81d4fae", person="clinician-1")
    passwords.set_password(admin, "clinician-2", PASSWORD)
    admin.close()
    yield elsewhere
    served[0].state.provider = None


@pytest.fixture
def browser(client: httpx.Client, provider: Provider) -> Browser:
    return Browser(client)


def _sent(browser: Browser, path: str = "/sessions/oidc") -> str:
    told = browser.post(path)
    assert told.status_code == 200, told.text
    return told.json()["location"]


def _back(browser: Browser, provider: Provider, location: str, **change: str) -> httpx.Response:
    state = parse_qs(urlsplit(location).query)["state"][0]
    query = httpx.QueryParams({"state": state, "code": provider.authorize(location)} | change)
    return browser.get(f"/sign-in/came-back?{query}")


def _round(browser: Browser, provider: Provider, path: str = "/sessions/oidc") -> httpx.Response:
    return _back(browser, provider, _sent(browser, path))


def test_whom_the_provider_names_is_signed_in(browser: Browser, provider: Provider):
    told = _round(browser, provider)
    assert told.status_code == 200, told.text
    me = browser.get("/me").json()
    assert (me["id"], me["session"]["how"]) == ("clinician-1", "oidc")
    assert "__Host-theca-sso" not in browser.jar
    sent = next(query for what, query in provider.asked if what == "authorize")
    assert (sent["response_type"], sent["code_challenge_method"]) == ("code", "S256")
    assert len({sent["state"], sent["nonce"], sent["code_challenge"]}) == 3


def test_groups_give_roles_by_site_and_unknown_ones_nothing(
    browser: Browser, provider: Provider, sql: Callable[..., list]
):
    provider.groups = ["it-ward-nurses", "it-leads", "it-moon", "domain-admins", "admin"]
    assert _round(browser, provider).status_code == 200
    roles = browser.get("/me").json()["roles"]
    assert roles == {"north": ["clinician", "lead", "nurse"], "south": ["lead"]}
    before = browser.like()
    provider.groups = ["it-ward-nurses"]
    browser.csrf = ""
    assert _round(browser, provider).status_code == 200
    assert browser.get("/me").json()["roles"] == {"north": ["clinician", "nurse"]}
    assert before.get("/me").status_code == 401
    provider.lie = {"groups": None}
    browser.csrf = ""
    assert _round(browser, provider).status_code == 200
    assert browser.get("/me").json()["roles"] == {"north": ["clinician"]}  # what was entered by hand stays
    provider.lie, provider.groups = {}, ["it-ward-nurses"]
    browser.csrf = ""
    assert _round(browser, provider).status_code == 200
    assert browser.get("/me").json()["roles"] == {"north": ["clinician", "nurse"]}
    assert sql("SELECT count(*) FROM membership WHERE site_id = 'moon'") == [(0,)]


@pytest.mark.parametrize("groups", [7, {"it-leads": True}, [["it-leads"]], [7, None], "it-other"])
def test_odd_groups_give_nothing(browser: Browser, provider: Provider, groups: object):
    provider.lie = {"groups": groups}
    assert _round(browser, provider).status_code == 200
    assert browser.get("/me").json()["roles"] == {"north": ["clinician"]}


NOW = int(time.time())
LIES: dict[str, dict[str, object]] = {
    "another issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "for another client": {"aud": "somebody-else"},
    "for us and another, unsaid for whom": {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
    "for nobody": {"aud": None},
    "expired": {"exp": NOW - 3600},
    "without an end": {"exp": None},
    "not yet": {"nbf": NOW + 3600},
    "made in the future": {"iat": NOW + 3600},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "nobody we know": {"sub": "somebody-else"},
    "no subject": {"sub": None},
    "a subject that is none": {"sub": 7},
    "a hash of another access token": {"at_hash": "AAAA"},
}


@pytest.mark.parametrize("name", LIES)
def test_no_lie_is_believed(browser: Browser, provider: Provider, name: str, sql: Callable[..., list]):
    provider.lie = LIES[name]
    told = _round(browser, provider)
    assert told.status_code == 401, told.text
    assert "__Host-theca" not in browser.jar
    assert sql("SELECT count(*) FROM session") == [(0,)]
    assert sql("SELECT actor, kind FROM security_event") == [("nobody", "sign_in_refused")]


def test_no_signature_but_the_providers_is_believed(browser: Browser, provider: Provider):
    stranger = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    for header, key in (
        ({"alg": "none"}, None),
        ({"alg": "HS256"}, None),
        ({}, stranger),
        ({"kid": "two"}, None),
        ({"kid": "../../one"}, stranger),
        ({"jwk": stranger.as_dict(private=False)}, stranger),
    ):
        provider.header, provider.signed_by = header, key
        assert _round(browser, provider).status_code == 401, header
    assert "__Host-theca" not in browser.jar


def test_what_comes_back_is_good_once_in_one_browser_and_for_a_while(
    browser: Browser, provider: Provider, client: httpx.Client, sql: Callable[..., list]
):
    location = _sent(browser)
    other = Browser(client)
    _sent(other)
    assert _back(other, provider, location).status_code == 401  # another's state, planted
    assert _back(Browser(client), provider, location).status_code == 401
    assert _back(browser, provider, location, state="x" * 43).status_code == 401
    assert _back(browser, provider, location, code="").status_code == 401
    before = browser.like()
    assert _back(browser, provider, location).status_code == 200
    assert _back(before, provider, location).status_code == 401
    late = _sent(browser.like(csrf=""))
    sql("UPDATE oidc_attempt SET created_at = created_at - interval '11 minutes'")
    assert _back(browser, provider, late).status_code == 401


def test_a_provider_that_is_another_or_leads_elsewhere_is_not_asked(browser: Browser, provider: Provider):
    for metadata in (
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ):
        provider.metadata = metadata
        told = browser.post("/sessions/oidc")
        assert (told.status_code, told.json()["code"]) == (503, "unavailable"), metadata
    assert {what for what, _ in provider.asked} == {"/.well-known/openid-configuration"}


def test_a_fresh_sign_on_confirms_and_an_old_one_or_anothers_does_not(
    browser: Browser, provider: Provider, store: Store, sql: Callable[..., list]
):
    _round(browser, provider)
    with store.transaction() as connection:
        session = sessions.signed_in(connection, browser.secret)
    assert session is not None
    sign_in.confirm_session(store, session.person, session.id)
    sql("UPDATE session SET confirmed_at = confirmed_at - interval '6 minutes'")
    with pytest.raises(NotConfirmedError):
        sign_in.confirm_session(store, session.person, session.id)
    browser.get("/me")  # tells the page its token
    before, location = browser.like(), _sent(browser, "/sessions/current/oidc")
    assert parse_qs(urlsplit(location).query)["prompt"] == ["login"]
    provider.lie = {"auth_time": NOW - 7200}
    assert _back(browser, provider, location).status_code == 403  # the provider did not ask again
    provider.lie = {"auth_time": None}
    assert _round(browser, provider, "/sessions/current/oidc").status_code == 403
    provider.lie = {"sub": "somebody-else"}
    assert _round(browser, provider, "/sessions/current/oidc").status_code == 401
    provider.lie = {}
    assert _round(browser, provider, "/sessions/current/oidc").status_code == 200
    assert before.get("/me").status_code == 401
    sign_in.confirm_session(store, session.person, session.id)
    for wrong in ("", "x", "1b4e28ba-2fa1-4d2e-883f-0016d3cca427"):
        with pytest.raises(NotConfirmedError):
            sign_in.confirm_session(store, session.person, wrong)


@pytest.mark.parametrize(
    "asked_at", [NOW - 7200, None, float("nan"), 10**400], ids=["two hours ago", "unsaid", "no number", "huge"]
)
def test_who_was_let_in_without_being_asked_again_has_confirmed_nothing(
    browser: Browser, provider: Provider, store: Store, asked_at: object
):
    provider.lie = {"auth_time": asked_at}
    assert _round(browser, provider).status_code == 200
    with store.transaction() as connection:
        session = sessions.signed_in(connection, browser.secret)
    assert session is not None
    with pytest.raises(NotConfirmedError):
        sign_in.confirm_session(store, session.person, session.id)
    provider.lie = {}
    assert browser.get("/me").status_code == 200  # tells the page its token
    assert _round(browser, provider, "/sessions/current/oidc").status_code == 200
    sign_in.confirm_session(store, session.person, session.id)


def test_anothers_sign_on_confirms_no_session_of_mine(browser: Browser, provider: Provider):
    assert browser.sign_in("clinician-2").status_code == 201
    assert _round(browser, provider, "/sessions/current/oidc").status_code == 403
    assert browser.get("/me").json()["session"]["how"] == "password"


def test_without_a_provider_nothing_is_there(client: httpx.Client):
    assert Browser(client).post("/sessions/oidc").status_code == 404
    assert Browser(client).get("/sign-in/came-back?state=x&code=y").status_code == 404


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"oidc_issuer": "http://login.hospital.example"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "login"}, "OIDC_ISSUER"),
        ({"oidc_client_id": ""}, "OIDC_CLIENT_ID"),
        ({"theca_public_url": ""}, "THECA_PUBLIC_URL"),
        ({"oidc_secret_file": Path("nowhere-at-all")}, "OIDC_SECRET_FILE"),
    ],
)
def test_settings_that_cannot_be_are_named(change: dict[str, object], place: str):
    good = {"oidc_issuer": "https://login.example", "oidc_client_id": "theca", "theca_public_url": "https://t.example"}
    with pytest.raises(ImpossibleInputError) as wrong:
        single_sign_on.provider_of(Settings(**good | change))
    assert wrong.value.place == place


@pytest.mark.parametrize(
    "written", ["", "[]", "7", '{"a": 1}', '{"a": [{"site": "north"}]}', '{"a": [{"site": "n", "role": "x"}]}']
)
def test_a_mapping_that_is_none_is_refused(written: str):
    with pytest.raises(ImpossibleInputError):
        single_sign_on.mapping(written)
