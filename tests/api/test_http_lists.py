"""Lists and figures: pages that stay put, filters that mean something, and how well time is kept."""

from collections.abc import Callable

from caller import REFERRAL, V1, Api, ago

from workflow.service import fire
from workflow.store.session import Store

OVERDUE = "UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'"


def _walk(api: Api, path: str, cursor: str | None = None, **query: object) -> list[str]:
    seen: list[str] = []
    for _ in range(50):
        page = api("lead-1").get(path, **query, **({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return seen
    raise AssertionError("no last page")


def test_pages_of_episodes_stay_put_while_others_arrive(api: Api):
    made = [api.enrol(days=30 - number // 3) for number in range(9)]
    first = api("lead-1").get("/episodes", limit=4).json()
    late_comer = api.enrol(days=1)
    seen = [one["id"] for one in first["items"]] + _walk(api, "/episodes", cursor=first["next"], limit=4)
    assert sorted(seen) == sorted(made)
    assert _walk(api, "/episodes", limit=3)[0] == late_comer
    when = [one["enrolled_at"] for one in api("lead-1").get("/episodes").json()["items"]]
    assert when == sorted(when, reverse=True)


def test_episodes_are_found_by_name_number_code_and_state(api: Api):
    carla = api("coordinator-1")
    adler = api.enrol(family_name="Adler-Ço", given_name="Zoë", external_id="X 77", days=3)
    other = api.enrol(days=2)
    carla.record(other, ago(days=2), REFERRAL)
    assert carla.advance(other, "accept_referral").status_code == 200
    assert carla.post(f"/episodes/{other}/hold", {"reason": "waiting_for_payer"}).status_code == 200
    code = carla.get(f"/episodes/{adler}").json()["code"]
    for q in ("adl", "zoe", "ADLER co", "x77", code, code.lower()):
        assert [one["id"] for one in carla.get("/episodes", q=q).json()["items"]] == [adler], q
    assert carla.get("/episodes", q="ad").json()["items"] == []
    (line,) = carla.get("/episodes", stage="screening").json()["items"]
    assert (line["id"], line["hold"]["reason"], line["stage"]["label"]) == (other, "waiting_for_payer", "Screening")
    assert (line["day_in_stage"], line["late"], line["duties"]) == (1, False, 0)
    (line,) = carla.get("/episodes", stage="referred").json()["items"]
    assert (line["code"], line["family_name"], line["day_in_stage"]) == (code, "Adler-Ço", 4)
    assert line["next_due"]["label"] == "Triage the referral"
    task = carla.get(f"/episodes/{adler}").json()["tasks"][0]["id"]
    assert carla.get("/episodes", assignee="coordinator-1").json()["items"] == []
    assert carla.post(f"/tasks/{task}/acknowledge", {"until": ago(days=-1)}).status_code == 200
    assert [one["id"] for one in carla.get("/episodes", assignee="coordinator-1").json()["items"]] == [adler]


def test_what_is_over_is_listed_only_where_it_is_asked_for(api: Api):
    episode = api.enrol()
    gone = api("coordinator-1").advance(episode, "withdraw", reason="moved_away")
    assert gone.json()["stage"] == "withdrawn"
    assert api("lead-1").get("/episodes").json()["items"] == []
    for query in ({"stage": "withdrawn"}, {"q": "nightjar"}):
        (line,) = api("lead-1").get("/episodes", **query).json()["items"]
        assert line["closed_at"]
    assert "ended in Withdrawn" in api("lead-1").get(f"/episodes/{episode}/why").json()["sentence"]


def test_late_work_is_told_and_a_promise_holds_it_back(api: Api, sql: Callable[..., list], worker_store: Store):
    carla, episode = api("coordinator-1"), api.enrol(days=0.1)
    (task,) = carla.get("/tasks").json()["items"]
    assert (task["late"], task["urgency"], task["duty"], task["clock"]) == (False, "routine", False, "live")
    assert carla.get("/tasks", late=True).json()["items"] == []
    sql(OVERDUE)
    assert [one["late"] for one in carla.get("/tasks", late=True).json()["items"]] == [True]
    assert fire.sweep(worker_store) == 1
    assert [one["id"] for one in carla.get("/episodes", late=True).json()["items"]] == [episode]
    told = api("lead-1").get("/messages", episode=episode).json()["items"]
    everybody = {(f"coordinator-{n}", channel) for n in (1, 2) for channel in ("in_app", "email")}
    assert {(one["recipient"], one["channel"]) for one in told} == everybody
    assert {(one["channel"], one["state"]) for one in told} == {("in_app", "sent"), ("email", "waiting")}
    assert _walk(api, "/messages", limit=1) == [one["id"] for one in told]
    assert api("lead-1").get("/messages", state="dead").json()["items"] == []
    assert len(api("lead-1").get("/messages", recipient="coordinator-2").json()["items"]) == 2
    assert "Nightjar" not in str(told)
    assert carla.post(f"/tasks/{task['id']}/acknowledge", {"until": ago(days=-1)}).status_code == 200
    assert carla.get("/tasks", late=True).json()["items"] == carla.get("/episodes", late=True).json()["items"] == []


def test_the_inbox_is_by_role_person_and_site(api: Api):
    for _ in range(5):
        api.enrol()
    api.enrol(by="coordinator-3", site="south")
    assert len(_walk(api, "/tasks", limit=2)) == len(set(_walk(api, "/tasks", limit=2))) == 5
    assert api("nurse-1").get("/tasks", mine=True).json()["items"] == []
    mine = api("coordinator-2").get("/tasks", mine=True).json()["items"]
    assert len(mine) == 5
    api("coordinator-1").post(f"/tasks/{mine[0]['id']}/acknowledge", {"until": ago(days=-1)})
    assert len(api("coordinator-2").get("/tasks", mine=True).json()["items"]) == 4
    assert len(api("lead-1").get("/tasks", role="coordinator").json()["items"]) == 5
    assert api("lead-1").get("/tasks", role="nurse").json()["items"] == []


def test_people_sites_calendars_and_protocols(api: Api):
    me = api("nurse-1").get("/me").json()
    assert (me["id"], me["roles"]) == ("nurse-1", {"north": ["nurse"]})
    assert "record" in me["may"]["north"]
    assert "override" not in me["may"]["north"]
    staff = {one["id"]: one["roles"] for one in api("nurse-1").get("/staff").json()["items"]}
    assert staff["lead-2"][0]["role"] == "lead"
    assert "lead-3" not in staff
    (calendar,) = api("nurse-1").get("/calendars").json()["items"]
    assert (calendar["zone"], calendar["weekdays"]) == ("Europe/Berlin", [0, 1, 2, 3, 4])
    assert any(day.endswith("-10-03") for day in calendar["closed_days"])
    (printed,) = api("nurse-1").get("/protocols").json()["items"]
    version = api("nurse-1").get(f"/protocols/{printed['key']}/versions/{printed['number']}").json()
    assert version["sha256"] == printed["sha256"]
    assert version["definition"].startswith("# Intrathecal opioid trial")
    assert version["drawing"].startswith("<svg")
    assert api("nurse-1").get("/protocols/opioid_trial/versions/99").status_code == 404


def test_health_says_what_to_do(api: Api, sql: Callable[..., list], worker_store: Store):
    assert api.client.get("/healthz").json() == {"status": "up"}
    never = api.client.get("/readyz")
    found = {one["what"]: one for one in never.json()["findings"]}
    assert (never.status_code, found["tick"]["shown"]) == (503, "never")
    assert "start a worker" in found["tick"]["remedy"]
    fire.sweep(worker_store)
    assert api.client.get("/readyz").status_code == 200
    api.enrol(days=0.1)
    sql(OVERDUE)
    late = api.client.get("/readyz")
    assert (late.status_code, late.json()["code"]) == (503, "not_ready")
    figures = api("service-1").get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert "theca_due_timers 1.0" in figures.text
    assert 'theca_requests_total{method="GET",status="503"}' in figures.text


def test_answers_stay_out_of_caches(api: Api):
    for path in ("/healthz", f"{V1}/me", "/nowhere"):
        told = api.client.get(path, headers=api("nurse-1").headers)
        assert (told.headers["cache-control"], told.headers["x-content-type-options"]) == ("no-store", "nosniff")
