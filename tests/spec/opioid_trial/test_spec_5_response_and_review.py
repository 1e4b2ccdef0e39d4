"""5. Reading the response, and the case review."""

from dataclasses import replace
from datetime import timedelta

import pytest
from opioid_route import (
    DAY,
    INPUTS,
    answered,
    assessed,
    bolus,
    catheter_in,
    catheter_out,
    checked,
    diary,
    discharged,
    dosed,
    given,
    go,
    ready,
    reviewed,
    scored,
    signed,
    single_shot,
    verdict,
    watched,
)
from world import CLARA, NILS, Value, Walker, barred

from workflow.domain.errors import ImpossibleInputError, ImpossibleValueError
from workflow.domain.observation import Absence


def judged(scores: tuple[Value, ...], baseline: Value = 8, **inputs: Value) -> str:
    """The verdict on these scores after a single shot, with everything that stands beside them."""
    walker = dosed(baseline)
    scored(walker, scores)
    return str(answered(walker, **inputs).response().verdict)


def test_asleep_is_an_answer_and_no_score():
    """Asleep, refused, unable or away fills the place of a score, is no score, and is never zero. (HOUSE, D)"""
    assert judged((Absence.ASLEEP, Absence.REFUSED, Absence.AWAY, Absence.UNABLE)) == "cannot be judged"
    assert judged((8, 8, Absence.ASLEEP, 8)) == "not met"


def test_exactly_half_is_on_the_line_and_not_above_it():
    """A trial is met by more than 50 percent relief; exactly 50, from 8 to 4, is on the line and does not pass.
    (SEED, KUM01, R)
    """
    walker = dosed(8)
    scored(walker, (4, 4, 4))
    answered(walker)
    assert (walker.response().verdict, walker.response().margin) == ("not met", 0)
    walker.record(at=walker.ago("1h"), nrs=3)
    assert walker.response().verdict == "met"


def test_seven_to_three_and_a_half_is_exactly_half():
    """From 7 to a mean of 3.5 is exactly 50 percent: nothing is rounded before it is compared. (SEED, KUM01, R)"""
    walker = dosed(7)
    scored(walker, (3, 4, 3, 4))
    answered(walker)
    assert (walker.response().verdict, walker.response().relief, walker.response().margin) == ("not met", 50, 0)


def test_the_margin_is_told():
    """How far relief lies from the line is told in words: 48 is two points short. (SEED, KUM01, R)"""
    walker = dosed(10)
    scored(walker, (5, 5, 5, 5, 6))
    answered(walker)
    assert walker.response().margin == -2
    assert "2.00 points short of the line" in walker.response().because


def test_a_baseline_of_zero_leaves_nothing_to_relieve():
    """Where the baseline is 0 relief cannot be computed, and nobody failed. (IMM, R)"""
    assert judged((0, 0, 0), baseline=0) == "cannot be judged"


def test_a_baseline_below_four_is_shown_as_a_floor():
    """A baseline below 4 is shown as a likely floor effect, and decides nothing. (IMM; floor HOUSE, D)"""
    walker = dosed(3)
    scored(walker, (1, 1, 1))
    answered(walker)
    assert walker.response().warning.startswith("baseline below 4")
    assert walker.response().verdict == "met"
    assert dosed(4).response().warning == ""


def test_a_score_of_another_scale_is_refused():
    """A score of another scale, in another unit, or written as a range is refused: 0 to 10 on one scale, one whole
    number. (IMM, R)
    """
    walker = dosed(8)
    score = walker.reading("nrs", 5)
    for odd in (walker.reading("nrs", 45), walker.reading("nrs", "3.5"), replace(score, unit="mm")):
        with pytest.raises(ImpossibleInputError):
            walker.take_readings(NILS, (odd,))
    with pytest.raises(ImpossibleValueError):
        walker.take_readings(NILS, (replace(score, number=None, unit="", text="3-4"),))


def test_relief_is_of_one_instrument():
    """Pain is scored by one instrument before and after: sedation, function or a goal are no pain scores. (IMM, R)"""
    walker = dosed(8).later("2h")
    for _ in range(3):
        walker.later("1h").record(sedation_score=1, goal_met="fully")
    assert not walker.response().scores


def test_relief_is_read_while_the_drug_can_be_felt():
    """Scores count from one to twenty-four hours after morphine; outside that window they do not enter the response.
    (ASA16, U)
    """
    walker = dosed(8)
    walker.later("30min").record(nrs=0)
    walker.later("25h").record(nrs=0)
    assert walker.response().left_out == 2
    assert not walker.response().scores


@pytest.mark.parametrize(("drug", "amount", "inside", "after"), [("fentanyl", "25", 4, 5), ("sufentanil", "10", 6, 7)])
def test_fentanyl_and_sufentanil_are_read_for_four_and_six_hours(drug: str, amount: str, inside: int, after: int):
    """After fentanyl scores count from ten minutes to four hours, after sufentanil to six. (ASA16, U)"""
    walker = given(drug, amount)
    start = walker.now
    walker.later("8h")
    walker.record(at=start + timedelta(minutes=9), nrs=1)
    walker.record(at=start + timedelta(hours=inside), nrs=1)
    walker.record(at=start + timedelta(hours=after), nrs=1)
    assert len(walker.response().scores) == 1
    assert walker.response().left_out == 2


def test_relief_rests_on_the_mean_of_at_least_three_scores():
    """Relief is the fall from the baseline to the mean of at least three scores in the window. (HOUSE, D)"""
    walker = answered(dosed(8))
    scored(walker, (2, 2))
    assert "2 of 3 scores" in walker.response().because
    scored(walker, (5,))
    assert (walker.response().mean, walker.response().best, walker.response().worst) == (3, 2, 5)


def test_the_baseline_is_a_diary_of_a_week():
    """The baseline is a diary of seven days with four days filled in, ended within fourteen days of dosing. (HOUSE,
    D)
    """
    for days, waited, wanted in ((4, "1d", "met"), (3, "1d", "cannot be judged"), (4, "15d", "cannot be judged")):
        walker = checked(method="catheter")
        diary(walker, 8, days)
        go(walker, "approve_catheter_trial")
        walker.later(waited).record(active_infection="no", maoi_within_14_days="no")
        ready(walker)
        go(walker, "approve_puncture")
        go(walker, "record_catheter_in")
        bolus(walker)
        scored(walker, (2, 2, 2))
        assert answered(walker).response().verdict == wanted


def test_a_score_just_before_a_single_shot_is_baseline_enough():
    """For a single shot a score within the day before the dose is enough; for a catheter it is not. (HOUSE, D)"""
    walker = checked()
    go(walker, "approve_single_shot_trial")
    ready(walker).record(nrs=8)
    go(walker, "approve_puncture")
    walker.later("1h").give()
    scored(walker, (2, 2, 2))
    assert answered(walker).response().verdict == "met"


def test_a_baseline_from_before_the_analgesics_changed_is_unknown():
    """A baseline from before a change of analgesics is unknown. (HOUSE, D)"""
    walker = answered(dosed(8))
    scored(walker, (2, 2, 2))
    walker.record(at=walker.ago("3d"), analgesics_changed="yes")
    assert walker.response().verdict == "cannot be judged"
    assert "analgesics were changed" in walker.response().because


def test_relief_with_worse_function_is_not_a_pass():
    """Relief above the line with worse function is not a pass; with function as before it is one. (EVI; HOUSE, D)"""
    assert judged((2, 2, 2), function_change="worse") == "not met"
    assert judged((2, 2, 2), function_change="same") == "met"


def test_a_severe_side_effect_is_a_response_that_was_not_tolerated():
    """Relief with a severe side effect is a response that was not tolerated, neither a pass nor a failed trial;
    a moderate one does not stand against it. (HOUSE, D)
    """
    assert judged((2, 2, 2), worst_side_effect="severe") == "met, not tolerated"
    assert judged((2, 2, 2), worst_side_effect="moderate") == "met"


@pytest.mark.parametrize("item", ["rescue_opioid_use", "function_change", "goal_met", "worst_side_effect"])
def test_relief_is_judged_only_with_what_stands_beside_it(item: str):
    """Relief is not judged before rescue and systemic opioid use, function, the person's own goal and the worst side
    effect are known, as they were in this trial. (HOUSE, D)
    """
    walker = dosed(8)
    scored(walker, (2, 2, 2))
    walker.record(**{name: value for name, value in INPUTS.items() if name != item})
    assert walker.response().verdict == "cannot be judged"
    walker.record(**{item: INPUTS[item]})
    assert walker.response().verdict == "met"


def test_what_stood_beside_an_earlier_trial_does_not_count_for_this_one():
    """Function, goal and side effects of an earlier trial do not count for the next one. (HOUSE, D)"""
    walker = second_trial()
    scored(walker, (2, 2, 2))
    assert walker.response().verdict == "cannot be judged"
    assert answered(walker).response().verdict == "met"


def second_trial() -> Walker:
    """A second trial, with hydromorphone, just given."""
    walker = reviewed(scores=(8, 8, 8))
    walker.record(CLARA, review_outcome="repeat", repeat_changes="drug")
    signed(walker, "repeat_trial")
    walker.later("2d").record(trial_drug="hydromorphone", consent_drug="hydromorphone")
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give("0.05", drug="hydromorphone")
    return walker


def test_a_trial_is_assessed_when_nobody_is_under_observation_any_more():
    """The response is assessed when a dose was given, the observation is over, and no catheter is in. (HOUSE, D)"""
    walker = catheter_in()
    assert "Doses in this trial: 0" in barred(walker.advance("assess_response"))
    bolus(walker.later("1h"))
    scored(walker, (2, 2, 2))
    assert "Observations running: 1" in barred(walker.advance("assess_response"))
    walker = catheter_in()
    bolus(walker.later("1h"))
    watched(walker)
    discharged(walker)
    assert "Trial catheter: in" in barred(walker.advance("assess_response"))
    walker.record(**DAY)
    catheter_out(walker)
    assert not walker.advance("assess_response").refused


# ------------------------------------------------------------------------------ case review


@pytest.mark.parametrize("item", ["rescue_opioid_use", "function_change", "goal_met", "worst_side_effect", "tolerated"])
def test_a_review_knows_what_stands_beside_the_score(item: str):
    """A case review knows the rescue and systemic opioid use, the function, the person's own goal, the worst side
    effect, and how the trial was tolerated. (HOUSE, D)
    """
    walker = assessed()
    walker.record(**{name: value for name, value in INPUTS.items() if name != item})
    assert walker.protocol.item(item).label in barred(walker.advance("send_to_case_review"))


def test_a_review_after_a_catheter_knows_its_tip_level():
    """After a catheter trial the review knows where the tip lay. (SEED, R)"""
    walker = catheter_in()
    walker.correct("trial_tip_level", None)
    bolus(walker.later("1h"))
    watched(walker)
    discharged(walker)
    catheter_out(walker)
    go(walker, "assess_response")
    answered(walker)
    assert "Tip level of the trial catheter" in barred(walker.advance("send_to_case_review"))


def test_nobody_is_a_non_responder_without_a_signed_review():
    """Nobody becomes a non-responder without a case review that says so, signed by two. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8, 8))
    assert "review_says_non_responder" in barred(walker.advance("sign_non_responder"))
    walker.record(CLARA, review_outcome="non_responder")
    assert walker.advance("sign_non_responder", CLARA).entry.outcome == "proposed"
    walker.together("sign_non_responder")
    assert walker.stage == "non_responder"


def test_a_response_that_cannot_be_judged_makes_no_non_responder():
    """A response that cannot be judged is not a response that was not met. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8))
    walker.record(CLARA, review_outcome="non_responder")
    assert "not_responded" in barred(walker.together("sign_non_responder"))


def test_responded_and_not_tolerated_shuts_the_implant_and_is_no_failed_trial():
    """Who responded and did not tolerate the trial gets no implant, and is no failed trial: the side effect is
    treated and the trial repeated, signed by two. (HOUSE, D)
    """
    walker = reviewed(worst_side_effect="severe", tolerated="no")
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    refusal = barred(walker.together("decide_implant"))
    assert "Worst side effect in the trial: severe" in refusal
    assert "Trial tolerated: no" in refusal
    assert "not_responded" in barred(walker.advance("sign_non_responder"))
    walker.record(CLARA, review_outcome="treat_side_effect")
    signed(walker, "repeat_trial")
    assert walker.stage == "contraindication_check"


def test_a_repeat_says_what_changes():
    """A repeat says what the next trial changes: the drug, the dose or the method. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8, 8))
    walker.record(CLARA, review_outcome="repeat")
    assert "What the next trial changes" in barred(walker.advance("repeat_trial"))
    walker.record(CLARA, repeat_changes="method")
    signed(walker, "repeat_trial")


@pytest.mark.parametrize("outcome", ["other_therapy", "decline"])
def test_other_therapy_and_decline_are_signed_by_two(outcome: str):
    """A review may end in another therapy or a decline, signed by two, and nobody is called a non-responder.
    (HOUSE, D)
    """
    walker = reviewed(scores=(8, 8, 8))
    assert "review_says_decline" in barred(walker.advance("decline_by_review"))
    walker.record(CLARA, review_outcome=outcome)
    signed(walker, "decline_by_review")
    assert walker.stage == "declined"


def test_relief_after_a_placebo_is_shown_and_bars_nobody():
    """Relief of more than half after a placebo is shown to whoever plans the implant, and bars nobody: some left such
    people out, others say it must not count against them. (RAFF, R)
    """
    walker = reviewed(placebo_relief="more_than_half")
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    assert verdict(walker, "decide_implant", "placebo_considered") == "shut"
    signed(walker, "decide_implant")
    assert walker.stage == "implant_planning"


def test_a_trial_may_be_waived_in_advanced_cancer():
    """In advanced cancer two clinicians may go to case review without a trial. (PACC17, EVI, R)"""
    walker = checked(pain_origin="cancer", cancer_imaging_complete="yes")
    walker.together("waive_trial", reason="trial_waived_advanced_cancer")
    assert walker.stage == "case_review"


def test_without_cancer_a_trial_is_waived_only_on_the_papers_of_another():
    """Where the pain is not from cancer, a trial is waived only where one done elsewhere is documented. (HOUSE, D)"""
    walker = checked()
    refusal = barred(walker.together("waive_trial", reason="trial_waived_advanced_cancer"))
    assert "Grounds to go without a trial" in refusal or "waiver_grounds" in refusal
    walker.record(prior_trial_documented="yes")
    walker.together("waive_trial", reason="trial_done_elsewhere")
    assert walker.stage == "case_review"


def test_a_waived_trial_waives_no_gate_nobody_declared():
    """Without a trial the implant still needs the declared waiver of response and tolerance, by two, and no other
    gate has one. (PACC17, EVI, R)
    """
    walker = checked(pain_origin="cancer", cancer_imaging_complete="yes")
    walker.together("waive_trial", reason="trial_waived_advanced_cancer")
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=12)
    assert "responded" in barred(walker.together("decide_implant"))
    assert "declares no waiver" in barred(walker.dispense("review_says_implant", "trial_waived_advanced_cancer"))
    for gate in ("responded", "trial_tolerated"):
        walker.dispense(gate, "trial_waived_advanced_cancer")
    signed(walker, "decide_implant")
    assert walker.stage == "implant_planning"


def test_a_single_shot_without_a_dose_is_no_trial_to_assess():
    """A puncture that gave no dose is not assessed. (HOUSE, D)"""
    walker = ready(single_shot())
    go(walker, "approve_puncture")
    assert "Doses in this trial: 0" in barred(walker.advance("assess_response"))
