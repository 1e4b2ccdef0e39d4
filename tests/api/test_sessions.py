"""Sessions: begun with a password, under a new secret each time, and over when anything says they should be."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from caller import V1, Api
from visitor import PASSWORD, Browser

from workflow.domain.actor import Role
from workflow.service import passwords, people
from workflow.store import session as store_session
from workflow.store.session import Store

OLD = "UPDATE session SET {column} = clock_timestamp() - interval '1 second'"


@pytest.fixture
def admin(database) -> Store:
    opened = store_session.open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def browser(client: httpx.Client, admin: Store) -> Browser:
    """A browser nobody has signed in at; clinician-1 and nurse-1 have a password."""
    for person in ("clinician-1", "nurse-1"):
        passwords.set_password(admin, person, PASSWORD)
    return Browser(client)


def test_a_password_begins_a_session_and_the_session_is_the_person(browser: Browser, api: Api):
    told = browser.sign_in("clinician-1")
    assert told.status_code == 201, told.text
    assert told.json()["me"]["id"] == "clinician-1"
    cookie = next(line for line in told.headers.get_list("set-cookie") if line.startswith("__Host-theca="))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    me = browser.get("/me").json()
    assert me["session"]["csrf"] == browser.csrf
    assert me["roles"] == {"north": ["clinician"]}
    episode = api.accepted()
    assert browser.get(f"/episodes/{episode}").status_code == 200
    held = browser.post(f"/episodes/{episode}/hold", {"reason": "waiting_for_payer"})
    assert held.status_code == 200, held.text


def test_signing_in_makes_a_new_secret_and_kills_the_old_one(browser: Browser):
    browser.sign_in("clinician-1")
    before = browser.like()
    browser.sign_in("clinician-1")
    assert browser.secret != before.secret
    assert before.get("/me").status_code == 401
    assert browser.get("/me").status_code == 200


def test_a_secret_that_somebody_planted_is_never_taken_up(browser: Browser):
    planted = "A" * 43
    browser.jar["__Host-theca"] = planted
    assert browser.sign_in("clinician-1").status_code == 201
    assert browser.secret != planted
    assert browser.like(jar={"__Host-theca": planted}).get("/me").status_code == 401


def test_confirming_makes_a_new_secret_and_kills_the_old_one(browser: Browser, sql: Callable[..., list]):
    browser.sign_in("clinician-1")
    sql("UPDATE session SET confirmed_at = confirmed_at - interval '1 hour'")
    before, session = browser.like(), browser.get("/me").json()["session"]
    wrong = browser.post("/sessions/current/confirm", {"password": PASSWORD + "s"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_confirmed")
    assert before.get("/me").status_code == 200
    right = browser.post("/sessions/current/confirm", {"password": PASSWORD})
    assert right.status_code == 200, right.text
    after = right.json()["session"]
    assert (after["id"], after["ends_at"]) == (session["id"], session["ends_at"])
    assert datetime.fromisoformat(after["confirmed_at"]) > datetime.fromisoformat(session["confirmed_at"])
    assert after["csrf"] != session["csrf"]
    assert before.get("/me").status_code == 401
    assert browser.get("/me").status_code == 200


@pytest.mark.parametrize("limit", ["idle_at", "ends_at"])
def test_a_session_ends_by_both_its_limits(browser: Browser, sql: Callable[..., list], limit: str):
    browser.sign_in("clinician-1")
    sql("UPDATE session SET began_at = began_at - interval '1 day'")
    if limit == "ends_at":
        sql(OLD.format(column="idle_at"))
    sql(OLD.format(column=limit))
    assert browser.get("/me").status_code == 401
    assert browser.post("/sessions/current/alive").status_code == 401


def test_typing_keeps_a_session_alive_and_never_beyond_its_end(browser: Browser, sql: Callable[..., list]):
    browser.sign_in("clinician-1")
    ages = "UPDATE session SET seen_at = seen_at - interval '14 minutes', idle_at = idle_at - interval '14 minutes'"
    sql(ages)
    kept = browser.post("/sessions/current/alive").json()
    left = (datetime.fromisoformat(kept["idle_at"]) - datetime.now(UTC)).total_seconds()
    assert 14 * 60 < left <= 15 * 60
    sql("UPDATE session SET seen_at = seen_at - interval '1 minute', idle_at = clock_timestamp() + interval '60 s',"
        " ends_at = clock_timestamp() + interval '61 s'")  # fmt: skip
    kept = browser.post("/sessions/current/alive").json()
    assert kept["idle_at"] == kept["ends_at"]


def test_a_page_that_looks_by_itself_keeps_nobody_signed_in(browser: Browser, sql: Callable[..., list]):
    browser.sign_in("clinician-1")
    sql("UPDATE session SET seen_at = seen_at - interval '14 minutes', idle_at = idle_at - interval '14 minutes'")
    idle = sql("SELECT idle_at FROM session")
    assert browser.get("/me", **{"X-Background": "1"}).status_code == 200
    assert sql("SELECT idle_at FROM session") == idle
    assert browser.get("/me").status_code == 200
    assert sql("SELECT idle_at FROM session") > idle


def test_a_shift_of_twelve_and_a_half_hours_fits(browser: Browser):
    session = browser.sign_in("nurse-1").json()["session"]
    began, ends = (datetime.fromisoformat(session[name]) for name in ("began_at", "ends_at"))
    assert (ends - began).total_seconds() == 14 * 3600


def test_signed_out_is_out(browser: Browser):
    browser.sign_in("clinician-1")
    before = browser.like()
    assert browser.post("/sessions/current/end").status_code == 204
    assert "__Host-theca" not in browser.jar
    assert before.get("/me").status_code == 401


def test_a_person_sees_and_ends_their_own_sessions_and_nobody_elses(browser: Browser, client: httpx.Client):
    browser.sign_in("clinician-1")
    other, nurse = Browser(client), Browser(client)
    other.sign_in("clinician-1")
    nurse.sign_in("nurse-1")
    seen = browser.get("/sessions").json()["items"]
    assert [one["this"] for one in seen] == [False, True]
    for id_ in (seen[0]["id"], "1", "x'--"):
        assert nurse.post(f"/sessions/{id_}/end").status_code == 404
    assert other.get("/me").status_code == 200
    assert browser.post(f"/sessions/{seen[0]['id']}/end").status_code == 204
    assert other.get("/me").status_code == 401
    other.csrf = ""
    other.sign_in("clinician-1")
    assert browser.post("/sessions/end").status_code == 204
    assert (browser.get("/me").status_code, other.get("/me").status_code) == (401, 401)
    assert nurse.get("/me").status_code == 200


def test_a_role_given_or_taken_ends_the_sessions(browser: Browser, admin: Store, sql: Callable[..., list]):
    today = datetime.now(UTC).date()
    browser.sign_in("clinician-1")
    people.add_role(admin, site="north", person="clinician-1", role=Role.LEAD, starts_on=today)
    assert browser.get("/me").status_code == 401
    browser.csrf = ""
    browser.sign_in("clinician-1")
    people.add_role(admin, site="north", person="clinician-1", role=Role.LEAD, starts_on=today)  # nothing new
    assert browser.get("/me").status_code == 200
    sql("DELETE FROM membership WHERE staff_id = 'clinician-1' AND role = 'lead'")
    assert browser.get("/me").status_code == 401
    assert sql("SELECT DISTINCT ending FROM session") == [("roles",)]


def test_who_leaves_is_out_with_session_token_and_password(browser: Browser, admin: Store, api: Api):
    browser.sign_in("clinician-1")
    people.end_person(admin, "clinician-1")
    assert browser.get("/me").status_code == 401
    assert api("clinician-1").get("/me").status_code == 401
    browser.csrf = ""
    assert browser.sign_in("clinician-1").status_code == 401


def test_a_new_password_ends_every_session_but_gives_one_back(browser: Browser, client: httpx.Client):
    browser.sign_in("clinician-1")
    other = Browser(client)
    other.sign_in("clinician-1")
    before, new = browser.like(), "a wholly other sentence"
    short = browser.post("/me/password", {"password": PASSWORD, "new": "short"})
    assert (short.status_code, short.json()["place"]) == (422, "password")
    assert browser.post("/me/password", {"password": "wrong", "new": new}).status_code == 403
    assert browser.post("/me/password", {"password": PASSWORD, "new": new}).status_code == 200
    assert [each.get("/me").status_code for each in (browser, before, other)] == [200, 401, 401]
    fresh = Browser(client)
    assert fresh.sign_in("clinician-1").status_code == 401
    assert fresh.sign_in("clinician-1", new).status_code == 201


def test_no_secret_stands_in_the_database(browser: Browser, sql: Callable[..., list]):
    browser.sign_in("clinician-1")
    rows = str([sql(f"SELECT * FROM {table}") for table in ("session", "credential", "known_source", "brake")])
    assert browser.secret not in rows
    assert browser.jar["__Host-theca-browser"] not in rows
    assert PASSWORD not in rows
    assert "argon2id" in rows


def test_a_session_is_needed_where_a_token_is_not_enough(browser: Browser, api: Api):
    for path in ("/sessions/current/alive", "/sessions/current/end"):
        assert api("clinician-1").post(path, {}).status_code == 401
    assert (
        "session" not in api("clinician-1").get("/me").json() or api("clinician-1").get("/me").json()["session"] is None
    )
    assert browser.client.get(f"{V1}/me").status_code == 401
