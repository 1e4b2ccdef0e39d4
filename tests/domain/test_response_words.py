"""Every field of a response and every word it says, on scores laid out by hand around one dose."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import pytest
from judged import FIRST, HOUR, RULE, TRIAL, diary, dose, keys, scored, seen, told, unknown

from workflow.domain.criterion import Operator
from workflow.domain.observation import Absence, Observation
from workflow.domain.response import Judgement, Response
from workflow.domain.response_rule import Line, Measure, Statistic
from workflow.domain.trial import Administration, Mode

MET, NOT_MET, UNJUDGED = Judgement.MET, Judgement.NOT_MET, Judgement.UNJUDGED


# ------------------------------------------------------------------------------------------------ the whole response


def test_a_response_that_is_met_tells_everything_it_was_computed_from():
    assert told(*scored("2", "3", "4"), seen(30, "9")) == Response(
        verdict=MET,
        because="baseline 8.00, mean 3.00 in the effect window: 62.50 % relief, 12.50 points above the line",
        unit="%",
        asked="above 50 %",
        relief=Fraction("62.5"),
        margin=Fraction("12.5"),
        baseline=Fraction(8),
        mean=Fraction(3),
        best=Fraction(2),
        worst=Fraction(4),
        scores=keys(2, 4, 6),
        baseline_scores=keys(-48, -24),
        left_out=1,
    )


def test_points_on_a_scale_where_more_is_better():
    rule = replace(
        RULE,
        lower_is_better=False,
        measure=Measure.POINTS,
        operator=Operator.AT_LEAST,
        lines=MappingProxyType({"": Line(number=Decimal("2.50"))}),
        statistic=Statistic.WORST,
    )
    assert told(*scored("2", "3"), rule=rule, before=diary("0")) == Response(
        verdict=NOT_MET,
        because="baseline 0.00, worst 2.00 in the effect window: 2.00 points better, 0.50 points short of the line",
        unit="points",
        asked="at least 2.5 points",
        relief=Fraction(2),
        margin=Fraction("-0.5"),
        baseline=Fraction(0),
        mean=Fraction(2),
        best=Fraction(3),
        worst=Fraction(2),
        scores=keys(2, 4),
        baseline_scores=keys(-48, -24),
    )


@pytest.mark.parametrize(
    ("operator", "values", "verdict"),
    [
        (Operator.ABOVE, ("4", "4"), NOT_MET),
        (Operator.AT_LEAST, ("4", "4"), MET),
        (Operator.ABOVE, ("4", "3.9"), MET),
        (Operator.AT_LEAST, ("4", "4.1"), NOT_MET),
    ],
)
def test_the_line_itself_is_met_by_at_least_alone(operator: Operator, values: tuple[str, ...], verdict: Judgement):
    assert told(*scored(*values), rule=replace(RULE, operator=operator)).verdict is verdict


@pytest.mark.parametrize(
    ("baseline", "lower", "warning"),
    [("3.9", True, "baseline below 4: a floor effect is likely"), ("4", True, ""), ("3.9", False, "")],
)
def test_a_floor_effect_is_likely_under_the_floor(baseline: str, lower: bool, warning: str):
    found = told(*scored("2", "2"), before=diary(baseline), rule=replace(RULE, lower_is_better=lower))
    assert found.warning == warning


def test_what_is_not_judged_shows_no_relief():
    assert told(doses=()).relief_shown is None
    assert told(*scored("2", "3")).relief_shown == Decimal("68.75")


def test_keys_are_those_of_baseline_scores_and_what_stands_beside():
    found = told(*scored("2", "3"), seen(8, "better", item="walks"), rule=replace(RULE, context=("walks",)))
    assert found.keys == keys(-48, -24, 2, 4, 8)


# -------------------------------------------------------------------------------------------------- cannot be judged


@pytest.mark.parametrize(
    ("doses", "at"), [((), 200), ((dose(trial=2),), 200), ((dose(),), 0)], ids=["none", "another trial", "only now"]
)
def test_without_a_dose_nothing_is_looked_at(doses: tuple[Administration, ...], at: float):
    assert told(*scored("2", "3"), doses=doses, at=at) == Response(
        verdict=UNJUDGED, because="no dose of this trial is recorded"
    )


def test_without_a_baseline_what_was_looked_through_is_told():
    foreign = seen(-24, "8", trial=2)
    assert told(*scored("2", "3"), before=(foreign,)) == unknown("no score before the first dose", base=keys(2, 4))
    short = "the baseline diary has 1 of 2 days in 7d, ended 1.0 d before dosing (at most 14d)"
    own = seen(-24, "8", trial=1)
    assert told(before=(own,)) == unknown(short, base=keys(-24))


def test_a_score_at_the_very_time_of_the_first_dose_is_after_it():
    assert told(*scored("2", "3"), seen(0, "1")) == replace(told(*scored("2", "3")), left_out=1)


def test_a_void_baseline_is_told_with_its_scores():
    because = "analgesics were changed on 2026-03-01, after the baseline began"
    assert told(*scored("2", "3"), seen(-24, "yes", item="changed")) == unknown(because)


def test_too_few_moments_are_told_with_the_scores_there_are():
    twice = (seen(2, "1"), replace(seen(2, "3"), key="9.9"))
    because = "1 of 2 scores inside the drug's effect window"
    assert told(*twice) == replace(unknown(because, (*keys(2), "9.9")), asked="above 50 %")
    assert told(*twice, seen(3, "2")).verdict is MET


@pytest.mark.parametrize(
    ("lower", "measure", "judged"),
    [
        (True, Measure.PERCENT, False),
        (True, Measure.POINTS, False),
        (False, Measure.PERCENT, False),
        (False, Measure.POINTS, True),
    ],
)
def test_a_baseline_of_nothing(lower: bool, measure: Measure, judged: bool):
    found = told(*scored("2", "3"), before=diary("0"), rule=replace(RULE, lower_is_better=lower, measure=measure))
    asked = f"above 50 {'%' if measure is Measure.PERCENT else 'points'}"
    wanted = replace(unknown("a baseline of 0 leaves nothing to relieve", keys(2, 4)), asked=asked)
    assert found.verdict is not UNJUDGED if judged else found == wanted


def test_not_even_a_baseline_of_one_is_nothing():
    assert told(*scored("0", "0"), before=diary("1")).relief == 100


# ------------------------------------------------------------------------------------------------------ which scores


@pytest.mark.parametrize(
    "other",
    [
        seen(5, "9", trial=2),
        seen(5, "9", trial=None),
        seen(5, "9", item="other"),
        replace(seen(5, "9"), superseded_by="void"),
        seen(5, Absence.ASLEEP),
        seen(5, "NaN"),
        seen(5, "Infinity"),
        seen(7, "9"),
    ],
    ids=["trial 2", "no trial", "item", "void", "asleep", "no number", "no end", "later than now"],
)
def test_what_is_no_score_of_this_trial_by_now_counts_nowhere(other: Observation):
    assert told(*scored("2", "3", "4"), other, at=6) == told(*scored("2", "3", "4"))


@pytest.mark.parametrize(("hours", "inside"), [(1, True), (1 - 1 / 3600, False), (24, True), (24 + 1 / 3600, False)])
def test_a_bolus_is_felt_from_its_onset_for_as_long_as_it_lasts(hours: float, inside: bool):
    found = told(*scored("2", "3"), seen(hours, "1"))
    assert (len(found.scores), found.left_out) == ((3, 0) if inside else (2, 1))


@pytest.mark.parametrize(
    ("out", "hours", "inside"),
    [(None, 150, True), (100, 124, True), (100, 124 + 1 / 3600, False), (100, 1 - 1 / 3600, False)],
)
def test_an_infusion_is_felt_until_after_the_catheter_is_out(out: float | None, hours: float, inside: bool):
    trial = TRIAL if out is None else replace(TRIAL, catheter_out_at=FIRST + out * HOUR)
    found = told(*scored("2", "3"), seen(hours, "1"), doses=(dose(mode=Mode.INFUSION),), trial=trial)
    assert (len(found.scores), found.left_out) == ((3, 0) if inside else (2, 1))


def test_of_a_drug_the_protocol_does_not_know_nothing_is_felt():
    found = told(*scored("2", "3"), doses=(dose(drug="y"),))
    wanted = unknown("0 of 2 scores inside the drug's effect window")
    assert found == replace(wanted, asked="above 50 %", left_out=2)


def test_grades_count_what_they_are_worth():
    before = (seen(-48, "grave", item="mas"), seen(-24, "grave", item="mas"))
    after = (seen(2, "mild", item="mas"), seen(4, "mild", item="mas"))
    found = told(*after, before=before, rule=replace(RULE, instrument="mas"))
    assert (found.baseline, found.mean, found.best, found.worst, found.relief) == (4, 1, 1, 1, 75)


# ---------------------------------------------------------------------------------------------------------- the line

LINES = MappingProxyType({"cancer": Line(number=Decimal(70)), "other": Line(parameter="limit")})


@pytest.mark.parametrize(
    ("origin", "settings", "asked", "verdict"),
    [
        ("cancer", {}, "above 70 %", NOT_MET),
        ("other", {}, "above 30 %", MET),
        ("other", {"limit": Decimal(90)}, "above 90 %", NOT_MET),
    ],
)
def test_the_line_hangs_on_an_item(origin: str, settings: dict[str, Decimal], asked: str, verdict: Judgement):
    rule = replace(RULE, lines=LINES, line_by="origin")
    found = told(*scored("3", "3"), seen(1, origin, item="origin"), rule=rule, settings=settings)
    assert (found.asked, found.verdict) == (asked, verdict)


@pytest.mark.parametrize("said", [(), (seen(1, "unheard of", item="origin"),)], ids=["not said", "not in the file"])
def test_without_the_item_no_line_is_drawn(said: tuple[Observation, ...]):
    rule = replace(RULE, lines=LINES, line_by="origin")
    wanted = replace(unknown("which line counts is not known: Origin is missing"), left_out=2)
    assert told(*scored("3", "3"), *said, rule=rule) == wanted
