"""What a rule asks beyond one mean: dose by dose, lasting, and what stands beside a score; in every word it says."""

from dataclasses import replace
from fractions import Fraction

import pytest
from judged import RULE, dose, keys, scored, seen, told, unknown

from workflow.domain.calendar import Duration
from workflow.domain.criterion import Operator, Subject
from workflow.domain.criterion import Test as Criterion
from workflow.domain.observation import Observation
from workflow.domain.response import Judgement, Response
from workflow.domain.response_rule import JudgedBy
from workflow.domain.trial import Mode

MET, NOT_MET, UNJUDGED = Judgement.MET, Judgement.NOT_MET, Judgement.UNJUDGED
BY_DOSE = replace(RULE, judged_by=JudgedBy.DOSE, scores=1)
TWICE = replace(BY_DOSE, occasions=2)
DOSES = (dose(0, "0.2"), dose(10, "0.3"))
GOOD = "baseline 8.00, mean 2.00 in the effect window: 75.00 % relief, 25.00 points above the line"
BAD = "baseline 8.00, mean 6.00 in the effect window: 25.00 % relief, 25.00 points short of the line"


# ------------------------------------------------------------------------------------------------------ dose by dose


def test_the_last_dose_is_judged_by_its_own_scores_and_named():
    assert told(seen(2, "6"), seen(12, "2"), rule=BY_DOSE, doses=DOSES[::-1]) == Response(
        verdict=MET,
        because=f"dose 2 (0.3 mg): {GOOD}",
        asked="above 50 %",
        relief=Fraction(75),
        margin=Fraction(25),
        baseline=Fraction(8),
        mean=Fraction(2),
        best=Fraction(2),
        worst=Fraction(2),
        scores=keys(12),
        baseline_scores=keys(-48, -24),
    )


def test_two_doses_in_a_row_are_both_told():
    found = told(seen(2, "2"), seen(12, "2"), rule=TWICE, doses=DOSES)
    assert (found.verdict, found.scores) == (MET, keys(2, 12))
    assert found.because == f"dose 1 (0.2 mg): {GOOD}; dose 2 (0.3 mg): {GOOD}"


@pytest.mark.parametrize(
    ("first", "second", "because"),
    [
        ("6", "2", f"dose 1 (0.2 mg): {BAD}"),
        ("2", "6", f"dose 2 (0.3 mg): {BAD}"),
        ("6", "6", f"dose 2 (0.3 mg): {BAD}"),
    ],
)
def test_the_newest_dose_that_did_not_pass_is_told_with_the_scores_of_all(first: str, second: str, because: str):
    found = told(seen(2, first), seen(12, second), rule=TWICE, doses=DOSES)
    assert (found.verdict, found.because, found.scores) == (NOT_MET, because, keys(2, 12))


def test_a_no_weighs_more_than_a_dose_that_cannot_be_judged():
    lacking = "dose 2 (0.3 mg): 0 of 1 scores inside the drug's effect window"
    passed = told(seen(2, "2"), rule=TWICE, doses=DOSES)
    assert passed == replace(unknown(lacking, keys(2)), asked="above 50 %")
    assert told(seen(2, "6"), rule=TWICE, doses=DOSES).verdict is NOT_MET


def test_one_pass_of_two_is_told_as_that():
    found = told(seen(2, "2"), rule=TWICE)
    assert (found.verdict, found.because) == (UNJUDGED, f"dose 1 (0.2 mg): {GOOD}; 1 of 2 doses in a row")
    assert found.relief == 75


def test_of_three_doses_only_the_last_two_count():
    three = (*DOSES, dose(20, "0.4"))
    found = told(seen(2, "6"), seen(12, "2"), seen(22, "2"), rule=TWICE, doses=three)
    assert found.because == f"dose 2 (0.3 mg): {GOOD}; dose 3 (0.4 mg): {GOOD}"


@pytest.mark.parametrize(
    ("hours", "counted", "because"),
    [
        (10, 3, "dose 1 (0.2 mg): baseline 8.00, mean 4.00"),  # taken before the next dose was given
        (10 + 1 / 3600, 2, f"dose 1 (0.2 mg): {GOOD}; dose 2 (0.3 mg): {GOOD}"),
        (11 - 1 / 3600, 2, f"dose 1 (0.2 mg): {GOOD}; dose 2 (0.3 mg): {GOOD}"),
        (11, 3, "dose 2 (0.3 mg): baseline 8.00, mean 4.00"),  # the next one can be felt
    ],
)
def test_a_score_belongs_to_the_dose_that_was_felt(hours: float, counted: int, because: str):
    found = told(seen(2, "2"), seen(12, "2"), seen(hours, "6"), rule=TWICE, doses=DOSES)
    assert (len(found.scores), found.because[: len(because)]) == (counted, because)


def test_an_infusion_is_an_occasion_that_ends_with_the_next_dose():
    doses = (dose(0, mode=Mode.INFUSION), dose(100, "0.3"))
    found = told(seen(90, "2"), seen(102, "2"), rule=TWICE, doses=doses)
    assert (found.verdict, found.scores) == (MET, keys(90, 102))


@pytest.mark.parametrize(
    ("apart", "because"),
    [(Duration(10, "h"), ""), (Duration(601, "min"), "the last 2 doses lie closer together than 601min")],
)
def test_doses_are_at_least_so_far_apart(apart: Duration, because: str):
    found = told(seen(2, "2"), seen(12, "2"), rule=replace(TWICE, apart=apart), doses=DOSES)
    assert found == unknown(because) if because else found.verdict is MET


def test_the_doses_before_the_last_ones_may_lie_closer_together():
    three = (*DOSES, dose(35, "0.4"))
    found = told(seen(12, "2"), seen(37, "2"), rule=replace(TWICE, apart=Duration(24, "h")), doses=three)
    assert found.verdict is MET


# ----------------------------------------------------------------------------------------------------------- lasting


@pytest.mark.parametrize(
    ("wanted", "values", "verdict", "held"),
    [
        ("4h", ("2", "2", "2"), MET, ""),
        ("241min", ("2", "2", "2"), UNJUDGED, "; held for 4.0 h of 241min"),
        ("4h", ("2", "2", "4"), NOT_MET, "; held for 2.0 h of 4h"),
        ("4h", ("4", "2", "2"), NOT_MET, "; held for 2.0 h of 4h"),
        ("3h", ("2", "2", "4", "0"), NOT_MET, "; held for 2.0 h of 3h"),
        ("4h", ("4", "2", "2", "2", "4", "2"), MET, ""),
        ("1h", ("4", "0", "4"), NOT_MET, "; held for 0.0 h of 1h"),
    ],
)
def test_a_pass_must_last_and_says_how_long_it_did(wanted: str, values: tuple[str, ...], verdict: Judgement, held: str):
    plain = told(*scored(*values))
    found = told(*scored(*values)[::-1], rule=replace(RULE, held_for=Duration.parse(wanted)))
    assert (plain.verdict, found.verdict) == (MET, verdict)
    assert found.because == plain.because + held


def test_scores_on_the_line_last_where_at_least_is_enough():
    rule = replace(RULE, held_for=Duration(4, "h"))
    assert told(*scored("4", "4", "3"), rule=rule).verdict is NOT_MET
    assert told(*scored("4", "4", "3"), rule=replace(rule, operator=Operator.AT_LEAST)).verdict is MET


def test_what_is_not_met_is_not_asked_to_last():
    plain = told(*scored("6", "6"))
    assert told(*scored("6", "6"), rule=replace(RULE, held_for=Duration(9, "h"))) == plain


# ------------------------------------------------------------------------------------------------------------ beside


def asks(item: str, *texts: str) -> Criterion:
    return Criterion(subject=Subject(item=item, this_trial=True), operator=Operator.IN, texts=texts)


BESIDE = replace(RULE, function=asks("walks", "better", "same"), tolerance=asks("bears", "yes"))
SCORES = scored("2", "2")
AT = "(2026-03-02 17:00)"


def said(walks: str = "", bears: str = "") -> tuple[Observation, ...]:
    """What was recorded eight hours after the dose."""
    given = (("8.1", "walks", walks), ("8.2", "bears", bears))
    return tuple(replace(seen(8, text, item=item), key=key) for key, item, text in given if text)


@pytest.mark.parametrize(
    ("walks", "bears", "verdict", "but", "beside"),
    [
        ("same", "yes", MET, "", ("8.1", "8.2")),
        ("worse", "yes", NOT_MET, f"; but Walking: worse {AT}, asked for one of better, same", ("8.1",)),
        ("", "yes", UNJUDGED, "; but Walking is not recorded in this trial", ("trial.1",)),
        (
            "better",
            "no",
            Judgement.NOT_TOLERATED,
            f"; but Bearing it: no {AT}, asked for one of yes",
            ("8.1", "8.2"),
        ),
        ("better", "", UNJUDGED, "; but Bearing it is not recorded in this trial", ("8.1", "trial.1")),
    ],
)
def test_function_and_tolerance_stand_beside_a_pass(
    walks: str, bears: str, verdict: Judgement, but: str, beside: tuple[str, ...]
):
    plain = told(*SCORES)
    found = told(*SCORES, *said(walks, bears), rule=BESIDE)
    assert found == replace(plain, verdict=verdict, because=plain.because + but, beside=beside)


def test_what_is_not_met_is_not_asked_for_function():
    assert told(*scored("6", "6"), *said("worse", "no"), rule=BESIDE) == told(*scored("6", "6"))


def test_what_must_be_known_is_named_where_it_is_not():
    rule = replace(RULE, context=("walks", "bears"))
    for values, verdict in ((("2", "2"), MET), (("6", "6"), NOT_MET)):
        plain = told(*scored(*values))
        lacking = plain.because + "; but not recorded in this trial: Walking, Bearing it"
        neither = told(*scored(*values), rule=rule)
        assert (neither.verdict, neither.because, neither.beside) == (UNJUDGED, lacking, ("trial.1", "trial.1"))
        both = told(*scored(*values), *said("same", "no"), rule=rule)
        assert both == replace(plain, verdict=verdict, beside=("8.1", "8.2"))


def test_what_cannot_be_judged_keeps_its_own_reason():
    rule = replace(RULE, context=("walks",))
    found = told(seen(2, "2"), *said("same"), rule=rule)
    assert found == replace(told(seen(2, "2")), beside=("8.1",))
    assert told(seen(2, "2"), rule=rule).because == "1 of 2 scores inside the drug's effect window"


def test_what_was_known_before_the_trial_does_not_count_beside_it():
    before = replace(seen(-200, "same", item="walks", trial=None), key="0.1")
    found = told(*SCORES, before, rule=replace(RULE, context=("walks",)))
    assert found.verdict is UNJUDGED
