"""What nobody could mean: refused with its place, nothing changed, one security row more, never a failure of ours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

import httpx
import pytest
from caller import V1, Api, referral

from api.refused import UnreadableError
from api.strict import parse
from tests.attack.corpus import ACTS, CANDIDATES, EPISODES, HEADERS, OBSERVATIONS, QUERIES, raw

STATE = "SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM candidate), (SELECT count(*) FROM access)"
TURNED = "SELECT coalesce(sum(count), 0) FROM security_event"


def test_a_decimal_keeps_its_scale_and_no_two_readings_are_left():
    assert str(parse(b"[0.20, 7, 1e2]")) == str([Decimal("0.20"), 7, Decimal("1E+2")])
    for written in (b"-0.0", b"1e21", b'{"a":1,"a":1}', b"Infinity", b'"\\u202e"', b"[" * 22 + b"]" * 22, b"1" * 31):
        with pytest.raises(UnreadableError):
            parse(written)


@dataclass(frozen=True, slots=True)
class Wall:
    """Checks refusals: a problem, nothing changed, one security event more. Keeps what did not hold, by name."""

    sql: Callable[..., list]
    held: list[str] = field(default_factory=list)
    fell: dict[str, str] = field(default_factory=dict)

    def check(self, name: str, send: Callable[[], httpx.Response], *, wanted: Callable[[dict], object] = bool) -> None:
        before, turned = self.sql(STATE), self.sql(TURNED)[0][0]
        told = send()
        problem = told.headers.get("content-type") == "application/problem+json"
        unmoved = self.sql(STATE) == before and self.sql(TURNED)[0][0] == turned + 1
        if 400 <= told.status_code < 500 and problem and unmoved and wanted(told.json()):
            self.held.append(name)
        else:
            self.fell[name] = f"{told.status_code} {told.text[:300]} unmoved: {unmoved}"

    def stands(self) -> None:
        assert self.held
        assert self.fell == {}


@pytest.fixture
def wall(sql: Callable[..., list]) -> Wall:
    return Wall(sql)


def _placed(told: dict) -> bool:
    """Whether a problem says where it lies; what cannot be read at all lies in the body."""
    return told["code"] == "unreadable" or bool(told.get("place"))


def test_no_impossible_observation_gets_in(api: Api, wall: Wall):
    nils, path = api("nurse-1"), f"/episodes/{api.enrol()}/observations"
    for name, body in OBSERVATIONS.items():
        wall.check(name, partial(nils.post, path, body), wanted=_placed)
    wall.stands()


def test_no_impossible_person_is_registered(api: Api, wall: Wall):
    for name, change in CANDIDATES.items():
        asked = referral()
        whole = asked | {"candidate": asked["candidate"] | change}
        wall.check(name, partial(api("coordinator-1").post, "/episodes", whole), wanted=_placed)
    wall.stands()


def test_no_impossible_episode_begins(api: Api, wall: Wall):
    for name, change in EPISODES.items():
        wall.check(name, partial(api("coordinator-1").post, "/episodes", referral() | change))
    wall.stands()


def test_no_impossible_act_is_done(api: Api, wall: Wall):
    episode = api.enrol()
    for page, person, body in ACTS:
        seen = '"1"' if page == "transitions" else ""
        send = partial(api(person).post, f"/episodes/{episode}/{page}", body, seen=seen)
        wall.check(f"{page} {body}", send, wanted=lambda told: told["status"] == 422)
    wall.stands()


def test_only_plain_json_is_read(api: Api, wall: Wall):
    path = f"/episodes/{api.enrol()}/observations"
    for headers in HEADERS:
        send = partial(api("nurse-1").post, path, raw("7"), **headers)
        wall.check(str(headers), send, wanted=lambda told: told["status"] == 415)
    wall.stands()


def test_a_body_of_five_megabytes_is_not_read(api: Api, wall: Wall):
    nils, path = api("nurse-1"), f"/episodes/{api.enrol()}/observations"
    large = {"said": b"[" + b" " * 5_000_000 + b"]", "in pieces": (b" " * 100_000 for _ in range(10))}
    for name, content in large.items():
        headers = {**nils.headers, "Content-Type": "application/json"}
        send = partial(api.client.post, f"{V1}{path}", content=content, headers=headers)
        wall.check(name, send, wanted=lambda told: told["code"] == "too_large")
    wall.stands()


def test_a_list_refuses_what_it_cannot_read(api: Api, wall: Wall):
    for query in QUERIES:
        wall.check(
            query, partial(api.client.get, f"{V1}/episodes{query}", headers=api("lead-1").headers), wanted=_placed
        )
    wall.stands()


def test_trouble_outside_any_route_is_a_problem_too(api: Api):
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/episodes/", 404),
        ("DELETE", "/api/v1/episodes", 405),
        ("POST", "/healthz", 405),
    ):
        told = api.client.request(method, path)
        assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")
        assert told.json()["code"] == {404: "not_found", 405: "method_not_allowed"}[status]


def test_nothing_sent_is_shown_or_logged(api: Api, caplog: pytest.LogCaptureFixture):
    secret = "ZZCANARY"
    asked = referral(family_name=secret * 20, given_name=secret) | {secret: secret}
    told = api("coordinator-1").post("/episodes", asked)
    assert told.status_code == 422
    assert secret not in told.text.replace(f'"place":"{secret}"', "")
    assert secret not in caplog.text
