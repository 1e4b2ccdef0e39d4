"""The huddle list: what harms if nobody acts today, gravest first, and nothing of another site."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from caller import V1, Api, ago, ahead, referral

from workflow.service import people
from workflow.store import session

V2 = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v2.yaml"
Sql = Callable[..., list[Any]]
NAMES = ("Redwood", "Drummond", "Proctor", "Prior", "Chase", "Underhill", "Latimer")


@pytest.fixture
def clinic(api: Api, database: Any) -> "Clinic":
    """A site that works by the second printing, which says whose referral comes first."""
    store = session.open_store(database.migrate, database.key_file)
    people.publish(store, V2.read_text(encoding="utf-8"))
    store.close()
    return Clinic(api)


class Clinic:
    """Candidates of the second printing, by what is the matter with them."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def enrol(self, name: str, *, days: float = 0.1, site: str = "north", by: str = "coordinator-1") -> str:
        asked = referral(site=site, days=days, family_name=name) | {"protocol": "opioid_trial@2"}
        told = self.api(by).post("/episodes", asked)
        assert told.status_code == 201, told.text
        return str(told.json()["episode"])

    def adopt(self, name: str, stage: str, *, site: str = "north", by: str = "coordinator-1") -> str:
        episode = self.enrol(name, site=site, by=by)
        told = self.api(by).post(f"/episodes/{episode}/adopt", {"stage": stage, "reason": "the paper board"})
        assert told.status_code == 200, told.text
        return episode

    def bleeds(self, name: str, *, site: str = "north", number: int = 1) -> str:
        """Somebody with a pump whose breathing has stopped."""
        episode = self.adopt(name, "follow_up", site=site, by=f"coordinator-{number}")
        told = self.api(f"nurse-{number}").record(episode, ago(), {"complication": "respiratory_depression"})
        assert told.status_code == 201, told.text
        return episode

    def task(self, episode: str, name: str) -> str:
        shown = self.api("lead-1").get(f"/episodes/{episode}").json()
        return next(one["id"] for one in (*shown["tasks"], *shown["duties"]) if one["name"] == name)


def _late(sql: Sql, episode: str, name: str, days: int) -> None:
    """The work of this name was due so many days ago."""
    sql(
        "UPDATE timer SET due_at = clock_timestamp() - :days * interval '1 day', rung = 1 WHERE key LIKE :key"
        " AND episode_id = CAST(:episode AS uuid)",
        days=days,
        key=f"%.{name}.%",
        episode=episode,
    )
    sql(
        "UPDATE task SET withheld_until = NULL, anchor_at = clock_timestamp() - :days * interval '1 day'"
        " WHERE name = :name AND episode_id = CAST(:episode AS uuid)",
        days=days + 60,
        name=name,
        episode=episode,
    )


def _next_working_day(days: int = 1) -> str:
    day = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day.isoformat()


@pytest.fixture
def one_of_each(clinic: Clinic, sql: Sql) -> dict[str, str]:
    """A candidate for every harm, enrolled with the least grave first."""
    api, found = clinic.api, dict[str, str]()
    found["Latimer"] = clinic.enrol("Latimer")
    _late(sql, found["Latimer"], "triage_referral", 1)
    found["Underhill"] = clinic.enrol("Underhill")
    sql("UPDATE timer SET reached = 0 WHERE episode_id = CAST(:e AS uuid)", e=found["Underhill"])
    found["Chase"] = clinic.enrol("Chase")
    task = clinic.task(found["Chase"], "triage_referral")
    waits = {"on": "cardiology", "until": ahead(days=3), "reason": "letter sent"}
    assert api("coordinator-1").post(f"/tasks/{task}/wait", waits).status_code == 200
    sql(
        "UPDATE task SET acknowledged_until = clock_timestamp() - interval '1 minute', contacts = 2"
        " WHERE waiting_on IS NOT NULL"
    )
    found["Prior"] = clinic.enrol("Prior", days=20)
    assert api("coordinator-1").record(found["Prior"], ago(days=19), {"pain_origin": "cancer"}).status_code == 201
    found["Proctor"] = clinic.adopt("Proctor", "implant_planning")
    booked = {"kind": "implant_procedure", "starts_at": _next_working_day(3)}
    told = api("scheduler-1").post(f"/episodes/{found['Proctor']}/appointments", booked)
    assert told.status_code == 201, told.text
    found["Drummond"] = clinic.adopt("Drummond", "follow_up")
    _late(sql, found["Drummond"], "pump_in_body", 5)
    found["Redwood"] = clinic.bleeds("Redwood")
    sql("UPDATE site SET emergency_number = '+49 30 555 0100' WHERE site_id = 'north'")
    return found


def test_the_list_is_in_the_order_of_harm_and_says_why_who_and_what_to_do(api: Api, one_of_each: dict[str, str]):
    told = api("lead-1").get("/sites/north/huddle")
    assert told.status_code == 200, told.text
    shown = told.json()
    lines = shown["lines"]
    seen = [(one["harm"], one["family_name"]) for one in lines]
    harms = ("red", "duty", "procedure", "priority", "chase", "unheard", "late")
    wanted = list(zip(harms, NAMES, strict=True))
    assert list(dict.fromkeys(pair for pair in seen if pair in wanted)) == wanted
    assert [harm for harm, _ in seen] == sorted((harm for harm, _ in seen), key=harms.index)
    assert shown["counts"] == {harm: sum(one == harm for one, _ in seen) for harm in harms}
    by = {one["family_name"]: one for one in lines if (one["harm"], one["family_name"]) in wanted}
    pressing = [one["urgency"] for one in lines if one["harm"] == "duty"]
    assert pressing == sorted(pressing, reverse=True)
    assert set(pressing) == {"urgent", "routine"}
    assert (by["Redwood"]["call"], shown["emergency_number"]) == ("+49 30 555 0100", "+49 30 555 0100")
    assert [one["family_name"] for one in lines if one["call"]] == ["Redwood"]
    assert by["Redwood"]["to_do"] == "Clinician on site, naloxone."
    assert by["Drummond"]["because"].startswith("late since ")
    assert (by["Drummond"]["held_by"], by["Drummond"]["stage"]) == (["nurse"], "Follow-up")
    assert "still lacks" in by["Proctor"]["because"]
    assert "Platelets: at least 100" in by["Proctor"]["lacks"]
    assert "Checked today, at the bedside" in by["Proctor"]["on_the_day"]
    assert by["Prior"]["what"] == "Cancer pain"
    assert by["Prior"]["to_do"].startswith("Cancer pain within 3 working days")
    assert "waits on cardiology, to be chased " in by["Chase"]["because"]
    assert "(2 attempts so far)" in by["Chase"]["because"]
    assert "found nobody it names" in by["Underhill"]["because"]
    assert {one["episode"] for one in by.values()} == set(one_of_each.values())
    assert (shown["withheld"], shown["unseen"]) == (0, 0)


def test_nothing_of_another_site_is_told_and_looking_is_noted_once(api: Api, clinic: Clinic, sql: Sql):
    elsewhere = clinic.bleeds("Southgate", site="south", number=3)
    here = clinic.bleeds("Northcote")
    north, south = (
        api(who).get(f"/sites/{site}/huddle").json() for who, site in (("lead-1", "north"), ("lead-3", "south"))
    )
    assert {one["episode"] for one in north["lines"]} == {here}
    assert {one["episode"] for one in south["lines"]} == {elsewhere}
    for site in ("south", "nowhere", "%00"):
        assert api("lead-1").get(f"/sites/{site}/huddle").status_code == 404
    assert api("admin-1").get("/sites/north/huddle").status_code == 403
    noted = [tuple(one) for one in sql("SELECT site_id, actor, episode_id FROM access WHERE what = 'huddle'")]
    assert sorted(noted) == [("north", "lead-1", None), ("south", "lead-3", None)]
    assert api.client.get(f"{V1}/sites/north/huddle").status_code == 401


def test_a_promise_beyond_today_takes_a_duty_off_the_list_and_one_until_tonight_does_not(
    api: Api, clinic: Clinic, sql: Sql
):
    episode = clinic.adopt("Drummond", "follow_up")
    _late(sql, episode, "pump_in_body", 5)

    def shown() -> list[str]:
        lines = api("lead-1").get("/sites/north/huddle").json()["lines"]
        return [one["because"] for one in lines if one["what"] == "Pump in the body"]

    assert len(shown()) == 1
    sql(
        "UPDATE task SET acknowledged_by = 'nurse-1', acknowledged_until = clock_timestamp() + interval '1 minute'"
        " WHERE name = 'pump_in_body'"
    )
    assert len(shown()) == 1
    sql(
        "UPDATE task SET acknowledged_until = clock_timestamp() + interval '2 days' WHERE name = 'pump_in_body';"
        " UPDATE timer SET due_at = clock_timestamp() + interval '2 days' WHERE key LIKE '%pump_in_body%'"
    )
    assert shown() == []


def test_an_overdue_backlog_is_counted_and_only_its_red_work_is_shown(api: Api, clinic: Clinic, sql: Sql):
    red, quiet = clinic.bleeds("Redwood"), clinic.adopt("Drummond", "follow_up")
    _late(sql, quiet, "pump_in_body", 5)
    sql("UPDATE task SET withheld_until = clock_timestamp() + interval '7 days' WHERE state = 'open'")
    shown = api("lead-1").get("/sites/north/huddle").json()
    assert [(one["harm"], one["episode"]) for one in shown["lines"]] == [("red", red)]
    assert shown["withheld"] == sql("SELECT count(*) FROM task WHERE state = 'open'")[0][0]


def test_a_ladder_that_counts_back_is_late_only_once_its_moment_is_past(api: Api, clinic: Clinic, sql: Sql):
    """Reminders ahead of a refill are on the list on the day they are due, and are no delay."""
    episode = clinic.adopt("Proctor", "follow_up")

    def due(days: int, rung: int) -> list[str]:
        sql(
            "UPDATE task SET anchor_at = clock_timestamp() + :days * interval '1 day' WHERE name = 'refill_due'",
            days=days,
        )
        sql(
            "UPDATE timer SET rung = :rung, due_at = clock_timestamp() + interval '2 days'"
            " WHERE key LIKE '%refill_due%'",
            rung=rung,
        )
        lines = api("lead-1").get("/sites/north/huddle").json()["lines"]
        return [one["because"] for one in lines if one["episode"] == episode and "filled" in one["what"]]

    assert due(days=10, rung=2) == []
    assert due(days=3, rung=3) == []
    (late,) = due(days=-1, rung=3)
    assert late.startswith("late since yesterday")


def test_why_tells_the_same_story_with_its_basis(api: Api, one_of_each: dict[str, str]):
    chase = api("coordinator-1").get(f"/episodes/{one_of_each['Chase']}/why").json()
    assert "Triage the referral waits on cardiology, who was to be chased " in chase["sentence"]
    (waiting,) = chase["waiting"]
    assert (waiting["on"], waiting["attempts"]) == ("cardiology", 2)
    assert api("coordinator-1").post(f"/tasks/{waiting['task']}/complete", {}).status_code in (200, 409)
    procedure = api("coordinator-1").get(f"/episodes/{one_of_each['Proctor']}/why").json()
    (booked,) = procedure["appointments"]
    assert booked["act"] == "Implantation of the pump"
    assert "waiting for Implant procedure" in procedure["sentence"]
    assert {clock["label"] for clock in procedure["clocks"]} >= {"Plan the implant"}
    assert all(clock["state"] == "live" for clock in procedure["clocks"])
    late = api("coordinator-1").get(f"/episodes/{one_of_each['Latimer']}/why").json()
    assert late["late_since"]
    assert ", late since " in late["sentence"]
