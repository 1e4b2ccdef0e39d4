"""What the search came across, noted step by step, and what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from workflow.authoring.prove.model import Model
from workflow.authoring.prove.search import Search
from workflow.authoring.prove.state import State
from workflow.authoring.prove.steps import Step
from workflow.domain.protocol import Invariant, Transition


class Flaw(NamedTuple):
    """What is wrong, where in the file, and where in the search: the state it is seen in, and a step from there."""

    code: str
    path: str
    message: str
    at: int
    step: tuple[Step, State] | None = None


@dataclass(slots=True, eq=False)
class Seen:
    """What happened on some path, each with the first state it happened in. Filled while the search runs."""

    model: Model
    taken: dict[str, int] = field(default_factory=dict)  # transitions, on time
    done: dict[str, int] = field(default_factory=dict)  # acts, on time and approved
    broken: dict[str, Flaw] = field(default_factory=dict)  # invariants

    def watch(self, at: int, before: State, step: Step, after: State) -> None:
        """Look at one step of the search."""
        if step.deviation or step.late or step.verb in ("event", "correct", "adopt"):
            return
        for name in (step.name, step.approval):
            if name in self.model.protocol.transitions:
                self.taken.setdefault(name, at)
        if step.act:
            self.done.setdefault(step.act, at)
        if not before.deviated:
            self._invariants(at, before, step, after)

    def _invariants(self, at: int, before: State, step: Step, after: State) -> None:
        for key, said in self.model.protocol.invariants.items():
            concerns = step.act == said.act if said.act else bool(step.stage) and step.stage == said.stage
            wrong = self._wrong(said, before, after) if concerns and key not in self.broken else ""
            if wrong:
                self.broken[key] = Flaw("P114", f"invariants.{key}", f"{said.label}: {wrong}", at, (step, after))

    def _wrong(self, said: Invariant, before: State, after: State) -> str:
        missed = [gate for gate in said.asks if not after.passed & self.model.passed((gate,))]
        if missed:
            return f"{', '.join(missed)} was not passed on this path"
        standing = before.duties if said.act else after.duties
        open_ = standing & self.model.bits(said.without)
        return f"{', '.join(self.model.open(open_))} is open then" if open_ else ""


Check: TypeAlias = Callable[[Model, Search, Seen], Iterator[Flaw]]


def first(numbers: Iterable[int]) -> int | None:
    """The first of some states, and so the one with the plainest way to it."""
    return next(iter(numbers), None)


def barred(model: Model, rule: Transition, state: State) -> str:
    """The fewest of a transition's gates that cannot be passed together in a state, in words."""
    gates = list(rule.gates)
    if model.passing(gates, state) is not None:
        return f"{rule.name} cannot be completed"
    for gate in rule.gates:
        fewer = [other for other in gates if other != gate]
        if model.passing(fewer, state) is None:
            gates = fewer
    return f"of {rule.name}, {' and '.join(gates)} {'are never open together' if len(gates) > 1 else 'is never open'}"
