"""2. The doses, a week apart, each watched for three days."""

from datetime import timedelta

import pytest
from world import CLARA, NILS, Value, Walker, barred
from ziconotide_route import (
    DAY,
    HOME,
    ROUND,
    answered,
    dosed,
    doses,
    go,
    home,
    inject,
    ready,
    shot,
    verdict,
    verdict_of,
    watched,
)

from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, ImpossibleValueError
from workflow.domain.observation import Absence
from workflow.domain.trial import Mode


def approve(walker: Walker) -> str:
    return barred(walker.advance("approve_puncture"))


def give(walker: Walker, amount: str, reason: str | None = None) -> str:
    walker.record(**DAY)
    assert not approve(walker)
    return barred(walker.give(amount, drug="ziconotide", reason=reason))


def test_the_first_dose_is_two_and_a_half_micrograms():
    """The first dose is 2.5 mcg; another first dose names its reason. (PER10, MOH13, R)"""
    walker = ready()
    assert not approve(walker)
    with pytest.raises(ImpossibleInputError, match="not a step that is due"):
        walker.give("3.75", drug="ziconotide")
    assert not walker.give("2.5", drug="ziconotide").refused


def test_the_next_dose_is_the_same_or_one_step_up():
    """After 2.5 mcg the same dose or 3.75 mcg follows without a reason. (PER10, MOH13, R)"""
    assert not give(doses(6), "3.75")
    assert not give(doses(6), "2.5")


@pytest.mark.parametrize("amount", ["1.25", "3"])
def test_a_dose_off_the_steps_names_its_reason(amount: str):
    """A step down to 1.25 mcg, or any other dose off the steps, names its reason. (PER10; the reason HOUSE, D)"""
    walker = doses(6)
    with pytest.raises(ImpossibleInputError, match="say why"):
        give(walker, amount)
    assert not walker.give(amount, drug="ziconotide", reason="prescriber_decided: relief with dizziness at 2.5").refused


@pytest.mark.parametrize("amount", ["5.1", "0.9"])
def test_a_dose_out_of_range_names_its_reason(amount: str):
    """A bolus under 1 or over 5 mcg is out of range and names its reason. (PACC17, U)"""
    walker = doses(6)
    with pytest.raises(ImpossibleInputError, match="lies outside 1 to 5: say why"):
        give(walker, amount)
    assert not walker.give(amount, drug="ziconotide", reason="prescriber_decided: the consultant").refused


def test_a_dose_over_ten_micrograms_is_refused():
    """A bolus over 10 mcg is refused, with a reason too; one that was given all the same is a deviation by two.
    (HOUSE, D)
    """
    walker = ready()
    assert not approve(walker)
    with pytest.raises(ImpossibleValueError, match="record a deviation"):
        walker.give("10.1", drug="ziconotide", reason="prescriber_decided: the consultant")
    walker.deviate_together("puncture", dose=walker.dose("10.1", drug="ziconotide", reason="drawn up wrongly"))
    assert {"observation", "safety_review"} <= walker.duties()


def test_no_unit_is_assumed_and_no_infusion_runs():
    """A dose is written in micrograms and nothing else, and an infusion needs a catheter that this trial has not.
    (PRIEU, R)
    """
    walker = ready()
    assert not approve(walker)
    with pytest.raises(ImpossibleInputError, match="is written in mcg"):
        walker.give("2.5", drug="ziconotide", unit="mg")
    with pytest.raises(ImpossibleNowError, match="needs a trial catheter"):
        walker.give("2.5", drug="ziconotide", mode=Mode.INFUSION)


def test_a_second_dose_after_six_days_is_refused_and_after_seven_allowed():
    """The next dose comes a week after the last: six days are refused, seven are not. (PER10, R)"""
    walker = dosed()
    given = walker.now
    watched(walker)
    home(walker)
    walker.now = given + timedelta(days=6, hours=23)
    walker.record(**DAY)
    assert "Hours since the last dose: 167.0 h, asked for at least 168" in approve(walker)
    walker.now = given + timedelta(days=7)
    walker.record(**DAY)
    assert not approve(walker)


def test_a_second_trial_waits_a_week_too():
    """A second trial begins a week after the last watch ended at the earliest. (HOUSE, D)"""
    walker = dosed()
    watched(walker, 6)
    home(walker)
    answered(walker)
    for name in ("assess_response", "send_to_case_review"):
        go(walker, name)
    walker.record(CLARA, review_outcome="treat_side_effect")
    go(walker, "repeat_trial")
    go(walker, "approve_single_shot_trial")
    walker.later("6d").record(**DAY)
    assert "Hours since the last watch ended: 144.0 h" in approve(walker)
    walker.later("1d").record(**DAY)
    assert not approve(walker)


@pytest.mark.parametrize("item", sorted(set(DAY) - {"active_infection"}))
def test_the_day_asks_for_its_checks(item: str):
    """On the day, within twelve hours: two identifiers, consent, fever or infection, allergies, pregnancy, sedatives,
    product and route, and a place staffed for three days. (HOUSE, NACC17, PRIUS, PER10, D)
    """
    walker = ready().later("13h")
    walker.record(**{name: value for name, value in DAY.items() if name != item})
    assert f"{walker.protocol.item(item).label} has expired" in approve(walker)
    walker.record(**{item: DAY[item]})
    assert not approve(walker)


def test_a_fever_entered_late_opens_a_safety_review():
    """A fever before the dose that is entered afterwards opens a red safety review; the dose itself opens none.
    (NACC17, R)
    """
    walker = ready()
    go(walker, "approve_puncture")
    walker.later("10min").give("2.5", drug="ziconotide")
    assert walker.duties() == {"observation"}
    walker.later("1h").record(at=walker.ago("65min"), fever_or_infection_today="yes")
    assert "safety_review" in walker.duties()


def test_after_a_single_shot_somebody_is_watched_for_three_days():
    """After a single shot a person is watched for at least 72 hours: discharge at 71 does not end the watch. (PER10,
    R)
    """
    walker = dosed()
    given = walker.now
    watched(walker, until="66h")
    walker.now = given + timedelta(hours=71)
    home(walker)
    assert "observation" in walker.duties()
    assert "Observations running: 1" in barred(walker.advance("assess_response"))
    walker.now = given + timedelta(hours=72)
    walker.record(**ROUND, nrs=5)
    home(walker)
    assert "observation" not in walker.duties()


def test_no_dose_is_given_while_a_watch_was_never_ended():
    """A watch nobody ended shuts the next dose, also a week later and more. (PER10, R)"""
    walker = dosed()
    watched(walker)
    walker.later("10d").record(**DAY)
    assert "Observations running: 1" in approve(walker)
    walker.record(**HOME)
    walker.record(discharged="yes")
    assert not approve(walker)


def test_the_rounds_are_hourly_for_six_hours_then_six_hourly():
    """Rounds are made hourly for six hours, as published, then every six hours: seventeen in all. (MOH13; after six
    hours HOUSE, D)
    """
    walker = dosed()
    times = [int((at - walker.now) / timedelta(hours=1)) for at in _plan(walker).times(walker.now)]
    assert times == [1, 2, 3, 4, 5, 6, 12, 18, 24, 30, 36, 42, 48, 54, 60, 66, 72]


def test_the_next_round_is_asked_for_by_the_hour():
    """The nurse is called to each round, after an hour the clinician, after four the lead. (HOUSE, D)"""
    walker = dosed()
    given = walker.now
    assert walker.timer("observation").due_at == given + timedelta(hours=1)
    walker.later("1h").record(**ROUND, nrs=4)
    assert walker.timer("observation").due_at == given + timedelta(hours=2)
    told = {}
    for hour in range(2, 7):
        walker.now = given + timedelta(hours=hour)
        for fired in walker.tick():
            told |= {m.recipient: hour for m in fired.messages if m.name == "observation" and m.recipient not in told}
    assert (told["nils"], told["clara"], told["lena"]) == (2, 3, 6)


def test_asleep_completes_a_round_and_is_no_score():
    """Asleep, refused, unable or away completes a round, is no score, and is never zero. (HOUSE, D)"""
    walker = dosed()
    for at in _plan(walker).times(walker.now):
        walker.now = at
        walker.record(**ROUND, nrs=Absence.ASLEEP)
    home(walker)
    assert "observation" not in walker.duties()
    assert answered(walker).response().verdict == "cannot be judged"
    assert "0 of 3 scores" in walker.response().because


def test_a_missed_round_keeps_the_watch_open_until_two_clinicians_answer_for_it():
    """A round nobody made keeps the watch open; two clinicians may answer for a person who is well. (HOUSE, D)"""
    walker = dosed()
    given = walker.now
    watched(walker, until="60h")
    walker.now = given + timedelta(hours=72)
    walker.record(**ROUND, nrs=5)
    home(walker)
    assert "observation" in walker.duties()
    walker.dispense("observation_complete", "round_missed_and_person_well")
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


@pytest.mark.parametrize("item", sorted(HOME))
def test_nobody_goes_home_unfit(item: str):
    """Home goes who walks, has emptied the bladder, is clear in mind, has a named adult, was told not to drive, and
    has a number to call. (HOUSE, PNY132, PRIUS, D)
    """
    walker = dosed()
    watched(walker)
    answers: dict[str, Value] = HOME | {item: "confused" if item == "mental_state" else "no"}
    walker.record(**answers)
    walker.record(discharged="yes")
    assert "observation" in walker.duties()


def test_an_alarm_of_the_last_dose_is_settled_before_the_next():
    """Whoever was confused after a dose gets no further one until a clinician has said that it may be given. (PRIUS;
    the review HOUSE, D)
    """
    walker = dosed()
    given = walker.now
    watched(walker, until="66h")
    walker.record(NILS, mental_state="confused")
    walker.complete("mental_alarm", CLARA)
    walker.now = given + timedelta(hours=72)
    walker.record(**ROUND, nrs=5)
    home(walker)
    walker.later("4d").record(**DAY)
    assert "no_alarm_open" in approve(walker)
    assert walker.complete("dose_review", NILS).refused
    walker.complete("dose_review", CLARA)
    assert not approve(walker)


def test_on_warfarin_the_inr_is_of_the_day_and_the_last_dose_five_days_back():
    """On warfarin five days have passed since the last dose taken, and the INR is of the day. (ASRA18, R)"""
    walker = ready()
    walker.record(
        anticoagulant="warfarin",
        anticoagulant_regimen="3 mg",
        anticoagulant_indication="mechanical_valve",
        creatinine_clearance=90,
        anticoagulant_last_dose=walker.ago("4d").isoformat(),
    )
    assert verdict_of(walker, "approve_puncture", "bleeding_risk_today") == "shut"
    walker.later("1d").record(**DAY)
    assert "INR on the day (on warfarin or acenocoumarol) has expired" in approve(walker)
    walker.record(inr="1.2")
    assert not approve(walker)


def test_an_approval_is_of_its_day_and_good_for_one_dose():
    """An approval is good for twelve hours and for one dose. (HOUSE, D)"""
    walker = ready()
    assert not approve(walker)
    walker.later("13h").record(**DAY)
    assert "no authorisation stands" in barred(walker.give("2.5", drug="ziconotide"))
    shot(walker, 3)
    assert "no authorisation stands" in barred(walker.give("2.5", drug="ziconotide"))


def test_another_dose_may_follow_an_assessment():
    """Who was assessed after one dose may go back to the trial for another. (PER10, R)"""
    walker = answered(doses(3))
    go(walker, "assess_response")
    go(walker, "give_another_dose")
    inject(walker)
    watched(walker, 3)
    assert verdict(walker) == "met"


def test_time_gives_no_dose():
    """A reminder never moves anybody and a timer that ran out never counts as a pass. (HOUSE, D)"""
    walker = dosed()
    walker.later("60d").tick()
    assert walker.stage == "single_shot_trial"
    assert "observation" in walker.duties()


def _plan(walker: Walker):
    return walker.protocol.plans["after_single_shot"]
