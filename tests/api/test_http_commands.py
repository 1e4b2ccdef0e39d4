"""Commands: which version was seen, which key was used, and what happens when fifty people press at once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from caller import Api, ago, referral

LINES = "SELECT count(*) FROM ledger"


def test_a_transition_says_which_version_it_saw(api: Api):
    carla, episode = api("coordinator-1"), api.accepted()
    path, asked = f"/episodes/{episode}/transitions", {"name": "accept_referral"}
    seen = carla.get(f"/episodes/{episode}").headers["etag"]
    assert seen == '"2"'
    missing = carla.post(path, asked)
    assert (missing.status_code, missing.json()["place"]) == (428, "If-Match")
    stale = carla.post(path, asked, seen='"1"')
    assert (stale.status_code, stale.json()["code"], stale.json()["allowed"]) == (412, "stale", '"2"')
    for unreadable in ('W/"2"', "2", "*", '"x"', '"2", "3"'):
        assert carla.post(path, asked, seen=unreadable).json()["place"] == "If-Match"
    moved = carla.post(path, asked, seen=seen)
    assert (moved.status_code, moved.json()["stage"], moved.headers["etag"]) == (200, "screening", '"3"')


def test_a_refusal_tells_every_gate_and_is_in_the_ledger(api: Api, sql: Callable[..., list]):
    carla, episode = api("coordinator-1"), api.enrol()
    refused = carla.advance(episode, "accept_referral")
    told = refused.json()
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (told["code"], told["version"], told["seq"]) == ("refused", 1, 2)
    assert [(gate["gate"], gate["verdict"]) for gate in told["gates"]] == [("referral_complete", "unknown")]
    assert "Pain origin" in told["gates"][0]["opens_when"]
    assert sql("SELECT verb, outcome FROM ledger ORDER BY seq DESC LIMIT 1") == [("advance", "refused")]
    elsewhere = carla.advance(episode, "start_follow_up")
    assert elsewhere.json()["gates"][0]["gate"] == "stage"
    unknown = carla.advance(episode, "teleport")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_name")


def test_a_repeated_command_is_answered_and_not_done_again(api: Api, sql: Callable[..., list]):
    carla, episode = api("coordinator-1"), api.accepted()
    path, asked = f"/episodes/{episode}/transitions", {"name": "accept_referral"}
    first = carla.post(path, asked, key="k-1", seen='"2"')
    lines = sql(LINES)
    again = carla.post(path, asked, key="k-1", seen='"2"')
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    other = carla.post(path, {"name": "decline", "reason": "not_suitable"}, key="k-1", seen='"2"')
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    elsewhere = carla.post(f"/episodes/{api.enrol()}/hold", {"reason": "waiting_for_payer"}, key="k-1")
    assert elsewhere.json()["code"] == "key_reused"
    assert sql(LINES)[0][0] == lines[0][0] + 1  # the enrolment of the other one
    assert api("coordinator-2").post(path, asked, key="k-1", seen='"2"').status_code == 412  # keys are one's own


def test_a_refusal_and_an_enrolment_are_answered_again_too(api: Api, sql: Callable[..., list]):
    carla, asked = api("coordinator-1"), referral()
    first, again = carla.post("/episodes", asked, key="e-1"), carla.post("/episodes", asked, key="e-1")
    assert first.status_code == again.status_code == 201
    assert first.headers["location"] == again.headers["location"] == f"/api/v1/episodes/{first.json()['episode']}"
    assert first.json() == again.json()
    path = f"/episodes/{first.json()['episode']}/transitions"
    refused = carla.post(path, {"name": "accept_referral"}, key="r-1", seen='"1"')
    assert refused.status_code == 409
    assert carla.post(path, {"name": "accept_referral"}, key="r-1", seen='"1"').json() == refused.json()
    assert sql(LINES) == [(2,)]


def test_a_key_is_visible_ascii(api: Api):
    for key in ("", "a b", "x" * 201, "caf\xe9"):
        told = api("coordinator-1").post("/episodes", referral(), **{"Idempotency-Key": key})
        assert (told.status_code, told.json()["place"]) == (422, "Idempotency-Key")


def test_known_numbers_and_open_episodes_conflict(api: Api):
    carla = api("coordinator-1")
    assert carla.post("/episodes", referral(external_id="A 1")).status_code == 201
    other = carla.post("/episodes", referral(external_id="a1", birth_date="1970-01-01"))
    assert (other.status_code, other.json()["code"]) == (409, "identity_conflict")
    again = carla.post("/episodes", referral(external_id="a1"))
    assert (again.status_code, again.json()["code"]) == (409, "impossible_now")


def test_of_fifty_who_press_at_once_one_moves_the_candidate(api: Api, sql: Callable[..., list]):
    carla, episode = api("coordinator-1"), api.accepted()
    path, asked = f"/episodes/{episode}/transitions", {"name": "accept_referral"}
    before = sql(LINES)[0][0]
    with ThreadPoolExecutor(50) as pool:
        told = list(pool.map(lambda _: carla.post(path, asked, seen='"2"'), range(50)))
    assert Counter(one.status_code for one in told) == {200: 1, 412: 49}
    assert sql(LINES)[0][0] == before + 1


def test_fifty_with_one_key_all_hear_the_same_answer(api: Api, sql: Callable[..., list]):
    carla, episode = api("coordinator-1"), api.accepted()
    path, asked = f"/episodes/{episode}/transitions", {"name": "accept_referral"}
    before = sql(LINES)[0][0]
    with ThreadPoolExecutor(50) as pool:
        told = list(pool.map(lambda _: carla.post(path, asked, key="one", seen='"2"'), range(50)))
    assert {one.status_code for one in told} == {200}
    assert len({one.text for one in told}) == 1
    assert sum("idempotency-replayed" in one.headers for one in told) == 49
    assert sql(LINES)[0][0] == before + 1


def test_twenty_who_enrol_with_one_key_enrol_once(api: Api, sql: Callable[..., list]):
    asked = referral()
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda _: api("coordinator-1").post("/episodes", asked, key="one"), range(20)))
    assert {one.status_code for one in told} == {201}
    assert len({one.text for one in told}) == 1
    assert sql("SELECT (SELECT count(*) FROM candidate), (SELECT count(*) FROM episode)") == [(1, 1)]


def test_a_known_candidate_is_not_enrolled_twice_at_once(api: Api):
    carla, asked = api("coordinator-1"), referral()
    for _ in range(3):
        with ThreadPoolExecutor(6) as pool:
            told = [one.status_code for one in pool.map(lambda _: carla.post("/episodes", asked), range(6))]
        assert sorted(told) == [201, 409, 409, 409, 409, 409]
        (line,) = carla.get("/episodes").json()["items"]
        assert carla.advance(line["id"], "withdraw", reason="moved_away").status_code == 200


def test_one_key_on_two_episodes_at_once_is_refused_for_one(api: Api):
    carla, both = api("coordinator-1"), [api.enrol(), api.enrol()]
    for number in range(10):
        visit = {"kind": "visit", "starts_at": ago(days=-number - 1)}
        pages = [(f"/episodes/{episode}/appointments", visit, f"both-{number}") for episode in both]
        with ThreadPoolExecutor(2) as pool:
            told = pool.map(lambda page: carla.post(page[0], page[1], key=page[2]).status_code, pages)
            assert sorted(told) == [201, 422]


def test_a_duty_is_not_ticked_off_and_a_task_is_taken_on_until_a_time(api: Api):
    nils, carla, episode = api("nurse-1"), api("coordinator-1"), api.accepted()
    (triage,) = carla.get("/tasks", mine=True).json()["items"]
    last = carla.post(f"/tasks/{triage['id']}/complete", {"note": "called them"})
    assert (last.status_code, last.json()["gates"][0]["gate"]) == (409, "stay")
    assert nils.post(f"/tasks/{triage['id']}/acknowledge", {"until": ago(days=-1)}).status_code == 409
    mine = carla.post(f"/tasks/{triage['id']}/acknowledge", {"until": ago(days=-1)})
    assert (mine.status_code, mine.headers["etag"]) == (200, '"2"')
    too_long = carla.post(f"/tasks/{triage['id']}/acknowledge", {"until": ago(days=-30)})
    assert (too_long.status_code, too_long.json()["place"]) == (422, "until")
    assert carla.post(f"/tasks/{episode}~s1.nothing.1/complete", {}).status_code == 404


def test_an_appointment_is_moved_missed_and_called_after(api: Api):
    sam, episode = api("scheduler-1"), api.enrol()
    path = f"/episodes/{episode}/appointments"
    first = sam.post(path, {"kind": "visit", "starts_at": ago(days=-20)}).json()["made"][0]
    assert sam.post(f"/appointments/{first}/reschedule", {"starts_at": ago(days=-30)}).status_code == 200
    early = sam.post(f"/appointments/{first}/attend", {})
    assert (early.status_code, early.json()["place"]) == (422, "starts_at")
    assert sam.post(f"/appointments/{first}/cancel", {"reason": "moved away"}).status_code == 200
    second = sam.post(path, {"kind": "visit", "starts_at": ago(hours=3)}).json()["made"][0]
    assert sam.post(f"/appointments/{second}/miss", {}).status_code == 200
    shown = sam.get(f"/episodes/{episode}").json()
    assert [one["state"] for one in shown["appointments"]] == ["cancelled", "missed"]
    assert [one["name"] for one in shown["duties"]] == ["call_after_missed_appointment"]


def test_a_dose_belongs_to_the_trial_that_runs(api: Api):
    nils, episode = api("nurse-1"), api.enrol()
    dose = {"drug": "morphine", "mode": "bolus", "ordered": 0.2, "given": 0.2, "unit": "mg"}
    none = nils.post(f"/episodes/{episode}/trials/1/administrations", dose)
    assert (none.status_code, none.json()["place"]) == (404, "trial")
