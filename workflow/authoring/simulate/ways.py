"""What each transition asks people to do first, read once from a protocol's gates.

A gate's tests fall into three: items somebody records, states the team works towards (a dose given, the catheter out,
no observation running), and things nobody can change that day (the response, how many trials there were).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from workflow.domain.criterion import Criterion, Group, Join, Operator, Test
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion, Transition

_WORKED_TOWARDS = ("count.doses", "trial.catheter", "count.open_duties", "observation.over", "since.dose")
_RESPONSE = "response.verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An item a way asks for: a value that would do, and how fresh it must be."""

    item: str
    value: str
    within: timedelta | None
    this_trial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One transition, and what it takes."""

    rule: Transition
    wants: tuple[Wanted, ...]
    settled: tuple[Test, ...]  # nobody can change these that day
    doses: bool  # asks for a dose given
    duties: tuple[str, ...]  # must not be open; empty text: any
    on_response: bool
    ordinary: bool  # a way on, not one out


def ways_of(version: ProtocolVersion) -> dict[str, Way]:
    """Every transition with what it takes."""
    return {name: _way(rule, version) for name, rule in version.transitions.items()}


def value_for(tests: list[Test], item: Item, version: ProtocolVersion) -> str:
    """A value of an item that meets every test, or the first one where no value meets them all."""
    match item.kind:
        case Kind.NUMBER:
            return _number(tests, item, version)
        case Kind.YES_NO:
            return _word(tests, ("yes", "no"))
        case Kind.CHOICE:
            return _word(tests, item.choices)
        case Kind.GRADE:
            return _grade(tests, item, version)
        case Kind.DATE:
            return "2026-01-01"
        case Kind.TIME:
            return "2026-01-01T08:00:00+00:00"
        case Kind.TEXT:
            return _word(tests, ("as recorded",))


# ---------------------------------------------------------------------------------------------------------------


def _way(rule: Transition, version: ProtocolVersion) -> Way:
    tests = [test for gate in rule.gates for test in _leaves(version.gates[gate].criterion, positive=True)]
    derived = [test for _, test in tests if test.subject.derived]
    settled = [test for positive, test in tests if positive and test.subject.derived not in ("", *_WORKED_TOWARDS)]
    return Way(
        rule=rule,
        wants=tuple(_wants(tests, version)),
        settled=tuple(settled),
        doses=any(test.subject.derived == "count.doses" and _asks_for_some(test) for test in derived),
        duties=tuple(test.subject.of for test in derived if test.subject.derived == "count.open_duties"),
        on_response=any(test.subject.derived == _RESPONSE for test in derived),
        ordinary=bool(rule.to)
        and bool(rule.gates or rule.records)
        and not (rule.on_hold or rule.reasons or rule.death or rule.by_system),
    )


def _leaves(criterion: Criterion, *, positive: bool) -> Iterator[tuple[bool, Test]]:
    """Every test of a criterion; not positive where it must not be met."""
    match criterion:
        case Test():
            yield positive, criterion
        case Group(join=join, parts=parts):
            for part in parts:
                yield from _leaves(part, positive=positive is not (join is Join.NONE))


def _wants(tests: list[tuple[bool, Test]], version: ProtocolVersion) -> Iterator[Wanted]:
    by_item: dict[str, list[tuple[bool, Test]]] = {}
    for positive, test in tests:
        if test.subject.item:
            by_item.setdefault(test.subject.item, []).append((positive, test))
    for key, asked in by_item.items():
        item = version.items[key]
        spans = [test.subject.within for _, test in asked if test.subject.within is not None]
        spans += [item.valid_for] if item.valid_for is not None else []
        meant = [test for positive, test in asked if positive]
        value = value_for(meant, item, version)
        yield Wanted(
            item=key,
            value=value if meant else _other_than([test for _, test in asked], item, value),
            within=min((span.elapsed for span in spans), default=None),
            this_trial=any(test.subject.this_trial for _, test in asked),
        )


def _other_than(tests: list[Test], item: Item, value: str) -> str:
    words = {Kind.YES_NO: ("yes", "no"), Kind.CHOICE: item.choices}.get(item.kind, ())
    barred = {text for test in tests for text in test.texts}
    return next((word for word in words if word not in barred), value)


def _word(tests: list[Test], words: tuple[str, ...]) -> str:
    able = list(words)
    for test in tests:
        if test.texts:
            able = [word for word in able if word in test.texts] or [*test.texts][:1]
    return able[0]


def _bounds(tests: list[Test], version: ProtocolVersion) -> Iterator[tuple[Operator, Decimal]]:
    for test in tests:
        bound = version.parameters[test.parameter].default if test.parameter else test.number
        if bound is not None:
            yield test.operator, bound


def _number(tests: list[Test], item: Item, version: ProtocolVersion) -> str:
    """The middle of what every test and the item itself allow."""
    step = Decimal(1).scaleb(-item.decimals)
    low, high = item.minimum or Decimal(0), item.maximum if item.maximum is not None else Decimal(1000)
    for operator, bound in _bounds(tests, version):
        match operator:
            case Operator.ABOVE:
                low = max(low, bound + step)
            case Operator.AT_LEAST:
                low = max(low, bound)
            case Operator.BELOW:
                high = min(high, bound - step)
            case Operator.AT_MOST:
                high = min(high, bound)
            case _:
                low = high = bound
    return f"{((low + high) / 2).quantize(step):f}"


def _grade(tests: list[Test], item: Item, version: ProtocolVersion) -> str:
    bounds: Mapping[Operator, Decimal] = dict(_bounds(tests, version))
    for grade, worth in item.grades.items():
        if all(_meets(operator, worth, bound) for operator, bound in bounds.items()):
            return grade
    return next(iter(item.grades))


def _meets(operator: Operator, value: Decimal, bound: Decimal) -> bool:
    return {
        Operator.ABOVE: value > bound,
        Operator.AT_LEAST: value >= bound,
        Operator.BELOW: value < bound,
        Operator.AT_MOST: value <= bound,
    }.get(operator, value == bound)


def _asks_for_some(test: Test) -> bool:
    return test.operator in (Operator.AT_LEAST, Operator.ABOVE)
