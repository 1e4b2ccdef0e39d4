"""Pooled connections and two sites by turns: nothing of the one is ever in an answer to somebody of the other."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, product

import pytest
from caller import ago, referral
from matrix import NORTH, SOUTH, routes
from recipes import RECIPES
from two_sites import World, standing

from workflow.service import fire
from workflow.store import session

REQUESTS = int(os.environ.get("THECA_LEAKS", "3000"))  # more of them by hand: THECA_LEAKS=10000
THREADS = 16
CANARY = {NORTH: "Nordkanarie", SOUTH: "Suedkanarie"}
LEADS = {NORTH: "lead-2", SOUTH: "lead-3"}


@dataclass(frozen=True, slots=True)
class Question:
    """One request of somebody at one site, and what of the other site must not be in the answer."""

    site: str
    url: str
    params: dict[str, str]
    foreign: bool


@pytest.fixture(scope="module")
def world(a_copy, served, tokens) -> Iterator[World]:
    with a_copy() as database, standing(database, served, tokens) as made:
        for site, number in ((NORTH, 2), (SOUTH, 3)):
            _leave_canaries(made, site, number)
        _tell_everybody(made)
        yield made


def _leave_canaries(world: World, site: str, number: int) -> None:
    """The site's own word in a name, a record number, notes, reasons, a closure and a person's name."""
    word, api, place = CANARY[site], world.api, world.places[site]
    known = {"family_name": word, "given_name": word, "external_id": f"{word}-1"}
    asked = referral(site=site, days=30) | {"candidate": referral()["candidate"] | known}
    made = api(f"coordinator-{number}").post("/episodes", asked)
    assert made.status_code == 201, made.text
    nurse, admin = api(f"nurse-{number}"), api(f"admin-{number}")
    said = {"item": "referral_reason", "observed_at": ago(days=20), "value": f"{word} says why"}
    assert nurse.post(f"/episodes/{place.episode}/observations", [said]).status_code == 201
    held = api(f"lead-{number}").post(f"/episodes/{made.json()['episode']}/hold", {"reason": "waiting_for_payer"})
    assert held.status_code == 200, held.text
    wait = {"on": "cardiology", "until": ago(hours=-2), "reason": f"{word} waits"}
    assert nurse.post(f"/tasks/{place.task}/wait", wait).status_code in (200, 409)
    closed = {"day": "2026-12-28", "label": f"{word} day"}
    assert admin.post(f"/sites/{site}/closures", closed).status_code == 201
    hired = {"id": f"{word.lower()}", "name": f"{word} Person", "site": site, "role": "nurse"}
    assert admin.post("/staff", hired).status_code == 201


def _tell_everybody(world: World) -> None:
    """Let every reminder fire, so that there are messages, and an outage that delayed some."""
    world.ask("UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'")
    worker = session.open_store(world.database.worker, world.database.key_file)
    fire.sweep(worker)
    worker.close()
    world.ask("INSERT INTO outage (from_at, until_at) VALUES (now() - interval '2 hours', now() - interval '1 hour')")
    world.ask(
        "INSERT INTO outage_timer SELECT t.site_id, o.id, t.episode_id, t.key, t.n, t.rung, o.from_at"
        " FROM timer AS t CROSS JOIN outage AS o"
    )


def _questions(world: World) -> list[Question]:
    """Every list and every page, at one's own site and at the other's, and searches for the other's words."""
    reads = [
        route
        for route in routes(world.described)
        if route.method == "GET" and route.verb is not None and not route.path.endswith("openapi.json")  # its examples
    ]
    found = []
    for (site, other), route in product(((NORTH, SOUTH), (SOUTH, NORTH)), reads):
        for about in (site, other) if "{id}" in route.path else (site,):
            sent = RECIPES[route.name](world.places[about], "")
            found.append(Question(site, route.path.format(**sent.path), {}, foreign=about != site))
        if route.name in ("GET /episodes", "GET /tasks", "GET /messages"):
            found.append(Question(site, route.path, {"site": other}, foreign=True))
    for site, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
        words = (CANARY[other], CANARY[other][:4], f"{CANARY[other]}-1", "nightjar", CANARY[site])
        found += [Question(site, "/api/v1/episodes", {"q": word}, foreign=False) for word in words]
    return found


def _words_of(world: World, site: str) -> list[str]:
    """What is in no answer to anybody elsewhere: the site's own word, its episodes, candidates, codes, its people."""
    ids = world.ask(
        f"SELECT e.id::text, c.id::text, c.code FROM episode AS e JOIN candidate AS c ON c.id = e.candidate_id"
        f" WHERE e.site_id = '{site}'"
    )
    staff = world.ask(f"SELECT DISTINCT staff_id FROM membership WHERE site_id = '{site}' AND staff_id LIKE '%-_'")
    other = NORTH if site == SOUTH else SOUTH
    both = {one for (one,) in world.ask(f"SELECT staff_id FROM membership WHERE site_id = '{other}'")}
    named = [f'"{one}"' for (one,) in staff if one not in both]
    return [CANARY[site], CANARY[site].lower(), *(word for line in ids for word in line), *named]


def test_nothing_of_one_site_is_told_at_another(world: World):
    questions, told, leaks = _questions(world), Counter[tuple[str, bool, int]](), []
    words = {NORTH: _words_of(world, SOUTH), SOUTH: _words_of(world, NORTH)}
    own = dict.fromkeys(CANARY, 0)
    lock = threading.Lock()

    def ask(question: Question) -> None:
        headers = {"Authorization": f"Bearer {world.api.tokens[LEADS[question.site]]}"}
        if "/staff/" in question.url or question.url.endswith("/tablets"):
            headers = {"Authorization": f"Bearer {world.api.tokens[LEADS[question.site].replace('lead', 'admin')]}"}
        answer = world.api.client.get(question.url, params=question.params, headers=headers)
        with lock:
            told[question.site, question.foreign, answer.status_code] += 1
            own[question.site] += CANARY[question.site] in answer.text
            leaks.extend((question, word) for word in words[question.site] if word in answer.text)

    assert len(questions) >= 70
    by_turns = [one for pair in zip(*_halves(questions), strict=True) for one in pair]
    endless = islice((one for _ in range(REQUESTS) for one in by_turns), REQUESTS)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, endless))
    assert leaks == []
    assert sum(told.values()) == REQUESTS
    assert {status for (_, foreign, status) in told if foreign} == {404}
    assert {status for (_, foreign, status) in told if not foreign} == {200}
    assert min(own.values()) > REQUESTS // 40, "the canaries sing at home"


def test_the_connections_were_shared(world: World):
    pool = world.desk.store.engine.pool
    assert pool.checkedin() + pool.checkedout() <= THREADS  # type: ignore[attr-defined]
    seen = world.ask("SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE usename = 'theca_app'")[0][0]
    assert 1 <= seen <= THREADS + 40


def _halves(questions: list[Question]) -> tuple[list[Question], list[Question]]:
    north, south = ([one for one in questions if one.site == site] for site in (NORTH, SOUTH))
    assert len(north) == len(south)
    return north, south
