"""Backlogs and outages over the interface: seen where one works, released by whoever may, and nowhere else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from caller import Api

from workflow.service import fire, intake
from workflow.service.act import Desk
from workflow.service.intake import REFERRAL, Dates, Source
from workflow.store import outages
from workflow.store.session import Store
from workflow.store.staff import Person

FILE = """mrn,family_name,given_name,birth_date,referred_on,reason,pain_origin,phone
{rows}"""


def bring(desk: Desk, someone: Callable[..., Person], *numbers: str, site: str = "north", other: int = 1) -> None:
    """Referrals out of a file, all of them five weeks old."""
    day = (datetime.now(UTC) - timedelta(days=35)).date()
    lines = [f"{number},Nightjar,Ada,1960-02-29,{day},pain,non_cancer," for number in numbers]
    source = Source(
        desk=desk,
        person=someone("coordinator", site=site, other=other),
        site=site,
        protocol="opioid_trial",
        dates=Dates.ISO,
    )
    found = intake.referrals(source, intake.rows(FILE.format(rows="\n".join(lines)).encode(), REFERRAL))
    assert (found.taken, found.withheld, found.refused) == (len(numbers), len(numbers), [])


def test_what_a_file_brings_overdue_waits_as_one_list(
    api: Api, desk: Desk, someone: Callable[..., Person], worker_store: Store
):
    bring(desk, someone, "B-1", "B-2", "B-3")
    assert fire.sweep(worker_store) == 0
    items = api("nurse-1").get("/sites/north/backlog").json()["items"]
    assert len(items) == 3
    assert {(one["label"], one["role"]) for one in items} == {("Triage the referral", "coordinator")}
    assert all(datetime.fromisoformat(one["until"]) > datetime.now(UTC) for one in items)


def test_a_coordinator_releases_one_and_then_the_rest(
    api: Api, desk: Desk, someone: Callable[..., Person], worker_store: Store, sql: Callable[..., list]
):
    bring(desk, someone, "B-1", "B-2", "B-3")
    carla = api("coordinator-1")
    first = carla.get("/sites/north/backlog").json()["items"][0]["episode"]
    told = carla.post("/sites/north/backlog/release", {"episodes": [first]})
    assert (told.status_code, told.json()) == (200, {"released": 1, "waiting": 2})
    assert fire.sweep(worker_store) == 1
    assert carla.post("/sites/north/backlog/release", {}).json() == {"released": 2, "waiting": 0}
    assert fire.sweep(worker_store) == 2
    assert fire.sweep(worker_store) == 0
    assert carla.get("/sites/north/backlog").json()["items"] == []
    assert sql("SELECT max(of) FROM (SELECT count(*) AS of FROM message WHERE channel = 'in_app'"
               " GROUP BY task, episode_id, recipient) AS each") == [(1,)]  # fmt: skip
    again = carla.post("/sites/north/backlog/release", {"episodes": [first]})
    assert (again.status_code, again.json()) == (200, {"released": 0, "waiting": 0})


def test_a_backlog_elsewhere_does_not_exist_and_not_everybody_releases(
    api: Api, desk: Desk, someone: Callable[..., Person]
):
    bring(desk, someone, "B-1")
    here = api("lead-1").get("/sites/north/backlog").json()["items"][0]["episode"]
    for path in ("/sites/north/backlog", "/sites/nowhere/backlog"):
        assert api("coordinator-3").get(path).status_code == 404
        assert api("coordinator-3").post(f"{path}/release", {}).status_code == 404
    foreign = api("coordinator-3").post("/sites/south/backlog/release", {"episodes": [here]})
    assert foreign.status_code == 404
    for person in ("nurse-1", "clinician-1", "auditor-1", "admin-1", "service-1"):
        assert api(person).post("/sites/north/backlog/release", {}).status_code == 403
    assert api("admin-1").get("/sites/north/backlog").status_code == 403
    assert len(api("lead-1").get("/sites/north/backlog").json()["items"]) == 1


def test_a_body_that_cannot_be_meant_is_refused_in_words(api: Api):
    for body in ({"episodes": []}, {"episodes": [1]}, {"episode": "x"}, {"episodes": "all"}):
        assert api("coordinator-1").post("/sites/north/backlog/release", body).status_code == 422, body
    assert api("coordinator-1").post("/sites/north/backlog/release", {"episodes": ["x"]}).status_code == 404


def _outage(sql: Callable[..., list], worker_store: Store) -> int:
    """Two hours in which nobody looked."""
    sql("INSERT INTO pulse VALUES ('tick', clock_timestamp() - interval '2 hours')")
    with worker_store.transaction() as connection:
        noted = outages.note(connection)
    assert noted is not None
    return noted


def test_an_outage_names_what_fell_due_and_what_became_of_it(api: Api, worker_store: Store, sql: Callable[..., list]):
    late, ended, taken = api.enrol(days=0.1), api.accepted(days=3), api.enrol(days=0.1)
    sql("UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'")
    _outage(sql, worker_store)
    (before,) = api("nurse-1").get("/outages").json()["items"]
    assert before["count"] == 3
    assert {one["fate"] for one in before["missed"]} == {"waits"}
    api("coordinator-1").advance(ended, "accept_referral")
    until = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    api("coordinator-1").post(f"/tasks/{taken}~s1.triage_referral.1/acknowledge", {"until": until})
    fire.sweep(worker_store)
    (after,) = api("nurse-1").get("/outages").json()["items"]
    fates = {one["episode"]: one["fate"] for one in after["missed"]}
    assert fates == {late: "told", ended: "ended", taken: "moved"}
    (told,) = [one for one in after["missed"] if one["episode"] == late]
    assert datetime.fromisoformat(told["told_at"]) > datetime.fromisoformat(told["due_at"])


def test_an_outage_shows_nothing_of_another_site(api: Api, worker_store: Store, sql: Callable[..., list]):
    api.enrol(days=0.1)
    sql("UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'")
    _outage(sql, worker_store)
    (theirs,) = api("nurse-3").get("/outages").json()["items"]
    assert (theirs["count"], theirs["missed"]) == (0, [])
    assert api("admin-1").get("/outages").status_code == 403
