"""Whose a task is, and until when it waits, over HTTP."""

from caller import Api, Caller, ahead


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
