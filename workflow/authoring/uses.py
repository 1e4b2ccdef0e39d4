"""Where a protocol uses its own names beside gates and work: for the rules that look whether they exist and fit."""

from collections.abc import Container, Iterator

from workflow.authoring.rule import declared_work, gate_tests, tests_under, trigger_tests, work_path
from workflow.domain.criterion import Test
from workflow.domain.following import FOLLOWED
from workflow.domain.item import Basis, Kind
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response_rule import ResponseRule

ANY = frozenset(Kind)
SCORES = frozenset({Kind.NUMBER, Kind.GRADE})
_NUMBER, _YES_NO, _CHOICE = frozenset({Kind.NUMBER}), frozenset({Kind.YES_NO}), frozenset({Kind.CHOICE})
_TIME, _DATE = frozenset({Kind.TIME}), frozenset({Kind.DATE})


def responses(version: ProtocolVersion) -> Iterator[tuple[str, ResponseRule]]:
    """Every response rule with its path in the file."""
    yield "response", version.response
    yield from ((f"responses.{key}", rule) for key, rule in version.responses.items())


def every_test(version: ProtocolVersion) -> Iterator[tuple[str, Test]]:
    """Every single test of a version, wherever it stands, with its path in the file."""
    yield from gate_tests(version)
    yield from trigger_tests(version)
    for path, rule in responses(version):
        for side, test in (("function", rule.function), ("tolerance", rule.tolerance)):
            if test is not None:
                yield f"{path}.{side}", test
    if version.priority is not None:
        yield "priority", version.priority.test
    if version.anticoagulants is not None:
        for row in version.anticoagulants.interruptions:
            if row.when is not None:
                yield from tests_under(row.when, f"anticoagulants.interruptions.{row.key}.when")


def items_named(version: ProtocolVersion) -> Iterator[tuple[str, str, frozenset[Kind]]]:
    """Every item that is named for a purpose, with its path and the kinds that can serve it."""
    yield "drug_item", version.drug_item, _CHOICE
    for path, rule in responses(version):
        yield f"{path}.instrument", rule.instrument, SCORES
        if rule.baseline.void_by:
            yield f"{path}.baseline.void_by", rule.baseline.void_by, _YES_NO
        if rule.line_by:
            yield f"{path}.line_by", rule.line_by, _CHOICE
        yield from ((f"{path}.context.{at}", item, ANY) for at, item in enumerate(rule.context))
    for key, form in version.forms.items():
        yield from ((f"forms.{key}.items.{at}", item, ANY) for at, item in enumerate(form.items))
    for key, plan in version.plans.items():
        yield from ((f"observation_plans.{key}.items.{at}", item, ANY) for at, item in enumerate(plan.items))
    for key, kind in version.appointments.items():
        yield from ((f"appointments.{key}.needs.{at}", item, ANY) for at, item in enumerate(kind.needs))
    yield from _in_anticoagulants(version)
    yield from _in_refill(version)


def _in_anticoagulants(version: ProtocolVersion) -> Iterator[tuple[str, str, frozenset[Kind]]]:
    rule = version.anticoagulants
    if rule is None:
        return
    named = (
        ("drug", rule.drug, _CHOICE),
        ("agreed", rule.agreed, _YES_NO),
        ("planned", rule.planned, _TIME),
        ("last_dose", rule.last_dose, _TIME),
        ("restarted", rule.restarted, _TIME),
        ("traumatic", rule.traumatic, _YES_NO),
    )
    yield from ((f"anticoagulants.{key}", item, kinds) for key, item, kinds in named)
    yield from ((f"anticoagulants.inputs.{at}", item, ANY) for at, item in enumerate(rule.inputs))


def _in_refill(version: ProtocolVersion) -> Iterator[tuple[str, str, frozenset[Kind]]]:
    rule = version.refill
    if rule is None:
        return
    named = (
        ("filled_at", rule.filled_at, _TIME),
        ("volume", rule.volume, _NUMBER),
        ("reserve", rule.reserve, _NUMBER),
        ("concentration", rule.concentration, _NUMBER),
        ("daily_dose", rule.daily_dose, _NUMBER),
        ("printed", rule.printed, _DATE),
        ("kind", rule.kind, _CHOICE),
    )
    yield from ((f"refill.{key}", item, kinds) for key, item, kinds in named)


def names_in_plans(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    """Other names used beside gates and work: path, what it should be, the name, and what there is."""
    for path, test in every_test(version):
        if test.parameter:
            yield path, "parameter", test.parameter, version.parameters
    for path, rule in responses(version):
        for value, line in rule.lines.items():
            if line.parameter:
                yield f"{path}.lines.{value}", "parameter", line.parameter, version.parameters
    for key, plan in version.plans.items():
        yield f"observation_plans.{key}.drug", "drug", plan.drug, version.drugs
    yield from _names_in_appointments(version)
    if version.anticoagulants is not None:
        for at, name in enumerate(version.anticoagulants.procedures):
            yield f"anticoagulants.procedures.{at}", "appointment", name, version.appointments
    for key, task in version.tasks.items():
        if task.follows:
            yield f"{work_path(key, task)}.follows", "moment", task.follows, FOLLOWED
        if task.chase is not None:
            yield f"{work_path(key, task)}.chase.opens", "task or duty", task.chase.opens, declared_work(version)
    yield from _names_in_invariants(version)


def _names_in_appointments(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for key, kind in version.appointments.items():
        if kind.missed:
            yield f"appointments.{key}.missed", "duty", kind.missed, declared_work(version)
        if kind.act:
            yield f"appointments.{key}.act", "act", kind.act, version.acts


def _names_in_invariants(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for key, invariant in version.invariants.items():
        path = f"invariants.{key}"
        for what, name, known in (("act", invariant.act, version.acts), ("stage", invariant.stage, version.stages)):
            if name:
                yield f"{path}.{what}", what, name, known
        yield from ((f"{path}.asks.{at}", "gate", name, version.gates) for at, name in enumerate(invariant.asks))
        work = declared_work(version)
        yield from ((f"{path}.without.{at}", "duty", name, work) for at, name in enumerate(invariant.without))


def bases(version: ProtocolVersion) -> Iterator[tuple[str, Basis]]:
    """Every source a version names, with its path."""
    yield from ((f"items.{key}", item.basis) for key, item in version.items.items())
    yield from ((path, test.basis) for path, test in every_test(version))
    for path, rule in responses(version):
        yield path, rule.basis
        yield f"{path}.baseline", rule.baseline.basis
    yield from must_be_sourced(version)


def must_be_sourced(version: ProtocolVersion) -> Iterator[tuple[str, Basis]]:
    """What decides something and is no test, with where it comes from."""
    yield from ((f"drugs.{key}", drug.basis) for key, drug in version.drugs.items())
    yield from ((f"parameters.{key}", one.basis) for key, one in version.parameters.items())
    yield from ((f"observation_plans.{key}", one.basis) for key, one in version.plans.items())
    yield from ((f"complications.{key}", one.basis) for key, one in version.complications.items())
    yield from ((f"benchmarks.{key}", one.basis) for key, one in version.benchmarks.items())
    yield from ((f"background.{key}", one.basis) for key, one in version.background.items())
    yield from ((f"{work_path(k, t)}.chase", t.chase.basis) for k, t in version.tasks.items() if t.chase is not None)
    if version.anticoagulants is not None:
        for row in version.anticoagulants.interruptions:
            yield f"anticoagulants.interruptions.{row.key}", row.basis
    if version.refill is not None:
        yield "refill", version.refill.basis
