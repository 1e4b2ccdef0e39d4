"""What changes from one version to the next is told: every field of everything, in words, for whom it is."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from typer.testing import CliRunner

from workflow.authoring.diff import Change, diff
from workflow.authoring.schema import read
from workflow.cli.protocol import app
from workflow.domain.actor import Role
from workflow.domain.calendar import Duration
from workflow.domain.protocol import ProtocolVersion

PREPARED = "Psychology and opioid reduction, where the pain is not from cancer"
STAFFED = "Observation is staffed, and somebody takes the person home"
INR = "INR on the day (on warfarin)"
INR_BEFORE = f"{INR}: at most 1.4, not older than 24 hours (ASRA18; R)"
INR_AFTER = f"{INR}: at most 1.3, not older than 12 hours (HOUSE; D)"
RUNG_3 = "      - {after: 26h, tell: [lead]}\n"
RUNG_4 = "{after: 13d, tell:"


def changed(text: bytes, *replaced: tuple[str, str]) -> ProtocolVersion:
    found = text.decode().replace("version: 1\n", "version: 2\n")
    for old, new in replaced:
        assert old in found, old
        found = found.replace(old, new)
    return read(found)


def told(changes: tuple[Change, ...]) -> list[str]:
    return [change.told for change in changes]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "from: [referred]\n    to: screening\n    by: [coordinator, clinician]",
            "from: [referred]\n    to: screening\n    by: [clinician, nurse]",
            "transition Accept the referral: may also be taken by nurse",
        ),
        (
            "gates: [refractory, prepared, screened]",
            "gates: [refractory, screened]",
            f"transition Complete screening: no longer asks for {PREPARED}",
        ),
        (
            "gates: [referral_complete]",
            "gates: [referral_complete, screened]",
            "transition Accept the referral: also asks for Screening asked what it must",
        ),
        (
            "from: [follow_up]\n    to: closed",
            'from: [follow_up]\n    second_person: "yes"\n    to: closed',
            "transition Close follow-up: asks for a second person",
        ),
        (
            "reasons: [candidate_withdrew, moved_away, lost_contact]",
            "reasons: [candidate_withdrew, moved_away]",
            "transition Withdraw: no longer takes the reason lost_contact",
        ),
        (
            '{item: inr, at_most: "1.4", within: 24h, label: INR on the day (on warfarin), source: ASRA18, mark: R}',
            '{item: inr, at_most: "1.3", within: 12h, label: INR on the day (on warfarin), source: HOUSE, mark: D}',
            f"gate Bleeding risk, today: {INR_BEFORE} becomes {INR_AFTER}",
        ),
        (
            '      - {item: escort_named, is: "yes", source: PNY132, mark: R}\n',
            "",
            f"gate {STAFFED}: no longer asks Responsible adult named: yes (PNY132; R)",
        ),
        (
            '      - {item: goal_agreed, recorded: "yes"}\n',
            '      - {item: goal_agreed, recorded: "yes"}\n      - {item: nrs, at_least: "4"}\n',
            "gate Screening asked what it must: also asks Pain score (NRS): at least 4",
        ),
        (
            'range: ["1", "2000"], valid_for: 30d',
            'range: ["1", "2000"], valid_for: 14d',
            "item Platelets: valid for 30 days becomes 14 days",
        ),
        (
            'hard_maximum: "1"\n',
            'hard_maximum: "2"\n',
            "drug Morphine, preservative-free: never above 1 becomes 2",
        ),
        ("scores: 3", "scores: 4", "response: scores 3 becomes 4"),
        (f"{RUNG_4} [clinician, implanter, lead]", f"{RUNG_4.replace('13d', '10d')} [clinician, implanter, lead]",
         "ladder Catheter in: rung 4: after 13 days becomes 10 days"),
        (f"{RUNG_4} [clinician, implanter, lead]", f"{RUNG_4} [clinician, lead]",
         "ladder Catheter in: rung 4: tell no longer implanter"),
        (RUNG_3, RUNG_3 + RUNG_3.replace("26h", "30h"),
         "ladder Observation running: a further rung: after 30 hours lead"),
        ("Complete the work-up, for: coordinator", "Complete the work-up, for: nurse",
         "task Complete the work-up: for coordinator becomes nurse"),
        ("opens: [{act: puncture}, {act: repeat_dose}]", "opens: [{act: puncture}]",
         "duty Observation running: no longer opens on act Repeat dose"),
        ("Puncture for the trial, valid_for: 12h", "Puncture for the trial, valid_for: 6h",
         "act Puncture for the trial: valid for 12 hours becomes 6 hours"),
        ("max_trials: 2", "max_trials: 3", "max trials: 2 becomes 3"),
        ("review_after: 7d", "review_after: 5d", "hold: review after 7 days becomes 5 days"),
        ("lapses_after: 14d\n  screened", "lapses_after: 7d\n  screened",
         f"gate {PREPARED}: the way past it: lapses after 14 days becomes 7 days"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(v1: ProtocolVersion, v1_text: bytes, old: str, new: str, sentence: str):
    assert sentence in told(diff(v1, changed(v1_text, (old, new))))


def test_the_same_text_changes_nothing(v1: ProtocolVersion):
    assert diff(v1, v1) == ()


def test_a_comment_prescribes_nothing_and_another_number_alone_is_told(v1: ProtocolVersion, v1_text: bytes):
    (comment,) = diff(v1, read(v1_text + b"\n# nothing\n"))
    assert "in nothing that is prescribed" in comment.told
    assert {change.field for change in diff(v1, changed(v1_text))} == {"number", "sha256"}


def test_how_tests_are_joined_is_told_whole(v1: ProtocolVersion, v1_text: bytes):
    now = changed(
        v1_text, ("any:\n      - {item: oral_escalation_failed", "all:\n      - {item: oral_escalation_failed")
    )
    (change,) = diff(v1, now)
    assert change.told.startswith("gate Refractory to systemic treatment (any of three): reads now: all of (Systemic")


def test_a_stage_that_is_new_and_one_that_is_gone(v1: ProtocolVersion, v1_text: bytes):
    changes = diff(v1, changed(v1_text, ("case_review", "board_review")))
    stages = [change for change in changes if change.thing == "stages"]
    assert [(change.key, change.told.split(":")[0]) for change in stages] == [
        ("case_review", "stage Case review is gone"),
        ("board_review", "stage Case review is new"),
    ]


def test_it_says_for_whom(v1: ProtocolVersion, v1_text: bytes):
    line = changed(v1_text, ('platelets, at_least: "100"', 'platelets, at_least: "150"'))
    assert {change.key: change.concerns for change in diff(v1, line)} == {
        "bloods": (Role.CLINICIAN,),
        "bleeding_risk_today": (Role.CLINICIAN, Role.IMPLANTER),
    }
    told_to = changed(v1_text, ("{after: 6d, tell: [coordinator, lead]}", "{after: 7d, tell: [coordinator, lead]}"))
    (change,) = diff(v1, told_to)
    assert change.concerns == (Role.COORDINATOR, Role.LEAD)


# -- every field of everything a version is made of


def specimen(kind: Any, name: str = "x") -> Any:
    """One value of a type, with everything in it filled in."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return specimen(args[0], name)
    if origin is tuple:
        return (specimen(args[0], name),)
    if origin is not None and issubclass(origin, Mapping):
        return {f"{name}_key": specimen(args[1], f"{name}_key")}
    if kind is Duration:
        return Duration(7, "h")
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{each.name: specimen(hints[each.name], each.name) for each in fields(kind)})
    return {str: f"{name}_said", int: 3, bool: False, Decimal: Decimal(5)}[kind]


def others(value: Any) -> Iterator[Any]:
    """Other values of the same type, each different in one place."""
    match value:
        case bool():
            yield not value
        case Enum():
            yield next((other for other in type(value) if other is not value), value)
        case str():
            yield f"{value}_otherwise"
        case int() | Decimal():
            yield value + 1
        case Duration():
            yield replace(value, amount=value.amount + 1)
        case tuple():
            yield ()
            yield (*value, *value)
            for at, one in enumerate(value):
                yield from ((*value[:at], other, *value[at + 1 :]) for other in others(one))
        case Mapping():
            yield {}
            for key, one in value.items():
                yield from ({**value, key: other} for other in others(one))
        case _ if is_dataclass(value):
            for each in fields(value):
                yield from (replace(value, **{each.name: other}) for other in others(getattr(value, each.name)))


SPECIMEN: ProtocolVersion = specimen(ProtocolVersion)
NAMED = {"number": "number", "sha256": "text"}


@pytest.mark.parametrize("field", [each.name for each in fields(ProtocolVersion)])
def test_every_field_of_everything_is_told_and_names_its_thing(field: str):
    value, seen = getattr(SPECIMEN, field), 0
    for other in others(value):
        changes = diff(SPECIMEN, replace(SPECIMEN, **{field: other}))
        assert changes, (field, other)
        assert {change.thing for change in changes} == {field}
        thing = next(iter(value.values())) if isinstance(value, Mapping) else value
        label = getattr(thing, "label", "") or (f"{field}_key" if isinstance(value, Mapping) else field)
        names = (label.removesuffix("_said"), NAMED.get(field, field.replace("_", " ")))
        assert all(any(name in change.told for name in names) for change in changes), (names, told(changes))
        seen += 1
    assert seen


def test_the_specimen_has_something_everywhere():
    assert sum(1 for field in fields(ProtocolVersion) for _ in others(getattr(SPECIMEN, field.name))) > 400


# -- as it is typed


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


@pytest.fixture
def pair(v1_text: bytes, tmp_path: Path) -> tuple[str, str]:
    before, after = tmp_path / "v1.yaml", tmp_path / "v2.yaml"
    before.write_bytes(v1_text)
    text = v1_text.decode().replace("version: 1\n", "version: 2\n").replace("max_trials: 2", "max_trials: 3")
    after.write_text(text.replace("Complete the work-up, for: coordinator", "Complete the work-up, for: nurse"))
    return str(before), str(after)


def test_two_files_need_no_database(pair: tuple[str, str]):
    code, out = run("diff", *pair)
    assert code == 0
    assert out.splitlines() == [
        "opioid_trial@1 to opioid_trial@2",
        "",
        "tasks",
        "  task Complete the work-up: for coordinator becomes nurse  [for coordinator, nurse, clinician, lead]",
        "",
        "max trials",
        "  max trials: 2 becomes 3",
    ]


def test_one_role_sees_what_concerns_it(pair: tuple[str, str]):
    assert "work-up" in run("diff", *pair, "--for", "nurse")[1]
    assert "work-up" not in run("diff", *pair, "--for", "pharmacist")[1]


def test_the_same_file_and_what_is_no_file(pair: tuple[str, str]):
    assert run("diff", pair[0], pair[0]) == (0, "opioid_trial@1 to opioid_trial@1\nnothing changes\n")
    assert run("diff", pair[0], "v9.yaml")[0] == 2


def test_for_programs(pair: tuple[str, str]):
    code, out = run("diff", *pair, "--json")
    assert code == 0
    assert '"thing": "max_trials"' in out
    assert '"before": "2"' in out
