"""Rules on what gates rest on, and on who may let a candidate past one."""

import re
from collections.abc import Iterator

from workflow.authoring.finding import Severity
from workflow.authoring.rule import Rule, Said, tests_under
from workflow.authoring.uses import bases, every_test, items_named, must_be_sourced, responses
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import Gate, ProtocolVersion

_CITED = re.compile(r"\b[A-Z][A-Z0-9]{1,11}\b", re.ASCII)


def overridden_judgements(version: ProtocolVersion) -> Iterator[Said]:
    """Overrides that would reach a clinician's recorded judgement."""
    for key, gate in version.gates.items():
        if gate.dispensation and gate.dispensation.how == "overridden":
            for path, item in _judgements(version, key, gate):
                yield path, f"{item} is a recorded judgement, and {key} has an override"


def waived_judgements(version: ProtocolVersion) -> Iterator[Said]:
    """Waivers that could reach a recorded judgement."""
    for key, gate in version.gates.items():
        if gate.dispensation and gate.dispensation.how == "waived":
            for path, item in _judgements(version, key, gate):
                yield path, f"{item} is a recorded judgement, and {key} has a waiver"


def powerless_roles(version: ProtocolVersion) -> Iterator[Said]:
    """Roles a gate lets dispense and the policy does not."""
    for key, gate in version.gates.items():
        if gate.dispensation is None:
            continue
        odd = [role for role in gate.dispensation.by if role not in who_may(Verb.OVERRIDE)]
        if odd:
            side = "waiver" if gate.dispensation.how == "waived" else "override"
            yield f"gates.{key}.{side}.by", f"the policy lets no {', '.join(odd)} pass a gate that is not open"


def unsourced_thresholds(version: ProtocolVersion) -> Iterator[Said]:
    """Numbers that decide something and do not say where they come from."""
    for path, test in every_test(version):
        if test.number is not None and not test.basis.source:
            yield path, f"{test.subject.item or test.subject.derived} {test.operator} {test.number} names no source"
    first = version.priority
    if first is not None and first.test.number is None and not first.test.basis.source:
        yield "priority", f"within {first.within} names no source"
    for path, rule in responses(version):
        if not rule.basis.source:
            yield path, "the line of relief names no source"
        if not rule.baseline.basis.source:
            yield f"{path}.baseline", "the baseline names no source"
    for path, basis in must_be_sourced(version):
        if not basis.source:
            yield path, "what stands here names no source"


def undeclared_sources(version: ProtocolVersion) -> Iterator[Said]:
    """Marks that promise a source nobody can look up."""
    for path, basis in bases(version):
        cited = _CITED.findall(basis.source)
        if basis.mark in ("R", "D") and not any(word in version.sources for word in cited):
            yield path, f"{basis.source!r} marked {basis.mark} names none of the declared sources"


def unused_gates(version: ProtocolVersion) -> Iterator[Said]:
    """Gates nothing asks."""
    asked = {gate for way in version.transitions.values() for gate in (*way.gates, *way.warns)}
    asked |= {gate for task in version.tasks.values() for gate in task.gates}
    for key in version.gates:
        if key not in asked:
            yield f"gates.{key}", f"nothing asks whether {key} is open"


def unused_items(version: ProtocolVersion) -> Iterator[Said]:
    """Items no gate, task or computation looks at."""
    tests = tuple(every_test(version))
    used = {test.subject.item for _, test in tests} | {name for _, test in tests for name in test.subject.of.split("/")}
    used |= {item for _, item, _ in items_named(version)}
    for key in version.items:
        if key not in used:
            yield f"items.{key}", f"nothing looks at {key}"


DISPENSING = (
    Rule(
        code="T301",
        title="Override over a judgement",
        why="Nobody overrides a clinician's recorded judgement: an infection, a missing consent, the wrong person. "
        "What two people may answer for is a number.",
        remedy="move the judgement to a gate of its own, without an override",
        check=overridden_judgements,
    ),
    Rule(
        code="T302",
        title="Dispensation by a role without that power",
        why="The policy says who may pass a gate that is not open; a protocol can narrow that, not widen it.",
        remedy=f"name only {', '.join(sorted(who_may(Verb.OVERRIDE)))}",
        check=powerless_roles,
    ),
    Rule(
        code="T303",
        title="Threshold without a source",
        why="A number that decides about a person says where it comes from, or that nobody has found out.",
        remedy="add source and mark: R read, U unconfirmed, D a default to confirm",
        check=unsourced_thresholds,
    ),
    Rule(
        code="T304",
        title="Source nobody can look up",
        why="R says somebody read it and D that somebody set it: the file must say where, under sources.",
        remedy="name a key of sources, or mark it U",
        check=undeclared_sources,
    ),
    Rule(
        code="T305",
        title="Waiver over a judgement",
        why="A waiver says that a question does not arise. Where the answer is a recorded judgement it could also "
        "silence a no.",
        remedy="make sure that it can only stand in for a judgement that was never due",
        check=waived_judgements,
        severity=Severity.NOTICE,
    ),
    Rule(
        code="T306",
        title="Gate nothing asks",
        why="It reads as a safeguard and is none.",
        remedy="put it on a transition or duty, or take it out",
        check=unused_gates,
    ),
    Rule(
        code="T307",
        title="Item nothing looks at",
        why="It may be recorded for people to read. It may also be a test somebody forgot to write.",
        remedy="make sure that it is only for reading",
        check=unused_items,
        severity=Severity.NOTICE,
    ),
)


# ---------------------------------------------------------------------------------------------------------------


def _judgements(version: ProtocolVersion, key: str, gate: Gate) -> Iterator[Said]:
    for path, test in tests_under(gate.criterion, f"gates.{key}"):
        if test.subject.item and version.items[test.subject.item].judgement:
            yield path, test.subject.item
