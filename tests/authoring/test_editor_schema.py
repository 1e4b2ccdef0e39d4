"""What editors are told of a protocol file: every key in words, and never less than the reader takes."""

import random
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.authoring.damage import damaged
from workflow.authoring.editor_schema import PLACE, editor_schema, schema_text, words_for
from workflow.authoring.key_words import KEYS
from workflow.authoring.lint_examples import applied, examples, smallest
from workflow.authoring.schema import load
from workflow.authoring.shape_criterion import Written

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "protocols").glob("*/v*.yaml"))
EDITOR = Draft7Validator(editor_schema())


class PlainLoader(yaml.SafeLoader):
    """YAML as editors read it (1.2): numbers are numbers, and only true and false are no words."""


# YAML 1.1 takes yes, no, on and off for answers and dates for dates; editors do not.
PlainLoader.yaml_implicit_resolvers = {
    letter: [(tag, form) for tag, form in known if not tag.endswith((":bool", ":timestamp"))]
    for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def told(text: str | bytes) -> list[str]:
    """The paths an editor would underline."""
    tree = yaml.load(text, Loader=PlainLoader)
    return sorted(".".join(str(part) for part in fault.absolute_path) for fault in EDITOR.iter_errors(tree))


def kinds(above: type[Written] = Written) -> list[type[Written]]:
    """Every kind of map a protocol file is made of."""
    below = [kind for kind in above.__subclasses__() if kind.__module__.startswith("workflow.authoring.shape")]
    return below + [kind for one in below for kind in kinds(one)]


def test_it_is_a_schema_and_the_one_beside_the_protocols():
    Draft7Validator.check_schema(editor_schema())
    assert (ROOT / PLACE).read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_key_has_words(kind: type[Written]):
    for key, field in kind.model_fields.items():
        assert len(words_for(kind, field.alias or key)) > 15


def test_no_words_are_left_of_a_key_that_is_gone():
    known = {kind.__name__: {field.alias or key for key, field in kind.model_fields.items()} for kind in kinds()}
    assert {name: keys.keys() - known.get(name, set()) for name, keys in KEYS.items()} == {name: set() for name in KEYS}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_protocol_of_ours_is_underlined_nowhere(file: Path):
    assert told(file.read_bytes()) == []


@pytest.mark.parametrize("code", [code for code in examples() if code not in ("T001", "T002")])
def test_what_the_reader_takes_the_editor_takes(code: str):
    assert told(applied(examples()[code].wrong)) == told(applied(examples()[code].right)) == []


def test_what_a_damaged_file_still_reads_as_the_editor_takes_too():
    dice = random.Random(20261122)
    texts = [damaged(smallest().encode(), dice) for _ in range(1500)]
    sound = [text for text in texts if load(text, "x.yaml").version is not None]
    assert len(sound) > 150
    # Of `null` editors think nothing, and the reader the four letters that stand there.
    assert [text for text in sound if told(text) and b"null" not in text] == []


UNFIT = {
    "unknown key": ("colour: blue", ""),
    "unknown key, deeper": ("stages: {waiting: {colour: blue}}", "stages.waiting"),
    "a name in capitals": ("stages: {Trial: {label: Trial}}", "stages"),
    "a reserved name": ("stages: {any: {label: Any}}", "stages"),
    "a bare amount": ("items: {ready: {valid_for: '30'}}", "items.ready.valid_for"),
    "a span backwards": ("items: {ready: {valid_for: -3d}}", "items.ready.valid_for"),
    "no span at all": ("items: {ready: {valid_for: 00d}}", "items.ready.valid_for"),
    "an answer that is none": ("stages: {closed: {ends: 'true'}}", "stages.closed.ends"),
    "an unknown role": ("roles: [nurse, doctor]", "roles.1"),
    "a role twice": ("roles: [nurse, clinician, lead, lead]", "roles"),
    "an empty list": ("transitions: {start: {gates: []}}", "transitions.start.gates"),
    "a word that is none": ("transitions: {start: {gates: any}}", "transitions.start.gates"),
    "letters for a number": ("response: {above: fifty}", "response.above"),
    "two thresholds": ("response: {at_least: '50'}", "response"),
    "one number for two": ("items: {pain: {range: ['0']}}", "items.pain.range"),
    "a number without range": ("items: {heat: {label: Heat, kind: number, unit: Cel}}", "items.heat"),
    "choices on a number": ("items: {pain: {choices: [one, two]}}", "items.pain"),
    "a source without a mark": ("items: {ready: {source: HOUSE}}", "items.ready"),
    "two subjects": ("gates: {ready: {all: [{item: ready, derived: since, is: 'yes'}]}}", "gates.ready.all.0"),
    "two operators": ("gates: {ready: {all: [{item: pain, above: '1', below: '3'}]}}", "gates.ready.all.0"),
    "two joins": ("gates: {ready: {any: [{item: ready, is: 'yes'}]}}", "gates.ready"),
    "two facts": ("tasks: {prepare: {opens: [{stage: trial, act: puncture}]}}", "tasks.prepare.opens.0"),
    "nobody to tell": ("ladders: {steady: {rungs: [{after: 1d, tell: [doctor]}]}}", "ladders.steady.rungs.0.tell.0"),
    "a transition that does nothing": (
        "transitions: {idle: {label: Idle, from: any, by: [nurse], gates: none}}",
        "transitions.idle",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_the_editor_underlines_the_reader_refuses(case: str):
    change, path = UNFIT[case]
    assert load(applied(change), "x.yaml").version is None
    assert told(applied(change)) == [path]


def test_bare_digits_and_bare_answers_are_no_fault():
    bare = re.sub(r'"([0-9.]+|yes|no)"', r"\1", "# yaml-language-server: $schema=x.json\n" + smallest())
    assert "above: 50\n" in bare
    assert load(bare, "x.yaml").version is not None
    assert told(bare) == []
