"""The roster turned against the reminders it is for: nobody can be put where a reminder ends unread."""

from collections.abc import Callable

import pytest
from caller import Api, ahead

from workflow.service import fire
from workflow.store.session import Store

OVERDUE = "UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'"


def _entry(person: str, **more: str) -> dict[str, str]:
    return {"person": person, "starts_at": ahead(days=-1), "ends_at": ahead(days=30), **more}


@pytest.mark.parametrize("idle", ["auditor-1", "service-1", "admin-1"])
def test_reminders_are_not_led_to_somebody_who_may_not_take_work_on(idle: str, api: Api):
    lead = api("lead-1")
    told = {
        "substitute": lead.post("/sites/north/absences", _entry("coordinator-1", substitute=idle)),
        "deputy": lead.post("/sites/north/deputies", {"person": "coordinator-1", "deputy": idle}),
        "person": lead.post("/sites/north/on-call", _entry(idle)),
    }
    for place, answer in told.items():
        assert (answer.status_code, answer.json()["place"]) == (422, place), answer.text
    shown = lead.get("/sites/north/roster").json()
    assert (shown["absences"], shown["on_call"]) == ([], [])
    assert lead.post("/sites/north/absences", _entry(idle)).status_code == 201  # they may be away themselves


def test_a_substitute_who_lost_their_role_is_passed_over_and_the_lead_is_told(
    api: Api, sql: Callable[..., list], worker_store: Store
):
    api.enrol(days=0.1)
    for away in ("coordinator-1", "coordinator-2"):
        entry = _entry(away, substitute="nurse-1")
        assert api("coordinator-1").post("/sites/north/absences", entry).status_code == 201
    sql("UPDATE membership SET role = 'auditor' WHERE staff_id = 'nurse-1'")
    sql(OVERDUE)
    fire.sweep(worker_store)
    assert {line.recipient for line in sql("SELECT recipient FROM message")} == {"lead-1", "lead-2"}
