"""Administration over HTTP: narrow, noted, and never of oneself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from caller import Api, Caller, ahead
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from workflow.service.act import Desk

NEW = {"id": "n.adler", "name": "N. Adler", "email": "n.adler@theca.example", "site": "north", "role": "nurse"}
TODAY = datetime.now(UTC).date()


def _take_away(caller: Caller, path: str, **which: object):
    return caller.client.delete(f"/api/v1{path}", params=which, headers=caller.headers)


def _me(api: Api, token: str) -> dict[str, list[str]]:
    told = api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    return told.json()["roles"] if told.status_code == 200 else {"": [str(told.status_code)]}


def test_a_person_is_added_given_a_role_and_let_go(api: Api, sql: Callable[..., list]):
    admin = api("admin-1")
    told = admin.post("/staff", NEW)
    assert told.status_code == 201, told.text
    assert [one["role"] for one in told.json()["roles"]] == ["nurse"]
    assert "n.adler" in {one["id"] for one in api("lead-1").get("/staff").json()["items"]}
    until = {"site": "north", "role": "scheduler", "ends_on": str(TODAY + timedelta(days=9))}
    assert admin.post("/staff/n.adler/roles", until).status_code == 201
    ended = admin.post("/staff/n.adler/end", {"site": "north", "role": "nurse"})
    assert {one["role"]: one["ends_on"] < str(TODAY) for one in ended.json()["roles"]} == {
        "nurse": True,
        "scheduler": False,
    }
    assert admin.post("/staff/n.adler/end", {"site": "north"}).status_code == 200
    assert admin.post("/staff/n.adler/end", {"site": "north"}).status_code == 404
    assert "n.adler" not in {one["id"] for one in api("lead-1").get("/staff").json()["items"]}
    noted = sql("SELECT actor, what FROM access WHERE site_id = 'north' AND what LIKE 'staff: %' ORDER BY id")
    assert len(noted) == 5
    assert {actor for actor, _ in noted} == {"admin-1"}


def test_a_role_that_ends_ends_at_once(api: Api):
    assert api("nurse-1").get("/episodes").status_code == 200
    assert api("admin-1").post("/staff/nurse-1/end", {"site": "north"}).status_code == 200
    assert api("nurse-1").get("/episodes").status_code == 403
    assert api("nurse-1").get("/me").json()["roles"] == {}


def test_nobody_manages_themselves(api: Api, sql: Callable[..., list]):
    admin, before = api("admin-1"), sql("SELECT count(*) FROM membership")
    for path, body in {
        "/staff/admin-1/roles": {"site": "north", "role": "clinician"},
        "/staff/admin-1/end": {"site": "north"},
        "/staff/admin-1/tokens": {"site": "north", "label": "mine", "days": 9},
    }.items():
        told = admin.post(path, body)
        assert (told.status_code, told.json()["code"]) == (403, "not_permitted"), told.text
    assert _take_away(admin, "/staff/admin-1/tokens", site="north").status_code == 403
    assert sql("SELECT count(*) FROM membership") == before
    given = api("admin-2").post("/staff/admin-1/roles", {"site": "north", "role": "clinician"})
    assert given.status_code == 201  # another administrator may


def test_an_administrator_of_one_site_is_nobody_at_another(api: Api, sql: Callable[..., list]):
    admin, before = api("admin-1"), sql("SELECT * FROM membership ORDER BY 1, 2, 3, 4")
    told = (
        admin.get("/staff/nurse-3"),
        admin.post("/staff", {**NEW, "site": "south"}),
        admin.post("/staff/nurse-1/roles", {"site": "south", "role": "nurse"}),
        admin.post("/staff/nurse-3/roles", {"site": "north", "role": "nurse"}),
        admin.post("/staff/nurse-3/end", {"site": "south"}),
        admin.post("/staff/nobody-at-all/roles", {"site": "north", "role": "nurse"}),
        admin.post("/staff/service-3/tokens", {"site": "north", "label": "x", "days": 1}),
        admin.post("/sites/south/settings", {"opens": "00:00"}),
        admin.post("/sites/south/closures", {"day": "2031-01-02", "label": "x"}),
        _take_away(admin, "/sites/south/closures", day="2031-01-02"),
        _take_away(admin, "/staff/nurse-3/tokens", site="south"),
        _take_away(admin, "/staff/nurse-3/tokens", site="north"),
    )
    assert [one.status_code for one in told] == [404] * len(told), [one.text for one in told]
    assert sql("SELECT * FROM membership ORDER BY 1, 2, 3, 4") == before


def test_an_id_that_is_taken_is_taken_wherever_it_works(api: Api):
    for id_ in ("nurse-1", "nurse-3"):
        told = api("admin-1").post("/staff", {**NEW, "id": id_})
        assert (told.status_code, told.json()["place"]) == (409, "id"), told.text


def test_a_program_gets_a_token_and_never_another_role(api: Api, sql: Callable[..., list]):
    admin = api("admin-1")
    assert admin.post("/staff", {**NEW, "id": "lab", "role": "service", "email": ""}).status_code == 201
    made = admin.post("/staff/lab/tokens", {"site": "north", "label": "results", "days": 30})
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    assert _me(api, token) == {"north": ["service"]}
    assert token not in str(sql("SELECT t::text FROM token AS t"))
    assert admin.post("/staff/lab/roles", {"site": "north", "role": "clinician"}).status_code == 409
    assert admin.post("/staff/nurse-1/roles", {"site": "north", "role": "service"}).status_code == 409
    assert admin.post("/staff/lab/end", {"site": "north"}).status_code == 200
    assert admin.post("/staff/lab/roles", {"site": "north", "role": "clinician"}).status_code == 409  # nor later
    assert _take_away(admin, "/staff/lab/tokens", site="north", label="results").json() == {"ended": 1}
    assert _me(api, token) == {"": ["401"]}
    assert _take_away(admin, "/staff/lab/tokens", site="north").status_code == 404


def test_no_token_is_made_for_a_person(api: Api):
    for person in ("nurse-1", "clinician-2", "admin-2"):
        told = api("admin-1").post(f"/staff/{person}/tokens", {"site": "north", "label": "x", "days": 1})
        assert (told.status_code, told.json()["code"]) == (403, "not_permitted"), told.text


def test_a_lost_token_is_taken_away(api: Api):
    assert api("nurse-2").get("/me").status_code == 200
    assert _take_away(api("admin-1"), "/staff/nurse-2/tokens", site="north").json() == {"ended": 1}
    assert api("nurse-2").get("/me").status_code == 401


def test_hours_and_closures_move_clocks_and_each_move_has_its_line(api: Api, sql: Callable[..., list]):
    episode, admin = api.enrol(days=0.1), api("admin-1")
    ((day,),) = sql("SELECT (due_at AT TIME ZONE 'Europe/Berlin')::date::text FROM timer")
    closed = admin.post("/sites/north/closures", {"day": day, "label": "a fair"})
    assert (closed.status_code, closed.json()) == (201, {"site": "north", "moved": 1}), closed.text
    assert sql("SELECT verb, actor FROM ledger ORDER BY seq DESC LIMIT 1") == [("reproject", "system:calendar")]
    opened = _take_away(admin, "/sites/north/closures", day=day)
    assert (opened.status_code, opened.json()["moved"]) == (200, 1)
    assert _take_away(admin, "/sites/north/closures", day=day).status_code == 404
    longer = admin.post("/sites/north/settings", {"closes": "19:00", "emergency_number": "112"})
    assert longer.status_code == 200, longer.text
    assert sql("SELECT opens, closes, emergency_number FROM site WHERE site_id = 'north'") == [
        ("08:00", "19:00", "112")
    ]
    assert api("lead-1").get(f"/episodes/{episode}/why").status_code == 200
    assert sql("SELECT actor, count(*) FROM access WHERE what LIKE 'site: %' GROUP BY actor") == [("admin-1", 3)]


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/staff", NEW | {"id": "No One"}, "person"),
        ("/staff", NEW | {"id": "nobody"}, "person"),
        ("/staff", NEW | {"email": "not one"}, "email"),
        ("/staff", NEW | {"role": "king"}, "role"),
        ("/staff", NEW | {"starts_on": "2026-02-30"}, "starts_on"),
        ("/staff", NEW | {"starts_on": "2026-03-02", "ends_on": "2026-03-01"}, "ends_on"),
        ("/staff/nurse-1/roles", {"site": "north"}, "role"),
        ("/staff/service-1/tokens", {"site": "north", "label": "x", "days": 366}, "days"),
        ("/sites/north/settings", {"opens": "25:00"}, "opens"),
        ("/sites/north/settings", {"routine": "never"}, "routine"),
        ("/sites/north/closures", {"day": "2026-02-30", "label": "x"}, "day"),
    ],
)
def test_what_cannot_be_says_what_is_wrong(api: Api, path: str, body: dict[str, object], place: str):
    told = api("admin-1").post(path, body)
    assert told.status_code == 422, told.text
    assert place in (told.json()["place"] or "")


FORGED = [
    "SELECT give_role('nurse-1', 'north', 'nurse-2', 'clinician', '2020-01-01', NULL)",
    "SELECT give_role('admin-1', 'north', 'admin-1', 'clinician', '2020-01-01', NULL)",
    "SELECT give_role('admin-1', 'south', 'nurse-3', 'clinician', '2020-01-01', NULL)",
    "SELECT give_role('admin-1', 'north', 'nurse-3', 'clinician', '2020-01-01', NULL)",
    "SELECT employ('nurse-1', 'north', 'x', 'x', '')",
    "SELECT employ('admin-1', 'south', 'x', 'x', '')",
    "SELECT end_roles('nurse-1', 'north', 'lead-1', NULL)",
    "SELECT end_roles('admin-3', 'south', 'lead-3', NULL)",
    "SELECT give_token('admin-1', 'north', 'clinician-1', 'hash', 'x', 1)",
    "SELECT give_token('admin-1', 'north', 'service-3', 'hash', 'x', 1)",
    "SELECT end_tokens('nurse-1', 'north', 'lead-1', NULL)",
]


@pytest.mark.parametrize("call", FORGED)
def test_the_database_looks_for_itself_who_administers(desk: Desk, call: str):
    forging = desk.store.transaction(["north"])
    with pytest.raises(DBAPIError, match=r"not theirs|nobody in sight|no program") as refused, forging as connection:
        connection.execute(text(call))
    assert getattr(refused.value.orig, "sqlstate", "") == "42501"


def test_a_signer_reads_and_signs_and_does_nothing_else(api: Api):
    episode = api.enrol()
    assert api("admin-1").post("/staff/nurse-1/roles", {"site": "north", "role": "signer"}).status_code == 201
    assert "sign" in api("nurse-1").get("/me").json()["may"]["north"]
    assert "sign" not in api("nurse-2").get("/me").json()["may"]["north"]
    assert api("signer-1").get("/me").json()["may"]["north"] == ["read", "read_people", "sign"]
    assert api("signer-1").get(f"/episodes/{episode}").status_code == 200
    assert api("signer-1").post(f"/episodes/{episode}/hold", {"reason": "waiting_for_payer"}).status_code == 403
    own = {"person": "signer-1", "starts_at": ahead(days=1), "ends_at": ahead(days=2)}
    assert api("signer-1").post("/sites/north/absences", own).status_code == 201


def test_two_administrators_never_let_each_other_go_at_once(api: Api, sql: Callable[..., list]):
    sql("INSERT INTO membership VALUES ('north', 'lead-1', 'admin', '2020-01-01', NULL)")
    pairs = (("admin-1", "lead-1"), ("lead-1", "admin-1"))

    def end(pair: tuple[str, str]) -> int:
        return api(pair[0]).post(f"/staff/{pair[1]}/end", {"site": "north", "role": "admin"}).status_code

    for _ in range(5):
        sql("UPDATE membership SET ends_on = NULL WHERE site_id = 'north' AND role = 'admin'")
        with ThreadPoolExecutor(2) as both:
            assert sorted(both.map(end, pairs)) == [200, 403]


def test_who_has_left_is_given_no_role(api: Api, sql: Callable[..., list]):
    sql("UPDATE membership SET ends_on = '2025-01-01' WHERE staff_id = 'nurse-1'")
    sql("UPDATE staff SET ends_on = '2025-01-01' WHERE id = 'nurse-1'")
    for starts_on in (str(TODAY), "2024-12-01", str(TODAY + timedelta(days=3))):
        told = api("admin-1").post("/staff/nurse-1/roles", {"site": "north", "role": "nurse", "starts_on": starts_on})
        assert (told.status_code, told.json().get("code")) == (409, "impossible_now"), told.text
    assert "nurse-1" not in {one["id"] for one in api("lead-1").get("/staff").json()["items"]}
