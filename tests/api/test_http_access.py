"""Who may: nobody unknown, nobody elsewhere, nobody without the role; and who looked or was turned away is noted."""

from collections.abc import Callable

import httpx
from caller import Api, ago, referral
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import text

from api.app import create_app
from api.door import Threshold
from workflow.service.act import Desk
from workflow.store.session import Store

OPEN = {"/healthz", "/readyz", "/static/theca.css", "/e/{episode}"}
BACK = {"/sign-in/came-back"}  # where a provider sends a browser; what it began there is the authority
SIGNED = {"/a/{token}", "/a/{token}/{choice}"}  # the link itself is the authority
ACTED = {"act": "implant", "reason": "ten characters", "occurred_at": "2026-01-01T00:00Z"}
EPISODE = "6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11"


def _routes(desk: Desk) -> list[tuple[str, str]]:
    found = [
        (method, route.path or "")
        for route in iter_route_contexts(create_app(desk).routes)
        for method in route.methods or ()
    ]
    assert len(found) > 30
    return sorted(found)


def _thresholds(desk: Desk) -> set[tuple[str, str]]:
    """Where people come who are to be recognised yet."""
    return {
        (method, route.path or "")
        for route in iter_route_contexts(create_app(desk).routes)
        if isinstance(route.original_route, Threshold)
        for method in route.methods or ()
    }


def test_every_route_but_the_open_ones_refuses_without_a_token(client: httpx.Client, desk: Desk):
    for method, path in _routes(desk):
        filled = path.format(
            id=EPISODE, episode=EPISODE, n=1, key="opioid_trial", token="unsigned", choice="half-hour", tablet="x"
        )
        told = client.request(method, filled, content=b"{not read")
        if path in OPEN:
            assert told.status_code in (200, 503)
        elif path in SIGNED | BACK:
            assert told.status_code == 404
        elif (method, path) in _thresholds(desk):
            assert (told.status_code, told.json()["code"]) == (415, "wrong_content_type"), path
        else:
            assert (told.status_code, told.json()["code"]) == (401, "not_signed_in"), path
            assert told.headers["www-authenticate"] == "Bearer"


def test_a_route_without_the_door_answers_nobody(desk: Desk):
    made = create_app(desk)
    outside = [
        route.path
        for route in iter_route_contexts(made.routes)
        if isinstance(route.original_route, APIRoute) and type(route.original_route) is APIRoute
    ]
    assert set(outside) == OPEN | SIGNED | BACK
    assert {path for _, path in _thresholds(desk)} == {
        f"/api/v1/{path}" for path in ("sessions", "sessions/pin", "sessions/oidc", "passwords", "tablets")
    }


def test_no_other_token_opens(client: httpx.Client):
    for header in ("", "Bearer", "Basic x", "Bearer nobody", "Bearer " + "x" * 10_000, "bearer \xe9"):
        told = client.get("/api/v1/me", headers={"Authorization": header.encode("latin-1")})
        assert (told.status_code, told.json()["code"]) == (401, "not_signed_in")


def test_what_is_elsewhere_does_not_exist(api: Api):
    mine, theirs = api.enrol(), api.enrol(by="coordinator-3", site="south")
    there, path = api("clinician-3"), f"/episodes/{mine}"
    for page in ("", "/options", "/why", "/ledger"):
        assert there.get(path + page).status_code == 404
    made = api("nurse-1").record(mine, ago(days=1), {"nrs": 5}).json()["made"][0]
    task = api("nurse-1").get(path).json()["tasks"][0]["id"]
    for where, body in {
        f"{path}/observations": [{"item": "nrs", "observed_at": ago(), "value": 3, "unit": "{score}"}],
        f"{path}/hold": {"reason": "waiting_for_payer"},
        f"/observations/{made}/corrections": {"void": True, "reason": "not mine"},
        f"/tasks/{task}/complete": {},
        f"/appointments/{mine}~1/cancel": {},
    }.items():
        assert there.post(where, body).status_code == 404, where
    assert there.post(f"{path}/transitions", {"name": "accept_referral"}, seen='"1"').status_code == 404
    assert [one["id"] for one in there.get("/episodes").json()["items"]] == [theirs]
    assert {one["episode"] for one in there.get("/tasks").json()["items"]} == {theirs}
    assert there.get("/messages").json()["items"] == []
    assert [one["id"] for one in there.get("/sites").json()["items"]] == ["south"]
    assert there.get("/episodes", site="north").status_code == 404
    assert there.post("/episodes", referral(site="north")).status_code == 404
    assert there.get("/episodes", q="nightjar").json()["items"][0]["id"] == theirs


def test_an_id_that_is_none_is_not_found(api: Api):
    lead, void = api("lead-1"), {"void": True, "reason": "nobody"}
    for id_ in ("1", EPISODE + "x", "%00", EPISODE.replace("-", ""), "\u0450", "a" * 5000):
        for path in (f"/episodes/{id_}/why", f"/episodes/{id_}/ledger"):
            assert lead.get(path).status_code == 404, path
        for path in (f"/tasks/{EPISODE}~{id_}~/complete", f"/tasks/{id_}~x/complete"):
            assert lead.post(path, {}).status_code == 404, path
        assert api("nurse-1").post(f"/observations/{id_}/corrections", void).status_code == 404


VERBS: list[tuple[str, str, dict[str, object] | None]] = [
    ("admin-1", "", None),
    ("admin-1", "/why", None),
    ("nurse-1", "/ledger", None),
    ("auditor-1", "/hold", {"reason": "waiting_for_payer"}),
    ("nurse-1", "/overrides", {"gate": "prepared", "reason": "assessment_waived_by_panel"}),
    ("pharmacist-1", "/hold", {"reason": "waiting_for_payer"}),
    ("scheduler-1", "/deviations", ACTED),
    ("nurse-1", "/adopt", {"stage": "case_review", "reason": "paper"}),
    ("service-1", "/release", {"reason": "because"}),
]


def test_roles_carry_verbs(api: Api, sql: Callable[..., list]):
    episode = api.enrol()
    for person, path, body in VERBS:
        where = f"/episodes/{episode}{path}"
        told = api(person).get(where) if body is None else api(person).post(where, body)
        assert (told.status_code, told.json()["code"]) == (403, "not_permitted"), told.text
        assert told.json()["allowed"].startswith("roles: ")
    counted = sql("SELECT sum(count) FROM security_event WHERE kind = 'not_permitted'")
    assert counted == [(len(VERBS),)]
    assert sql("SELECT count(*) FROM ledger") == [(1,)]


def test_lists_hold_no_clinical_word_for_an_administrator(api: Api):
    api.enrol()
    for path in ("/episodes", "/tasks", "/messages"):
        assert api("admin-1").get(path).status_code == 403
    for path in ("/sites", "/staff", "/calendars", "/protocols", "/me", "/metrics"):
        assert api("admin-1").get(path).status_code == 200


def test_who_looked_is_noted_and_who_was_turned_away_is_counted(api: Api, sql: Callable[..., list]):
    episode = api.enrol()
    for page in ("", "/options", "/why", "/ledger"):
        assert api("auditor-1").get(f"/episodes/{episode}{page}").status_code == 200
    looked = sql("SELECT actor, what, episode_id::text FROM access ORDER BY id")
    assert looked == [("auditor-1", page, episode) for page in ("episode", "options", "why", "ledger")]
    for _ in range(5):
        api.client.get("/api/v1/me")
        api("nurse-3").get(f"/episodes/{episode}")
    turned = sql("SELECT actor, kind, sum(count) FROM security_event GROUP BY actor, kind ORDER BY actor")
    assert turned == [("nobody", "not_signed_in", 5), ("nurse-3", "not_found", 5)]


def test_looking_waits_for_no_lock(api: Api, worker_store: Store):
    episode = api.enrol()

    with worker_store.transaction(["north"]) as holding:
        holding.execute(text("SELECT 1 FROM episode FOR UPDATE"))
        for path in ("", "/options", "/why", "/ledger"):
            assert api("lead-1").get(f"/episodes/{episode}{path}").status_code == 200
        assert api("lead-1").get("/episodes").status_code == 200
        blocked = api("lead-1").post(f"/episodes/{episode}/hold", {"reason": "waiting_for_payer"})
        assert (blocked.status_code, blocked.headers["retry-after"]) == (503, "2")
