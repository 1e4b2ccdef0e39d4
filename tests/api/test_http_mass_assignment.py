"""What nobody declared is refused and changes nothing: in every body, in every part of it, and in every query."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from matrix import SESSIONS, Route, Site, routes
from recipes import RECIPES
from two_sites import World, standing

from workflow.domain.policy import who_may

EXTRA: dict[str, object] = {
    "role": "clinician",
    "roles": ["clinician"],
    "site_id": "south",
    "state": "done",
    "stage": "implanted",
    "version": 1,
    "seq": 1,
    "signed_by": "clinician-1",
    "by": "clinician-1",
    "actor": "clinician-1",
    "second": "clinician-2",
    "id": "6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11",
    "created_at": "2026-01-01T00:00:00Z",
    "recorded_at": "2026-01-01T00:00:00Z",
    "head": "0" * 64,
    "is_admin": True,
    "__proto__": {},
    "__class__": "x",
}


@pytest.fixture(scope="module")
def world(a_copy, served, tokens) -> Iterator[World]:
    with a_copy() as database, standing(database, served, tokens) as made:
        yield made


def _objects(body: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where an object stands in a body."""
    if isinstance(body, dict):
        yield here
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, each in inner:
        yield from _objects(each, (*here, key))


def _with(body: Any, place: tuple[str | int, ...], name: str, value: object) -> Any:
    whole = deepcopy(body)
    target = whole
    for key in place:
        target = target[key]
    target[name] = value
    return whole


def _declared(world: World) -> dict[str, set[str]]:
    """The fields of every body of the interface, by the fields that tell which body it is."""
    schemas = world.described["components"]["schemas"]
    return {name: set(schema.get("properties", ())) for name, schema in schemas.items() if name.endswith("In")}


def _fields(world: World, part: dict[str, Any]) -> set[str]:
    """Every field that may stand beside those of this part of a body."""
    return set().union(*(fields for fields in _declared(world).values() if set(part) <= fields), set(part))


def _whoever_may(route: Route) -> str:
    assert route.verb is not None
    return f"{min(who_may(route.verb))}-1"


def test_a_field_nobody_declared_is_refused_in_every_part_of_every_body(world: World):
    untouched, tried, deviations = world.fingerprint(), 0, []
    for route in routes(world.described):
        if route.method != "POST" or SESSIONS.match(route.name):
            continue
        sent = RECIPES[route.name](world.places["north"], "")
        caller, path = world.api(_whoever_may(route)), route.path.removeprefix("/api/v1").format(**sent.path)
        for place in _objects(sent.body):
            part = sent.body
            for key in place:
                part = part[key]
            for name, value in EXTRA.items():
                if name in _fields(world, part):
                    continue
                told = caller.post(path, _with(sent.body, place, name, value), **sent.headers)
                tried += 1
                if told.status_code != 422:
                    deviations.append(f"{route.name} {place} {name}: {told.status_code} {told.text[:200]}")
    assert deviations == []
    assert tried > 500
    assert world.fingerprint() == untouched


def test_a_query_nobody_declared_is_refused_where_a_route_takes_any(world: World):
    untouched, tried = world.fingerprint(), 0
    for path, operations in world.described["paths"].items():
        for method, operation in operations.items():
            queried = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            if not queried:
                continue
            filled = path.format(
                id="north" if "/sites/" in path else "service-2" if "/staff/" in path else world.places["north"].episode
            )
            for name in set(EXTRA) - queried:
                token = world.api.tokens["lead-1" if "/staff/" not in path and "closures" not in path else "admin-1"]
                headers = {"Authorization": f"Bearer {token}"}
                told = world.api.client.request(method, filled, params={name: "x"}, headers=headers)
                assert told.status_code == 422, (method, path, name, told.text)
                tried += 1
    assert tried > 100
    assert world.fingerprint() == untouched


def test_where_the_site_stands_it_stands_once(world: World):
    assert {route.name for route in routes(world.described) if route.site is Site.BODY} == {
        "POST /episodes",
        "POST /staff",
    }
