"""The engine's own duty: every version has it, and a file may say otherwise."""

from workflow.authoring.lint import examine
from workflow.authoring.lint_examples import applied
from workflow.domain.ladder import Urgency
from workflow.domain.protocol import UNDELIVERED, ProtocolVersion
from workflow.domain.task import Scope

LADDER = """
ladders:
  undelivered:
    label: Post came back
    time: clock
    on_hold: run
    urgency: red
    rungs: [{after: 1h, tell: [nurse, lead]}]
    repeat: 1d
"""
DUTY = """
duties:
  undelivered: {label: Post came back, for: nurse, closes: [{done: "yes"}], ladder: undelivered}
"""


def sound(change: str) -> ProtocolVersion:
    examined = examine(applied(change), "x.yaml")
    assert [str(finding) for finding in examined.findings] == []
    assert examined.version is not None
    return examined.version


def test_a_file_that_says_nothing_of_it_has_the_duty_and_its_ladder():
    version = sound("{}")
    assert version.tasks[UNDELIVERED].by_engine
    assert version.ladders[UNDELIVERED].urgency is Urgency.URGENT


def test_a_file_may_give_the_duty_another_ladder():
    version = sound(LADDER)
    assert version.tasks[UNDELIVERED].by_engine
    assert version.ladders[UNDELIVERED].label == "Post came back"


def test_a_file_may_declare_the_duty_itself():
    version = sound(LADDER + DUTY)
    own = version.tasks[UNDELIVERED]
    assert (own.by_engine, own.label, own.scope) == (False, "Post came back", Scope.EPISODE)


def test_a_file_that_names_the_duty_without_declaring_it_is_told_so():
    examined = examine(applied("{safety_task: undelivered}"), "x.yaml")
    assert [finding.code for finding in examined.findings] == ["T103"]
