"""What must be so of the acts: approved by people, on gates, with no way past them; and what the file declares."""

from collections.abc import Iterator

from workflow.authoring.prove.model import Model
from workflow.authoring.prove.search import Search
from workflow.authoring.prove.seen import Flaw, Seen, first
from workflow.authoring.prove.steps import Step
from workflow.domain.protocol import Transition


def unguarded(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Approvals of an act that ask nothing."""
    for name, rule in model.protocol.transitions.items():
        if rule.authorises and not rule.gates and name in seen.taken:
            message = f"{rule.authorises} is approved without a gate"
            yield _taking(found, rule, "P105", f"transitions.{name}.gates", message, at=seen.taken[name])


def weaker(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Approvals that ask less than another approval of the same act from the same stage."""
    rules = [rule for name, rule in model.protocol.transitions.items() if rule.authorises and name in seen.taken]
    for rule, other in ((one, another) for one in rules for another in rules):
        shared = set(rule.sources) & set(other.sources)
        if rule.authorises != other.authorises or not rule.gates or not set(rule.gates) < set(other.gates):
            continue
        here = (at for at, state in enumerate(found.states) if state.stage in shared)
        at = first(at for at in here if model.passing(rule.gates, found.states[at]) is not None)
        if at is not None:
            missing = ", ".join(gate for gate in other.gates if gate not in rule.gates)
            message = f"{rule.name} approves {rule.authorises} past what {other.name} asks: {missing}"
            yield _taking(found, rule, "P106", f"transitions.{rule.name}.gates", message, at=at)


def undone(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Acts that are never done with their approval standing."""
    for act in model.protocol.acts:
        if act in seen.done:
            continue
        message, path = f"{act} is never done as approved", f"acts.{act}"
        ways = [rule for rule in model.protocol.transitions.values() if act in (rule.authorises, rule.records)]
        taken = next((rule for rule in ways if rule.name in seen.taken), None)
        if taken is None:
            yield Flaw("P107", path, message, 0)
        else:
            yield _taking(found, taken, "P107", path, message, at=seen.taken[taken.name])


def by_software(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Transitions by which the software approves or records an act."""
    for name, rule in model.protocol.transitions.items():
        if rule.by_system and (rule.authorises or rule.records):
            message = f"the software {'approves' if rule.authorises else 'records'} {rule.authorises or rule.records}"
            yield _taking(found, rule, "P108", f"transitions.{name}.by", message, at=seen.taken.get(name, 0))


def past_acts(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Ways into a stage that an act leads to, without that act."""
    rules = model.protocol.transitions.values()
    for entry in (rule for rule in rules if rule.records and rule.to):
        others = [r for r in rules if r.to == entry.to and r.records != entry.records and r.name in seen.taken]
        enrolled = found.enrolled(avoiding=entry.to) if others else ()
        for rule in others:
            here = (at for at in enrolled if found.states[at].stage in rule.sources)
            at = next((at for at in here if model.passing(rule.gates, found.states[at]) is not None), None)
            if at is not None:
                message = f"{rule.name} leads to {entry.to} without {entry.records}"
                yield _taking(found, rule, "P116", f"transitions.{rule.name}.to", message, at=at)


def invariants(_: Model, __: Search, seen: Seen) -> Iterator[Flaw]:
    """What the file declares and a path breaks."""
    yield from seen.broken.values()


# ---------------------------------------------------------------------------------------------------------------


def _taking(found: Search, rule: Transition, code: str, path: str, message: str, *, at: int) -> Flaw:
    """A flaw that is seen by taking a transition from a state."""
    state = found.states[at]
    step = Step("approve" if rule.authorises else "advance", rule.name, stage=rule.to)
    return Flaw(code, path, message, at, (step, state._replace(stage=rule.to or state.stage)))
