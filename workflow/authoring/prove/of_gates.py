"""What must be so of the gates: each can be open, each can bar, and each of their tests decides something."""

from collections.abc import Iterator

from workflow.authoring.prove.atoms import answer, bounds, slot_of
from workflow.authoring.prove.model import Model
from workflow.authoring.prove.search import Search
from workflow.authoring.prove.seen import Flaw, Seen, first
from workflow.authoring.rule import tests_under
from workflow.authoring.subjects import texts_of
from workflow.domain.criterion import Operator, Test, Verdict


def never_open(model: Model, found: Search, _: Seen) -> Iterator[Flaw]:
    """Gates that no recorded value opens, wherever they are asked."""
    for key, answers in model.ways.answered.items():
        if Verdict.OPEN not in answers:
            yield Flaw("P109", f"gates.{key}", f"{key} is never open, whatever is recorded", _asked(model, found, key))


def always_open(model: Model, found: Search, _: Seen) -> Iterator[Flaw]:
    """Gates that answer open whatever is recorded or missing."""
    for key, answers in model.ways.answered.items():
        if answers == {Verdict.OPEN}:
            message = f"{key} is open on every path, whatever is recorded or missing"
            yield Flaw("P110", f"gates.{key}", message, _asked(model, found, key))


def idle_tests(model: Model, found: Search, _: Seen) -> Iterator[Flaw]:
    """Tests that every value which can be there meets, or none does."""
    for key, gate in model.protocol.gates.items():
        for path, test in tests_under(gate.criterion, f"gates.{key}"):
            said = _said(model, test)
            one = test.subject.derived and len(texts_of(test.subject, model.protocol.items)) == 1
            if not one and said in ({Verdict.OPEN}, {Verdict.SHUT}) and test.operator is not Operator.RECORDED:
                whom = "every" if said == {Verdict.OPEN} else "no"
                message = f"{whom} value of {test.subject.item or test.subject.derived} meets this test"
                yield Flaw("P111", path, message, _asked(model, found, key))


# ---------------------------------------------------------------------------------------------------------------


def _said(model: Model, test: Test) -> set[Verdict]:
    """What a test answers to the values that can be there; values too old for it or of another trial left out."""
    values = model.gates.values
    told = {
        answer(model.protocol, test, value, bound)
        for value in values[slot_of(test.subject)]
        for bound in bounds(test, values)
    }
    return told - {Verdict.UNKNOWN}


def _asked(model: Model, found: Search, gate: str) -> int:
    """The first state in which somebody can ask for a gate."""
    rules = model.protocol.transitions.values()
    stages = {stage for rule in rules if gate in rule.gates for stage in rule.sources}
    return first(at for at, state in enumerate(found.states) if state.stage in stages) or 0
