"""An erased candidate over HTTP: whatever named them is not found, every list and search goes on without them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from caller import V1, Api, ago, referral
from httpx import Response
from matrix import routes
from recipes import RECIPES, Place, of_place
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api.document import describe
from workflow.domain.actor import Role
from workflow.domain.policy import Verb, who_may
from workflow.service import erase, fire
from workflow.store import session
from workflow.store.session import Store
from workflow.store.staff import Person

INSIDE = tuple(f"{V1}/{kind}/{{id}}" for kind in ("episodes", "tasks", "observations", "appointments"))


@pytest.fixture
def as_superuser(database: Any) -> Iterator[Callable[[str], None]]:
    """Let time pass for rows, behind everybody's back."""
    url = make_url(database.superuser).set(database=database.name, drivername="postgresql+psycopg")
    engine = create_engine(url)

    def do(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    yield do
    engine.dispose()


@pytest.fixture
def erased(
    api: Api, store: Store, database: Any, signers: None, as_superuser: Callable[[str], None]
) -> tuple[Place, str, str]:
    """A place whose candidate had something of everything, letters among it; their code, and a key that was used."""
    place = of_place(api, "north", people=1)
    said = [{"item": "nrs", "observed_at": ago(hours=3), "value": 5, "unit": "{score}"}]
    assert api("nurse-1").post(f"/episodes/{place.episode}/observations", said, key="again").status_code == 201
    as_superuser("UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'")
    worker = session.open_store(database.worker, database.key_file)
    fire.sweep(worker)
    worker.close()
    code = str(api("lead-1").get(f"/episodes/{place.episode}").json()["code"])
    assert place.episode in api("lead-1").get("/messages").text
    as_superuser(f"UPDATE episode SET closed_at = now() - interval '11 years' WHERE id = '{place.episode}'")
    erase.propose(store, _person(Role.LEAD), site="north", code=code, reason="requested")
    erase.agree(store, _person(Role.CLINICIAN), site="north", code=code)
    return place, code, "again"


def _person(role: Role) -> Person:
    return Person(id=f"{role}-1", name=role, roles={"north": frozenset({role})})


def _asked(api: Api, verb: Verb, method: str, path: str, sent: Any) -> Response:
    """The same request by everybody who may; the last answer, and all of them the same."""
    told = [
        api.client.request(
            method,
            path,
            params=dict(sent.query),
            json=sent.body,
            headers=api(f"{role}-1").headers | dict(sent.headers),
        )
        for role in sorted(who_may(verb))
    ]
    assert len({one.status_code for one in told}) == 1, [one.text for one in told]
    return told[-1]


def test_whatever_names_somebody_erased_is_not_found(api: Api, served: Any, erased: tuple[Place, str, str]):
    place, _, _ = erased
    inside = [one for one in routes(describe(served[0])) if one.path.startswith(INSIDE)]
    assert len(inside) > 25
    found = {}
    for route in inside:
        sent = RECIPES[route.name](place, "")
        found[route.name] = _asked(api, route.verb, route.method, route.path.format(**sent.path), sent).status_code
    assert {name: status for name, status in found.items() if status != 404} == {}


def test_every_list_and_search_goes_on_without_them(api: Api, served: Any, erased: tuple[Place, str, str]):
    place, code, _ = erased
    lists = [one for one in routes(describe(served[0])) if one.method == "GET" and not one.path.startswith(INSIDE)]
    queries: list[dict[str, object]] = [{}, {"q": code}, {"q": "Nightjar"}, {"episode": place.episode}]
    seen = 0
    for route in lists:
        if route.verb is None or "{key}" in route.path:
            continue
        sent = RECIPES[route.name](place, "")
        for query in queries:
            told = api("lead-1").client.get(
                route.path.format(**sent.path), params=dict(sent.query) | query, headers=api("lead-1").headers
            )
            assert told.status_code in (200, 403, 422), (route.name, query, told.text)
            assert place.episode not in told.text
            assert code not in told.text
            seen += told.status_code == 200
    assert seen > 10


def test_the_same_key_and_the_same_person_anew_are_somebody_new(api: Api, erased: tuple[Place, str, str]):
    place, code, key = erased
    told = api("nurse-1").post(f"/episodes/{place.episode}/observations", [], key=key)
    assert told.status_code in (404, 422), told.text
    anew = api("coordinator-1").post("/episodes", referral(), key=key)
    assert anew.status_code == 201, anew.text
    assert code not in anew.text
