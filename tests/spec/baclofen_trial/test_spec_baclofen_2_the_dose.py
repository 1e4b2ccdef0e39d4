"""2. What forbids a puncture, and the ladder of doses."""

from datetime import timedelta

import pytest
from baclofen_route import (
    BACLOFEN,
    DAY,
    bolus,
    catheter_in,
    checked,
    dosed,
    failed_at,
    give,
    go,
    graded,
    ready,
    single_shot,
    stepped,
    stopped,
    watched,
)
from world import CLARA, Value, Walker, barred

from workflow.domain.errors import ImpossibleInputError, ImpossibleValueError
from workflow.domain.trial import Mode


def begin(walker: Walker) -> str:
    return barred(walker.advance("approve_single_shot_trial"))


def puncture(walker: Walker) -> str:
    return barred(walker.advance("approve_puncture"))


def next_day(walker: Walker) -> Walker:
    """A day after the dose, checked and graded anew."""
    return ready(walker.later("16h"))


@pytest.mark.parametrize(
    "item", ["active_infection", "uncontrolled_coagulopathy", "baclofen_allergy", "permanent_contraindication"]
)
def test_infection_bleeding_allergy_or_a_contraindication_for_good_forbid_a_trial(item: str):
    """An active infection, an uncontrolled coagulopathy, hypersensitivity to baclofen or a contraindication for good
    forbids a trial, and nobody overrides it. (ITBL, NACC17, R; coagulopathy HOUSE, D)
    """
    walker = checked()
    walker.record(CLARA, **{item: "yes"})
    assert "no_contraindication" in begin(walker)
    assert "declares no waiver or override" in barred(walker.dispense("no_contraindication", "because"))


@pytest.mark.parametrize(("item", "wrong", "right"), [("platelets", 99, 100), ("inr", "1.41", "1.40")])
def test_platelets_of_a_hundred_and_an_inr_of_one_point_four(item: str, wrong: Value, right: Value):
    """Fewer than 100 platelets or an INR above 1.4 allows no puncture, unless the site has set another line.
    (common practice, U)
    """
    walker = checked()
    walker.record(**{item: wrong})
    assert "bloods" in begin(walker)
    walker.record(**{item: right})
    assert not begin(walker)


def test_an_anticoagulant_is_stopped_in_time_with_its_prescriber():
    """Who takes an anticoagulant goes on when the planned last dose lies far enough before the booked procedure and
    its prescriber agrees: three days for rivaroxaban. (ASRA18, U)
    """
    walker = checked()
    walker.record(anticoagulant="rivaroxaban")
    assert "anticoagulant_planned" in begin(walker)
    stopped(walker, "rivaroxaban")
    assert not begin(walker)


def test_an_anticoagulant_plan_without_renal_function_is_unknown():
    """An anticoagulant plan without dose, indication, renal function and weight is unknown, and no plan. (HOUSE, D)"""
    walker = checked()
    walker.record(anticoagulant="rivaroxaban", anticoagulant_plan_agreed="yes")
    assert "cannot be planned without Dose and times a day" in begin(walker)


def test_a_dose_of_the_anticoagulant_taken_too_late_shuts_the_puncture():
    """On the day the last dose as taken counts, not the one that was planned. (ASRA18, R)"""
    walker = checked()
    stopped(walker, "rivaroxaban")
    go(walker, "approve_single_shot_trial")
    ready(walker.later("4d"))
    walker.record(active_infection="no", anticoagulant_last_dose=walker.ago("2d").isoformat())
    assert "Last anticoagulant dose" in puncture(walker)


@pytest.mark.parametrize("item", sorted(DAY))
def test_the_day_asks_for_its_checks(item: str):
    """On the day, within twelve hours: two identifiers, consent, fever or infection, allergies, pregnancy, sedatives,
    an escort, and a place that is staffed with resuscitation at hand. (HOUSE, D; NACC17, PNY132, ITBL, R)
    """
    walker = single_shot()
    walker.record(mas="4", penn=3, **{name: value for name, value in DAY.items() if name != item})
    assert BACLOFEN.item(item).label in puncture(walker)
    walker.record(**{item: DAY[item]})
    assert not puncture(walker)


def test_nobody_is_dosed_without_a_grade_before():
    """Tone is graded within four hours before the dose, so that there is something to hold the effect against.
    (CMSC; hours HOUSE, D)
    """
    walker = single_shot()
    walker.record(**DAY, mas="4")
    walker.later("5h")
    assert "Modified Ashworth grade has expired" in puncture(walker)
    walker.record(mas="4")
    assert not puncture(walker)


def test_the_first_dose_is_fifty():
    """The first dose is 50 mcg; 75 or 100 before it wants a named reason. (ITBL, R)"""
    walker = ready(single_shot())
    assert not puncture(walker)
    for amount in ("75", "100"):
        with pytest.raises(ImpossibleInputError, match="not a step that is due"):
            give(walker, amount)
    assert not give(walker, "50").refused


def test_a_step_may_be_skipped_for_a_reason():
    """A children's service that goes from 50 to 100 mcg does so with its reason on record. (UHB, R)"""
    walker = next_day(failed_at("50"))
    assert not puncture(walker)
    with pytest.raises(ImpossibleInputError, match="not a step that is due"):
        give(walker, "100")
    assert not give(walker, "100", reason="prescriber_decided: children's service, 50 then 100").refused


def test_a_small_child_begins_with_25_for_a_reason():
    """Small children begin with 25 mcg, which is no step and wants its reason. (ITBL, R)"""
    walker = ready(single_shot())
    assert not puncture(walker)
    with pytest.raises(ImpossibleInputError):
        give(walker, "25")
    assert not give(walker, "25", reason="small_or_frail: aged four, 14 kg").refused


def test_after_25_two_clinicians_may_allow_the_fourth_dose():
    """Who began with 25 mcg may reach 100 by a fourth dose, if two clinicians let it. (HOUSE, D)"""
    walker = ready(single_shot())
    go(walker, "approve_puncture")
    give(walker, "25", reason="small_or_frail: aged four, 14 kg")
    graded(walker, "4", "4", "4")
    watched(walker)
    stepped(walker, "50", "4", "4", "4")
    stepped(walker, "75", "4", "4", "4")
    next_day(walker)
    assert "Doses in this trial: 3" in puncture(walker)
    walker.dispense("doses_left", "small_child_began_at_25")
    assert not puncture(walker)
    assert not give(walker, "100").refused


def test_doses_lie_24_hours_apart():
    """Between two doses lie 24 hours: a minute less is refused. (ITBL, R)"""
    walker = failed_at("50")
    ready(walker.later("929min"))
    assert "dose_apart" in puncture(walker)
    walker.later("1min")
    assert not puncture(walker)
    assert not give(walker, "75").refused


def test_a_minute_early_is_refused_at_the_bedside_too():
    """What the approval asks is asked again when the dose is given, and recorded at the time it was given. (ITBL, R)"""
    walker = failed_at("50")
    ready(walker.later("930min"))
    assert not puncture(walker)
    early = walker.now - timedelta(minutes=1)
    assert "no authorisation stands" in barred(walker.give("75", drug="baclofen", at=early))


def test_a_further_puncture_is_a_dose_of_the_same_trial():
    """The next step is a puncture of the same trial, and no new one. (ITBL, R)"""
    walker = failed_at("50", "75")
    assert [dose.trial for dose in walker.episode.administrations.values()] == [1, 1]
    assert list(walker.episode.trials) == ["1"]


def test_whoever_responded_gets_no_higher_dose():
    """The next step is for whoever did not respond enough; who did gets no more. (ITBL, R)"""
    walker = dosed()
    graded(walker, "3", "2", "2")
    watched(walker)
    next_day(walker)
    assert "next_dose_due" in puncture(walker)


def test_a_dose_that_cannot_be_judged_is_followed_only_by_two_clinicians():
    """After a dose that cannot be judged the next one waits for two clinicians. (HOUSE, D)"""
    walker = dosed()
    graded(walker, "4", "4")
    walker.later("2h").record(function_change="same", worst_side_effect="none")
    watched(walker)
    next_day(walker)
    assert "cannot be judged" in puncture(walker)
    walker.dispense("next_dose_due", "last_dose_could_not_be_judged")
    assert not puncture(walker)


@pytest.mark.parametrize(("item", "value"), [("function_change", "worse"), ("worst_side_effect", "severe")])
def test_a_dose_that_took_function_is_not_followed_by_a_higher_one(item: str, value: str):
    """After a dose that took function or had a severe side effect no higher one follows. (HOUSE, D)"""
    walker = failed_at("50")
    walker.record(**{item: value})
    next_day(walker)
    assert "fit_for_next_dose" in puncture(walker)


def test_a_fourth_dose_is_refused():
    """A trial has three doses at most: 50, 75 and 100. (ITBL, R)"""
    walker = next_day(failed_at("50", "75", "100"))
    assert "doses_left" in puncture(walker)


def test_125_is_refused_and_what_was_given_all_the_same_is_a_deviation():
    """More than 100 mcg is refused; if it was given all the same, two clinicians record the deviation, and a red
    review opens. (ITBL, R)
    """
    walker = next_day(failed_at("50", "75"))
    assert not puncture(walker)
    with pytest.raises(ImpossibleValueError, match="125 mcg"):
        give(walker, "125", reason="nearly there")
    dose = walker.dose("125", drug="baclofen", reason="drawn up wrongly")
    assert not walker.deviate_together("puncture", dose=dose).refused
    assert {"safety_review", "observation"} <= walker.duties()
    assert walker.timer("safety_review").due_at <= walker.now


def test_a_second_trial_is_the_last():
    """There are two trials at most; a third is refused. (HOUSE, D)"""
    walker = failed_at("50")
    for number in (1, 2):
        go(walker, "assess_response")
        walker.record(rescue_antispasmodic_use="same", goal_met="not", person_accepts="no")
        go(walker, "send_to_case_review")
        walker.record(CLARA, review_outcome="repeat")
        decision = walker.together("repeat_trial")
        if number == 2:
            assert "Trials so far: 2, asked for below 2" in barred(decision)
            return
        walker.record(active_infection="no")
        go(walker, "approve_single_shot_trial")
        ready(walker.later("1d"))
        go(walker, "approve_puncture")
        assert not give(walker).refused
        graded(walker, "4", "4", "4")
        watched(walker)


def test_a_second_trial_begins_at_fifty_again():
    """A new trial begins at 50 mcg again, unless a reason says otherwise. (HOUSE, D)"""
    walker = failed_at("50", "75")
    go(walker, "assess_response")
    walker.record(rescue_antispasmodic_use="same", goal_met="not", person_accepts="no")
    go(walker, "send_to_case_review")
    walker.record(CLARA, review_outcome="repeat")
    walker.together("repeat_trial")
    walker.record(active_infection="no")
    go(walker, "approve_single_shot_trial")
    ready(walker.later("1d"))
    go(walker, "approve_puncture")
    with pytest.raises(ImpossibleInputError, match="not a step that is due"):
        give(walker, "100")


def test_through_a_catheter_the_same_steps_and_the_same_24_hours():
    """Through a trial catheter the doses climb in the same steps, 24 hours apart. (ITBL, R)"""
    walker = catheter_in()
    assert not bolus(walker).refused
    graded(walker, "4", "4", "4")
    watched(walker)
    walker.later("15h").record(**DAY, mas="4", penn=3, sedation_score=1, breathing_rate=14)
    assert "dose_apart" in barred(walker.advance("approve_repeat_dose"))
    walker.later("1h").record(**DAY, mas="4", penn=3)
    assert not bolus(walker, "75").refused


def test_a_dose_through_a_catheter_waits_for_somebody_awake_and_breathing():
    """A dose through a catheter needs a sedation score below three and ten breaths a minute, within the hour.
    (HOUSE, D)
    """
    walker = catheter_in()
    assert "awake_and_breathing" in barred(walker.advance("approve_repeat_dose"))
    walker.record(sedation_score=1, breathing_rate=9)
    assert "Breathing rate: 9" in barred(walker.advance("approve_repeat_dose"))


def test_no_infusion_without_a_catheter():
    """An infusion needs a catheter; what is given in one shot is a bolus. (HOUSE, D)"""
    walker = ready(single_shot())
    assert not puncture(walker)
    assert walker.dose("50", drug="baclofen").mode is Mode.BOLUS
    assert not give(walker).refused
