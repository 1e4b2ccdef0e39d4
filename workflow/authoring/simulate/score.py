"""Scores that show what a trial was drawn to show: by instrument a baseline, and a score on one side of every line."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import TypeAlias

from workflow.authoring.simulate.chance import one_of
from workflow.domain.criterion import Operator
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response_rule import Measure, ResponseRule

Shown: TypeAlias = Mapping[str, tuple[str, str]]  # by instrument: its baseline and its score, as they are written

_MOST = 1001  # values of one instrument


class Scores:
    """The instruments of a protocol, and what each of their values would show."""

    def __init__(self, version: ProtocolVersion, between: tuple[Decimal, Decimal] | None) -> None:
        rules = (version.response, *version.responses.values())
        self.instruments = tuple(dict.fromkeys(rule.instrument for rule in rules))
        self._pairs = {
            (instrument, passing): _pairs(
                version,
                [rule for rule in rules if rule.instrument == instrument],
                between if instrument == version.response.instrument else None,
                passing=passing,
            )
            for instrument in self.instruments
            for passing in (True, False)
        }

    def draw(self, chance: Random, *, passing: bool) -> Shown:
        """For each instrument a baseline, and a score that passes every line or none."""
        shown = {}
        for instrument in self.instruments:
            base, found = one_of(chance, self._pairs[instrument, passing] or self._pairs[instrument, not passing])
            shown[instrument] = base, one_of(chance, found)
        return shown


def passes(rule: ResponseRule, baseline: Fraction, score: Fraction, line: Fraction) -> bool:
    """Whether this change passes, in exact fractions; the kernel judges it again when it is recorded."""
    change = baseline - score if rule.lower_is_better else score - baseline
    relief = change * 100 / baseline if rule.measure is Measure.PERCENT else change
    return relief > line if rule.operator is Operator.ABOVE else relief >= line


# ---------------------------------------------------------------------------------------------------------------


def _pairs(
    version: ProtocolVersion, rules: list[ResponseRule], between: tuple[Decimal, Decimal] | None, *, passing: bool
) -> list[tuple[str, list[str]]]:
    """Every baseline from which a score on the asked side of all lines can be found, with those scores."""
    worth = _worths(version.items[rules[0].instrument])
    low, high = between or (min(worth.values()), max(worth.values()))
    found = []
    for base, value in worth.items():
        beyond = [score for score in worth if _on_side(version, rules, value, worth[score], passing=passing)]
        if low <= value <= high and value != 0 and beyond:
            found.append((base, beyond))
    # A baseline that can show both is the more telling one.
    return found if between is None else found or [(base, [base]) for base in worth]


def _on_side(
    version: ProtocolVersion, rules: list[ResponseRule], baseline: Decimal, score: Decimal, *, passing: bool
) -> bool:
    return baseline != 0 and all(
        passes(rule, Fraction(baseline), Fraction(score), Fraction(line)) is passing
        for rule in rules
        for line in _lines(version, rule)
    )


def _lines(version: ProtocolVersion, rule: ResponseRule) -> Iterator[Decimal]:
    for line in rule.lines.values():
        yield version.parameters[line.parameter].default if line.parameter else line.number or Decimal(0)


def _worths(item: Item) -> dict[str, Decimal]:
    """Every value the item can hold, as it is written, and what it is worth."""
    if item.kind is not Kind.NUMBER:
        return dict(item.grades)
    step, low = Decimal(1).scaleb(-item.decimals), item.minimum or Decimal(0)
    high = item.maximum if item.maximum is not None else low + 100
    count = min(_MOST, int((high - low) / step) + 1)
    return {f"{low + step * number:f}": low + step * number for number in range(count)}
