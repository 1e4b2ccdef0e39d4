"""Scores in exact fractions, and in words that never round over a line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import pytest

from workflow.domain.calendar import Duration
from workflow.domain.criterion import Operator
from workflow.domain.observation import Absence, Observation
from workflow.domain.reckoning import floor, in_words, one_of
from workflow.domain.response_rule import BaselineRule, Line, Measure, ResponseRule, Statistic

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DIARY = BaselineRule(window=Duration(7, "d"), days=4, ended_within=Duration(14, "d"), predose_within=None)
PERCENT = ResponseRule(
    instrument="nrs",
    lower_is_better=True,
    baseline=DIARY,
    operator=Operator.ABOVE,
    lines=MappingProxyType({"": Line(number=Decimal(50))}),
    scores=3,
)
POINTS = replace(PERCENT, measure=Measure.POINTS, operator=Operator.AT_LEAST, statistic=Statistic.WORST)


def scores(*numbers: str | None) -> list[Observation]:
    """Scores two hours apart; None is one that was not obtained."""
    return [
        Observation(
            key=f"{place}.1",
            item="nrs",
            observed_at=START + timedelta(hours=2 * place),
            recorded_at=START,
            by="nils",
            number=None if number is None else Decimal(number),
            absent=Absence.ASLEEP if number is None else None,
        )
        for place, number in enumerate(numbers)
    ]


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize(
    ("numbers", "mean", "median"),
    [
        (("4",), Fraction(4), Fraction(4)),
        (("9", "1"), Fraction(5), Fraction(5)),
        (("7", "1", "2"), Fraction(10, 3), Fraction(2)),
        (("8", "1", "2", "5"), Fraction(4), Fraction(7, 2)),
        (("0.1", "0.2", "10", "3", "0"), Fraction(133, 50), Fraction(1, 5)),
        (("9", None, "1"), Fraction(5), Fraction(5)),
    ],
)
def test_several_scores_are_one(numbers: tuple[str | None, ...], mean: Fraction, median: Fraction, lower: bool):
    found = scores(*numbers)
    least, most = (pick(Fraction(n) for n in numbers if n is not None) for pick in (min, max))
    assert one_of(Statistic.MEAN, found, lower_is_better=lower) == mean
    assert one_of(Statistic.MEDIAN, found, lower_is_better=lower) == median
    assert one_of(Statistic.BEST, found, lower_is_better=lower) == (least if lower else most)
    assert one_of(Statistic.WORST, found, lower_is_better=lower) == (most if lower else least)


def test_the_last_score_is_the_newest_wherever_it_stands():
    found = scores("7", "1", "2.5", "9")
    shuffled = [found[2], found[3], found[0], found[1]]
    assert one_of(Statistic.LAST, shuffled, lower_is_better=True) == 9
    assert one_of(Statistic.LAST, shuffled[::3], lower_is_better=True) == Fraction("2.5")


def words(rule: ResponseRule, baseline: str, score: str, relief: Fraction, line: str) -> str:
    margin = relief - Fraction(line)
    return in_words(rule, baseline=Fraction(baseline), score=Fraction(score), relief=relief, margin=margin)


@pytest.mark.parametrize(
    ("score", "relief", "shown", "end"),
    [
        ("3", Fraction("62.5"), "62.50", "12.50 points above the line"),
        ("5", Fraction("37.5"), "37.50", "12.50 points short of the line"),
        ("4", Fraction(50), "50.00", "exactly on the line, not above it"),
        ("3.9", Fraction("51.25"), "51.25", "1.25 points above the line"),
        ("3.96", Fraction("50.5"), "50.50", "0.50 points above the line"),
        ("4", Fraction("50.01"), "50.01", "0.01 points above the line"),
        ("4", Fraction("50.009"), "50.00", "less than 0.01 points above the line"),
        ("4", Fraction("49.999"), "49.99", "0.01 points short of the line"),
        ("9", Fraction("-12.5"), "-12.50", "62.50 points short of the line"),
    ],
)
def test_relief_in_percent_says_what_it_comes_from_and_where_the_line_is(
    score: str, relief: Fraction, shown: str, end: str
):
    told = f"baseline 8.00, mean {floor(Fraction(score))} in the effect window: {shown} % relief, {end}"
    assert words(PERCENT, "8", score, relief, "50") == told


@pytest.mark.parametrize(
    ("relief", "line", "end"),
    [
        (Fraction(2), "2", "2.00 points better, exactly on the line"),
        (Fraction(3), "2", "3.00 points better, 1.00 points above the line"),
        (Fraction("1.5"), "2", "1.50 points better, 0.50 points short of the line"),
        (Fraction("2.5"), "2.25", "2.50 points better, 0.25 points above the line"),
        (Fraction("2.5"), "2.75", "2.50 points better, 0.25 points short of the line"),
    ],
)
def test_relief_in_points_is_told_on_the_instruments_own_scale(relief: Fraction, line: str, end: str):
    assert words(POINTS, "8", "5", relief, line) == f"baseline 8.00, worst 5.00 in the effect window: {end}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(0), "0.00"),
        (Fraction(1, 200), "0.00"),
        (Fraction(1, 3), "0.33"),
        (Fraction(2, 3), "0.66"),
        (Fraction(-1, 3), "-0.34"),
        (Fraction(50), "50.00"),
        (Fraction(99999, 1000), "99.99"),
        (Fraction(-100), "-100.00"),
    ],
)
def test_a_fraction_is_shown_rounded_down(value: Fraction, shown: str):
    assert str(floor(value)) == shown
