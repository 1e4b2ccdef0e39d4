"""Kleene's logic, value by value; numbers that are none pass nothing; and the whole finding, field by field."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from workflow.domain.criterion import Finding, Group, Join, Known, Missing, Operator, Subject, Verdict, combine, judge
from workflow.domain.criterion import Test as Criterion
from workflow.domain.item import Basis

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


# ------------------------------------------------------------------------------------------------- the whole finding


class Sited(Shows):
    """A view that also knows what the site has set."""

    def parameter(self, name: str) -> Decimal:
        return {"least_platelets": Decimal(100)}[name]


INR = Criterion(
    subject=Subject(item="inr"), operator=Operator.AT_MOST, number=Decimal("1.40"), basis=Basis(source="ASRA", mark="R")
)


def known(number: str, **more: object) -> Known:
    return Known(shown=f"{number} shown", number=Decimal(number), keys=("4.1",), age="3 h old", **more)


def on(criterion: Criterion | Group, **values: Known | Missing) -> Finding:
    return judge(criterion, Sited(**values))


@pytest.mark.parametrize(
    ("operator", "words", "margins"),
    [
        (Operator.ABOVE, "above", ("-0.1", "0.0", "0.1")),
        (Operator.AT_LEAST, "at least", ("-0.1", "0.0", "0.1")),
        (Operator.BELOW, "below", ("0.1", "0.0", "-0.1")),
        (Operator.AT_MOST, "at most", ("0.1", "0.0", "-0.1")),
        (Operator.IS, "", (None, None, None)),
    ],
)
def test_a_finding_tells_the_line_and_how_far_from_it(
    operator: Operator, words: str, margins: tuple[str | None, str | None, str | None]
):
    test = replace(INR, operator=operator)
    wanted = f"{words} 1.40".strip()
    for value, margin in zip(("1.3", "1.4", "1.5"), margins, strict=True):
        found = on(test, inr=known(value))
        met = found.verdict is OPEN
        assert found == Finding(
            verdict=OPEN if met else SHUT,
            because=f"INR: {value} shown" if met else f"INR: {value} shown, asked for {wanted}",
            asked=f"INR: {wanted}",
            source="ASRA (R)",
            keys=("4.1",),
            age="3 h old",
            margin=None if margin is None else Decimal(margin),
        )


def test_a_missing_value_brings_its_source_and_what_it_was_looked_for_in():
    assert on(INR, inr=Missing(because="has expired", keys=("2.1", "2.2"))) == Finding(
        verdict=UNKNOWN,
        because="INR has expired",
        asked="INR: at most 1.40",
        source="ASRA (R)",
        keys=("2.1", "2.2"),
    )


def test_a_test_may_have_a_label_of_its_own():
    named = replace(INR, label="INR on the day")
    assert on(named, inr=known("1.3")).because == "INR on the day: 1.3 shown"
    assert on(named, inr=Missing(because="is not recorded")).because == "INR on the day is not recorded"


def test_the_sites_own_bound_counts_instead_of_a_number():
    test = Criterion(subject=Subject(item="platelets"), operator=Operator.ABOVE, parameter="least_platelets")
    found = on(test, platelets=known("90"))
    assert (found.verdict, found.asked, found.margin) == (SHUT, "PLATELETS: above 100", Decimal(-10))
    assert found.because == "PLATELETS: 90 shown, asked for above 100"


def test_a_bound_is_written_out_whatever_its_exponent():
    assert on(replace(INR, number=Decimal("1E+2")), inr=known("1")).asked == "INR: at most 100"


@pytest.mark.parametrize(
    ("operator", "said", "verdict", "wanted"),
    [
        (Operator.IS, "none", OPEN, "none, heparin"),
        (Operator.IN, "heparin", OPEN, "one of none, heparin"),
        (Operator.IN, "warfarin", SHUT, "one of none, heparin"),
        (Operator.IN, None, UNKNOWN, "one of none, heparin"),
    ],
)
def test_texts_are_matched_as_they_were_said(operator: Operator, said: str | None, verdict: Verdict, wanted: str):
    test = Criterion(subject=Subject(item="drug"), operator=operator, texts=("none", "heparin"))
    found = on(test, drug=Known(shown="it", text=said))
    asked = "" if verdict is OPEN else f", asked for {wanted}"
    assert found == Finding(verdict=verdict, because=f"DRUG: it{asked}", asked=f"DRUG: {wanted}")


def test_whatever_is_recorded_will_do_where_only_that_is_asked():
    test = Criterion(subject=Subject(item="goal"), operator=Operator.RECORDED)
    assert on(test, goal=Known(shown="walk", text="walk")) == Finding(
        verdict=OPEN, because="GOAL: walk", asked="GOAL: to be recorded"
    )
    assert on(test, goal=Missing(because="is not recorded")).verdict is UNKNOWN


def test_a_value_whose_words_judge_it_is_not_told_the_line_again():
    found = on(INR, inr=known("2", judged=True))
    assert (found.verdict, found.because, found.asked) == (SHUT, "INR: 2 shown", "INR: at most 1.40")


@pytest.mark.parametrize("number", [None, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_has_no_margin(number: Decimal | None):
    found = on(INR, inr=Known(shown="?", number=number))
    assert (found.verdict, found.margin, found.because) == (UNKNOWN, None, "INR: ?, asked for at most 1.40")


def test_without_a_bound_a_number_is_unknown():
    found = on(replace(INR, number=None), inr=known("1"))
    assert (found.verdict, found.margin, found.asked) == (UNKNOWN, None, "INR: at most")


# ------------------------------------------------------------------------------------------------------------ groups


def asks(item: str) -> Criterion:
    return Criterion(subject=Subject(item=item), operator=Operator.IS, texts=("yes",))


VALUES: dict[str, Known | Missing] = {
    "yes": Known(shown="yes", text="yes", keys=("1.1",)),
    "no": Known(shown="no", text="no", keys=("1.2", "1.3")),
    "gap": Missing(because="is not recorded", keys=("1.4",)),
}
YES, NO, GAP = asks("yes"), asks("no"), asks("gap")
SAID = {"yes": "YES: yes", "no": "NO: no, asked for yes", "gap": "GAP is not recorded"}


@pytest.mark.parametrize(
    ("join", "parts", "verdict", "told"),
    [
        (Join.ALL, (YES, NO, GAP), SHUT, ("no", "gap")),
        (Join.ALL, (YES, GAP), UNKNOWN, ("gap",)),
        (Join.ALL, (YES, YES), OPEN, ("yes", "yes")),
        (Join.ANY, (YES, NO, GAP), OPEN, ("yes", "no", "gap")),
        (Join.ANY, (NO, GAP), UNKNOWN, ("no", "gap")),
        (Join.ANY, (NO, NO), SHUT, ("no", "no")),
        (Join.NONE, (YES, NO, GAP), SHUT, ("yes", "gap")),
        (Join.NONE, (NO, GAP), UNKNOWN, ("gap",)),
        (Join.NONE, (NO, NO), OPEN, ("no", "no")),
    ],
)
def test_a_group_is_its_parts_and_what_keeps_it_from_opening(
    join: Join, parts: tuple[Criterion, ...], verdict: Verdict, told: tuple[str, ...]
):
    found = on(Group(join=join, parts=parts), **VALUES)
    each = tuple(on(part, **VALUES) for part in parts)
    assert found == Finding(
        verdict=verdict,
        because="; ".join(SAID[name] for name in told),
        keys=tuple(key for part in each for key in part.keys),
        parts=each,
        join=join,
    )


def test_a_group_may_have_a_label_and_says_how_many_it_wants():
    found = on(Group(join=Join.SOME, parts=(YES, NO, GAP), label="Two signs", least=2), **VALUES)
    assert (found.verdict, found.least, found.join) == (UNKNOWN, 2, Join.SOME)
    assert found.because == "Two signs: NO: no, asked for yes; GAP is not recorded"


def test_groups_nest():
    inner = Group(join=Join.ANY, parts=(NO, GAP), label="Inner")
    found = on(Group(join=Join.ALL, parts=(YES, inner), label="Outer"), **VALUES)
    assert found.because == "Outer: Inner: NO: no, asked for yes; GAP is not recorded"
    assert found.parts[1].parts[0] == on(NO, **VALUES)
    assert found.keys == ("1.1", "1.2", "1.3", "1.4")


@pytest.mark.parametrize("verdicts", list(product((OPEN, SHUT, UNKNOWN), repeat=3)))
@pytest.mark.parametrize("least", [1, 2, 3])
def test_some_is_open_once_enough_are_and_shut_once_too_few_can_be(verdicts: tuple[Verdict, ...], least: int):
    found = combine(Join.SOME, verdicts, least=least)
    outcomes = {
        sum(known is OPEN for known in guess) >= least
        for guess in product(*((OPEN, SHUT) if one is UNKNOWN else (one,) for one in verdicts))
    }
    assert found is (UNKNOWN if len(outcomes) == 2 else OPEN if outcomes == {True} else SHUT)


@pytest.mark.parametrize(
    ("join", "verdict"), [(Join.ALL, OPEN), (Join.ANY, SHUT), (Join.NONE, OPEN), (Join.SOME, OPEN)]
)
def test_of_no_parts_at_all_every_one_is_met_and_none_is(join: Join, verdict: Verdict):
    assert combine(join, ()) is verdict


@pytest.mark.parametrize("verdict", list(Verdict))
def test_open_passes_and_so_does_what_two_people_let_pass(verdict: Verdict):
    assert verdict.passes == (verdict not in (SHUT, UNKNOWN))
