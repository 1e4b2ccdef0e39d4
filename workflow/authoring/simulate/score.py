"""Scores that show what a trial was drawn to show: one value of the instrument on each side of the line."""

from decimal import Decimal
from fractions import Fraction
from random import Random

from workflow.authoring.simulate.chance import one_of
from workflow.domain.criterion import Operator
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response_rule import Measure, ResponseRule

_MOST = 1001  # values of one instrument


class Scores:
    """The values of a protocol's instrument, and what each would show against a baseline."""

    def __init__(self, version: ProtocolVersion, between: tuple[Decimal, Decimal] | None) -> None:
        rule = version.response
        self._rule = rule
        self._worth = _worths(version.items[rule.instrument])
        self._lines = [
            version.parameters[line.parameter].default if line.parameter else line.number or Decimal(0)
            for line in rule.lines.values()
        ]
        low, high = between or (None, None)
        self._pairs = {
            passing: [
                (base, found)
                for base in self._worth
                if (low is None or low <= self._worth[base])
                and (high is None or self._worth[base] <= high)
                and (found := self._beyond(base, passing=passing))
            ]
            for passing in (True, False)
        }

    def draw(self, chance: Random, *, passing: bool) -> tuple[str, str]:
        """A baseline, and a score that passes the line or does not, as they are written."""
        pairs = self._pairs[passing] or self._pairs[not passing]
        base, found = one_of(chance, pairs)
        return base, one_of(chance, found)

    def _beyond(self, base: str, *, passing: bool) -> list[str]:
        """The scores on one side of every line, held against a baseline that can still get better."""
        best = min(self._worth.values()) if self._rule.lower_is_better else max(self._worth.values())
        if self._worth[base] in (0, best):
            return []
        return [score for score in self._worth if all(self._passes(base, score, at) is passing for at in self._lines)]

    def _passes(self, base: str, score: str, line: Decimal) -> bool:
        return passes(self._rule, Fraction(self._worth[base]), Fraction(self._worth[score]), Fraction(line))


def passes(rule: ResponseRule, baseline: Fraction, score: Fraction, line: Fraction) -> bool:
    """Whether this change passes, in exact fractions; the kernel judges it again when it is recorded."""
    change = baseline - score if rule.lower_is_better else score - baseline
    relief = change * 100 / baseline if rule.measure is Measure.PERCENT else change
    return relief > line if rule.operator is Operator.ABOVE else relief >= line


# ---------------------------------------------------------------------------------------------------------------


def _worths(item: Item) -> dict[str, Decimal]:
    """Every value the item can hold, as it is written, and what it is worth."""
    if item.kind is not Kind.NUMBER:
        return dict(item.grades)
    step, low = Decimal(1).scaleb(-item.decimals), item.minimum or Decimal(0)
    high = item.maximum if item.maximum is not None else low + 100
    count = min(_MOST, int((high - low) / step) + 1)
    return {f"{low + step * number:f}": low + step * number for number in range(count)}
