"""Whose referral comes first, and what an appointment is booked for: read, looked at, told."""

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
from workflow.domain.calendar import Duration, TimeKind

PROTOCOLS = Path(__file__).parents[2] / "protocols"
SOUND = "priority: {label: Ready, item: ready, is: 'yes', within: 3d, time: working, source: HOUSE, mark: D}"
BOOKED = "appointments: {visit: {label: Visit, act: puncture}}"


def codes(change: str) -> list[str]:
    return [finding.code for finding in examine(applied(change), "x.yaml").findings]


def test_a_priority_is_read_as_one_test_and_a_time():
    version = load(applied(SOUND), "x.yaml").version
    assert version is not None
    assert version.priority is not None
    assert (version.priority.label, version.priority.test.subject.item) == ("Ready", "ready")
    assert (version.priority.within, version.priority.time) == (Duration(3, "d"), TimeKind.WORKING)
    assert codes(SOUND) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (SOUND.replace("item: ready", "item: wealth"), "T101"),
        (SOUND.replace("'yes'", "blue"), "T104"),
        (SOUND.replace(", source: HOUSE, mark: D", ""), "T303"),
        (SOUND.replace("HOUSE", "NOBODY"), "T304"),
        (BOOKED.replace("puncture", "levitation"), "T103"),
    ],
)
def test_what_a_priority_or_a_booking_names_is_looked_for(change: str, code: str):
    assert codes(change) == [code]


@pytest.mark.parametrize(
    "change",
    [
        SOUND.replace("is: 'yes'", "is: 'yes', recorded: 'yes'"),
        SOUND.replace("is: 'yes', ", ""),
        SOUND.replace("within: 3d", "within: -3d"),
        SOUND.replace("time: working", "time: soon"),
        SOUND.replace("label: Ready, ", ""),
    ],
)
def test_a_priority_that_says_nothing_or_two_things_is_refused_by_reader_and_editor(change: str):
    assert load(applied(change), "x.yaml").version is None
    assert [fault.path[0] for fault in Draft7Validator(editor_schema()).iter_errors(parse(applied(change)).tree)]


def test_the_page_and_the_difference_tell_of_it():
    before, after = load(applied("{}"), "x.yaml").version, load(applied(SOUND + "\n" + BOOKED), "x.yaml").version
    assert before is not None
    assert after is not None
    assert "Ready comes first" in outline(after)
    assert "within 3 days (working time)" in outline(after)
    assert "Visit is booked for: " in outline(after)
    assert any(change.thing == "priority" and "is new" in change.told for change in diff(before, after))


def test_cancer_pain_comes_first_wherever_the_triage_ladder_says_so():
    """The number is the triage ladder's own: "cancer 3 working days (D)"; the first printing stays as it was."""
    for name in ("opioid_trial/v2.yaml", "ziconotide_trial/v1.yaml"):
        version = read((PROTOCOLS / name).read_bytes(), name=name)
        assert "cancer 3 working days (D)" in version.ladders["triage"].source
        assert version.priority is not None
        assert (str(version.priority.within), version.priority.time, version.priority.test.texts) == (
            "3d",
            TimeKind.WORKING,
            ("cancer",),
        )
        assert {kind.act for kind in version.appointments.values()} >= {"puncture", "implant", "refill"}
    frozen = read((PROTOCOLS / "opioid_trial/v1.yaml").read_bytes(), name="v1.yaml")
    assert frozen.priority is None
