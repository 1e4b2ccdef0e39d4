"""What must be so of the paths: every stage reached, every transition possible, every stage ending, no duty left."""

from collections.abc import Iterator

from workflow.authoring.prove.model import Model
from workflow.authoring.prove.search import Search
from workflow.authoring.prove.seen import Flaw, Seen, barred, first
from workflow.authoring.prove.steps import may_take


def unreached(model: Model, found: Search, _: Seen) -> Iterator[Flaw]:
    """Stages no enrolled candidate comes to: those next to where one does come, or with no way to them at all."""
    enrolled = found.enrolled()
    there = {found.states[at].stage for at in enrolled}
    there |= {found.states[to].stage for at, to in found.deaths if found.states[at].stage in there}
    for key in model.protocol.stages:
        ways = [rule for rule in model.protocol.transitions.values() if rule.to == key]
        near = [rule for rule in ways if not there.isdisjoint(rule.sources)]
        if key not in there and not ways:
            yield Flaw("P101", f"stages.{key}", f"no transition leads to {key}", 0)
        elif key not in there and near:
            at = next(at for at in enrolled if found.states[at].stage in near[0].sources)
            why = barred(model, near[0], found.states[at])
            yield Flaw("P101", f"stages.{key}", f"{key} is never entered: {why}", at)


def untaken(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Transitions that no candidate standing in one of their stages can ever take."""
    for name, rule in model.protocol.transitions.items():
        if name in seen.taken:
            continue
        here = (at for at, state in enumerate(found.states) if may_take(rule, state) and not state.deviated)
        if (at := first(here)) is not None:
            why = barred(model, rule, found.states[at])
            yield Flaw("P102", f"transitions.{name}", f"{name} can never be taken: {why}", at)


def endless(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """States from which no planned way leads to an end, or to one with every duty discharged."""
    ends = [at for at, state in enumerate(found.states) if model.protocol.stages[state.stage].ends]
    stuck = [at for at, yes in enumerate(found.leading_to(ends)) if not yes]
    if stuck:
        names = ", ".join(dict.fromkeys(found.states[at].stage for at in stuck))
        path = f"stages.{found.states[stuck[0]].stage}"
        yield Flaw("P103", path, f"no way leads to an end from: {names}", stuck[0])
        return
    closed = found.leading_to(at for at in ends if not found.states[at].duties)
    unclosed = next((at for at, yes in enumerate(closed) if not yes), None)
    if unclosed is not None and next(left_behind(model, found, seen), None) is None:
        state = found.states[unclosed]
        message = f"the episode never closes: {', '.join(model.open(state.duties))} are never discharged together"
        yield Flaw("P103", f"stages.{state.stage}", message, unclosed)


def left_behind(model: Model, found: Search, _: Seen) -> Iterator[Flaw]:
    """Duties that are open in a state from which no planned way discharges them."""
    for at, rule in enumerate(model.alone):
        out = found.leading_to(n for n, state in enumerate(found.states) if not state.duties >> at & 1)
        stuck = next((n for n, yes in enumerate(out) if not yes), None)
        if stuck is not None:
            stage = found.states[stuck].stage
            yield Flaw("P104", f"duties.{rule.key}", f"nothing discharges {rule.key} any more, in {stage}", stuck)
