"""Prove a protocol version, or refuse it with the walks that show why."""

from collections.abc import Iterator
from dataclasses import dataclass

from workflow.authoring.finding import Finding, Severity, Where
from workflow.authoring.prove import of_acts, of_gates, of_paths, of_work
from workflow.authoring.prove.codes import OBLIGATIONS
from workflow.authoring.prove.model import Model
from workflow.authoring.prove.search import Search, search
from workflow.authoring.prove.seen import Check, Flaw, Seen
from workflow.authoring.prove.walk import told
from workflow.domain.protocol import ProtocolVersion

CHECKS: tuple[Check, ...] = (
    of_paths.unreached,
    of_paths.untaken,
    of_paths.endless,
    of_paths.left_behind,
    of_acts.unguarded,
    of_acts.weaker,
    of_acts.undone,
    of_acts.by_software,
    of_acts.past_acts,
    of_acts.invariants,
    of_gates.never_open,
    of_gates.always_open,
    of_gates.idle_tests,
    of_work.unopened,
    of_work.unheard,
    of_work.nobodys,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refutation:
    """One obligation that does not hold, and a walk to where it does not, one numbered step a line."""

    finding: Finding
    walk: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an exhaustive search found: how much it looked at, what refutes the version, what moves by itself."""

    version: str
    states: int
    steps: int
    combinations: int  # of gates and what was known, each decided over every value
    refutations: tuple[Refutation, ...] = ()
    automatic: tuple[str, ...] = ()  # every transition the software takes by itself
    invariants: tuple[str, ...] = ()  # what the file declares and was held against every path

    @property
    def holds(self) -> bool:
        return not self.refutations

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(refutation.finding for refutation in self.refutations)


def prove(version: ProtocolVersion, where: Where | None = None) -> Proof:
    """Search everything that can happen under a version, and hold every obligation against it.

    A version whose names dangle has no meaning to search: read or lint it first.
    """
    where = where or Where(file=version.name)
    model = Model.of(version)
    seen = Seen(model)
    found = search(model, seen.watch)
    flaws = (
        _flaws(model, found, seen) if found.whole else (Flaw("P190", "", f"more than {len(found.states)} states", 0),)
    )
    return Proof(
        version=version.name,
        states=len(found.states),
        steps=found.steps,
        combinations=model.ways.combinations,
        refutations=tuple(_refutation(model, found, flaw, where) for flaw in flaws),
        automatic=tuple(_automatic(version)),
        invariants=tuple(said.label for said in version.invariants.values()),
    )


def searched(version: ProtocolVersion) -> tuple[Model, Search]:
    """Everything the search comes to, and the model it is written in: to hold real episodes against."""
    model = Model.of(version)
    return model, search(model, Seen(model).watch)


# ---------------------------------------------------------------------------------------------------------------


def _flaws(model: Model, found: Search, seen: Seen) -> tuple[Flaw, ...]:
    flaws = [flaw for check in CHECKS for flaw in check(model, found, seen)]
    return tuple(sorted(flaws, key=lambda flaw: (flaw.code, flaw.at, flaw.path)))


def _refutation(model: Model, found: Search, flaw: Flaw, where: Where) -> Refutation:
    obligation = OBLIGATIONS[flaw.code]
    finding = Finding(
        code=flaw.code,
        severity=Severity.ERROR,
        place=where.place(flaw.path),
        message=flaw.message,
        remedy=obligation.remedy,
    )
    walk = found.walk(flaw.at) + ((flaw.step,) if flaw.step else ())
    return Refutation(finding=finding, walk=told(model, walk, flaw.message))


def _automatic(version: ProtocolVersion) -> Iterator[str]:
    for name, rule in version.transitions.items():
        if rule.by_system:
            to = f" to {rule.to}" if rule.to else ""
            yield f"{name}: from {', '.join(rule.sources)}{to} (gates: {', '.join(rule.gates) or 'none'})"
