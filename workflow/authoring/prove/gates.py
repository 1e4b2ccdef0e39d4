"""Which gates can be open together, and on what values: the contradictions between a file's criteria."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from workflow.authoring.prove.atoms import (
    PARAMETER,
    Answer,
    Slot,
    Values,
    answer,
    bounds,
    slot_of,
    tests_in,
    values_of,
    verdicts,
)
from workflow.domain.criterion import Criterion, Test, Verdict
from workflow.domain.protocol import Gate, ProtocolVersion

Wanted: TypeAlias = tuple[Criterion, frozenset[Verdict]]
Facts: TypeAlias = Mapping[Slot, Answer]

OPEN = frozenset((Verdict.OPEN,))
NOT_SHUT = frozenset((Verdict.OPEN, Verdict.UNKNOWN))
ANY = frozenset((Verdict.OPEN, Verdict.UNKNOWN, Verdict.SHUT))


class Passing(NamedTuple):
    """One way through several gates at once: on what values, and which gates two people had to let pass."""

    facts: Facts
    dispensed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """Every gate of a protocol, and every kind of value its tests look at."""

    protocol: ProtocolVersion
    values: Values = field(default_factory=dict)

    @classmethod
    def of(cls, protocol: ProtocolVersion) -> "Gates":
        tests = tests_in(gate.criterion for gate in protocol.gates.values())
        return cls(protocol, values_of(protocol, tests))

    def passing(self, names: Sequence[str], known: Values) -> Passing | None:
        """How all these gates can be passed at one instant, where some slots are `known`; None where they cannot.

        Open, wherever that is possible; a waiver or an override only where it must be.
        """
        gates = [self.protocol.gates[name] for name in names]
        facts = self._solve([(gate.criterion, OPEN) for gate in gates], known)
        if facts is not None:
            return Passing(facts)
        needed = [gate for gate in gates if past(gate) != OPEN]
        for gate in (*needed, None):
            leeway = needed if gate is None else [gate]
            wanted = [(g.criterion, past(g) if g in leeway else OPEN) for g in gates]
            if leeway and (facts := self._solve(wanted, known)) is not None:
                return Passing(facts, tuple(g.key for g in leeway if self._verdict(g, facts) is not Verdict.OPEN))
        return None

    def not_shut(self, names: Sequence[str], known: Values) -> bool:
        """Whether nothing known by now must speak against these gates: what a step entered late is held against."""
        gates = [self.protocol.gates[name] for name in names]
        wanted = [(gate.criterion, NOT_SHUT | past(gate)) for gate in gates]
        return self._solve(wanted, known) is not None

    def answers(self, name: str, known: Values) -> frozenset[Verdict]:
        """Every verdict one gate can have."""
        criterion = self.protocol.gates[name].criterion
        rough = verdicts(self.protocol, criterion, {**self.values, **known})
        return frozenset(v for v in rough if self._solve([(criterion, frozenset((v,)))], known) is not None)

    # -- solving

    def _verdict(self, gate: Gate, facts: Facts) -> Verdict:
        (verdict,) = verdicts(self.protocol, gate.criterion, {slot: (value,) for slot, value in facts.items()})
        return verdict

    def _solve(self, wanted: Sequence[Wanted], known: Values) -> Facts | None:
        """Values under which every criterion has one of its wanted verdicts, or None where there are none."""
        tests = tests_in(criterion for criterion, _ in wanted)
        every = {**self.values, **known}
        slots = {slot for test in tests for slot in _slots_of(test)}
        domains = {slot: self._distinct(slot, tests, every) for slot in sorted(slots)}
        return self._search(wanted, domains)

    def _search(self, wanted: Sequence[Wanted], domains: dict[Slot, tuple[Answer, ...]]) -> Facts | None:
        narrowed = self._narrow(wanted, domains)
        if narrowed is None:
            return None
        unsure = [
            slot
            for criterion, verdict in wanted
            if not verdicts(self.protocol, criterion, narrowed) <= verdict
            for test in tests_in((criterion,))
            for slot in _slots_of(test)
            if len(narrowed[slot]) > 1
        ]
        if not unsure:
            return {slot: values[0] for slot, values in narrowed.items()}
        slot = min(unsure, key=lambda s: len(narrowed[s]))
        for value in narrowed[slot]:
            if (facts := self._search(wanted, {**narrowed, slot: (value,)})) is not None:
                return facts
        return None

    def _narrow(self, wanted: Sequence[Wanted], domains: dict[Slot, tuple[Answer, ...]]) -> Values | None:
        """The values that can still be part of an answer, looked at one slot at a time."""
        left = dict(domains)
        for criterion, verdict in wanted:
            for slot in {slot for test in tests_in((criterion,)) for slot in _slots_of(test)}:
                left[slot] = tuple(
                    value
                    for value in left[slot]
                    if not verdict.isdisjoint(verdicts(self.protocol, criterion, {**left, slot: (value,)}))
                )
                if not left[slot]:
                    return None
        fits = all(not verdict.isdisjoint(verdicts(self.protocol, criterion, left)) for criterion, verdict in wanted)
        return left if fits else None

    def _distinct(self, slot: Slot, tests: Sequence[Test], values: Values) -> tuple[Answer, ...]:
        """One value of every kind that these tests tell apart, the most open ones first."""
        looked = [test for test in tests if slot_of(test.subject) == slot]
        if not looked:
            return values[slot]
        kinds: dict[tuple[Verdict, ...], Answer] = {}
        for value in values[slot]:
            said = (answer(self.protocol, test, value, at) for test in looked for at in bounds(test, values))
            kinds.setdefault(tuple(said), value)
        return tuple(kinds[said] for said in sorted(kinds, key=lambda said: -said.count(Verdict.OPEN)))


def past(gate: Gate) -> frozenset[Verdict]:
    """The verdicts with which a gate may be passed: open, and what two people may answer for."""
    match gate.dispensation:
        case None:
            return OPEN
        case dispensation if dispensation.how == "waived":
            return NOT_SHUT
        case _:
            return ANY


def _slots_of(test: Test) -> tuple[Slot, ...]:
    looked = slot_of(test.subject)
    return (looked, Slot(derived=PARAMETER, of=test.parameter)) if test.parameter else (looked,)
