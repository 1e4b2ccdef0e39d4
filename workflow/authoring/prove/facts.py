"""What a fact does to the duties: which it surely opens or discharges, and which it may."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from typing import NamedTuple, TypeAlias

from workflow.authoring.prove.atoms import Answer, Slot, answer, bounds, slot_of, values_of
from workflow.domain.criterion import Verdict
from workflow.domain.protocol import ProtocolVersion, TaskRule, Trigger
from workflow.domain.task import Scope

Matches: TypeAlias = Callable[[Trigger], bool]


class Effect(NamedTuple):
    """Bits of the duties that a fact surely closes or opens, and of those that it may."""

    closes: int = 0
    opens: int = 0
    may_close: int = 0
    may_open: int = 0
    by_value: bool = False  # a recorded value: what it discharges a correction can open again

    def touches(self, duties: int) -> bool:
        """Whether the fact can change which duties are open."""
        return bool((self.closes | self.may_close) & duties or (self.opens | self.may_open) & ~duties)


def effect(rules: tuple[TaskRule, ...], matches: Matches) -> Effect:
    """What a fact does to these duties, each a bit, where `matches` says which triggers it meets."""
    closes = opens = may_close = may_open = 0
    for at, rule in enumerate(rules):
        ending = [trigger for trigger in rule.closes if matches(trigger)]
        starting = [trigger for trigger in rule.opens if matches(trigger)]
        closes |= (bool(ending) and not rule.gates and any(map(surely, ending))) << at
        may_close |= bool(ending) << at
        opens |= any(map(surely, starting)) << at
        may_open |= bool(starting) << at
    return Effect(closes, opens, may_close & ~closes, may_open & ~opens)


def of_values(protocol: ProtocolVersion, rules: tuple[TaskRule, ...]) -> Iterator[tuple[Slot, Answer, Effect]]:
    """Every kind of recorded value that does something to these duties, once for each thing it does."""
    tests = [t.test for rule in rules for t in (*rule.opens, *rule.closes) if t.test is not None]
    values, seen = values_of(protocol, tests), set[Effect]()
    for slot in (slot for slot in values if slot.item):
        for value in values[slot]:
            does = effect(rules, partial(meets, protocol, slot, value))
            asked = does.opens | does.may_open  # a value that asks for a duty discharges nothing of it
            does = does._replace(closes=does.closes & ~asked, may_close=does.may_close & ~asked, by_value=True)
            if does != Effect(by_value=True) and does not in seen:
                seen.add(does)
                yield slot, value, does


def meets(protocol: ProtocolVersion, slot: Slot, value: Answer, trigger: Trigger) -> bool:
    """Whether a value of a slot can meet a trigger."""
    test = trigger.test
    if test is None or value is None or slot_of(test.subject) != slot:
        return False
    if trigger.rise_over is not None:
        return True  # its rise is tested, not the value
    every = bounds(test, values_of(protocol, (test,)))
    return any(answer(protocol, test, value, bound) is Verdict.OPEN for bound in every)


def surely(trigger: Trigger) -> bool:
    """Whether a trigger asks for nothing beside its one fact."""
    asks = any(getattr(trigger, name) != plain for name, plain in _BESIDE.items())
    return not asks and not (trigger.test is not None and trigger.test.parameter)


def ended_anywhere(protocol: ProtocolVersion, rule: TaskRule) -> bool:
    """Whether a duty can be ended from wherever a candidate stands: by saying so, or by recording one value."""
    if rule.completable:
        return True
    return not rule.gates and any(does.closes for _, _, does in of_values(protocol, (rule,)))


def opens_at_any_time(protocol: ProtocolVersion, rule: TaskRule) -> bool:
    """Whether a duty can open on something the search does not follow: an appointment, a complication, a chase."""
    named = {protocol.safety_task, protocol.missed_task}
    named |= {kind.missed for kind in protocol.appointments.values()}
    named |= {one.duty for one in protocol.complications.values()}
    named |= {task.chase.opens for task in protocol.tasks.values() if task.chase is not None}
    by_stage = any(rule.key in stage.duties for stage in protocol.stages.values())
    followed = all(t.stage or t.act or t.transition or t.test for t in rule.opens)
    return rule.key in named or not followed or (not rule.opens and not by_stage)


def is_duty(rule: TaskRule) -> bool:
    return rule.scope is Scope.EPISODE


# What a trigger can ask beside its one fact, each with what it holds where it does not: also what may yet be added.
_FACTS = frozenset(("stage", "act", "appointment", "transition", "test"))
_BESIDE: Mapping[str, object] = {field.name: field.default for field in fields(Trigger) if field.name not in _FACTS}
