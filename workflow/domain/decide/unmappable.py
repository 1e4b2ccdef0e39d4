"""Why an episode cannot go on under another version of its protocol.

One rule: what is under way, or may be judged again, must still be declared. Staying on the old version is always safe.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from workflow.domain.appointment import AppointmentState
from workflow.domain.errors import ImpossibleValueError
from workflow.domain.gate import GateReport, closed
from workflow.domain.item import Item, Kind
from workflow.domain.observation import Observation
from workflow.domain.passage import How
from workflow.domain.protocol import ProtocolVersion, Transition
from workflow.domain.situation import Situation
from workflow.domain.task import Scope
from workflow.domain.trial import Method, Trial


def unmappable(s: Situation, to: ProtocolVersion, names: Mapping[str, str]) -> tuple[GateReport, ...]:
    """Everything that keeps this episode on its version, each with what could be done; empty where it may move."""
    if s.protocol.key != to.key or s.protocol.name == to.name:
        bar = f"{to.name} is not another version of {s.protocol.name}"
        return (closed("version", "Another version", bar, f"another version of {s.protocol.key}"),)
    if s.episode.closed_at is not None:
        return (closed("episode", "Closed", "the episode is closed; it stays under the version it ended under"),)
    found = [*_stage(s, to, names), *_passages(s, to, names)]
    for look in _LOOKS:
        found.extend(look(s, to))
    return tuple(found)


def successor(way: str, before: ProtocolVersion, after: ProtocolVersion, names: Mapping[str, str]) -> str:
    """What a transition is called in the new version: as it was, as it is mapped, or as the one that is the same step.

    Empty where there is none.
    """
    mapped = names.get(way, way)
    if mapped in after.transitions:
        return mapped
    old = before.transitions.get(way)
    alike = [new.name for new in after.transitions.values() if old is not None and _same_step(old, new, names)]
    return alike[0] if len(alike) == 1 else ""


def _same_step(old: Transition, new: Transition, names: Mapping[str, str]) -> bool:
    def stage(name: str) -> str:
        return names.get(name, name)

    called = replace(
        old,
        name=new.name,
        label=new.label,
        to=stage(old.to),
        sources=tuple(stage(source) for source in old.sources),
    )
    return called == new


def _stage(s: Situation, to: ProtocolVersion, names: Mapping[str, str]) -> Iterator[GateReport]:
    here = s.episode.stage
    label, there = s.protocol.stage(here).label, names.get(here, here)
    if there not in to.stages:
        wish = f"name the stage that takes its place: --map {here}=..."
        yield closed("stage", "Stage gone", f"stands in {label}, and {to.name} has no stage {there}", wish)
    elif to.stages[there].ends != s.protocol.stages[here].ends:
        said = "ends the pathway" if to.stages[there].ends else "does not end it"
        bar = f"stands in {label}; {to.stages[there].label} {said} in {to.name}, and a migration moves nobody"
        yield closed("stage", "An end", bar, "take the transition instead")


def _duties(s: Situation, to: ProtocolVersion) -> Iterator[GateReport]:
    """A duty that runs must go on; one that is over may have to run again, when what ended it is corrected."""
    runs: dict[str, bool] = {}
    for task in s.episode.tasks.values():
        if task.is_duty:
            runs[task.name] = runs.get(task.name, False) or task.is_open
    for name, still in runs.items():
        rule = to.tasks.get(name)
        if rule is None or rule.scope is not Scope.EPISODE:
            label = s.protocol.tasks[name].label if name in s.protocol.tasks else name
            said = "is open" if still else "is over, and could not run again after a correction"
            yield closed("duty", "Duty gone", f"the duty {label} {said}: {to.name} has no such duty", "keep the duty")


def _trials(s: Situation, to: ProtocolVersion) -> Iterator[GateReport]:
    """The trial that runs, or the last one: it is judged again until the pump is in, and after every correction."""
    trial = s.episode.trial
    if trial is None or trial.method is Method.WAIVED:
        return
    doses = [dose for dose in s.episode.administrations.values() if dose.trial == trial.number]
    for drug in sorted({trial.drug, *(dose.drug for dose in doses)} - {""}):
        rule = to.drugs.get(drug)
        if rule is None:
            yield closed("drug", "Drug gone", f"{_named(trial)} is of {drug}, which {to.name} does not declare")
        elif any(dose.drug == drug and dose.unit != rule.unit for dose in doses):
            yield closed("drug", "Unit changed", f"doses of {drug} are recorded in another unit than {rule.unit}")
    methods = {rule.begins_trial for rule in to.transitions.values()}
    if trial.ended_at is None and trial.method not in methods:
        method = trial.method.replace("_", " ")
        yield closed("method", "Method gone", f"{_named(trial)} is a {method} trial; {to.name} begins none")


def _named(trial: Trial) -> str:
    return f"trial {trial.number}" + (", under way," if trial.ended_at is None else "")


def _values(s: Situation, to: ProtocolVersion) -> Iterator[GateReport]:
    """What is recorded keeps its meaning: same kind, same unit, and the value that counts is still a possible one."""
    by_item: dict[str, list[Observation]] = {}
    for seen in s.episode.observations.values():
        if seen.stands:
            by_item.setdefault(seen.item, []).append(seen)
    for key, values in by_item.items():
        new = to.items.get(key)
        if new is None:
            continue
        if why := _misread(s, to, new, values):
            yield closed("item", "Value changed", f"{new.label} is recorded, and {why} in {to.name}")


def _misread(s: Situation, to: ProtocolVersion, new: Item, values: list[Observation]) -> str:
    """How recorded values would be read wrongly under the new item; empty where they would not."""
    old = s.protocol.items.get(new.key)
    given = [seen for seen in values if seen.absent is None]
    if (old is not None and old.kind is not new.kind) or any((o.number is None) == _is_number(new) for o in given):
        return f"its kind is {new.kind.replace('_', ' ')}"
    if any(seen.unit != new.unit for seen in given if seen.number is not None):
        return f"its unit is {new.unit}"
    if old is not None and _rescaled(s.protocol, to, old, new):
        return "its scale is another one: scores of two scales would be mixed"
    newest = max(given, key=lambda seen: seen.order, default=None)
    return "" if newest is None or _possible(new, newest) else f"{newest.shown} is not a possible value"


def _is_number(item: Item) -> bool:
    return item.kind is Kind.NUMBER


def _rescaled(before: ProtocolVersion, after: ProtocolVersion, old: Item, new: Item) -> bool:
    """Whether the instrument relief is computed from measures otherwise."""
    if not before.response.instrument == after.response.instrument == new.key:
        return False
    turned = before.response.lower_is_better is not after.response.lower_is_better
    return turned or (old.minimum, old.maximum, old.grades) != (new.minimum, new.maximum, new.grades)


def _possible(item: Item, seen: Observation) -> bool:
    if seen.number is not None:
        low, high = item.minimum, item.maximum
        return (low is None or low <= seen.number) and (high is None or seen.number <= high)
    try:
        item.text(seen.text or "")
    except ImpossibleValueError:
        return False
    return True


def _appointments(s: Situation, to: ProtocolVersion) -> Iterator[GateReport]:
    kinds = {a.kind for a in s.episode.appointments.values() if a.state is AppointmentState.PLANNED}
    for kind in sorted(kinds - set(to.appointments)):
        label = s.protocol.appointments[kind].label
        wish = "cancel it, or keep the kind"
        yield closed("appointment", "Appointment gone", f"{label} is planned; {to.name} has no such kind", wish)


def _passages(s: Situation, to: ProtocolVersion, names: Mapping[str, str]) -> Iterator[GateReport]:
    """A gate somebody passed is looked at again whenever a value under it is corrected."""
    passed = {p.name for p in s.episode.passages.values() if p.how is not How.DEVIATION}
    for way in sorted(passed):
        if not successor(way, s.protocol, to, names):
            label = s.protocol.transitions[way].label
            bar = f"{label} was taken, and could not be judged again after a correction: {to.name} has no such step"
            wish = f"keep it, or name the one that takes its place: --map {way}=..."
            yield closed("transition", "Transition gone", bar, wish)


_LOOKS: tuple[Callable[[Situation, ProtocolVersion], Iterator[GateReport]], ...] = (
    _duties,
    _trials,
    _values,
    _appointments,
)
