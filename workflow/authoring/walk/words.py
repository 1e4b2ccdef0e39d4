"""Deeds in words, as a line of the account says them."""

from workflow.authoring.walk.deed import (
    Administer,
    Advance,
    Appoint,
    Conclude,
    Correct,
    Deed,
    Deviate,
    Override,
    PutOnHold,
    Record,
    Release,
    Reschedule,
    WaitOn,
)
from workflow.domain.observation import Reading
from workflow.domain.protocol import ProtocolVersion

_MOST = 3  # values shown of one record


def asked(deed: Deed, version: ProtocolVersion) -> str:
    """What was asked, in words."""
    match deed:
        case Advance(name=name):
            return version.transitions[name].label
        case Record(readings=readings):
            return f"record {_values(readings, version)}"
        case Correct(item=item, reading=reading):
            right = "void" if reading is None else _value(reading)
            return f"correct {version.items[item].label}: {right}"
        case Administer(dose=dose):
            return f"give {dose.given:f} {dose.unit} {version.drugs[dose.drug].label}, {dose.mode}"
        case Override(gate=gate, reason=reason):
            return f"pass {version.gates[gate].label} ({reason})"
        case Deviate(act=act, reason=reason):
            return f"record that it happened all the same: {version.acts[act].label} ({reason})"
        case PutOnHold(reason=reason):
            return f"put on hold ({reason})"
        case Release(reason=reason):
            return f"release the hold ({reason})"
        case WaitOn(task=task, outsider=outsider):
            return f"wait for {outsider} with {version.tasks[task].label}"
        case Appoint(kind=kind) | Reschedule(kind=kind):
            return f"{deed.__class__.__name__.lower()} {kind.replace('_', ' ')}"
        case Conclude(kind=kind, state=state):
            return f"{kind.replace('_', ' ')} {state}"
        case _:
            task = getattr(deed, "task", "")
            label = version.tasks[task].label if task else ""
            return f"{deed.verb} {label}".strip()


def _values(readings: tuple[Reading, ...], version: ProtocolVersion) -> str:
    by_item: dict[str, list[str]] = {}
    for reading in readings:
        by_item.setdefault(reading.item, []).append(_value(reading))
    shown = [f"{version.items[item].label} {', '.join(values)}" for item, values in by_item.items()]
    more = len(shown) - _MOST
    return "; ".join(shown[:_MOST]) + (f"; and {more} more" if more > 0 else "")


def _value(reading: Reading) -> str:
    if reading.absent is not None:
        return f"not obtained ({reading.absent})"
    if reading.number is None:
        return reading.text or ""
    unit = "" if reading.unit.startswith("{") else f" {reading.unit}"
    return f"{reading.number:f}{unit}"
