"""What must be so of work and its ladders: it opens, somebody hears of it, and no candidate is nobody's work."""

from collections.abc import Iterator

from workflow.authoring.prove.atoms import values_of
from workflow.authoring.prove.facts import meets, opens_at_any_time, surely
from workflow.authoring.prove.model import Model
from workflow.authoring.prove.search import Search
from workflow.authoring.prove.seen import Flaw, Seen, first
from workflow.authoring.prove.state import State
from workflow.authoring.rule import work_path
from workflow.domain.actor import Role
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import TaskRule, Trigger
from workflow.domain.roster import NAMES
from workflow.domain.task import Scope


def unopened(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Work that waits for something that never happens."""
    stages = {state.stage for state in found.states}
    for key, rule in model.protocol.tasks.items():
        if rule.opens and not opens(model, rule, stages, seen):
            yield Flaw("P115", f"{work_path(key, rule)}.opens", f"{key} never opens", 0)


def unheard(model: Model, found: Search, seen: Seen) -> Iterator[Flaw]:
    """Rungs of work that does open which tell nobody who may take it on."""
    stages = {state.stage for state in found.states}
    for key, rule in model.protocol.tasks.items():
        if rule.opens and not opens(model, rule, stages, seen):
            continue
        for at, rung in enumerate(model.protocol.ladders[rule.ladder].rungs):
            roles = {rule.role if who in NAMES else Role(who) for who in rung.tell}
            if roles.isdisjoint(who_may(Verb.ACKNOWLEDGE)):
                message = f"rung {at + 1} of {rule.ladder} tells {', '.join(sorted(roles))} of {key}"
                yield Flaw("P112", f"ladders.{rule.ladder}.rungs.{at}", message, _where(found, rule))


def nobodys(model: Model, found: Search, _: Seen) -> Iterator[Flaw]:
    """Stages on the way in which a candidate can stand with nothing open."""
    for key, stage in model.protocol.stages.items():
        if stage.ends or any(_watches(rule, key) for rule in model.protocol.tasks.values()):
            continue
        at = first(n for n, state in enumerate(found.states) if state.stage == key and _nothing_open(state))
        if at is not None:
            yield Flaw("P113", f"stages.{key}", f"a candidate can stand in {key} with no task and no duty open", at)


def opens(model: Model, rule: TaskRule, stages: set[str], seen: Seen) -> bool:
    """Whether a task or duty can open at all."""
    if rule.scope is Scope.EPISODE and opens_at_any_time(model.protocol, rule):
        return True
    if any(rule.key in model.protocol.stages[stage].duties for stage in stages):
        return True
    return any(_happens(model, trigger, stages, seen) for trigger in rule.opens)


# ---------------------------------------------------------------------------------------------------------------


def _happens(model: Model, trigger: Trigger, stages: set[str], seen: Seen) -> bool:
    if trigger.stage:
        return trigger.stage in stages
    if trigger.act:
        return trigger.act in seen.done
    if trigger.transition:
        return trigger.transition in seen.taken
    if trigger.test is None:
        return True
    values = values_of(model.protocol, (trigger.test,))
    return any(meets(model.protocol, slot, value, trigger) for slot, told in values.items() for value in told)


def _nothing_open(state: State) -> bool:
    return not (state.duties or state.hold or state.deviated)


def _watches(rule: TaskRule, stage: str) -> bool:
    """Whether a task surely opens with a stage; the last task of a stay ends only with it."""
    return rule.scope is Scope.STINT and any(t.stage == stage and surely(t) for t in rule.opens)


def _where(found: Search, rule: TaskRule) -> int:
    stages = {trigger.stage for trigger in rule.opens}
    return first(at for at, state in enumerate(found.states) if state.stage in stages) or 0
