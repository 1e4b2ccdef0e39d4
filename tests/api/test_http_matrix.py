"""The authorisation matrix, run: every role, route, method and site against the application and its database."""

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from matrix import SESSIONS, V1, Cell, Site, Told, askers_of_methods, cells, routes, summary, unsupported
from recipes import RECIPES, Sent, before, of_place
from two_sites import World, standing

# What is heard and does not fit what stands there: nothing is authorised, nobody waits, the first reminder is past.
NEVER_DONE = {
    "POST /episodes/{id}/transitions",
    "POST /episodes/{id}/adopt",
    "POST /episodes/{id}/trials/{n}/administrations",
    "POST /tasks/{id}/contacts",
    "POST /tasks/{id}/snooze",
}
NOT_ALLOWED = {401, 403, 404, 405, 415, 422}


@pytest.fixture(scope="module")
def world(a_copy, served, tokens) -> Iterator[World]:
    with a_copy() as database, standing(database, served, tokens) as made:
        yield made


def _named(cell: Cell) -> str:
    about = f" about {cell.relation}" if cell.relation != "here" else ""
    return f"{cell.who.id or 'nobody'} {cell.route.name} {cell.site}{about}: {cell.told} expected"


def _send(world: World, cell: Cell, sent: Sent) -> httpx.Response:
    token = world.api.tokens[cell.who.id]
    headers = {"Authorization": f"Bearer {token}", **sent.headers} if cell.who.id else dict(sent.headers)
    body = {} if cell.route.method != "POST" else {"json": sent.body}
    path = cell.route.path.format(**sent.path)
    return world.api.client.request(cell.route.method, path, params=dict(sent.query), headers=headers, **body)


def _sent(world: World, cell: Cell) -> Sent:
    place = world.places[cell.site or "north"]
    return RECIPES[cell.route.name](place, cell.who.id if cell.relation == "own" else "")


def test_every_route_has_a_recipe_and_every_recipe_a_route(world: World):
    assert {route.name for route in routes(world.described)} == set(RECIPES)


def test_whoever_may_not_is_told_so_and_nothing_changes(world: World):
    wanted = [cell for cell in cells(world.described) if cell.told is not Told.ALLOWED]
    assert len(wanted) > 1000
    untouched, deviations = world.fingerprint(), []
    for cell in wanted:
        told = _send(world, cell, _sent(world, cell))
        if str(told.status_code) != cell.told:
            deviations.append(f"{_named(cell)}, {told.status_code} told: {told.text[:200]}")
    assert deviations == []
    assert world.fingerprint() == untouched


def test_whoever_may_is_heard(world: World):
    wanted = [cell for cell in cells(world.described) if cell.told is Told.ALLOWED]
    assert len(wanted) > 500
    done, deviations, last = Counter[str](), [], ""
    for cell in wanted:
        if cell.route.name != last and cell.route.method == "POST" and cell.route.site is Site.PATH:
            world.places["north"] = of_place(world.api, "north", people=2)  # nobody has done anything to it yet
        last = cell.route.name
        sent = _sent(world, cell)
        sent = before(cell.route.name, world.api, world.places[cell.site or "north"], sent)
        told = _send(world, cell, sent)
        if told.status_code in NOT_ALLOWED or (told.status_code >= 500 and cell.route.name != "GET /readyz"):
            deviations.append(f"{_named(cell)}, {told.status_code} told: {told.text[:300]}")
        done[cell.route.name] += told.is_success
    assert deviations == []
    assert {name for name in RECIPES if not done[name] and not SESSIONS.match(name)} - {"GET /readyz"} == NEVER_DONE


def test_a_method_a_path_has_not_is_told_alike_to_everybody(world: World):
    asked, answers = 0, {}
    untouched = world.fingerprint()
    for method, path in unsupported(world.described):
        filled = path.format(id=world.places["north"].episode, key="opioid_trial", n=1, tablet="none")
        for who in askers_of_methods():
            headers = {"Authorization": f"Bearer {world.api.tokens[who.id]}"} if who.id else {}
            told = world.api.client.request(method, filled, headers=headers)
            assert told.status_code == 405, (who.id, method, path)
            answers.setdefault((method, path), set()).add((told.content, told.headers["allow"]))
            asked += 1
    assert {place for place, heard in answers.items() if len(heard) > 1} == set()
    assert world.fingerprint() == untouched
    assert asked == summary(world.described)[Told.NO_METHOD]


def test_a_path_that_is_none_is_told_alike_to_everybody(world: World):
    for path in ("/nothing", f"{V1}/nothing", f"{V1}/episodes/", f"{V1}/sites/north", f"{V1}/staff/nurse-1/"):
        heard = {
            (told.status_code, told.content)
            for who in askers_of_methods()
            for told in [world.api.client.get(path, headers={"Authorization": f"Bearer {world.api.tokens[who.id]}"})]
        }
        assert len(heard) == 1, path
        assert heard.pop()[0] in (404, 405), path
