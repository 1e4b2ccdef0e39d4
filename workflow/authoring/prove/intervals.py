"""A line of numbers cut at the numbers a file names: one number of every piece that something can be recorded in."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


def numbers_between(
    cuts: set[Decimal], low: Decimal | None, high: Decimal | None, decimals: int
) -> tuple[Decimal, ...]:
    """One number below the first cut, at each, between each two and above the last, where there is one.

    `low` and `high` are inclusive; a number has at most so many decimals. Without cuts: one number.
    """
    found = _candidates(sorted(cuts), Decimal(1).scaleb(-decimals), low, high)
    return tuple(dict.fromkeys(number for number in found if _within(number, low, high)))


def _candidates(cuts: list[Decimal], step: Decimal, low: Decimal | None, high: Decimal | None) -> Iterator[Decimal]:
    if not cuts:
        yield low if low is not None else high if high is not None else Decimal(0)
        return
    yield (cuts[0] / step).to_integral_value(ROUND_CEILING) * step - step
    for at, cut in enumerate(cuts):
        if cut % step == 0:
            yield cut
        above = (cut / step).to_integral_value(ROUND_FLOOR) * step + step
        if at + 1 == len(cuts) or above < cuts[at + 1]:
            yield above


def _within(number: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)
