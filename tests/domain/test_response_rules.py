"""What a response rule can ask beside a line in percent: statistics, occasions, endurance, function, tolerance."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

import pytest
from route import bolus, checked, diary, dosed, go, ready, scored
from world import CLARA, PROTOCOL, Value, Walker

from workflow.domain import criterion
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Operator, Subject
from workflow.domain.gate import report
from workflow.domain.item import Item, Kind
from workflow.domain.observation import Absence
from workflow.domain.parameter import Parameter
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response import Judgement
from workflow.domain.response_rule import JudgedBy, Line, Measure, Statistic

MET, NOT_MET, UNJUDGED = Judgement.MET, Judgement.NOT_MET, Judgement.UNJUDGED


def ruled(protocol: ProtocolVersion = PROTOCOL, **changes: object) -> ProtocolVersion:
    """The protocol with its response rule changed."""
    return replace(protocol, response=replace(protocol.response, **changes))


def under(protocol: ProtocolVersion, score: Value = 8) -> Walker:
    """A single shot just given under this protocol, on a steady baseline."""
    walker = checked(Walker(protocol))
    diary(walker, score)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    return walker


def chosen(item: str, *texts: str) -> criterion.Test:
    return criterion.Test(subject=Subject(item=item, this_trial=True), operator=Operator.IN, texts=texts)


@pytest.mark.parametrize(
    ("statistic", "relief"),
    [
        (Statistic.MEAN, "57.14"),
        (Statistic.MEDIAN, "50.00"),
        (Statistic.BEST, "87.50"),
        (Statistic.WORST, "37.50"),
        (Statistic.LAST, "37.50"),
    ],
)
def test_several_scores_become_one_by_the_rules_statistic(statistic: Statistic, relief: str):
    walker = under(ruled(statistic=statistic))
    scored(walker, (1, 4, 4, 2, 4, 4, 5))
    assert walker.response().relief_shown == Decimal(relief)
    assert (walker.response().best, walker.response().worst) == (1, 5)


def test_the_median_of_an_even_number_is_halfway():
    walker = under(ruled(statistic=Statistic.MEDIAN))
    scored(walker, (1, 2, 4, 8))
    assert walker.response().mean == 3


def test_the_baseline_has_its_own_statistic():
    worst = replace(PROTOCOL.response.baseline, statistic=Statistic.WORST)
    walker = checked(Walker(ruled(baseline=worst)))
    diary(walker, 6)
    walker.record(nrs=10)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    scored(walker, (4, 4, 4))
    assert (walker.response().baseline, walker.response().relief) == (10, 60)


@pytest.mark.parametrize(("last", "verdict", "margin"), [(6, MET, 0), (5, MET, 1), (7, NOT_MET, -1)])
def test_points_are_counted_on_the_instruments_own_scale(last: int, verdict: Judgement, margin: int):
    points = MappingProxyType({"": Line(number=Decimal(2))})
    walker = under(ruled(measure=Measure.POINTS, lines=points, operator=Operator.AT_LEAST, statistic=Statistic.LAST))
    scored(walker, (7, 7, last))
    found = walker.response()
    assert (found.verdict, found.margin, found.unit, found.asked) == (verdict, margin, "points", "at least 2 points")


def by_origin() -> ProtocolVersion:
    lines = MappingProxyType({"cancer": Line(number=Decimal(30)), "non_cancer": Line(parameter="lasting")})
    lasting = Parameter(
        key="lasting", label="L", unit="%", default=Decimal(50), minimum=Decimal(40), maximum=Decimal(70)
    )
    return replace(ruled(lines=lines, line_by="pain_origin"), parameters={"lasting": lasting})


@pytest.mark.parametrize(
    ("settings", "verdict", "asked"),
    [
        ({}, MET, "above 50 %"),
        ({"lasting": Decimal(70)}, NOT_MET, "above 70 %"),
        ({"lasting": Decimal(99)}, MET, "above 50 %"),
    ],
)
def test_the_line_can_hang_on_an_item_and_on_what_the_site_sets(
    settings: dict[str, Decimal], verdict: Judgement, asked: str
):
    walker = under(by_origin())
    scored(walker, (3, 3, 3))
    walker.settings = settings
    assert (walker.response().verdict, walker.response().asked) == (verdict, asked)


def test_without_the_item_the_line_is_not_known():
    walker = under(by_origin())
    scored(walker, (1, 1, 1))
    walker.correct("pain_origin", None)
    assert walker.response().verdict is UNJUDGED
    assert "which line counts is not known: Pain origin" in walker.response().because


# ------------------------------------------------------------------------------------------------------- occasions


def by_dose(occasions: int = 1, apart: str | None = None) -> ProtocolVersion:
    quick = {**PROTOCOL.drugs, "morphine": replace(PROTOCOL.drug("morphine"), onset=Duration(1, "h"))}
    wait = None if apart is None else Duration.parse(apart)
    return replace(
        ruled(judged_by=JudgedBy.DOSE, occasions=occasions, apart=wait, scores=2), drugs=MappingProxyType(quick)
    )


def in_catheter(protocol: ProtocolVersion) -> Walker:
    walker = checked(Walker(protocol))
    diary(walker, 8)
    go(walker, "approve_catheter_trial")
    ready(walker)
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    return walker


def dose_and_score(walker: Walker, *scores: Value, wait: str = "2h") -> None:
    bolus(walker)
    for score in scores:
        walker.later(wait).record(nrs=score)


def test_each_dose_is_judged_by_its_own_scores_and_the_last_one_counts():
    walker = in_catheter(by_dose())
    dose_and_score(walker, 7, 7)
    assert walker.response().verdict is NOT_MET
    dose_and_score(walker, 1, 1)
    assert (walker.response().verdict, walker.response().relief_shown) == (MET, Decimal("87.50"))
    assert "dose 2" in walker.response().because


def test_two_passes_in_a_row_are_two():
    walker = in_catheter(by_dose(occasions=2))
    dose_and_score(walker, 1, 1)
    assert (walker.response().verdict, "1 of 2 doses" in walker.response().because) == (UNJUDGED, True)
    dose_and_score(walker, 7, 7)
    assert walker.response().verdict is NOT_MET
    dose_and_score(walker, 1, 1)
    assert walker.response().verdict is NOT_MET
    dose_and_score(walker, 1, 1)
    assert walker.response().verdict is MET


def test_a_dose_without_its_scores_leaves_it_open():
    walker = in_catheter(by_dose(occasions=2))
    dose_and_score(walker, 1, 1)
    dose_and_score(walker, 1)
    assert walker.response().verdict is UNJUDGED
    assert "dose 2" in walker.response().because


def test_occasions_too_close_together_are_one():
    walker = in_catheter(by_dose(occasions=2, apart="1d"))
    dose_and_score(walker, 1, 1)
    dose_and_score(walker, 1, 1)
    assert walker.response().verdict is UNJUDGED
    assert "closer together than 1d" in walker.response().because
    walker.later("1d")
    dose_and_score(walker, 1, 1)
    assert walker.response().verdict is MET


# ------------------------------------------------------------------------------------------------------- endurance


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ((2, 2, 2), MET),  # 2, 4, 6 h after dosing: 4 h
        ((1, 1, 4, 1), NOT_MET),  # broken off: 2 h, then nothing
        ((4, 1, 1, 1), MET),
        ((1, 1, 7, 1, 1, 1), MET),
    ],
)
def test_a_pass_that_must_last_lasts_without_a_break(scores: tuple[Value, ...], verdict: Judgement):
    walker = under(ruled(held_for=Duration(4, "h")))
    scored(walker, scores)
    assert walker.response().verdict is verdict


def test_scores_that_span_too_little_say_nothing_about_lasting():
    walker = under(ruled(held_for=Duration(5, "h")))
    scored(walker, (2, 2, 2))
    assert (walker.response().verdict, walker.response().because[-20:]) == (UNJUDGED, "held for 4.0 h of 5h")


# ---------------------------------------------------------------------------------------------------------- beside


def test_a_score_that_passes_with_function_worse_is_no_pass():
    walker = under(ruled(function=chosen("function_change", "better", "same")))
    scored(walker, (1, 1, 1))
    assert walker.response().verdict is UNJUDGED
    walker.record(function_change="worse")
    assert (walker.response().verdict, "but Function" in walker.response().because) == (NOT_MET, True)
    walker.correct("function_change", "same")
    assert walker.response().verdict is MET
    assert walker.newest("function_change").key in walker.response().keys


def test_met_and_not_tolerated_is_neither_met_nor_failed():
    walker = under(ruled(tolerance=chosen("tolerated", "yes")))
    scored(walker, (1, 1, 1))
    walker.record(tolerated="no")
    assert walker.response().verdict is Judgement.NOT_TOLERATED
    view = walker.situation(CLARA).view(walker.now)
    assert [report(walker.protocol.gate(gate), view).verdict for gate in ("responded", "not_responded")] == ["shut"] * 2


def test_a_score_that_fails_asks_nothing_beside_it():
    walker = under(ruled(function=chosen("function_change", "better"), tolerance=chosen("tolerated", "yes")))
    scored(walker, (7, 7, 7))
    assert walker.response().verdict is NOT_MET


def test_what_must_be_known_keeps_even_a_no_open():
    walker = under(ruled(context=("rescue_opioid_use", "goal_met")))
    scored(walker, (7, 7, 7))
    walker.record(rescue_opioid_use="same")
    assert walker.response().verdict is UNJUDGED
    assert walker.response().because.endswith("but not recorded in this trial: The person's own goal met")
    walker.record(goal_met="not")
    assert walker.response().verdict is NOT_MET


def test_an_absent_answer_beside_a_score_is_not_an_answer():
    walker = under(ruled(function=chosen("function_change", "better")))
    scored(walker, (1, 1, 1))
    walker.record(function_change=Absence.UNABLE)
    assert walker.response().verdict is UNJUDGED


# ---------------------------------------------------------------------------------------------------------- grades


MAS = Item(
    key="mas",
    label="Modified Ashworth",
    kind=Kind.GRADE,
    grades=MappingProxyType(
        {grade: Decimal(worth) for grade, worth in (("0", "0"), ("1", "1"), ("1+", "1.5"), ("4", "4"))}
    ),
)


def test_a_grade_counts_what_it_is_worth_and_is_shown_as_it_was_said():
    graded = replace(PROTOCOL, items={**PROTOCOL.items, "mas": MAS})
    walker = checked(Walker(ruled(graded, instrument="mas")))
    for day in range(5):
        walker.record(at=walker.now - timedelta(days=day), mas="4")
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    for _ in range(3):
        walker.later("2h").record(mas="1+")
    assert (walker.response().mean, walker.response().relief_shown) == (Decimal("1.5"), Decimal("62.50"))
    assert walker.newest("mas").shown == "1+"


@pytest.mark.parametrize("said", ["1.5", "2", "5", "-1", "", "1 +"])
def test_a_grade_that_is_none_is_refused(said: str):
    graded = replace(PROTOCOL, items={**PROTOCOL.items, "mas": MAS})
    walker = checked(Walker(graded))
    with pytest.raises(Exception, match="is not possible") as refused:
        walker.record(mas=said)
    assert refused.value.allowed == "0, 1, 1+, 4"  # type: ignore[attr-defined]


def test_scores_left_out_are_counted():
    walker = dosed()
    scored(walker, (1, 1, 1))
    walker.later("30h").record(nrs=9)
    assert (walker.response().left_out, len(walker.response().scores)) == (1, 3)
