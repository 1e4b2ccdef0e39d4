"""A value of an item that would do: one that meets what is asked of it, and raises no alarm."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from workflow.domain.criterion import Operator, Test
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion

_LONG_AGO = "2020-01-01"  # of dates that must lie back


def value_for(tests: list[Test], item: Item, version: ProtocolVersion) -> str:
    """A value of an item that meets every test and opens no duty; the nearest to that where there is none."""
    able = [value for value in _values(item) if all(_meets(test, value, item, version) for test in tests)]
    alarms = _alarms(version).get(item.key, [])
    calm = [value for value in able if not any(_meets(test, value, item, version) for test in alarms)]
    named = [text for test in tests for text in test.texts]
    return next(iter(calm or able or named), next(iter(_values(item))))


def bound_of(test: Test, version: ProtocolVersion) -> Decimal | None:
    """The number a test compares with; a parameter's default where a site sets it."""
    return version.parameters[test.parameter].default if test.parameter else test.number


# ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _alarms(version: ProtocolVersion) -> Mapping[str, list[Test]]:
    """By item: the values that open a duty or task."""
    found: dict[str, list[Test]] = {}
    for rule in version.tasks.values():
        for trigger in rule.opens:
            if trigger.test is not None and trigger.rise_over is None:
                found.setdefault(trigger.test.subject.item, []).append(trigger.test)
    return found


def _values(item: Item) -> tuple[str, ...]:
    """Values the item can hold: every word, or numbers from its middle outwards."""
    match item.kind:
        case Kind.NUMBER:
            return tuple(_numbers(item))
        case Kind.YES_NO:
            return ("yes", "no")
        case Kind.CHOICE:
            return item.choices
        case Kind.GRADE:
            return tuple(item.grades)
        case Kind.DATE:
            return (_LONG_AGO,)
        case Kind.TIME:
            return (f"{_LONG_AGO}T08:00:00+00:00",)
        case Kind.TEXT:
            return ("as recorded",)


def _numbers(item: Item) -> Iterator[str]:
    step = Decimal(1).scaleb(-item.decimals)
    low = item.minimum if item.minimum is not None else Decimal(0)
    high = item.maximum if item.maximum is not None else low + 1000
    parts = 400
    middle = parts // 2
    for away in range(middle + 1):
        for part in dict.fromkeys((middle + away, middle - away)):
            yield f"{(low + (high - low) * part / parts).quantize(step):f}"


def _meets(test: Test, value: str, item: Item, version: ProtocolVersion) -> bool:
    if test.operator is Operator.RECORDED:
        return True
    if test.texts:
        return value in test.texts
    bound, number = bound_of(test, version), item.grades.get(value) if item.grades else Decimal(value)
    if bound is None or number is None:
        return False
    match test.operator:
        case Operator.ABOVE:
            return number > bound
        case Operator.AT_LEAST:
            return number >= bound
        case Operator.BELOW:
            return number < bound
        case Operator.AT_MOST:
            return number <= bound
        case _:
            return number == bound
