"""The arithmetic of scores, in exact fractions, and how it is put into words without rounding over a line."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from workflow.domain.observation import Observation
from workflow.domain.response_rule import Measure, ResponseRule, Statistic

_CENT = Decimal("0.01")


def one_of(statistic: Statistic, scores: Sequence[Observation], *, lower_is_better: bool) -> Fraction:
    """Several scores as one, by a statistic. There is at least one score."""
    values = [Fraction(o.number) for o in scores if o.number is not None]
    match statistic:
        case Statistic.MEAN:
            return Fraction(sum(values), len(values))
        case Statistic.MEDIAN:
            ordered, half = sorted(values), len(values) // 2
            return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
        case Statistic.BEST:
            return min(values) if lower_is_better else max(values)
        case Statistic.WORST:
            return max(values) if lower_is_better else min(values)
        case Statistic.LAST:
            newest = max(scores, key=lambda o: o.order)
            assert newest.number is not None
            return Fraction(newest.number)


def in_words(rule: ResponseRule, *, baseline: Fraction, score: Fraction, relief: Fraction, margin: Fraction) -> str:
    """How a relief came about and how far from the line it is; what is shown adds up."""
    percent = rule.measure is Measure.PERCENT
    gained = f"{floor(relief)} % relief" if percent else f"{floor(relief)} points better"
    sums = f"baseline {floor(baseline)}, {rule.statistic} {floor(score)} in the effect window: {gained}"
    if margin == 0:
        return f"{sums}, exactly on the line" + (", not above it" if rule.operator == "above" else "")
    line = relief - margin
    shown = abs(floor(relief) - Decimal(line.numerator) / line.denominator)
    amount = "less than 0.01" if shown < _CENT else f"{shown:.2f}"
    return f"{sums}, {amount} points {'above' if margin > 0 else 'short of'} the line"


def floor(value: Fraction) -> Decimal:
    """A fraction to two decimals, rounded down."""
    return Decimal(value.numerator * 100 // value.denominator).scaleb(-2)
