"""Every rule of the lint, against its own examples and against what the examples do not show."""

from pathlib import Path

import pytest

from workflow.authoring import publishable
from workflow.authoring.finding import FlawedProtocolError, Severity
from workflow.authoring.lint import RULES, examine, lint
from workflow.authoring.lint_examples import applied, examples, printed, smallest
from workflow.authoring.lint_page import READING, lint_page
from workflow.domain.protocol import ProtocolVersion

PAGE = Path(__file__).parents[2] / "docs" / "lint" / "README.md"
EXAMPLES = examples()


def codes(change: str) -> list[str]:
    return [finding.code for finding in examine(applied(change), "x.yaml").findings]


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_wrong_example_shows_its_code_and_a_right_one_nothing(code: str):
    example = EXAMPLES[code]
    wrong = examine(applied(example.wrong, appended=example.appended), "x.yaml", printed=printed())
    right = examine(applied(example.right, appended=example.appended), "x.yaml", printed=printed())

    assert {finding.code for finding in wrong.findings} == {code}
    assert all(finding.place.line and finding.remedy for finding in wrong.findings)
    assert [str(finding) for finding in right.findings] == []
    assert right.version is not None


def test_every_code_is_used_once_and_has_an_example():
    known = [code for code, *_ in READING] + [rule.code for rule in RULES]

    assert len(known) == len(set(known))
    assert set(known) == set(EXAMPLES)


def test_the_smallest_protocol_leaves_nothing_to_say():
    assert examine(smallest(), "smallest.yaml").findings == ()


def test_the_page_of_codes_says_what_the_rules_say():
    assert PAGE.read_text(encoding="utf-8") == lint_page()


def test_the_first_protocol_has_no_error(v1_text: bytes, v1: ProtocolVersion):
    findings = examine(v1_text, "v1.yaml").findings

    assert [str(finding) for finding in findings if finding.is_error] == []
    assert publishable(v1_text).sha256 == v1.sha256


def test_a_version_from_elsewhere_is_linted_by_its_name(v1: ProtocolVersion):
    assert {finding.place.file for finding in lint(v1)} <= {"opioid_trial@1"}


def test_a_file_with_an_error_is_not_publishable_and_one_with_a_notice_is():
    with pytest.raises(FlawedProtocolError) as refused:
        publishable(applied(EXAMPLES["T402"].wrong))

    assert [finding.code for finding in refused.value.findings] == ["T402"]
    assert [finding.severity for finding in examine(applied(EXAMPLES["T209"].wrong), "x").findings] == [Severity.NOTICE]
    publishable(applied(EXAMPLES["T209"].wrong))


def test_where_names_dangle_nothing_else_is_judged():
    trap = "stages: {trap: {label: Trap}}\ntransitions: {start: {gates: [redy]}}"

    assert codes(trap) == ["T103"]
    assert examine(applied(trap), "x.yaml").version is None


@pytest.mark.parametrize(
    "test",
    [
        "{item: pain, is: a lot}",
        "{item: pain, in: ['1', '2']}",
        "{item: pain, above: '11'}",
        "{item: pain, at_least: '-1'}",
        "{item: ready, at_least: '1'}",
        "{item: ready, in: ['yes', perhaps]}",
        "{item: drug, is: fentanyl}",
        "{item: note, is: good}",
        "{item: day, above: '3'}",
        "{derived: response.verdict, is: partly}",
        "{derived: response.verdict, above: '50'}",
        "{derived: count.trials, is: two}",
        "{derived: trial.catheter, in: [out, lost]}",
    ],
)
def test_a_test_that_can_never_be_met_is_found(test: str):
    items = "items: {note: {label: Note, kind: text}, day: {label: Day, kind: date}}"

    assert codes(f"{items}\ngates: {{ready: {{all: [{test}]}}}}") == ["T104"]


@pytest.mark.parametrize(
    "test",
    [
        "{item: pain, is: '3', source: HOUSE, mark: D}",
        "{item: drug, in: [morphine]}",
        "{derived: response.verdict, is: not met}",
        "{derived: trial.method, in: [single_shot, catheter]}",
        "{derived: since, of: ready, at_least: '4', source: HOUSE, mark: D}",
        "{derived: valid_at, of: ready/visit, is: 'yes'}",
        "{derived: count.open_duties, of: look_again, below: '1', source: HOUSE, mark: D}",
    ],
)
def test_a_test_that_can_be_met_passes(test: str):
    fits = examine(applied(f"gates: {{ready: {{all: [{{item: ready, is: 'yes'}}, {test}]}}}}"), "x.yaml")

    assert [str(finding) for finding in fits.findings] == []


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ("{derived: mood, is: 'yes'}", "T103"),
        ("{derived: since, at_least: '4'}", "T101"),
        ("{derived: until, of: holiday, at_least: '4'}", "T103"),
        ("{derived: count.doses, of: ready, below: '1'}", "T103"),
        ("{derived: count.open_duties, of: prepare, below: '1'}", "T103"),
        ("{derived: valid_at, of: ready/holiday, is: 'yes'}", "T103"),
    ],
)
def test_a_derived_value_is_of_something_that_exists(test: str, code: str):
    assert codes(f"gates: {{ready: {{all: [{{item: ready, is: 'yes'}}, {test}]}}}}") == [code]


REMOVAL = """
acts: {{removal: {{label: Removal, valid_for: 12h}}}}
transitions:
  approve_removal:
    {{label: Approve, from: {approve}, by: [clinician], authorises: removal, on_hold: "{approve_held}", gates: [ready]}}
  removed: {{label: Record, from: {record}, by: [nurse], records: removal, on_hold: "{record_held}", gates: none}}
duties:
  catheter_in:
    {{label: Catheter in, for: nurse, opens: [{{act: puncture}}], closes: [{{act: removal}}], ladder: steady}}
"""
ANYWHERE = {"approve": "any", "approve_held": "yes", "record": "any", "record_held": "yes"}


@pytest.mark.parametrize(
    "narrowed",
    [{"record": "[trial]"}, {"record_held": "no"}, {"approve": "[trial]"}, {"approve_held": "no"}],
)
def test_a_duty_is_left_behind_where_its_closing_act_cannot_be_approved_or_recorded(narrowed: dict[str, str]):
    assert codes(REMOVAL.format(**ANYWHERE)) == []
    assert codes(REMOVAL.format(**ANYWHERE | narrowed)) == ["T501"]


def test_a_duty_without_any_closing_fact_is_left_behind():
    duty = "duties: {watch: {label: Watch, for: nurse, opens: [{act: puncture}], ladder: steady}}"

    assert codes(duty) == ["T501"]


def test_hours_and_working_days_are_ordered_only_where_no_site_can_turn_them_round():
    def ladder(first: str, second: str) -> str:
        rungs = f"[{{after: {first}, tell: [nurse]}}, {{after: {second}, tell: [lead]}}]"
        return f"ladders: {{steady: {{time: working, rungs: {rungs}}}}}"

    assert codes(ladder("1h", "1d")) == []
    assert codes(ladder("5h", "1d")) == ["T401"]
    assert codes(ladder("4d", "1w")) == []
    assert codes(ladder("6d", "1w")) == ["T401"]


def test_software_authorises_no_act():
    approval = "transitions: {approve_dose: {by: system}}"

    assert codes(approval) == ["T206", "T209", "T211"]


def test_recording_an_act_beside_its_gated_approval_is_no_ungated_branch(v1: ProtocolVersion):
    assert v1.transitions["record_catheter_in"].gates == ()
    assert not [finding for finding in lint(v1) if finding.code == "T203"]


def test_findings_come_in_the_order_of_the_file():
    findings = examine(
        applied("ladders: {steady: {repeat: 1min}}\nitems: {note: {label: Note, kind: text}}"), "x"
    ).findings

    assert [finding.code for finding in findings] == ["T307", "T403"]
    assert [finding.place.line for finding in findings] == sorted(finding.place.line for finding in findings)
