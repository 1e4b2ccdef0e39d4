"""A site's roster over HTTP: who may change it, what that is noted as, and whom it lets a rung tell."""

from collections.abc import Callable

from caller import Api, Caller, ahead

from workflow.service import fire
from workflow.store.session import Store

OVERDUE = "UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'"


def _absence(person: str = "nurse-1", **more: object) -> dict[str, object]:
    return {"person": person, "starts_at": ahead(days=-1), "ends_at": ahead(days=1), **more}


def _take_out(caller: Caller, path: str, **which: object):
    return caller.client.delete(f"/api/v1{path}", params=which, headers=caller.headers)


def test_the_roster_says_who_is_there_and_who_stands_in(api: Api):
    carla = api("coordinator-1")
    told = carla.post("/sites/north/absences", _absence(substitute="nurse-2"))
    assert told.status_code == 201, told.text
    assert carla.post("/sites/north/deputies", {"person": "clinician-1", "deputy": "clinician-2"}).status_code == 201
    shift = {"person": "clinician-2", "starts_at": ahead(days=-1), "ends_at": ahead(days=1)}
    assert carla.post("/sites/north/on-call", shift).status_code == 201
    shown = api("nurse-2").get("/sites/north/roster").json()
    by_id = {one["id"]: one for one in shown["people"]}
    assert (by_id["nurse-1"]["there"], by_id["nurse-1"]["substitute"]) == (False, "nurse-2")
    assert (by_id["clinician-2"]["there"], by_id["clinician-2"]["on_call"]) == (True, True)
    assert by_id["clinician-1"]["deputies"] == ["clinician-2"]
    assert [one["person"] for one in shown["absences"]] == ["nurse-1"]


def test_what_was_entered_is_taken_out_again(api: Api):
    lead, absence = api("lead-1"), _absence()
    assert lead.post("/sites/north/absences", absence).status_code == 201
    assert lead.post("/sites/north/absences", absence).status_code == 201
    which = {"person": "nurse-1", "starts_at": absence["starts_at"]}
    told = _take_out(lead, "/sites/north/absences", **which)
    assert (told.status_code, told.json()["absences"]) == (200, [])
    assert _take_out(lead, "/sites/north/absences", **which).status_code == 404
    lead.post("/sites/north/deputies", {"person": "nurse-1", "deputy": "nurse-2"})
    deputy = {"person": "nurse-1", "deputy": "nurse-2"}
    assert [_take_out(lead, "/sites/north/deputies", **deputy).status_code for _ in range(2)] == [200, 404]
    lead.post("/sites/north/on-call", absence)
    assert [_take_out(lead, "/sites/north/on-call", **which).status_code for _ in range(2)] == [200, 404]


def test_coordinator_lead_and_administrator_change_it_and_others_only_their_own_absence(api: Api):
    for person in ("coordinator-1", "lead-1", "admin-1"):
        absence = _absence("nurse-2", starts_at=ahead(days=2), ends_at=ahead(days=3))
        assert api(person).post("/sites/north/absences", absence).status_code == 201, person
        which = {"person": "nurse-2", "starts_at": absence["starts_at"]}
        assert _take_out(api(person), "/sites/north/absences", **which).status_code == 200, person
    nina, own = api("nurse-1"), _absence("nurse-1")
    assert nina.post("/sites/north/absences", own).status_code == 201
    assert _take_out(nina, "/sites/north/absences", person="nurse-1", starts_at=own["starts_at"]).status_code == 200
    refused = (
        nina.post("/sites/north/absences", _absence("nurse-2")),
        nina.post("/sites/north/deputies", {"person": "nurse-1", "deputy": "nurse-2"}),
        nina.post("/sites/north/on-call", _absence("nurse-1")),
        _take_out(nina, "/sites/north/absences", person="nurse-2", starts_at=ahead()),
        _take_out(nina, "/sites/north/deputies", person="nurse-1", deputy="nurse-2"),
        _take_out(nina, "/sites/north/on-call", person="nurse-1", starts_at=ahead()),
    )
    for told in refused:
        assert (told.status_code, told.json()["code"]) == (403, "not_permitted"), told.text


def test_another_site_has_no_roster_for_anybody_here(api: Api):
    carla, body = api("coordinator-1"), {"person": "nurse-3", "deputy": "nurse-1"}
    for site in ("south", "nowhere", "north%00", "x" * 80):
        told = (
            carla.get(f"/sites/{site}/roster"),
            carla.post(f"/sites/{site}/absences", _absence("coordinator-1")),
            carla.post(f"/sites/{site}/deputies", body),
            carla.post(f"/sites/{site}/on-call", _absence("coordinator-1")),
            _take_out(carla, f"/sites/{site}/deputies", **body),
        )
        assert [one.status_code for one in told] == [404] * 5, site


def test_what_cannot_be_says_what_is_wrong(api: Api):
    carla = api("coordinator-1")
    wrong = {
        "person": _absence("nurse-3"),
        "substitute": _absence(substitute="nurse-3"),
        "ends_at": _absence(ends_at=ahead(days=-2)),
    }
    for place, body in wrong.items():
        told = carla.post("/sites/north/absences", body)
        assert (told.status_code, told.json()["place"]) == (422, place), told.text
    assert carla.post("/sites/north/absences", _absence()).status_code == 201
    touching = carla.post("/sites/north/absences", _absence(ends_at=ahead(days=2)))
    assert (touching.status_code, touching.json()["place"]) == (409, "starts_at")
    assert _take_out(carla, "/sites/north/absences", person="nurse-1").status_code == 422


def test_who_changed_what_stays_in_the_access_log(api: Api, sql: Callable[..., list]):
    absence = _absence(substitute="nurse-2")
    api("lead-1").post("/sites/north/absences", absence)
    _take_out(api("admin-1"), "/sites/north/absences", person="nurse-1", starts_at=absence["starts_at"])
    noted = sql("SELECT site_id, actor, what FROM access WHERE what LIKE 'roster: %' ORDER BY id")
    assert [(site, actor) for site, actor, _ in noted] == [("north", "lead-1"), ("north", "admin-1")]
    assert "nurse-1 away" in noted[0][2]
    assert "nurse-2 stands in" in noted[0][2]


def test_a_substitute_is_told_and_may_answer(api: Api, sql: Callable[..., list], worker_store: Store):
    carla = api("coordinator-1")
    api.enrol(days=0.1)
    for away, instead in (("coordinator-1", "pharmacist-1"), ("coordinator-2", None)):
        assert carla.post("/sites/north/absences", _absence(away, substitute=instead)).status_code == 201
    sql(OVERDUE)
    fire.sweep(worker_store)
    assert sql("SELECT DISTINCT recipient FROM message") == [("pharmacist-1",)]
    (task,) = api("lead-1").get("/tasks").json()["items"]
    told = api("pharmacist-1").post(f"/tasks/{task['id']}/acknowledge", {"until": ahead(days=1)})
    assert told.status_code == 200, told.text
    assert api("pharmacist-2").post(f"/tasks/{task['id']}/claim", {}).status_code == 409


def test_a_rung_that_reached_nobody_it_names_is_known_until_somebody_takes_the_task(
    api: Api, sql: Callable[..., list], worker_store: Store
):
    api.enrol(days=0.1)
    for person in ("coordinator-1", "coordinator-2"):
        api("admin-1").post("/sites/north/absences", _absence(person))
    sql(OVERDUE)
    fire.sweep(worker_store)
    assert {one for (one,) in sql("SELECT DISTINCT recipient FROM message")} == {"lead-1", "lead-2"}
    assert sql("SELECT reached FROM timer WHERE state = 'live'") == [(0,)]
    (task,) = api("lead-1").get("/tasks").json()["items"]
    assert api("lead-1").post(f"/tasks/{task['id']}/claim", {}).status_code == 200
    assert sql("SELECT reached FROM timer WHERE state = 'live'") == [(None,)]
