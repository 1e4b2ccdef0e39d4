"""Whose a task is, and until when it waits, over HTTP."""

from collections.abc import Callable

from caller import Api, Caller, ago, ahead


def _triage(caller: Caller) -> str:
    (task,) = caller.get("/tasks", mine=True).json()["items"]
    return str(task["id"])


def test_a_task_is_claimed_and_given_to_somebody_who_works_here(api: Api):
    carla = api("coordinator-1")
    episode = api.enrol(days=0.1)
    task = _triage(carla)
    assert api("scheduler-1").post(f"/tasks/{task}/claim", {}).json()["gates"][0]["gate"] == "role"
    assert carla.post(f"/tasks/{task}/claim", {}).status_code == 200
    for nobody in ("nobody", "auditor-1"):
        told = carla.post(f"/tasks/{task}/reassign", {"to": nobody})
        assert (told.status_code, told.json()["place"]) == (422, "to")
    assert carla.post(f"/tasks/{task}/reassign", {"to": "nurse-1", "reason": "away"}).status_code == 200
    (shown,) = carla.get("/tasks").json()["items"]
    assert (shown["assignee"], shown["episode"]) == ("nurse-1", episode)
    assert carla.post(f"/tasks/{episode}~s1.nothing.1/claim", {}).status_code == 404


def test_a_first_reminder_is_put_off_while_it_is_the_first(api: Api):
    carla = api("coordinator-1")
    api.enrol(days=0.1)
    path = f"/tasks/{_triage(carla)}/snooze"
    assert carla.post(path, {"until": ahead(days=1)}).json()["place"] == "reason"
    far = carla.post(path, {"until": ahead(days=20), "reason": "post"})
    assert (far.status_code, far.json()["place"]) == (422, "until")
    assert carla.post(path, {"until": ahead(days=1), "reason": "post"}).status_code == 200
    api.enrol(by="coordinator-2", days=40)
    old = next(one for one in carla.get("/tasks").json()["items"] if one["late"])
    late = carla.post(f"/tasks/{old['id']}/snooze", {"until": ahead(days=1), "reason": "post"})
    assert (late.status_code, late.json()["gates"][0]["gate"]) == (409, "rung")


def test_a_task_waits_on_an_outsider_and_the_inbox_says_on_whom(api: Api):
    carla = api("coordinator-1")
    episode, until = api.enrol(days=0.1), ahead(days=20)
    path = f"/tasks/{_triage(carla)}/wait"
    unknown = carla.post(path, {"on": "aunt", "until": until, "reason": "letter"})
    assert (unknown.status_code, unknown.json()["place"]) == (422, "on")
    assert carla.post(path, {"on": "gp", "until": until, "reason": "letter"}).status_code == 200
    (line,) = carla.get("/tasks").json()["items"]
    (shown,) = carla.get(f"/episodes/{episode}").json()["tasks"]
    assert (line["waiting_on"], shown["waiting_on"], line["late"]) == ("gp", "gp", False)
    assert line["acknowledged_until"] == line["due_at"] == shown["due_at"]


def test_a_promise_said_on_the_phone_is_logged_as_whose_it_is(api: Api):
    carla = api("coordinator-1")
    episode, until = api.enrol(days=0.1), ahead(days=1)
    path = f"/tasks/{_triage(carla)}/acknowledge"
    told = carla.post(path, {"until": until, "by": "lead-2", "via": "phone", "note": "from the ward"})
    assert told.status_code == 200, told.text
    assert (told.json()["actor"], told.json()["about"]["by"]) == ("coordinator-1", "lead-2")
    (shown,) = carla.get(f"/episodes/{episode}").json()["tasks"]
    assert shown["assignee"] == "lead-2"
    wrong = {
        "by": {"until": until, "by": "lead-3", "via": "phone"},
        "via": {"until": until, "via": "fax"},
        "until": {"until": ahead(days=3), "by": "lead-1", "via": "phone"},
    }
    for place, body in wrong.items():
        answer = carla.post(path, body)
        assert (answer.status_code, answer.json()["place"]) == (422, place), answer.text
    assert carla.post(path, {"until": until, "by": "lead-1"}).json()["place"] == "via"
    nobodys = carla.post(path, {"until": until, "by": "scheduler-1", "via": "phone"})
    assert (nobodys.status_code, nobodys.json()["gates"][0]["gate"]) == (409, "role")


def test_an_offer_is_the_others_only_once_they_take_it(api: Api):
    carla, nina, paul = (api(name) for name in ("coordinator-1", "nurse-1", "pharmacist-1"))
    episode = api.enrol(days=0.1)
    task = _triage(carla)
    assert carla.post(f"/tasks/{task}/reassign", {"to": "nurse-1"}).status_code == 200
    assert nina.post(f"/tasks/{task}/reassign", {"to": "nurse-1"}).json()["place"] == "to"
    told = nina.post(f"/tasks/{task}/reassign", {"to": "pharmacist-1", "reason": "going home"})
    assert told.json()["about"]["offered"] == "yes"
    (shown,) = carla.get(f"/episodes/{episode}").json()["tasks"]
    assert (shown["assignee"], shown["offered_to"]) == ("nurse-1", "pharmacist-1")
    assert [one["id"] for one in paul.get("/tasks", mine=True).json()["items"]] == [task]
    assert paul.post(f"/tasks/{task}/claim", {}).json()["about"]["accepted_from"] == "nurse-1"
    (line,) = carla.get("/tasks").json()["items"]
    assert (line["assignee"], line["offered_to"]) == ("pharmacist-1", None)


def test_attempts_to_reach_an_outsider_are_counted_and_told(api: Api):
    carla = api("coordinator-1")
    episode = api.enrol(days=0.1)
    task = _triage(carla)
    tried = {"how": "phone", "reached": False, "note": "engaged"}
    nobody = carla.post(f"/tasks/{task}/contacts", tried)
    assert (nobody.status_code, nobody.json()["gates"][0]["gate"]) == (409, "waiting")
    carla.post(f"/tasks/{task}/wait", {"on": "gp", "until": ahead(days=5), "reason": "letter"})
    told = carla.post(f"/tasks/{task}/contacts", tried | {"chase_at": ahead(days=2)})
    assert told.status_code == 200, told.text
    assert (told.json()["about"]["attempt"], told.json()["about"]["reached"]) == (1, "no")
    for place, body in {
        "chase_at": tried | {"chase_at": ahead(days=9)},
        "how": tried | {"how": "pigeon"},
        "reached": tried | {"reached": "no"},
    }.items():
        wrong = carla.post(f"/tasks/{task}/contacts", body)
        assert (wrong.status_code, wrong.json()["place"]) == (422, place), wrong.text
    (line,), (shown,) = carla.get("/tasks").json()["items"], carla.get(f"/episodes/{episode}").json()["tasks"]
    assert (line["contacts"], shown["contacts"], line["waiting_on"]) == (1, 1, "gp")
    assert api("coordinator-1").get(f"/episodes/{episode}/ledger").json()["lines"][-1]["verb"] == "contact"


def test_red_work_shows_whom_to_call_and_that_this_is_no_emergency_channel(api: Api, sql: Callable[..., list]):
    sql("UPDATE site SET emergency_number = '112' WHERE site_id = 'north'")
    carla = api("coordinator-1")
    episode = api.enrol(days=0.1)
    api("nurse-1").record(episode, ago(), {"sedation_score": 4, "breathing_rate": 6})
    shown = carla.get(f"/episodes/{episode}").json()
    called = {"call": "112", "note": "Theca is not an emergency channel"}
    assert {one["name"]: one["emergency"] for one in shown["duties"]} == {"respiratory_alarm": called}
    listed = {one["name"]: one["emergency"] for one in carla.get("/tasks").json()["items"]}
    assert listed == {"respiratory_alarm": called, "triage_referral": None}
