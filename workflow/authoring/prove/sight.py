"""What a state says about the values gates look at, and so which gates can be passed in it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from workflow.authoring.prove.atoms import Answer, Slot, Value, Values, slot_of, tests_in
from workflow.authoring.prove.gates import Gates, Passing
from workflow.authoring.prove.state import State

Key: TypeAlias = tuple[tuple[Answer, ...] | None, ...]


def number(count: int) -> Value:
    return Value(number=Decimal(count))


_TRIAL: Mapping[str, Callable[[State], tuple[Answer, ...] | None]] = MappingProxyType(
    {
        "count.trials": lambda s: (number(s.trials),),
        "count.doses": lambda s: (number(s.doses),),
        "trial.method": lambda s: (Value(text=s.method) if s.method else None,),
        "trial.catheter": lambda s: (Value(text=s.catheter),),
        "response.verdict": lambda s: None if s.doses else (None,),
        "response.scores": lambda s: None if s.method else (None,),
        "since.dose": lambda s: None if s.doses else (None,),
        "observation.over": lambda s: (None,) if _nothing_given(s) else None,
        "observation.complete": lambda s: (None,) if _nothing_given(s) else None,
    }
)
OF_STATES = frozenset((*_TRIAL, "count.open_duties"))  # the derived values a state can say something about


def _nothing_given(state: State) -> bool:
    """Whether no dose and no puncture can have been recorded so far."""
    return not state.trials and not state.deviated


class Sight:
    """What a state says about the slots of the gates, and nothing where it says nothing."""

    def __init__(self, values: Values, names: tuple[str, ...], several: Mapping[int, int]) -> None:
        """`names`: the duties by bit. `several`: bits that stand for more than one duty, with how many."""
        self._all = values
        self._names = names
        self._several = several
        self._kept: dict[object, Values] = {}

    def known(self, state: State) -> Values:
        """The slots whose values follow from the state."""
        key = (state.trials, state.method, state.catheter, state.punctured, state.doses, state.duties, state.deviated)
        if key not in self._kept:
            self._kept[key] = dict(self._look(state))
        return self._kept[key]

    def _look(self, state: State) -> list[tuple[Slot, tuple[Answer, ...]]]:
        found = []
        for slot, values in self._all.items():
            told = self._of(slot, values, state)
            if told is not None:
                found.append((slot, told))
        return found

    def _of(self, slot: Slot, values: tuple[Answer, ...], state: State) -> tuple[Answer, ...] | None:
        if slot.item:
            of_trials = any(value is not None and not value.here for value in values)
            return tuple(v for v in values if v is None or not v.here) if of_trials and not state.method else None
        if slot.derived == "count.open_duties":
            return self._duties(slot.of, state.duties)
        looks = _TRIAL.get(slot.derived)
        return looks(state) if looks else None

    def _duties(self, of: str, duties: int) -> tuple[Answer, ...] | None:
        if of:
            return (number(duties >> self._names.index(of) & 1),) if of in self._names else None
        least = duties.bit_count()
        more = sum(many - 1 for bit, many in self._several.items() if duties & bit)
        return tuple(number(count) for count in range(least, least + more + 1))


class Ways:
    """Which gates can be passed in which state, each question asked once."""

    def __init__(self, gates: Gates, sight: "Sight") -> None:
        self._gates = gates
        self._sight = sight
        self._slots: dict[tuple[str, ...], tuple[Slot, ...]] = {}
        self._passing: dict[tuple[tuple[str, ...], Key], Passing | None] = {}
        self._not_shut: dict[tuple[tuple[str, ...], Key], bool] = {}
        self._asked: set[tuple[tuple[str, ...], Key]] = set()
        self.answered: dict[str, set[str]] = {}  # by gate: every verdict it had in a state where it was asked

    def passing(self, names: tuple[str, ...], state: State | None) -> Passing | None:
        """How these gates can be passed together in a state (None: in some state), or None where they cannot."""
        known, key = self._known(names, state)
        if (names, key) not in self._passing:
            self._passing[names, key] = self._gates.passing(names, known)
        if state is not None and (names, key) not in self._asked:
            self._asked.add((names, key))
            for name in names:
                self.answered.setdefault(name, set()).update(self._gates.answers(name, known))
        return self._passing[names, key]

    def not_shut(self, names: tuple[str, ...], state: State) -> bool:
        """Whether nothing that stands in a state by itself speaks against these gates."""
        known, key = self._known(names, state)
        if (names, key) not in self._not_shut:
            self._not_shut[names, key] = self._gates.not_shut(names, known)
        return self._not_shut[names, key]

    @property
    def combinations(self) -> int:
        """How many different questions were asked of how many gates together."""
        return len(self._passing)

    def _known(self, names: tuple[str, ...], state: State | None) -> tuple[Values, Key]:
        if names not in self._slots:
            tests = tests_in(self._gates.protocol.gates[name].criterion for name in names)
            self._slots[names] = tuple(sorted({slot_of(test.subject) for test in tests}))
        slots = self._slots[names]
        known = self._sight.known(state) if state is not None and slots else {}
        return known, tuple(known.get(slot) for slot in slots)
