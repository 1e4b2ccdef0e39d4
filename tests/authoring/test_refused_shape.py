"""What is known in which place of a protocol file. Whatever is not named is refused, and everything at once."""

import pytest

from workflow.authoring.finding import FlawedProtocolError
from workflow.authoring.lint_examples import applied, smallest
from workflow.authoring.schema import load, read
from workflow.domain.errors import ProtocolError

# A change to the smallest protocol, where the finding must stand, and what it must say.
UNFIT = {
    "unknown key at the top": ("colour: blue", "colour", "not known"),
    "unknown key in a test": (
        "gates: {ready: {all: [{item: ready, is: 'yes', hue: a}]}}",
        "gates.ready.all.0.hue",
        "not known",
    ),
    "a number as YAML would guess it": ("late_after: '4:30'", "late_after", "not a duration"),
    "a word as YAML would guess it": ("stages: {waiting: {ends: on}}", "stages.waiting.ends", "not an answer"),
    "not a number": ("response: {above: .nan}", "response.above", "not a number"),
    "underscored digits": ("response: {above: 5_0}", "response.above", "not a number"),
    "other digits": ("response: {above: '\u0665\u0660'}", "response.above", "not a number"),
    "spaced digits": ("response: {above: ' 50'}", "response.above", "not a number"),
    "endless number": ("response: {above: 1e999}", "response.above", "not a number"),
    "leading zeros": ("version: '007'", "version", "not a whole number"),
    "a bare amount": ("items: {ready: {valid_for: '30'}}", "items.ready.valid_for", "not a duration"),
    "a span backwards": ("items: {ready: {valid_for: -3d}}", "items.ready.valid_for", "not a span"),
    "choices on a number": ("items: {pain: {choices: [one, two]}}", "items.pain", "choices belong"),
    "a number without range": ("items: {heat: {label: Heat, kind: number, unit: Cel}}", "items.heat", "unit and range"),
    "a range upside down": ("items: {pain: {range: ['10', '0']}}", "items.pain", "upside down"),
    "a judgement in numbers": ("items: {pain: {judgement: 'yes'}}", "items.pain", "judgement"),
    "an unknown kind": ("items: {ready: {kind: maybe}}", "items.ready.kind", "not one of"),
    "doses out of order": ("drugs: {morphine: {hard_maximum: '0.1'}}", "drugs.morphine", "out of order"),
    "two operators": (
        "gates: {ready: {all: [{item: pain, above: '1', below: '3'}]}}",
        "gates.ready.all.0",
        "compares once",
    ),
    "no operator": ("gates: {ready: {all: [{item: ready}]}}", "gates.ready.all.0", "compares once"),
    "two subjects": (
        "gates: {ready: {all: [{item: ready, derived: since, is: 'yes'}]}}",
        "gates.ready.all.0",
        "one thing",
    ),
    "never recorded": (
        "gates: {ready: {all: [{item: ready, recorded: 'no'}]}}",
        "gates.ready.all.0.recorded",
        "not an answer",
    ),
    "two joins": ("gates: {ready: {any: [{item: ready, is: 'yes'}]}}", "gates.ready", "joined one way"),
    "a source without a mark": (
        "gates: {ready: {all: [{item: ready, is: 'yes', source: A}]}}",
        "gates.ready.all.0",
        "belong together",
    ),
    "an unknown mark": ("items: {ready: {source: HOUSE, mark: Q}}", "items.ready.mark", "not one of"),
    "an unknown role": ("roles: [nurse, doctor]", "roles.1", "not one of"),
    "nobody to tell": (
        "ladders: {steady: {rungs: [{after: 1d, tell: [doctor]}]}}",
        "ladders.steady.rungs.0.tell.0",
        "somebody to tell",
    ),
    "a role twice": ("roles: [nurse, nurse]", "roles", "twice"),
    "an empty list of gates": ("transitions: {start: {gates: []}}", "transitions.start.gates", "an empty list"),
    "a transition that does nothing": (
        "transitions: {idle: {label: Idle, from: [waiting], by: [nurse], gates: none}}",
        "transitions.idle",
        "does nothing",
    ),
    "two facts at once": (
        "duties: {look_again: {opens: [{stage: trial, act: puncture}]}}",
        "duties.look_again.opens.0",
        "one fact",
    ),
    "opening on done": ("duties: {look_again: {opens: [{done: 'yes'}]}}", "duties.look_again", "being done"),
    "a duty closed by a stage": (
        "duties: {look_again: {closes: [{stage: closed}]}}",
        "duties.look_again",
        "outlives stages",
    ),
    "a reserved name": ("stages: {any: {label: Any}}", "stages.any", "not a name of your own"),
    "a name in capitals": ("stages: {Trial: {label: Trial}}", "stages.Trial", "not written as it must be"),
    "a task and a duty of one name": (
        "duties: {prepare: {label: Prepare, for: nurse, closes: [{done: 'yes'}], ladder: steady}}",
        "",
        "a task and a duty",
    ),
    "a map for a list": ("transitions: {start: {from: {waiting: 'yes'}}}", "transitions.start.from", "not a list with"),
    "a list for a word": ("title: [One]", "title", "a list stands where a text must"),
    "a word for a map": ("stages: {waiting: Waiting}", "stages.waiting", "Waiting stands where a map must"),
    "a word for all of them": ("stages: none", "stages", "none stands where a map must"),
    "an empty text": ("title: ''", "title", "a text of 0 characters"),
    "a text without end": (f"title: {'x' * 301}", "title", "a text of 301 characters"),
    "a text that begins with a blank": ("title: ' x'", "title", "not written as it must be"),
    "no relief at all": ("response: {above: '0'}", "response", "one threshold"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_value_out_of_place_is_refused_and_named(case: str):
    change, path, message = UNFIT[case]

    findings = load(applied(change), "x.yaml").findings

    assert [(finding.code, finding.place.path) for finding in findings] == [("T002", path)]
    assert message in findings[0].message
    assert findings[0].place.line > 0
    assert findings[0].remedy


@pytest.mark.parametrize("key", ["from", "by", "gates", "label"])
def test_a_transition_says_each_of_these(key: str):
    start = {"label": "Start", "from": "[waiting]", "to": "trial", "by": "[nurse]", "gates": "[ready]"}
    told = ", ".join(f"{name}: {value}" for name, value in start.items() if name != key)

    findings = load(applied(f"transitions: {{begin: {{{told}}}}}"), "x.yaml").findings

    assert [(finding.place.path, finding.message) for finding in findings] == [
        (f"transitions.begin.{key}", f"the key {key} is missing")
    ]


def test_an_unknown_key_is_told_with_the_keys_that_are_known_there():
    (finding,) = load(applied("gates: {ready: {all: [{item: ready, is: 'yes', within_days: '3'}]}}"), "x.yaml").findings

    assert "within" in finding.remedy.split(", ")
    assert "join" not in finding.remedy


def test_all_faults_of_a_file_are_told_at_once():
    broken = applied("late_after: soon\nstages: {waiting: {colour: blue}}\ntransitions: {start: {by: [doctor]}}")

    with pytest.raises(FlawedProtocolError) as refused:
        read(broken, name="x.yaml")

    assert {finding.place.path for finding in refused.value.findings} == {
        "late_after",
        "stages.waiting.colour",
        "transitions.start.by.0",
    }
    assert isinstance(refused.value, ProtocolError)
    assert "(and 2 more)" in refused.value.detail
    assert refused.value.place.startswith("x.yaml:")


def test_the_same_bytes_give_the_same_version_and_others_another():
    text = smallest()

    assert read(text).sha256 == read(text.encode()).sha256
    assert read(text + "# a remark\n").sha256 != read(text).sha256
