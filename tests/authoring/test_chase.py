"""What comes when an outsider does not answer, and whom a rung can name beside roles: read, looked at, told."""

from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from workflow.authoring.diff import diff
from workflow.authoring.editor_schema import editor_schema
from workflow.authoring.lint import examine
from workflow.authoring.lint_examples import applied
from workflow.authoring.outline import outline
from workflow.authoring.parse import parse
from workflow.authoring.schema import load, read
from workflow.domain.protocol import Chase, ProtocolVersion
from workflow.domain.task import Scope

PROTOCOLS = Path(__file__).parents[2] / "protocols"
CHASING = sorted((*PROTOCOLS.glob("opioid_trial/v2.yaml"), *PROTOCOLS.glob("[bz]*_trial/v1.yaml")))
NEXT = "tasks: {ask_again: {label: Ask again, for: nurse, ladder: steady}}"
SOUND = NEXT + "\nduties: {look_again: {chase: {attempts: '3', opens: ask_again, source: HOUSE, mark: D}}}"
CALLED = "ladders: {steady: {rungs: [{after: 1d, tell: [assignee]}, {after: 2d, tell: [deputy, on_call, lead]}]}}"
RED = "ladders: {steady: {urgency: red}}\n"


def codes(change: str) -> list[str]:
    return [finding.code for finding in examine(applied(change), "x.yaml").findings if finding.is_error]


def sound(change: str = SOUND) -> ProtocolVersion:
    version = load(applied(change), "x.yaml").version
    assert version is not None
    return version


def test_a_chase_is_read_and_opens_what_nothing_else_opens():
    chase = sound().tasks["look_again"].chase
    assert chase is not None
    assert (chase.attempts, chase.opens, str(chase.basis)) == (3, "ask_again", "HOUSE (D)")
    assert codes(SOUND) == []
    assert codes(NEXT) == ["T502"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (SOUND.replace("opens: ask_again", "opens: ask_nobody").replace(NEXT, ""), "T103"),
        (SOUND.replace("opens: ask_again", "opens: undelivered").replace(NEXT, ""), "T103"),
        (SOUND.replace("opens: ask_again", "opens: look_again").replace(NEXT, ""), "T105"),
        (SOUND.replace("opens: ask_again", "opens: look_at_hold").replace(NEXT, ""), "T105"),
        (RED + SOUND, "T105"),
        (SOUND.replace(", source: HOUSE, mark: D", ""), "T303"),
        (SOUND.replace("HOUSE", "NOBODY"), "T304"),
    ],
)
def test_what_a_chase_names_is_looked_for(change: str, code: str):
    assert codes(change) == [code]


@pytest.mark.parametrize(
    "change",
    [
        SOUND.replace("'3'", "'0'"),
        SOUND.replace("attempts: '3', ", ""),
        SOUND.replace("opens: ask_again, ", ""),
        CALLED.replace("deputy", "deputies"),
        CALLED.replace("[deputy, on_call", "[deputy, deputy"),
    ],
)
def test_a_chase_or_a_rung_that_says_too_little_is_refused_by_reader_and_editor(change: str):
    assert load(applied(change), "x.yaml").version is None
    assert list(Draft7Validator(editor_schema()).iter_errors(parse(applied(change)).tree))


def test_a_rung_may_call_a_deputy_and_whoever_is_on_call_beside_the_lead():
    assert codes(CALLED) == []
    assert sound(CALLED).ladders["steady"].rungs[1].tell == ("deputy", "on_call", "lead")
    assert codes(CALLED.replace(", lead]", "]")) == ["T402"]


def test_the_printed_page_and_the_difference_say_it():
    version = sound()
    page = outline(version)
    assert "after every 3 attempts to reach the outsider it waits on: Ask again (HOUSE; D)" in page
    assert "3 attempts in vain of: " in page
    rule = version.tasks["look_again"]
    without = replace(version, tasks={**version.tasks, "look_again": replace(rule, chase=None)})
    oftener = replace(rule, chase=Chase(attempts=5, opens="ask_again", basis=rule.chase.basis))
    more = replace(version, tasks={**version.tasks, "look_again": oftener})
    assert [change.told for change in diff(without, version)] == [
        "duty Look again: chase nothing becomes attempts 3; opens Ask again; source HOUSE (D)"
    ]
    assert [change.told for change in diff(version, more)] == ["duty Look again: chase: attempts 3 becomes 5"]


@pytest.mark.parametrize("path", CHASING, ids=lambda path: path.parent.name)
def test_every_protocol_chases_outsiders_and_calls_deputies_and_whoever_is_on_call(path: Path):
    version = read(path.read_bytes(), name=path.name)
    chases = {key: rule.chase for key, rule in version.tasks.items() if rule.chase is not None}
    assert {"complete_workup", "check_contraindications"} <= set(chases)
    assert {chase.opens for chase in chases.values()} == {"go_on_without_answer", "agree_anticoagulant_plan"}
    assert all(str(chase.basis) == "HOUSE (D)" for chase in chases.values())
    assert all(version.tasks[chase.opens].scope is Scope.STINT for chase in chases.values())
    named = {name for ladder in version.ladders.values() for rung in ladder.rungs for name in rung.tell}
    assert {"deputy", "on_call"} <= named
    red = [ladder for ladder in version.ladders.values() if ladder.urgency == "red"]
    assert all("on_call" in {name for rung in ladder.rungs for name in rung.tell} for ladder in red)
