"""A walk through the protocol as a person would follow it, one numbered step a line."""

from collections.abc import Sequence

from workflow.authoring.prove.atoms import Slot, Value
from workflow.authoring.prove.gates import Facts
from workflow.authoring.prove.model import Model, shown
from workflow.authoring.prove.state import State
from workflow.authoring.prove.steps import Step
from workflow.domain.protocol import Transition


def told(model: Model, walk: Sequence[tuple[Step, State]], *last: str) -> tuple[str, ...]:
    """A walk in words, ended by what is wrong there."""
    lines, before = [], State()
    for step, after in walk:
        moved = f" -> {model.protocol.stages[after.stage].label}" if after.stage != before.stage else ""
        lines.append(f"{_said(model, step, before)}{moved}{_duties(model, before, after)}")
        before = after
    return tuple(f"{at}. {line}" for at, line in enumerate((*lines, *last), start=1))


# ---------------------------------------------------------------------------------------------------------------


def _said(model: Model, step: Step, before: State) -> str:
    rules = model.protocol.transitions
    late = " (entered late, for a time when its gates were open)" if step.late else ""
    match step.verb:
        case "enrol" | "hold" | "release":
            return {"enrol": "enrol", "hold": "put on hold", "release": "release the hold"}[step.verb]
        case "advance" | "approve":
            return f"{_taken(model, rules[step.name], before, late=step.late)}{late}"
        case "record":
            approved = _taken(model, rules[step.approval], before, late=step.late)
            return f"{approved}; then {_taken(model, rules[step.name], before, late=step.late)}{late}"
        case "dose":
            approved = _taken(model, rules[step.approval], before, late=step.late)
            return f"{approved}; then a dose is given ({step.act}){late}"
        case "deviate":
            label = model.protocol.acts[step.act].label
            return f"two people record that this happened without its gates: {label} (deviation)"
        case "adopt":
            return f"adopt from the paper record, {step.name}"
        case _:
            return f"{step.name}{' (observed earlier than the duty, or no longer the newest)' if step.late else ''}"


def _taken(model: Model, rule: Transition, before: State, *, late: bool) -> str:
    who = "the software" if rule.by_system else " or ".join(rule.by)
    two = ", two people" if rule.second_person else ""
    passing = model.passing(rule.gates, None if late else before)
    if passing is None or not rule.gates:
        return f"{rule.name} by {who}{two} (gates: {', '.join(rule.gates) or 'none'})"
    past = f"; two people let pass: {', '.join(passing.dispensed)}" if passing.dispensed else ""
    return f"{rule.name} by {who}{two} (gates: {', '.join(rule.gates)}{past}; with {_facts(passing.facts)})"


def _facts(facts: Facts) -> str:
    return ", ".join(f"{_slot(slot)} = {_value(value)}" for slot, value in facts.items())


def _slot(slot: Slot) -> str:
    return slot.item or f"{slot.derived} {slot.of}".strip()


def _value(value: Value | None) -> str:
    return shown(value) + ("" if value is None or value.here else " of an earlier trial")


def _duties(model: Model, before: State, after: State) -> str:
    opened, closed = model.open(after.duties & ~before.duties), model.open(before.duties & ~after.duties)
    said = [f"opens {', '.join(opened)}"] * bool(opened) + [f"discharges {', '.join(closed)}"] * bool(closed)
    return f" [{'; '.join(said)}]" if said else ""
