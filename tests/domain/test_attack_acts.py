"""Attempts to reach a puncture, a dose, a catheter removal or an implant wrongly. Each must fail."""

import pytest
from route import (
    AWAKE,
    DAY,
    authorised,
    bolus,
    catheter,
    catheter_in,
    catheter_out,
    checked,
    dosed,
    go,
    planned,
    ready,
    ready_for_implant,
    single_shot,
)
from world import CEM, CLARA, INES, NILS, Walker, barred

from workflow.domain.actor import Actor, Role
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, ImpossibleTimeError
from workflow.domain.trial import Mode


def approved_shot() -> Walker:
    walker = ready(single_shot())
    go(walker, "approve_puncture")
    return walker


def test_a_dose_on_hold_is_refused_though_it_was_approved_before():
    walker = approved_shot().later("1h")
    walker.hold("infection_to_treat")
    decision = walker.later("5min").give()
    assert "no authorisation stands" in barred(decision)
    assert not walker.episode.administrations


def test_an_approval_from_before_a_hold_does_not_wake_up_after_it():
    walker = approved_shot()
    walker.later("1h").hold("infection_to_treat")
    walker.later("1h").release()
    assert "no authorisation stands" in barred(walker.give())


def test_a_dose_given_before_the_hold_can_still_be_entered_during_it():
    walker = approved_shot().later("10min")
    given_at = walker.now
    walker.later("10min").hold("infection_to_treat")
    assert not walker.later("10min").give(at=given_at).refused
    assert "observation" in walker.duties()


def test_a_removal_may_be_approved_before_a_hold_and_done_in_it():
    walker = catheter_in()
    walker.record(identity_confirmed="yes")
    go(walker, "approve_catheter_removal")
    walker.later("1h").hold("infection_to_treat")
    go(walker, "record_catheter_out")
    assert "catheter_in" not in walker.duties()


def test_an_implant_approval_does_not_outlive_going_back_to_case_review():
    walker = authorised()
    walker.later("1h").advance("back_to_case_review", CLARA)
    walker.later("1h").together("decide_implant")
    assert walker.stage == "implant_planning"
    decision = walker.later("1h").advance("record_implant", INES)
    assert "no authorisation stands" in barred(decision)


def test_a_dose_approval_does_not_outlive_the_trial_stage():
    walker = dosed()
    walker.later("25h").record(discharged="yes", **AWAKE, **DAY)
    go(walker, "approve_repeat_dose")
    go(walker.later("5min"), "assess_response")
    assert "no authorisation stands" in barred(walker.later("5min").give())


def test_an_authorisation_is_good_for_one_act():
    walker = catheter_in()
    bolus(walker.later("1h"))
    assert "no authorisation stands" in barred(walker.later("5min").give())


def test_a_second_dose_without_a_catheter_is_a_puncture_and_asks_for_all_of_one():
    walker = dosed()
    walker.later("26h").record(**DAY, **AWAKE)
    walker.record(inr="4.0", platelets=20, active_infection="yes")
    walker.advance("approve_repeat_dose")
    assert "Puncture for the trial: no authorisation stands" in barred(walker.give())
    shut = barred(walker.advance("approve_puncture"))
    for words in ("INR: 4.0", "Platelets: 20", "infection: yes", "Doses in this trial: 1"):
        assert words in shut


def test_an_act_is_judged_again_at_its_own_instant():
    walker = authorised().later("1h")
    walker.record(fever_or_infection_today="yes")
    decision = walker.later("1h").advance("record_implant", INES)
    assert decision.refused
    assert walker.stage == "implant_planning"


def test_an_approval_dated_before_a_fever_that_is_known_by_now_is_refused():
    walker = ready_for_implant().later("3h")
    walker.record(fever_or_infection_today="yes")
    walker.later("10min")
    before = walker.ago("2h")
    decision = walker.advance("approve_implant", INES, at=before, reason="written down late")
    assert "Fever or infection today: yes" in barred(decision)


def test_a_late_approval_stands_where_nothing_known_by_now_speaks_against_it():
    walker = ready(single_shot()).later("14h")
    decision = walker.advance("approve_puncture", at=walker.ago("13h"), reason="written down late")
    assert not decision.refused


def test_an_approval_entered_late_says_why():
    walker = ready(single_shot()).later("2h")
    with pytest.raises(ImpossibleInputError, match="entered late"):
        walker.advance("approve_puncture", at=walker.ago("1h"))


def test_a_fever_found_out_later_does_not_hide_behind_the_time_of_the_act():
    walker = authorised().later("30min")
    operated_at = walker.now
    walker.later("30min").record(at=walker.ago("40min"), fever_or_infection_today="yes")
    assert walker.advance("record_implant", INES, at=operated_at).refused


def test_the_second_person_is_another_one():
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    decision = walker.advance("approve_implant", INES)
    assert "another person must ask too" in barred(decision)
    assert not [p for p in walker.episode.passages.values() if p.act == "implant"]


def test_a_second_person_who_sees_something_else_asks_anew():
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    walker.record(fever_or_infection_today="no")
    assert walker.advance("approve_implant", CEM).entry.outcome == "proposed"
    assert not [p for p in walker.episode.passages.values() if p.act == "implant"]


def test_two_people_agree_on_the_same_reason():
    walker = checked()
    walker.advance("waive_trial", CLARA, reason="trial_waived_advanced_cancer")
    assert walker.advance("waive_trial", CEM, reason="trial_done_elsewhere").entry.outcome == "proposed"
    assert walker.stage == "contraindication_check"


def test_a_request_lapses():
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    walker.later("49h").record(**DAY)
    assert walker.advance("approve_implant", CEM).entry.outcome == "proposed"


def test_a_catheter_that_is_not_in_cannot_come_out():
    walker = ready(catheter())
    go(walker, "approve_catheter_removal")
    with pytest.raises(ImpossibleNowError, match="no catheter"):
        walker.advance("record_catheter_out")
    with pytest.raises(ImpossibleNowError, match="no catheter"):
        walker.deviate_together("catheter_removal")


def test_a_catheter_cannot_come_out_before_it_went_in():
    walker = ready(catheter())
    go(walker, "approve_puncture")
    go(walker, "approve_catheter_removal")
    walker.later("1h")
    go(walker, "record_catheter_in")
    with pytest.raises(ImpossibleNowError, match="no catheter"):
        walker.advance("record_catheter_out", at=walker.ago("30min"))


def test_a_second_catheter_is_in_though_the_first_one_came_out():
    walker = catheter_in().later("1h")
    catheter_out(walker)
    ready(walker)
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    report = walker.option("assess_response").reports[0]
    assert "Trial catheter: in" in report.because
    assert "catheter_in" in walker.duties()


def test_an_infusion_needs_a_catheter():
    with pytest.raises(ImpossibleNowError, match="catheter"):
        approved_shot().give(mode=Mode.INFUSION)


def test_a_dose_forgotten_in_an_ended_trial_can_still_be_told():
    walker = catheter_in()
    bolus(walker.later("1h"))
    given_at = walker.later("1h").now
    walker.later("1h").advance("withdraw", reason="moved_away")
    walker.later("1h").deviate_together("repeat_dose", at=given_at, dose=walker.dose("0.2"))
    assert len(walker.episode.administrations) == 2


def test_a_dose_after_the_trial_ended_is_no_dose_of_it():
    walker = dosed()
    walker.later("1h").advance("withdraw", reason="moved_away")
    with pytest.raises(ImpossibleNowError):
        walker.later("1h").deviate("repeat_dose", CLARA, dose=walker.dose("0.2"))


def test_there_are_never_more_than_two_trials_whatever_the_dates_say():
    walker = checked()
    walker.later("1h")
    moment = walker.now
    for _ in range(2):
        walker.together("waive_trial", at=moment, reason="trial_done_elsewhere")
        assert walker.stage == "case_review"
        walker.record(CLARA, review_outcome="repeat")
        if walker.advance("repeat_trial", at=moment).refused:
            break
    decision = walker.advance("approve_single_shot_trial", at=moment)
    assert decision.refused
    assert len(walker.episode.trials) <= 2


@pytest.mark.parametrize("actor", [NILS, Actor(id="ada", roles=frozenset({Role.AUDITOR})), Actor(id="system:x")])
def test_nobody_but_a_clinician_or_implanter_approves_an_implant(actor: Actor):
    assert "not yours" in barred(ready_for_implant().advance("approve_implant", actor))


def test_an_implant_waits_for_its_consent_even_when_two_people_agree():
    walker = planned().later("1d")
    walker.record(**DAY)
    decision = walker.together("approve_implant")
    assert "Consent to the implant signed is not recorded" in barred(decision)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1.1"])
def test_a_dose_that_cannot_be_is_refused_and_nothing_is_written(amount: str):
    walker = approved_shot()
    before = walker.episode
    with pytest.raises(ImpossibleInputError):
        walker.give(amount, reason="asked for")
    assert walker.episode is before


def test_a_dose_in_the_wrong_unit_is_refused():
    with pytest.raises(ImpossibleInputError, match="written in mg"):
        approved_shot().give("200", unit="mcg")


def test_an_act_in_the_future_is_refused():
    walker = approved_shot()
    with pytest.raises(ImpossibleTimeError):
        walker.give(at=walker.ago("-6min"))
