"""API tokens: no more than their scopes, at their site, until they end; and roles counted by each site's own day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from caller import V1, Api, Caller, ago, ahead, reading

from workflow.domain.actor import Role
from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.domain.policy import Verb
from workflow.domain.scope import BUNDLES, scope_of
from workflow.service import people
from workflow.store import session as store_session
from workflow.store.session import Store


@pytest.fixture
def admin(database) -> Store:
    opened = store_session.open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def token(client: httpx.Client, admin: Store) -> Callable[..., Caller]:
    def made(person: str, **narrow: object) -> Caller:
        text = people.add_token(admin, person=person, label="narrow", days=1, **narrow)
        return Caller(client, {"Authorization": f"Bearer {text}"})

    return made


def test_a_scope_takes_away_and_never_gives(api: Api, token: Callable[..., Caller]):
    episode = api.accepted()
    reads = token("clinician-1", scopes=["reading"])
    assert reads.get(f"/episodes/{episode}").status_code == 200
    refused = reads.post(f"/episodes/{episode}/observations", [reading("nrs", ago(hours=1), 4)])
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    records = token("clinician-1", scopes=["recording"])
    assert records.post(f"/episodes/{episode}/observations", [reading("nrs", ago(hours=1), 4)]).status_code == 201
    assert records.post(f"/episodes/{episode}/hold", {"reason": "waiting_for_payer"}).status_code == 403
    auditor = token("auditor-1", scopes=["recording", "hold", "manage"])
    assert auditor.post(f"/episodes/{episode}/observations", [reading("nrs", ago(hours=1), 4)]).status_code == 403
    assert auditor.get("/me").json()["may"] == {"north": ["read", "read_people"]}


def test_what_is_ones_own_to_do_is_not_left_to_a_narrow_token(token: Callable[..., Caller]):
    away = {"person": "nurse-1", "starts_at": ahead(days=1), "ends_at": ahead(days=2)}
    narrow = token("nurse-1", scopes=["recording"])
    assert narrow.post("/sites/north/absences", away).status_code == 403
    assert narrow.post("/sessions/end", {}).status_code == 401
    assert token("nurse-1").post("/sites/north/absences", away).status_code == 201


@pytest.mark.parametrize("verb", sorted(Verb))
def test_a_token_of_one_verb_carries_that_verb_and_no_other(token: Callable[..., Caller], verb: str):
    for role in (Role.CLINICIAN, Role.LEAD, Role.ADMIN):
        may = token(f"{role}-1", scopes=[verb]).get("/me").json()["may"]["north"]
        assert set(may) <= {verb}


def test_a_token_of_one_site_sees_no_other(admin: Store, api: Api, token: Callable[..., Caller]):
    people.add_role(admin, site="south", person="lead-1", role=Role.LEAD, starts_on=datetime(2020, 1, 1, tzinfo=UTC))
    there = api.enrol(by="coordinator-3", site="south")
    assert token("lead-1").get(f"/episodes/{there}").status_code == 200
    narrow = token("lead-1", site="north")
    assert narrow.get(f"/episodes/{there}").status_code == 404
    assert set(narrow.get("/me").json()["roles"]) == {"north"}


def test_a_scope_nobody_knows_leaves_nothing():
    assert scope_of("juggling") == frozenset()
    assert scope_of("") is None
    assert scope_of("read,juggling") == {Verb.READ}
    assert all(bundle < set(Verb) for bundle in BUNDLES.values())


def test_what_cannot_be_a_token_is_not_made(admin: Store):
    for wrong in ({"scopes": ["juggling"]}, {"site": "nowhere"}, {"days": 0}, {"days": 366}, {"person": "nobody-1"}):
        with pytest.raises(ImpossibleInputError):
            people.add_token(admin, **{"person": "lead-1", "label": "x", "days": 1, **wrong})


def test_a_revoked_token_opens_nothing_and_the_list_says_so(admin: Store, token: Callable[..., Caller]):
    made = token("lead-2", scopes=["reading"], site="north")
    assert made.get("/me").status_code == 200
    listed = [one for one in people.list_tokens(admin, "lead-2") if one.label == "narrow"]
    assert [(one.scopes, one.site, one.revoked_at) for one in listed] == [("reading", "north", None)]
    assert listed[0].last_used_at is not None
    assert made.headers["Authorization"].removeprefix("Bearer ") not in str(people.list_tokens(admin))
    people.revoke_token(admin, listed[0].id)
    assert made.get("/me").status_code == 401
    for wrong in ("", "x", "' OR 1=1", "0" * 12):
        with pytest.raises(NotFoundError):
            people.revoke_token(admin, wrong)


def test_when_a_token_was_last_used_is_written_once_an_hour(token: Callable[..., Caller], sql: Callable[..., list]):
    made, used = token("lead-2"), "SELECT xmin::text, last_used_at FROM token WHERE label = 'narrow'"
    made.get("/me")
    first = sql(used)
    made.get("/me")
    assert sql(used) == first
    sql("UPDATE token SET last_used_at = last_used_at - interval '61 minutes' WHERE label = 'narrow'")
    made.get("/me")
    assert sql(used)[0][1] > first[0][1]


def test_an_old_token_opens_nothing(token: Callable[..., Caller], sql: Callable[..., list]):
    made = token("lead-2")
    sql("UPDATE token SET expires_at = clock_timestamp() WHERE label = 'narrow'")
    assert made.get("/me").status_code == 401


def test_roles_are_counted_by_the_sites_own_day(admin: Store, api: Api, sql: Callable[..., list]):
    """At some hour of every day it is another day in Kiritimati than in Niue; nobody works there who should not."""
    for site, zone in (("east", "Pacific/Kiritimati"), ("west", "Pacific/Niue")):
        people.add_site(admin, site=site, name=site, zone=zone, country="US")
        today = datetime.now(ZoneInfo(zone)).date()
        for person, first, last in (
            ("lead-1", today, today),
            ("lead-2", today + timedelta(days=1), None),
            ("lead-3", today - timedelta(days=9), today - timedelta(days=1)),
        ):
            people.add_role(admin, site=site, person=person, role=Role.LEAD, starts_on=first, ends_on=last)
    assert {"east", "west"} <= set(api("lead-1").get("/me").json()["roles"])
    for person in ("lead-2", "lead-3"):
        assert not {"east", "west"} & set(api(person).get("/me").json()["roles"])


def test_a_token_and_a_session_are_not_mixed_up(client: httpx.Client, tokens: dict[str, str]):
    """Whoever sends a token is judged by the token, whatever else comes along."""
    headers = {"Authorization": "Bearer theca_none", "Cookie": "__Host-theca=" + "A" * 43}
    assert client.get(f"{V1}/me", headers=headers).status_code == 401
