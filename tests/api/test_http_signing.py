"""Signing over HTTP: shown first, confirmed anew, bound to what was shown; never by a token alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from caller import PASSWORD, REFERRAL, Api, Caller, ago, referral
from httpx import Client, Response
from visitor import Browser

from tests.conftest import PROTOCOL
from workflow.service import people
from workflow.service.audit import audit
from workflow.store import session
from workflow.store.session import Store

MEANING = "I have read this referral and accept it."
LINES = "SELECT count(*) FROM ledger"
SIGNATURES = "SELECT by, printed, meaning, confirmed, voided_at FROM signature ORDER BY at"
ACCEPT: dict[str, Any] = {"name": "accept_referral"}
WITHDRAW: dict[str, Any] = {"name": "withdraw", "reason": "moved_away"}


@pytest.fixture
def signing(database: Any, api: Api, signers: None) -> Callable[[], str]:
    """Enrols somebody under a protocol in which accepting is signed, and withdrawing is signed by two."""
    text = PROTOCOL.read_text(encoding="utf-8").replace("protocol: opioid_trial", "protocol: signed_trial", 1)
    text = text.replace(
        "    by: [coordinator, clinician]\n    gates: [referral_complete]",
        f"    by: [clinician]\n    signed: {MEANING}\n    gates: [referral_complete]",
    )
    text = text.replace(
        "    to: withdrawn\n    by: [coordinator, clinician]",
        '    to: withdrawn\n    by: [clinician]\n    second_person: "yes"\n    signed: I have spoken to them.',
    )
    store = session.open_store(database.migrate, database.key_file)
    people.publish(store, text)
    store.close()

    def enrolled() -> str:
        asked = referral() | {"protocol": "signed_trial"}
        episode = str(api("coordinator-1").post("/episodes", asked).json()["episode"])
        assert api("coordinator-1").record(episode, ago(days=39), REFERRAL).status_code == 201
        return episode

    return enrolled


def take(who: Caller, episode: str, body: object, **headers: str) -> Response:
    seen = who.get(f"/episodes/{episode}").headers["etag"]
    return who.post(f"/episodes/{episode}/transitions", body, seen=seen, **headers)


def option(who: Caller, episode: str, name: str) -> dict[str, Any]:
    return next(one for one in who.get(f"/episodes/{episode}/options").json()["options"] if one["name"] == name)


def test_a_signed_act_shows_what_will_be_recorded_before_it_is(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    wanted = option(clara, episode, "accept_referral")["signature"]
    assert wanted["meaning"] == MEANING
    lines = sql(LINES)
    told = clara.post(f"/episodes/{episode}/signing", {"transition": ACCEPT}).json()
    assert sql(LINES) == lines
    assert (told["meaning"], told["digest"]) == (MEANING, wanted["digest"])
    assert told["record"]["episode"] == episode
    done = take(clara, episode, {**ACCEPT, "signature": {"digest": told["digest"], "password": PASSWORD}})
    assert (done.status_code, done.json()["stage"]) == (200, "screening")
    assert done.json()["about"]["signed"] == told["record"]


def test_without_a_signature_the_gates_answer_says_what_is_missing(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    refused = take(clara, episode, ACCEPT)
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert "wants a signature" in refused.json()["detail"]
    assert "wants a signature" in clara.get(f"/episodes/{episode}/why").json()["sentence"]
    assert sql(SIGNATURES) == []


def test_a_wrong_password_changes_nothing_and_is_counted(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    digest, lines = clara.to_sign(episode, transition=ACCEPT), sql(LINES)
    wrong = take(clara, episode, {**ACCEPT, "signature": {"digest": digest, "password": "guessed, and wrong"}})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_confirmed")
    assert "guessed" not in wrong.text
    assert sql(LINES) == lines
    assert sql("SELECT count FROM security_event WHERE actor = 'clinician-1' AND kind = 'not_confirmed'") == [(1,)]


def test_guessing_at_a_signature_is_slowed_and_moves_nothing(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    digest, lines = clara.to_sign(episode, transition=ACCEPT), sql(LINES)
    guesses = [
        take(clara, episode, {**ACCEPT, "signature": {"digest": digest, "password": f"guess number {guess}"}})
        for guess in range(8)
    ]
    assert [told.status_code for told in guesses[:5]] == [403] * 5
    assert guesses[-1].status_code == 429
    assert sql(LINES) == lines
    assert sql(SIGNATURES) == []


def test_a_token_alone_signs_nothing(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    digest = clara.to_sign(episode, transition=ACCEPT)
    bare = take(clara, episode, {**ACCEPT, "signature": {"digest": digest}})
    assert (bare.status_code, bare.json()["code"]) == (403, "not_confirmed")
    assert clara.post("/signing-series", {}).status_code == 403
    assert sql(SIGNATURES) == []


@pytest.mark.parametrize(
    "role", ["nurse", "coordinator", "scheduler", "admin", "auditor", "service", "pharmacist", "lead"]
)
def test_who_is_no_physician_never_signs(api: Api, signing: Callable[[], str], sql, role: str):
    episode, who = signing(), api(f"{role}-1")
    digest = api("clinician-1").to_sign(episode, transition=ACCEPT)
    body = {**ACCEPT, "signature": {"digest": digest, "password": PASSWORD}}
    told = who.post(f"/episodes/{episode}/transitions", body, seen='"2"')
    assert (told.status_code, told.json()["code"]) == (403, "not_permitted")
    assert who.post("/signing-series", {"password": PASSWORD}).status_code == 403
    assert sql(SIGNATURES) == []


def test_a_digest_that_no_longer_fits_is_stale(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    signed = clara.signed(episode, transition=ACCEPT)
    assert api("coordinator-1").record(episode, ago(hours=1), {"nrs": 7}).status_code == 201
    told = take(clara, episode, signed)
    assert (told.status_code, told.json()["code"]) == (412, "stale")
    assert sql(SIGNATURES) == []


def test_a_signature_on_one_record_is_good_for_no_other(api: Api, signing: Callable[[], str], sql):
    clara, one, other = api("clinician-1"), signing(), signing()
    told = take(clara, other, clara.signed(one, transition=ACCEPT))
    assert (told.status_code, told.json()["code"]) == (412, "stale")
    assert sql(SIGNATURES) == []


def test_two_people_sign_one_record_and_news_void_the_first(api: Api, signing: Callable[[], str], sql):
    clara, cem, episode = api("clinician-1"), api("clinician-2"), signing()
    assert take(clara, episode, clara.signed(episode, transition=WITHDRAW)).status_code == 202
    assert "a second person must agree" in clara.get(f"/episodes/{episode}/why").json()["sentence"]
    assert api("coordinator-1").record(episode, ago(hours=1), {"nrs": 7}).status_code == 201
    assert "a second person must agree" not in clara.get(f"/episodes/{episode}/why").json()["sentence"]
    (first,) = clara.get(f"/episodes/{episode}").json()["signatures"]
    assert (first["stands"], first["voided_by"]) == (False, "coordinator-1")
    assert take(clara, episode, clara.signed(episode, transition=WITHDRAW)).status_code == 202
    done = take(cem, episode, cem.signed(episode, transition=WITHDRAW))
    assert (done.status_code, done.json()["stage"]) == (200, "withdrawn")
    assert [line[0] for line in sql(SIGNATURES)] == ["clinician-1", "clinician-1", "clinician-2"]


def test_the_episode_and_its_ledger_show_name_meaning_and_time_on_the_sites_clock(api: Api, signing: Callable[[], str]):
    clara, episode = api("clinician-1"), signing()
    assert take(clara, episode, clara.signed(episode, transition=ACCEPT)).status_code == 200
    (one,) = clara.get(f"/episodes/{episode}").json()["signatures"]
    assert (one["printed"], one["meaning"], one["zone"], one["stands"]) == (
        "clinician 1",
        MEANING,
        "Europe/Berlin",
        True,
    )
    assert datetime.fromisoformat(one["at_site"]).utcoffset() is not None
    lines = clara.get(f"/episodes/{episode}/ledger").json()["lines"]
    assert [each["signed"] for each in lines if each["signed"]] == [[one]]


def test_a_correction_voids_it_and_says_so(api: Api, signing: Callable[[], str], verify_store: Store):
    clara, carla, episode = api("clinician-1"), api("coordinator-1"), signing()
    made = carla.get(f"/episodes/{episode}").json()["observations"]
    origin = next(one for one in made if one["item"] == "pain_origin")
    assert take(clara, episode, clara.signed(episode, transition=ACCEPT)).status_code == 200
    fixed = carla.post(f"/observations/{origin['id']}/corrections", {"value": "cancer", "reason": "letter misread"})
    assert fixed.status_code == 201, fixed.text
    assert fixed.json()["about"]["voided"] == ["advance:accept_referral"]
    (one,) = carla.get(f"/episodes/{episode}").json()["signatures"]
    assert not one["stands"]
    assert (one["voided_by"], one["void_reason"]) == (
        "coordinator-1",
        "the pain_origin it rests on was corrected: letter misread",
    )


# -- in a session


def test_in_a_session_the_password_signs_and_a_session_that_ends_takes_its_series_with_it(
    api: Api, signing: Callable[[], str], client: Client, sql
):
    episodes, browser = [signing() for _ in range(3)], Browser(client)
    assert browser.sign_in("clinician-1").status_code == 201
    series = browser.post("/signing-series", {"password": PASSWORD}).json()["series"]

    def sign(who: Browser, episode: str, **proof: str) -> Response:
        told = who.post(f"/episodes/{episode}/signing", {"transition": ACCEPT})
        if told.status_code != 200:
            return told
        body = {**ACCEPT, "signature": {"digest": told.json()["digest"], **proof}}
        seen = who.get(f"/episodes/{episode}").headers["etag"]
        return who.post(f"/episodes/{episode}/transitions", body, **{"If-Match": seen})

    bare = sign(browser, episodes[0])
    assert (bare.status_code, bare.json()["code"]) == (403, "not_confirmed")
    assert sign(browser, episodes[0], password=PASSWORD).status_code == 200
    assert sign(browser, episodes[1], series=series).status_code == 200
    other = Browser(client)
    assert other.sign_in("clinician-1").status_code == 201
    assert sign(other, episodes[2], series=series).status_code == 403
    assert browser.post("/sessions/current/end").status_code in (200, 204)
    assert sign(browser, episodes[2], series=series).status_code == 401
    assert sign(other, episodes[2], password=PASSWORD).status_code == 200


def test_a_fresh_sign_in_by_a_provider_signs_and_one_that_is_not_fresh_does_not(
    signing: Callable[[], str], client: Client, sql
):
    episodes, browser = [signing() for _ in range(2)], Browser(client)
    assert browser.sign_in("clinician-1").status_code == 201
    sql("UPDATE session SET how = 'oidc'")

    def sign(episode: str) -> Response:
        digest = browser.post(f"/episodes/{episode}/signing", {"transition": ACCEPT}).json()["digest"]
        seen = browser.get(f"/episodes/{episode}").headers["etag"]
        body = {**ACCEPT, "signature": {"digest": digest}}
        return browser.post(f"/episodes/{episode}/transitions", body, **{"If-Match": seen})

    assert sign(episodes[0]).status_code == 200
    assert sql("SELECT confirmed FROM signature") == [("sign_in",)]
    sql("UPDATE session SET confirmed_at = confirmed_at - interval '6 minutes'")
    stale = sign(episodes[1])
    assert (stale.status_code, stale.json()["code"]) == (403, "not_confirmed")


# -- one sitting


def test_a_series_signs_again_without_the_password_until_it_is_over(api: Api, signing: Callable[[], str], sql):
    clara, episodes = api("clinician-1"), [signing() for _ in range(3)]
    opened = clara.post("/signing-series", {"password": PASSWORD})
    assert opened.status_code == 201
    series = opened.json()["series"]

    def sign(episode: str) -> Response:
        digest = clara.to_sign(episode, transition=ACCEPT)
        return take(clara, episode, {**ACCEPT, "signature": {"digest": digest, "series": series}})

    assert sign(episodes[0]).status_code == 200
    assert sign(episodes[1]).status_code == 200
    told = sql("SELECT confirmed, count(*), count(DISTINCT digest), count(DISTINCT series) FROM signature GROUP BY 1")
    assert told == [("series", 2, 2, 1)]
    assert clara.post("/signing-series/end", {}).json() == {"ended": 1}
    over = sign(episodes[2])
    assert (over.status_code, over.json()["code"]) == (403, "not_confirmed")


@pytest.mark.parametrize(
    "ago_", ["used_at = used_at - interval '16 minutes'", "opened_at = opened_at - interval '61 minutes'"]
)
def test_a_series_is_over_after_a_pause_and_after_an_hour(api: Api, signing: Callable[[], str], sql, ago_: str):
    clara, episode = api("clinician-1"), signing()
    series = clara.post("/signing-series", {"password": PASSWORD}).json()["series"]
    sql(f"UPDATE signing_series SET {ago_}")
    digest = clara.to_sign(episode, transition=ACCEPT)
    over = take(clara, episode, {**ACCEPT, "signature": {"digest": digest, "series": series}})
    assert (over.status_code, over.json()["code"]) == (403, "not_confirmed")


def test_a_series_is_nobody_elses_and_no_other_tokens(api: Api, signing: Callable[[], str], database: Any):
    clara, cem, episode = api("clinician-1"), api("clinician-2"), signing()
    series = clara.post("/signing-series", {"password": PASSWORD}).json()["series"]
    store = session.open_store(database.migrate, database.key_file)
    token = people.add_token(store, person="clinician-1", label="another", days=1)
    store.close()
    digest = clara.to_sign(episode, transition=ACCEPT)
    body = {**ACCEPT, "signature": {"digest": digest, "series": series}}
    for other in (cem, Caller(clara.client, {"Authorization": f"Bearer {token}"})):
        told = take(other, episode, body)
        assert (told.status_code, told.json()["code"]) == (403, "not_confirmed")
    assert take(clara, episode, body).status_code == 200


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"transition": ACCEPT, "override": {"gate": "prepared", "reason": "assessment_waived_by_panel"}},
        {"transition": {**ACCEPT, "signature": {"digest": "0" * 64, "password": PASSWORD}}},
        {"transition": {"name": "teleport"}},
        {"override": {"gate": "prepared", "reason": "in a hurry"}},
        {"override": {"gate": "no_contraindication", "reason": "assessment_waived_by_panel"}},
        {"deviation": {"act": "juggling", "reason": "ten characters", "occurred_at": ago(hours=1)}},
    ],
)
def test_what_could_not_be_signed_is_not_shown(api: Api, signing: Callable[[], str], step: dict[str, object]):
    told = api("clinician-1").post(f"/episodes/{signing()}/signing", step)
    assert told.status_code == 422, told.text
    assert PASSWORD not in told.text


def test_the_key_of_a_signed_command_is_kept_without_the_password(api: Api, signing: Callable[[], str], sql):
    clara, episode = api("clinician-1"), signing()
    signed = clara.signed(episode, transition=ACCEPT)
    seen = clara.get(f"/episodes/{episode}").headers["etag"]
    path = f"/episodes/{episode}/transitions"
    assert clara.post(path, signed, key="k", seen=seen).status_code == 200
    again = clara.post(path, signed, key="k", seen=seen)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    wrong = {**signed, "signature": {**signed["signature"], "password": "another, and wrong"}}
    assert clara.post(path, wrong, key="k", seen=seen).status_code == 403
    other = {**signed, "signature": {**signed["signature"], "digest": "0" * 64}}
    assert clara.post(path, other, key="k", seen=seen).json()["code"] == "key_reused"
    fingerprints = [line[0] for line in sql("SELECT body FROM command WHERE key = 'k'")]
    assert len(fingerprints) == 1


@pytest.mark.parametrize(
    "signature",
    [
        {},
        {"digest": "short", "password": PASSWORD},
        {"digest": "0" * 64, "password": ""},
        {"digest": "0" * 64, "password": PASSWORD, "series": "series_x"},
        {"digest": "0" * 64, "printed": "Dr Nobody", "password": PASSWORD},
        {"digest": "0" * 64, "password": 7},
        [],
        "mine",
    ],
)
def test_a_signature_that_cannot_be_read_is_refused(api: Api, signing: Callable[[], str], signature: object, sql):
    clara, episode = api("clinician-1"), signing()
    told = take(clara, episode, {**ACCEPT, "signature": signature})
    assert told.status_code == 422
    assert sql(SIGNATURES) == []


def test_the_database_lets_nobody_change_a_signature(api: Api, signing: Callable[[], str], database: Any, sql):
    clara, episode = api("clinician-1"), signing()
    assert take(clara, episode, clara.signed(episode, transition=ACCEPT)).status_code == 200
    for change in ("printed = 'Dr Nobody'", "digest = repeat('0', 64)", "meaning = 'nothing'", "key = '999'"):
        with pytest.raises(Exception, match="never changed"):
            sql(f"UPDATE signature SET {change}")
    voiding = "voided_at = now(), voided_by = 'x', voided_on = '9', void_reason = 'why'"
    sql(f"UPDATE signature SET {voiding}")
    with pytest.raises(Exception, match="never changed"):
        sql("UPDATE signature SET voided_at = NULL, voided_by = NULL, voided_on = NULL, void_reason = NULL")


def test_the_invariants_hold_with_signatures_and_find_one_copied_to_another_candidate(
    api: Api, signing: Callable[[], str], verify_store: Store, sql
):
    clara, one, other = api("clinician-1"), signing(), signing()
    assert take(clara, one, clara.signed(one, transition=ACCEPT)).status_code == 200
    assert audit(verify_store).flaws == ()
    columns = "site_id, key, about, by, printed, meaning, at, digest, rests_on, confirmed"
    sql(f"INSERT INTO signature (episode_id, {columns}) SELECT CAST(:to AS uuid), {columns} FROM signature", to=other)
    assert {(flaw.episode, flaw.kind) for flaw in audit(verify_store).flaws} == {(other, "fold")}
