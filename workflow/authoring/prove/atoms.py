"""What a gate can answer: its tests over every kind of value there can be, held together where they share one.

A subject (an item, a derived value) is one slot. Its values fall into finitely many kinds that no test of the file
tells apart: the values of a choice, the intervals between the file's numbers and those numbers themselves, each
fresh or stale for every age somebody asks for, of this trial or of an earlier one; and nothing recorded. Answers come
from `criterion.judge` itself, so that what is proven is what runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import NamedTuple, TypeAlias

from workflow.authoring.prove.intervals import numbers_between
from workflow.authoring.subjects import DERIVED
from workflow.domain.criterion import Criterion, Group, Known, Missing, Operator, Subject, Test, Verdict, judge
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion, tests_of

PARAMETER = "parameter"
_OTHER = "anything"


class Slot(NamedTuple):
    """What a test looks at, whatever it asks of it."""

    item: str = ""
    derived: str = ""
    of: str = ""


class Value(NamedTuple):
    """One kind of value: a number or words, how old (minutes), and whether it was recorded in this trial."""

    number: Decimal | None = None
    text: str | None = None
    age: int = 0
    here: bool = True


Answer: TypeAlias = Value | None  # None: nothing there to judge
Values: TypeAlias = Mapping[Slot, tuple[Answer, ...]]


def slot_of(subject: Subject) -> Slot:
    return Slot(item=subject.item, derived=subject.derived, of=subject.of)


@dataclass(frozen=True, slots=True)
class Glance:
    """One value as a test sees it; also a parameter of the site."""

    protocol: ProtocolVersion
    value: Answer
    parameters: Mapping[str, Decimal]

    def look(self, subject: Subject) -> Known | Missing:
        value = self.value
        if value is None or (subject.this_trial and not value.here) or self._stale(subject, value):
            return Missing(because="is not known")
        shown = value.text if value.number is None else format(value.number, "f")
        return Known(shown=shown or "", number=value.number, text=value.text)

    def _stale(self, subject: Subject, value: Value) -> bool:
        limit = lasting(self.protocol, subject)
        return limit is not None and value.age > limit

    def label(self, subject: Subject) -> str:
        return subject.item or subject.derived

    def parameter(self, name: str) -> Decimal:
        return self.parameters[name]


def lasting(protocol: ProtocolVersion, subject: Subject) -> int | None:
    """For how many minutes a value answers for a subject; None: always."""
    item = protocol.items.get(subject.item)
    spans = (subject.within, item.valid_for if item else None)
    return min((span.minutes for span in spans if span is not None), default=None)


def values_of(protocol: ProtocolVersion, tests: Iterable[Test]) -> dict[Slot, tuple[Answer, ...]]:
    """For every slot these tests look at, one value of every kind they can tell apart."""
    by_slot: dict[Slot, list[Test]] = {}
    for test in tests:
        by_slot.setdefault(slot_of(test.subject), []).append(test)
    found = {slot: (*_kinds(protocol, slot, told), None) for slot, told in by_slot.items()}
    for name, parameter in _parameters(protocol, tests).items():
        found[Slot(derived=PARAMETER, of=name)] = tuple(Value(number=number) for number in parameter)
    return found


@lru_cache(maxsize=65536)
def answer(protocol: ProtocolVersion, test: Test, value: Answer, bound: Answer = None) -> Verdict:
    """What one test answers to a value (with a parameter of the site held at `bound`)."""
    number = bound.number if bound is not None and bound.number is not None else Decimal(0)
    return judge(test, Glance(protocol, value, {test.parameter: number} if test.parameter else {})).verdict


def verdicts(protocol: ProtocolVersion, criterion: Criterion, values: Values) -> frozenset[Verdict]:
    """Every verdict a criterion can have while its slots take any of these values; never fewer than there are."""
    if isinstance(criterion, Test):
        seen = product(values[slot_of(criterion.subject)], bounds(criterion, values))
        return frozenset(answer(protocol, criterion, value, bound) for value, bound in seen)
    counts = {(0, 0, 0)}
    for part in criterion.parts:
        possible = verdicts(protocol, part, values)
        counts = {_counted(count, verdict) for count in counts for verdict in possible}
    return frozenset(_combined(replace(criterion, parts=(), label=""), count) for count in counts)


def bounds(test: Test, values: Values) -> tuple[Answer, ...]:
    """What a site may have set the test's parameter to; nothing where it has none."""
    name = test.parameter
    return values[Slot(derived=PARAMETER, of=name)] if name else (None,)


def tests_in(criteria: Iterable[Criterion]) -> tuple[Test, ...]:
    return tuple(test for criterion in criteria for test in tests_of(criterion))


# ---------------------------------------------------------------------------------------------------------------


_ORDER = (Verdict.OPEN, Verdict.SHUT, Verdict.UNKNOWN)
_STANDS_FOR: Mapping[Verdict, Answer] = {
    Verdict.OPEN: Value(text="yes"),
    Verdict.SHUT: Value(text="no"),
    Verdict.UNKNOWN: None,
}


def _counted(count: tuple[int, int, int], verdict: Verdict) -> tuple[int, int, int]:
    open_, shut, unknown = count
    at = _ORDER.index(verdict)
    return (open_ + (at == 0), shut + (at == 1), unknown + (at == 2))


@lru_cache(maxsize=65536)
def _combined(bare: Group, count: tuple[int, int, int]) -> Verdict:
    """What the group answers where so many of its parts are open, shut and unknown: asked of the kernel itself."""
    parts = [verdict for verdict, many in zip(_ORDER, count, strict=True) for _ in range(many)]
    stubs = tuple(
        Test(subject=Subject(item=f"{at}.{verdict}"), operator=Operator.IS, texts=("yes",))
        for at, verdict in enumerate(parts)
    )
    return judge(replace(bare, parts=stubs), _Stubs()).verdict


@dataclass(frozen=True, slots=True)
class _Stubs:
    """Parts whose verdict is written in their name."""

    def look(self, subject: Subject) -> Known | Missing:
        value = _STANDS_FOR[Verdict(subject.item.partition(".")[2])]
        return Missing(because="is not known") if value is None else Known(shown="", text=value.text)

    def label(self, subject: Subject) -> str:
        return subject.item

    def parameter(self, name: str) -> Decimal:
        raise KeyError(name)


def _parameters(protocol: ProtocolVersion, tests: Iterable[Test]) -> dict[str, tuple[Decimal, ...]]:
    """What a site may have set: the ends of what is open to it, and the file's own."""
    found = {}
    for name in {test.parameter for test in tests} - {""}:
        parameter = protocol.parameters[name]
        found[name] = tuple(dict.fromkeys((parameter.default, parameter.minimum, parameter.maximum)))
    return found


def _kinds(protocol: ProtocolVersion, slot: Slot, tests: list[Test]) -> Iterator[Value]:
    ages = _ages(protocol, tests)
    heres = (True, False) if any(test.subject.this_trial for test in tests) else (True,)
    for plain, age, here in product(_plain(protocol, slot, tests), ages, heres):
        yield plain._replace(age=age, here=here)


def _ages(protocol: ProtocolVersion, tests: list[Test]) -> tuple[int, ...]:
    """Every age that matters: just valid for each test, and too old for all of them."""
    limits = sorted({limit for test in tests if (limit := lasting(protocol, test.subject)) is not None})
    return (*limits, limits[-1] + 1) if limits else (0,)


def _plain(protocol: ProtocolVersion, slot: Slot, tests: list[Test]) -> Iterator[Value]:
    item = protocol.items.get(slot.item)
    texts = _texts(item, slot, tests)
    yield from (Value(text=text) for text in texts)
    if not texts or any(test.number is not None or test.parameter for test in tests):
        cuts = {test.number for test in tests if test.number is not None}
        cuts |= {number for numbers in _parameters(protocol, tests).values() for number in numbers}
        yield from (Value(number=number) for number in numbers_between(cuts, *_range(item, slot)))


def _range(item: Item | None, slot: Slot) -> tuple[Decimal | None, Decimal | None, int]:
    if item is not None:
        return item.minimum, item.maximum, item.decimals
    counts = slot.derived.startswith("count.") or slot.derived == "response.scores"
    return (Decimal(0), None, 0) if counts else (None, None, 2)


def _texts(item: Item | None, slot: Slot, tests: list[Test]) -> tuple[str, ...]:
    """The words a slot can hold. Of what is not known here: those the file asks for, and any other."""
    if item is not None:
        match item.kind:
            case Kind.YES_NO:
                return ("yes", "no")
            case Kind.CHOICE:
                return item.choices
            case Kind.NUMBER:
                return ()
            case _:
                return (_OTHER,)
    known = DERIVED.get(slot.derived)
    if known is not None:
        return known.texts
    asked = tuple(dict.fromkeys(text for test in tests for text in test.texts))
    return (*asked, _OTHER) if asked else ()
