"""A protocol prepared for the search: its gates, its duties as bits, its facts as what they open and close."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from workflow.authoring.prove.atoms import Answer
from workflow.authoring.prove.facts import Effect, effect, ended_anywhere, is_duty, of_values, opens_at_any_time
from workflow.authoring.prove.gates import Gates, Passing
from workflow.authoring.prove.sight import OF_STATES, Sight, Ways
from workflow.authoring.prove.state import State
from workflow.domain.criterion import Operator
from workflow.domain.protocol import ProtocolVersion, TaskRule, tests_of

REST = "other duties"


class Event(NamedTuple):
    """A recorded value or a task done, that opens or closes duties wherever the candidate stands."""

    told: str
    effect: Effect


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A protocol version and everything the search looks up in it."""

    protocol: ProtocolVersion
    gates: Gates
    ways: Ways
    duties: tuple[str, ...]  # by bit; those that nothing asks for by name and anybody can end share the last one
    rest: tuple[str, ...]  # the duties behind that last bit
    asked: tuple[str, ...]  # gates that an invariant asks for, by bit
    most_trials: int  # as far as a count matters; the highest stands for all above it
    most_doses: int
    facts: dict[tuple[str, str, str], Effect] = field(default_factory=dict, repr=False)  # asked already

    @classmethod
    def of(cls, protocol: ProtocolVersion) -> "Model":
        gates = Gates.of(protocol)
        alone, rest = _shared(protocol, gates)
        names = (*alone, REST) if rest else alone
        several = {1 << len(alone): len(rest)} if rest else {}
        return cls(
            protocol=protocol,
            gates=gates,
            ways=Ways(gates, Sight(gates.values, names, several)),
            duties=names,
            rest=rest,
            asked=tuple(dict.fromkeys(gate for said in protocol.invariants.values() for gate in said.asks)),
            most_trials=_highest(protocol, "count.trials"),
            most_doses=_highest(protocol, "count.doses"),
        )

    # -- gates

    def passing(self, gates: Sequence[str], state: State | None) -> Passing | None:
        """How these gates can be passed together in a state (None: in some state), or None where they cannot."""
        return self.ways.passing(tuple(gates), state)

    def not_shut(self, gates: Sequence[str], state: State) -> bool:
        """Whether nothing that stands in a state by itself speaks against these gates."""
        return self.ways.not_shut(tuple(gates), state)

    # -- bits

    def bits(self, names: Iterable[str]) -> int:
        """The bits of these duties; work that is none has none."""
        found = 0
        for name in names:
            at = len(self.duties) - 1 if name in self.rest else self.duties.index(name) if name in self.duties else -1
            found |= 1 << at if at >= 0 else 0
        return found

    def open(self, duties: int) -> tuple[str, ...]:
        """The names of the duties whose bits are set."""
        return tuple(name for at, name in enumerate(self.duties) if duties >> at & 1)

    def passed(self, gates: Iterable[str]) -> int:
        """The bits of those gates that an invariant asks for."""
        return sum(1 << self.asked.index(gate) for gate in set(gates) if gate in self.asked)

    @cached_property
    def kept_catheters(self) -> int:
        """The bits of the duties that stand for a catheter in the body."""
        rules = self.protocol.tasks.values()
        return self.bits(rule.key for rule in rules if any(t.act == "catheter_removal" for t in rule.closes))

    @cached_property
    def alone(self) -> tuple[TaskRule, ...]:
        """The duties that are followed one by one."""
        return tuple(self.protocol.tasks[name] for name in self.duties if name != REST)

    # -- facts

    def fact(self, *, stage: str = "", act: str = "", transition: str = "") -> Effect:
        """What a stage entered, an act done or a transition taken does to the duties."""
        if (stage, act, transition) not in self.facts:
            self.facts[stage, act, transition] = self._fact(stage=stage, act=act, transition=transition)
        return self.facts[stage, act, transition]

    def _fact(self, **facts: str) -> Effect:
        given = [(name, said) for name, said in facts.items() if said]
        does = effect(self.alone, lambda trigger: any(getattr(trigger, name) == said for name, said in given))
        duties = self.protocol.stages[facts["stage"]].duties if facts["stage"] else ()
        return does._replace(opens=does.opens | self.bits(duties))

    def events(self) -> tuple[Event, ...]:
        """Everything that can be recorded or done about a duty from wherever the candidate stands."""
        values = [
            Event(f"record {slot.item}: {shown(value)}", does)
            for slot, value, does in of_values(self.protocol, self.alone)
        ]
        done = [
            Event(f"{rule.label}: done", Effect(closes=self.bits((rule.key,))))
            for rule in self.alone
            if rule.completable
        ]
        free = [
            Event(f"a duty opens: {rule.label}", Effect(opens=self.bits((rule.key,))))
            for rule in self.alone
            if opens_at_any_time(self.protocol, rule)
        ]
        return (*values, *done, *free, *self._rest())

    def _rest(self) -> tuple[Event, ...]:
        if not self.rest:
            return ()
        labels = ", ".join(self.protocol.tasks[name].label for name in self.rest)
        bit = self.bits(self.rest)
        return (
            Event(f"a duty opens that can be ended anywhere (one of: {labels})", Effect(opens=bit)),
            Event(f"what was open of these is ended: {labels}", Effect(closes=bit)),
        )


def shown(value: Answer) -> str:
    """A kind of value in words."""
    if value is None:
        return "not known"
    said = value.text if value.number is None else format(value.number.normalize(), "f")
    return said or ""


# ---------------------------------------------------------------------------------------------------------------


def _shared(protocol: ProtocolVersion, gates: Gates) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The duties that are followed alone, and those nothing asks for by name and that can be ended anywhere."""
    named = {name for said in protocol.invariants.values() for name in said.without}
    for gate in protocol.gates.values():
        named |= {t.subject.of for t in tests_of(gate.criterion) if t.subject.derived == "count.open_duties"}
    duties = [rule for rule in protocol.tasks.values() if is_duty(rule) and not rule.by_engine]
    free = [rule for rule in duties if ended_anywhere(protocol, rule) or _ended_by_values(protocol, gates, rule)]
    rest: tuple[str, ...] | None = None
    while rest != (fewer := tuple(rule.key for rule in free if rule.key not in named)):
        rest = fewer
        alone = (rule for rule in duties if rule.key not in fewer)  # the others open at any time, during what may be
        named |= {t.during for rule in alone for t in (*rule.opens, *rule.closes) if t.during}
    return tuple(rule.key for rule in duties if rule.key not in fewer), fewer


def _ended_by_values(protocol: ProtocolVersion, gates: Gates, rule: TaskRule) -> bool:
    """Whether a duty with gates can be ended anywhere: by one value, its gates resting on what no state decides."""
    subjects = [test.subject for gate in rule.gates for test in tests_of(protocol.gates[gate].criterion)]
    if any(subject.this_trial or subject.derived in OF_STATES for subject in subjects):
        return False
    closing = any(does.closes | does.may_close for _, _, does in of_values(protocol, (rule,)))
    return closing and gates.passing(rule.gates, {}) is not None


def _highest(protocol: ProtocolVersion, derived: str) -> int:
    """From which count on no test of the file tells two counts apart."""
    tests = [t for gate in protocol.gates.values() for t in tests_of(gate.criterion) if t.subject.derived == derived]
    bounds = [1]
    for test in tests:
        parameter = protocol.parameters.get(test.parameter)
        number = parameter.maximum if parameter else test.number or Decimal(0)
        exact = test.operator in (Operator.BELOW, Operator.AT_LEAST) and number == int(number)
        bounds.append(int(number) + (not exact))
    return max(bounds)
