"""Every transition from every stage by every role: a candidate moves only where protocol and policy let them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from two_sites import World, standing

from workflow.authoring import read
from workflow.domain.actor import Role
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import Transition

PROTOCOL = read((Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml").read_text(encoding="utf-8"))
STAGES = sorted(PROTOCOL.stages)


@pytest.fixture(scope="module")
def world(a_copy, served, tokens) -> Iterator[World]:
    with a_copy() as database, standing(database, served, tokens) as made:
        yield made


def _at(world: World, stage: str) -> str:
    """A new episode that stands at a stage, put there behind everybody's back."""
    episode = world.api.enrol(by="coordinator-2", days=10)
    closed = "clock_timestamp()" if PROTOCOL.stage(stage).ends else "NULL"
    world.ask(f"UPDATE episode SET stage = '{stage}', closed_at = {closed} WHERE id = '{episode}'")
    return episode


def _stage(world: World, episode: str) -> str:
    return str(world.ask(f"SELECT stage FROM episode WHERE id = '{episode}'")[0][0])


def _may(rule: Transition, stage: str, role: Role) -> bool:
    """Whether the protocol and the policy, read by themselves, let this role go this way from here at all."""
    return role in who_may(Verb.ADVANCE) and role in rule.by and not rule.by_system and stage in rule.sources


@pytest.mark.parametrize("stage", STAGES)
def test_a_candidate_moves_only_as_declared(world: World, stage: str):
    episode, seen, moved, refused = _at(world, stage), '"1"', [], 0
    for role in Role:
        caller = world.api(f"{role}-1")
        for name, rule in PROTOCOL.transitions.items():
            body = {"name": name} | ({"reason": rule.reasons[0]} if rule.reasons else {})
            told = caller.post(f"/episodes/{episode}/transitions", body, seen=seen)
            seen = told.headers.get("etag", seen)
            if told.status_code == 403:
                assert role not in who_may(Verb.ADVANCE), (role, name)
            elif told.is_success:
                moved.append((role, name))
                assert _may(rule, stage, role), (role, name, told.text)
                wanted = {stage} if told.status_code == 202 or not rule.to else {rule.to}
                assert {_stage(world, episode)} == wanted, (role, name, told.text)
                episode, seen = _at(world, stage), '"1"'
            else:
                assert told.status_code == 409, (role, name, told.text)
                refused += 1
    assert _stage(world, episode) == stage
    assert refused > 50
    nowhere = {role for role, _ in moved} - {role for role in Role if role in who_may(Verb.ADVANCE)}
    assert nowhere == set()


def test_there_is_no_way_by_the_name_of_a_stage(world: World):
    episode = world.places["north"].episode
    for name in (*(f"to_{stage}" for stage in STAGES), *STAGES, "trigger", "may_withdraw", "initial", "__init__"):
        if name in PROTOCOL.transitions:
            continue
        told = world.api("clinician-1").advance(episode, name)
        assert (told.status_code, told.json()["code"]) == (422, "unknown_name"), name


NEW = """INSERT INTO episode SELECT site_id, gen_random_uuid(), candidate_id, protocol, stage, stint, stint_at,
  enrolled_at, closed_at, seq, version, head FROM episode LIMIT 1"""
SILENT = [
    "UPDATE episode SET stage = 'implanted'",
    "UPDATE episode SET stage = 'implanted', version = version + 1",
    "UPDATE episode SET stage = 'implanted', seq = seq + 1",
    "UPDATE episode SET stage = 'implanted', seq = seq + 1, head = repeat('0', 64)",
    "UPDATE episode SET hold_reason = 'x'",
    "UPDATE episode SET closed_at = now()",
    "UPDATE episode SET protocol = 'opioid_trial@9'",
    "UPDATE episode SET candidate_id = gen_random_uuid()",
    "UPDATE episode SET head = repeat('0', 64)",
    NEW,
]


@pytest.mark.parametrize("statement", SILENT)
def test_no_stage_changes_without_its_line(world: World, statement: str):
    before = world.ask("SELECT * FROM episode ORDER BY id")
    silently = world.desk.store.transaction(["north"])
    with pytest.raises(DBAPIError, match=r"no line tells|foreign key") as refused, silently as connection:
        connection.execute(text(statement))
    assert getattr(refused.value.orig, "sqlstate", "") in {"42501", "23503"}
    assert world.ask("SELECT * FROM episode ORDER BY id") == before
