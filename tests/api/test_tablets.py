"""Ward tablets: a full sign-in when the shift begins, a PIN to record, the password to sign; nothing elsewhere."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from caller import Api, ago, reading
from visitor import PASSWORD, Browser

from workflow.domain.actor import Role
from workflow.service import passwords, people
from workflow.store import session as store_session
from workflow.store.session import Store

PIN = "4711"
IDLE = "UPDATE session SET idle_at = clock_timestamp() - interval '1 second', began_at = began_at - interval '1 hour'"


@pytest.fixture
def admin(database) -> Store:
    opened = store_session.open_store(database.migrate, database.key_file)
    for person in ("nurse-1", "nurse-2", "clinician-1", "admin-1"):
        passwords.set_password(opened, person, PASSWORD)
    people.add_role(opened, site="south", person="nurse-1", role=Role.NURSE, starts_on=datetime(2020, 1, 1, tzinfo=UTC))
    yield opened
    opened.close()


@pytest.fixture
def tablet(client: httpx.Client, api: Api, admin: Store) -> Browser:
    """A tablet enrolled at north, where nobody has signed in yet."""
    made = api("admin-1").post("/sites/north/tablets", {"label": "Ward 3"})
    assert made.status_code == 201, made.text
    found = Browser(client)
    told = found.post("/tablets", {"code": made.json()["code"]})
    assert (told.status_code, told.json()["site"]) == (201, "north"), told.text
    again = Browser(client).post("/tablets", {"code": made.json()["code"]})
    assert again.status_code == 404
    return found


def _on_shift(tablet: Browser, person: str = "nurse-1") -> Browser:
    tablet.csrf = ""
    assert tablet.sign_in(person).status_code == 201
    told = tablet.post("/me/pin", {"password": PASSWORD, "pin": PIN})
    assert told.status_code == 204, told.text
    return tablet


def _wake(tablet: Browser, pin: str = PIN, person: str = "nurse-1") -> httpx.Response:
    return tablet.post("/sessions/pin", {"person": person, "pin": pin})


def test_a_pin_wakes_the_shift_to_record_and_no_more(tablet: Browser, api: Api, sql: Callable[..., list]):
    episode = api.accepted()
    ends = _on_shift(tablet, "clinician-1").get("/me").json()["session"]["ends_at"]
    sql(IDLE)
    assert tablet.get("/me").status_code == 401
    old = tablet.like()
    told = _wake(tablet, person="clinician-1")
    assert told.status_code == 201, told.text
    assert (told.json()["session"]["how"], told.json()["session"]["ends_at"]) == ("pin", ends)
    assert old.secret != tablet.secret
    recorded = tablet.post(f"/episodes/{episode}/observations", [reading("nrs", ago(hours=1), 4)])
    assert recorded.status_code == 201, recorded.text
    for path, body in (
        ("hold", {"reason": "waiting_for_payer"}),
        ("overrides", {"gate": "prepared", "reason": "assessment_waived_by_panel"}),
        ("deviations", {"act": "implant", "reason": "ten characters", "occurred_at": ago()}),
    ):
        refused = tablet.post(f"/episodes/{episode}/{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted"), path
    assert set(told.json()["me"]["may"]["north"]) <= {
        "read", "read_people", "record", "judge", "administer", "complete", "acknowledge", "claim", "contact",
    }  # fmt: skip
    assert tablet.post("/sessions/current/confirm", {"password": PASSWORD}).status_code == 200
    assert tablet.post(f"/episodes/{episode}/hold", {"reason": "waiting_for_payer"}).status_code == 200


def test_five_wrong_pins_ask_for_the_password_again(tablet: Browser, sql: Callable[..., list]):
    _on_shift(tablet)
    sql(IDLE)
    assert {_wake(tablet, "4712").status_code for _ in range(5)} == {401}
    right = _wake(tablet)
    assert (right.status_code, right.json()["code"]) == (401, "sign_in_refused")
    tablet.csrf = ""
    assert tablet.sign_in("nurse-1").status_code == 201
    sql(IDLE)
    assert _wake(tablet).status_code == 201


def test_a_right_pin_forgives_the_wrong_ones(tablet: Browser, sql: Callable[..., list]):
    _on_shift(tablet)
    for _ in range(3):
        assert [_wake(tablet, "4712").status_code for _ in range(2)] == [401, 401]
        assert _wake(tablet).status_code == 201


def test_a_pin_is_nothing_without_a_tablet_or_a_shift(tablet: Browser, client: httpx.Client, sql: Callable[..., list]):
    assert _wake(tablet).status_code == 401  # nobody has signed in here
    _on_shift(tablet)
    elsewhere = Browser(client)
    elsewhere.sign_in("nurse-1")
    assert _wake(elsewhere).status_code == 401
    assert _wake(tablet, person="nurse-2").status_code == 401
    assert _wake(tablet, person="no-such-one").status_code == 401
    sql("UPDATE session SET ends_at = clock_timestamp() - interval '1 second', idle_at = began_at - interval '2 s',"
        " began_at = began_at - interval '15 hours'")  # fmt: skip
    assert _wake(tablet).status_code == 401


def test_two_nurses_share_a_tablet_and_each_is_themselves(tablet: Browser, sql: Callable[..., list]):
    first = _on_shift(tablet).like()
    second = tablet
    _on_shift(second, "nurse-2")
    assert second.get("/me").json()["id"] == "nurse-2"
    assert _wake(second).json()["me"]["id"] == "nurse-1"
    assert second.get("/me").json()["id"] == "nurse-1"
    assert first.get("/me").status_code == 401
    assert sql("SELECT count(*) FROM session WHERE idle_at > clock_timestamp() AND staff_id = 'nurse-2'") == [(0,)]
    assert _wake(second, person="nurse-2").json()["me"]["id"] == "nurse-2"


def test_on_a_tablet_only_its_site_is_there(tablet: Browser, client: httpx.Client):
    assert set(_on_shift(tablet).get("/me").json()["roles"]) == {"north"}
    elsewhere = Browser(client)
    elsewhere.sign_in("nurse-1")
    assert set(elsewhere.get("/me").json()["roles"]) == {"north", "south"}


def test_a_revoked_tablet_is_none(tablet: Browser, api: Api):
    _on_shift(tablet)
    listed = api("admin-1").get("/sites/north/tablets").json()["items"]
    assert [(one["label"], one["added_by"]) for one in listed] == [("Ward 3", "admin-1")]
    told = api("admin-1").post(f"/sites/north/tablets/{listed[0]['id']}/revoke", {})
    assert told.status_code == 204, told.text
    assert tablet.get("/me").status_code == 401
    assert _wake(tablet).status_code == 401


def test_only_whoever_manages_a_site_has_to_do_with_its_tablets(tablet: Browser, api: Api):
    id_ = api("admin-1").get("/sites/north/tablets").json()["items"][0]["id"]
    ways = [("/sites/north/tablets", {"label": "mine"}), (f"/sites/north/tablets/{id_}/revoke", {})]
    for person, status in (("lead-1", 403), ("clinician-1", 403), ("admin-3", 404)):
        assert api(person).get("/sites/north/tablets").status_code == status
        for path, body in ways:
            assert api(person).post(path, body).status_code == status
    assert api("admin-3").post(f"/sites/south/tablets/{id_}/revoke", {}).status_code == 404
    assert api("admin-1").get("/sites/north/tablets").json()["items"][0].get("revoked_at") is None


@pytest.mark.parametrize("pin", ["471", "471147114", "aaaa", "1111", "1234", "98765", "\u0664\u0667\u0661\u0661"])
def test_no_easy_pin(tablet: Browser, pin: str):
    tablet.sign_in("nurse-1")
    told = tablet.post("/me/pin", {"password": PASSWORD, "pin": pin})
    assert (told.status_code, told.json()["place"]) == (422, "pin")


@pytest.mark.parametrize("code", ["", "x", "north~1~2", "north,south~1~2", "~~", "a" * 200, "north~" + "b" * 100])
def test_no_code_that_is_none_enrols(client: httpx.Client, code: str):
    assert Browser(client).post("/tablets", {"code": code}).status_code in (404, 422)
