"""Nobody is their own second person, whatever roles they hold; two who may are enough."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations_with_replacement, product

import pytest
from caller import Caller, ago
from proving import give_passwords
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from two_sites import World, standing

from workflow.domain.actor import Role
from workflow.domain.policy import POLICY, Relation, Verb, who_may
from workflow.service import people
from workflow.store import session

PAIRS = [*combinations_with_replacement(Role, 2)]
OVERRIDE = {"gate": "prepared", "reason": "assessment_waived_by_panel"}
WORKUP = {"active_infection": "no", "uncontrolled_coagulopathy": "no", "permanent_contraindication": "no"}
WAIVE = {"name": "waive_trial", "reason": "trial_done_elsewhere"}


@pytest.fixture(scope="module")
def world(a_copy, served, tokens) -> Iterator[World]:
    with a_copy() as database, standing(database, served, tokens) as made:
        yield made


@pytest.fixture(scope="module")
def both(world: World) -> dict[tuple[Role, Role], Caller]:
    """For each pair of roles one person at north who holds both."""
    store, found = session.open_store(world.database.migrate, world.database.key_file), {}
    for pair in PAIRS:
        name = f"{pair[0]}.{pair[1]}"
        people.add_person(store, person=name, name=name)
        for role in set(pair):
            people.add_role(store, site="north", person=name, role=role, starts_on=date(2020, 1, 1))
        token = people.add_token(store, person=name, label="test", days=1)
        found[pair] = Caller(world.api.client, {"Authorization": f"Bearer {token}"})
    store.close()
    give_passwords(world.database)
    return found


def _ways(world: World) -> dict[str, tuple[str, object, str]]:
    """A fresh candidate for whom a gate, an act and a step each want a second person: path, body, what was seen."""
    episode = world.api.enrol(by="coordinator-2", days=40)
    adopted = {"stage": "contraindication_check", "reason": "the paper board", "occurred_at": ago(days=20)}
    assert world.api("coordinator-2").post(f"/episodes/{episode}/adopt", adopted).status_code == 200
    values = {**WORKUP, "spinal_imaging_clear": "yes"}
    told = world.api("clinician-2").record(episode, ago(hours=2), values)
    assert told.status_code == 201, told.text
    deviation = {"act": "implant", "reason": "done elsewhere in an emergency", "occurred_at": ago(hours=1)}
    return {
        "advance": (f"/episodes/{episode}/transitions", WAIVE, told.headers["etag"]),
        "override": (f"/episodes/{episode}/overrides", OVERRIDE, ""),
        "deviate": (f"/episodes/{episode}/deviations", deviation, ""),
    }


def _signed(world: World, path: str, body: dict[str, object]) -> dict[str, object]:
    """What is asked, signed where that is wanted, on what stands now."""
    _, _, episode, what = path.split("/")
    step = {"overrides": "override", "deviations": "deviation"}.get(what)
    return world.api("lead-1").signed(episode, **{step: body}) if step else body


def test_no_line_of_the_table_lets_anybody_second_themselves():
    assert [verb for verb in Verb if Relation.AGAIN in POLICY[verb]] == []
    assert all(who_may(verb, Relation.AGAIN) == frozenset() for verb in Verb)


def test_nobody_is_their_own_second_person(world: World, both: dict[tuple[Role, Role], Caller]):
    proposed = 0
    for caller in both.values():
        ways = _ways(world)
        for path, body, first_seen in ways.values():
            heard, seen = [], first_seen
            for _ in range(3):
                told = caller.post(path, _signed(world, path, body), seen=seen)
                seen = told.headers.get("etag", seen) if seen else ""
                heard.append(told.status_code)
            assert heard[0] in (202, 403, 409), (path, told.text)
            assert set(heard[1:]) <= {403, 409}, (path, heard, told.text)
            proposed += heard[0] == 202
    assert proposed > 30
    assert world.ask("SELECT count(*) FROM gate_override") == [(0,)]
    assert world.ask("SELECT count(*) FROM passage WHERE second IS NOT NULL OR how = 'deviation'") == [(0,)]


def test_two_people_who_may_are_enough_and_one_who_may_not_is_not(world: World):
    allowed = {"advance": {Role.CLINICIAN}, "override": {Role.CLINICIAN}, "deviate": who_may(Verb.DEVIATE)}
    done = 0
    for first, second in product(Role, repeat=2):
        for verb, (path, body, seen) in _ways(world).items():
            told = world.api(f"{first}-1").post(path, _signed(world, path, body), seen=seen)
            newer = told.headers.get("etag", seen) if seen else ""
            told = world.api(f"{second}-2").post(path, _signed(world, path, body), seen=newer)
            stands = {first, second} <= allowed[verb]
            assert (told.status_code == 200) is stands, (first, second, verb, told.text)
            done += stands
            if stands:
                break  # it has moved: what is asked next is another question
    assert done > 0


def test_the_database_has_the_last_word_on_two_people(world: World):
    with pytest.raises(IntegrityError, match="two_people"), world.desk.store.transaction(["north"]) as connection:
        connection.execute(
            text(
                "INSERT INTO gate_override SELECT site_id, id, '9', 'prepared', 'overridden', 'x', 'me', 'me', now(),"
                " now(), 'x' FROM episode LIMIT 1"
            )
        )
