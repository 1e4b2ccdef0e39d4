"""The plans of a protocol on its page: site parameters, observation, anticoagulants, refills, forms, complications."""

from collections.abc import Iterator

from workflow.authoring.markdown import head_row, row
from workflow.authoring.words import asked, listed, resting_on, span
from workflow.domain.criterion import Criterion, Group, Test
from workflow.domain.protocol import ProtocolVersion


def plans(version: ProtocolVersion) -> Iterator[str]:
    """Every plan a file declares, each as a section; nothing where it declares none."""
    for section in (_parameters, _observation, _anticoagulants, _forms, _refill, _complications):
        yield from section(version)


def outcomes(version: ProtocolVersion) -> Iterator[str]:
    """What is to be known and read by no gate: published figures and background; and what is proven of the file."""
    if version.benchmarks:
        yield "## Published figures\n"
        yield "To hold an outcome against. No gate reads them.\n"
        yield from head_row("what", "value", "after", "people", "basis")
        for one in version.benchmarks.values():
            yield row(one.label, f"{one.value} {one.unit}", one.after, str(one.n), resting_on(one.basis))
        yield ""
    if version.background:
        yield "## Background\n"
        yield "Shown to people. Nothing here is computed with.\n"
        yield from (f"- {one.text} {resting_on(one.basis)}" for one in version.background.values())
        yield ""
    if version.invariants:
        yield "## What holds on every path\n"
        yield "Proven by `theca protocol prove`, over every path without a deviation.\n"
        for rule in version.invariants.values():
            where = version.acts[rule.act].label if rule.act else version.stages[rule.stage].label
            asks = f" asks {listed([version.gates[gate].label for gate in rule.asks])}" if rule.asks else ""
            without = (
                f" without {listed([version.tasks[duty].label for duty in rule.without], 'or')}" if rule.without else ""
            )
            yield f"- {rule.label}: {where}{asks}{without}"


def _parameters(version: ProtocolVersion) -> Iterator[str]:
    if not version.parameters:
        return
    yield "## Site parameters\n"
    yield "A site may set these inside their bounds; until it has, the default counts.\n"
    yield from head_row("parameter", "default", "a site may set", "basis")
    for one in version.parameters.values():
        yield row(one.label, f"{one.default} {one.unit}", f"{one.minimum} to {one.maximum}", resting_on(one.basis))
    yield ""


def _observation(version: ProtocolVersion) -> Iterator[str]:
    if not version.plans:
        return
    yield "## Observation plans\n"
    yield "A round is made once every item of it has a value, or the reason why it has none.\n"
    yield from head_row("plan", "after", "rounds", "items", "basis")
    for plan in version.plans.values():
        drug = version.drugs[plan.drug].label + (f", {plan.method.replace('_', ' ')}" if plan.method else "")
        rounds = listed([f"every {span(part.every)} to {span(part.until)}" for part in plan.rounds], "then")
        items = listed([version.items[item].label for item in plan.items])
        yield row(plan.label, drug, rounds, items, resting_on(plan.basis))
    yield ""


def _anticoagulants(version: ProtocolVersion) -> Iterator[str]:
    rule = version.anticoagulants
    if rule is None:
        return
    inputs = listed([version.items[item].label for item in rule.inputs])
    yield "## Anticoagulants\n"
    yield f"One plan per procedure; a catheter trial is one interruption. Without {inputs} nothing can be planned.\n"
    yield from head_row("drug", "where", "last dose before", "next dose after", "after blood", "basis")
    for one in rule.interruptions:
        where = "; ".join(_tests(one.when, version)) if one.when is not None else "otherwise"
        stops = (span(one.stop), span(one.restart), span(one.restart_after_trauma))
        yield row(one.drug.replace("_", " "), where, *stops, resting_on(one.basis))
    yield ""


def _forms(version: ProtocolVersion) -> Iterator[str]:
    if not version.forms:
        return
    yield "## Forms\n"
    yield from head_row("form", "asks for", "basis")
    for form in version.forms.values():
        yield row(form.label, listed([version.items[item].label for item in form.items]), resting_on(form.basis))
    yield ""


def _refill(version: ProtocolVersion) -> Iterator[str]:
    rule = version.refill
    if rule is None:
        return
    yield "## Refill\n"
    yield "Due on the earlier of two days, where both are known: the reckoned one and the one the pump printed.\n"
    yield f"- reckoned from {listed([version.items[item].label for item in rule.inputs])}, less {span(rule.margin)}"
    yield from head_row("filling", "keeps at most")
    yield from (row(kind.replace("_", " "), span(keeps)) for kind, keeps in rule.keeps.items())
    yield f"\n{resting_on(rule.basis)}\n"


def _complications(version: ProtocolVersion) -> Iterator[str]:
    if not version.complications:
        return
    yield "## Complications\n"
    yield "Recording one opens its work at once.\n"
    yield from head_row("complication", "severity", "act within", "for", "ladder", "basis")
    for one in version.complications.values():
        duty = version.tasks[one.duty]
        cells = (one.severity, span(one.act_within), str(duty.role), version.ladders[duty.ladder].label)
        yield row(one.label, *cells, resting_on(one.basis))
    yield ""


def _tests(part: Criterion, version: ProtocolVersion) -> Iterator[str]:
    match part:
        case Test():
            yield asked(part, version)
        case Group(parts=parts):
            for inner in parts:
                yield from _tests(inner, version)
