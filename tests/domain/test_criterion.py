"""Kleene's logic, value by value; and numbers that are none pass nothing."""

from decimal import Decimal
from itertools import product

import pytest

from workflow.domain.criterion import Group, Join, Known, Missing, Operator, Subject, Verdict, combine, judge
from workflow.domain.criterion import Test as Criterion

OPEN, SHUT, UNKNOWN = Verdict.OPEN, Verdict.SHUT, Verdict.UNKNOWN
RANK = {SHUT: 0, UNKNOWN: 1, OPEN: 2}
FLIP = {OPEN: SHUT, SHUT: OPEN, UNKNOWN: UNKNOWN}


class Shows:
    """A view that knows what it is told."""

    def __init__(self, **values: Known | Missing) -> None:
        self.values = values

    def look(self, subject: Subject) -> Known | Missing:
        return self.values[subject.item]

    def label(self, subject: Subject) -> str:
        return subject.item.upper()


@pytest.mark.parametrize("verdicts", list(product((OPEN, SHUT, UNKNOWN), repeat=3)))
def test_all_is_the_least_any_the_greatest_none_the_opposite_of_any(verdicts: tuple[Verdict, ...]):
    least, greatest = min(verdicts, key=RANK.__getitem__), max(verdicts, key=RANK.__getitem__)
    assert combine(Join.ALL, verdicts) is least
    assert combine(Join.ANY, verdicts) is greatest
    assert combine(Join.NONE, verdicts) is FLIP[greatest]


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("operator", [o for o in Operator if o not in (Operator.RECORDED, Operator.IN)])
def test_a_number_that_is_none_is_unknown_to_every_operator(text: str, operator: Operator):
    test = Criterion(subject=Subject(item="x"), operator=operator, number=Decimal(5))
    assert judge(test, Shows(x=Known(shown=text, number=Decimal(text)))).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("operator", "below", "on", "above"),
    [
        (Operator.ABOVE, SHUT, SHUT, OPEN),
        (Operator.AT_LEAST, SHUT, OPEN, OPEN),
        (Operator.BELOW, OPEN, SHUT, SHUT),
        (Operator.AT_MOST, OPEN, OPEN, SHUT),
        (Operator.IS, SHUT, OPEN, SHUT),
    ],
)
def test_each_operator_on_below_and_above_the_line(operator: Operator, below: Verdict, on: Verdict, above: Verdict):
    test = Criterion(subject=Subject(item="x"), operator=operator, number=Decimal("1.4"))
    for value, wanted in (("1.39", below), ("1.40", on), ("1.41", above)):
        assert judge(test, Shows(x=Known(shown=value, number=Decimal(value)))).verdict is wanted


def test_a_missing_value_is_unknown_and_says_what_would_open_it():
    test = Criterion(subject=Subject(item="inr"), operator=Operator.AT_MOST, number=Decimal("1.4"))
    found = judge(test, Shows(inr=Missing(because="is not recorded")))
    assert (found.verdict, found.because, found.asked) == (UNKNOWN, "INR is not recorded", "INR: at most 1.4")


def test_a_text_is_never_held_against_a_number():
    test = Criterion(subject=Subject(item="x"), operator=Operator.AT_LEAST, number=Decimal(1))
    assert judge(test, Shows(x=Known(shown="yes", text="yes"))).verdict is UNKNOWN


def test_a_group_tells_only_what_keeps_it_from_opening():
    yes = Criterion(subject=Subject(item="a"), operator=Operator.IS, texts=("yes",))
    other = Criterion(subject=Subject(item="b"), operator=Operator.IS, texts=("yes",))
    shows = Shows(a=Known(shown="yes", text="yes"), b=Known(shown="no", text="no"))
    assert judge(Group(join=Join.ALL, parts=(yes, other)), shows).because == "B: no, asked for yes"
    assert judge(Group(join=Join.ANY, parts=(yes, other)), shows).verdict is OPEN
