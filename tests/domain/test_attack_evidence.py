"""Attempts to pass a gate on missing, stale, borrowed or redated evidence. Each must fail."""

from datetime import timedelta

import pytest
from route import (
    AWAKE,
    DAY,
    INPUTS,
    assessed,
    authorised,
    bolus,
    catheter_in,
    checked,
    diary,
    dosed,
    go,
    planned,
    ready,
    ready_for_implant,
    referred,
    reviewed,
    scored,
    single_shot,
)
from world import CEM, CLARA, INES, NILS, Walker, barred

from workflow.domain.calendar import Duration
from workflow.domain.criterion import Missing, Subject
from workflow.domain.errors import ImpossibleInputError, ImpossibleTimeError, ImpossibleValueError
from workflow.domain.gate import GateReport
from workflow.domain.machine import reports_of
from workflow.domain.observation import Absence, Reading

DAY_ITEMS = sorted(set(DAY) - {"escort_named", "staff_and_naloxone_ready"})


def approve(walker: Walker) -> str:
    return barred(walker.advance("approve_puncture"))


@pytest.mark.parametrize("item", sorted(DAY))
def test_every_check_of_the_day_is_needed(item: str):
    walker = single_shot().later("1d")
    walker.record(**{name: value for name, value in DAY.items() if name != item})
    assert walker.protocol.item(item).label in approve(walker)


@pytest.mark.parametrize("item", sorted(DAY))
def test_every_check_of_the_day_expires(item: str):
    walker = ready(single_shot())
    walker.later("25h").record(**{name: value for name, value in DAY.items() if name != item})
    assert "has expired" in approve(walker)


@pytest.mark.parametrize("item", sorted(DAY))
def test_a_check_that_could_not_be_made_is_no_check(item: str):
    walker = ready(single_shot())
    walker.later("5min").record(**{item: Absence.UNABLE})
    assert "was not obtained (unable)" in approve(walker)


@pytest.mark.parametrize("item", ["nrs", "inr", "platelets"])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN", "1e999", "-1", "99999"])
def test_no_number_that_cannot_be_is_recorded(item: str, number: str):
    walker = single_shot()
    with pytest.raises(ImpossibleValueError):
        walker.record(**{item: number})


def test_a_value_in_another_unit_is_refused():
    walker = single_shot()
    reading = walker.reading("platelets", 250)
    for unit in ("", "/L", "10*9/l"):
        wrong = Reading(item="platelets", observed_at=walker.now, number=reading.number, unit=unit)
        with pytest.raises(ImpossibleInputError, match="recorded in"):
            walker.take_readings(NILS, (wrong,))


def test_a_value_from_tomorrow_is_refused():
    walker = ready(single_shot())
    with pytest.raises(ImpossibleTimeError):
        walker.record(at=walker.now + timedelta(hours=1), inr="1.0")


def test_of_two_answers_at_one_instant_the_one_entered_later_counts():
    walker = ready(single_shot())
    answers = [("allergy_checked", "no")] + [("escort_named", "yes")] * 9 + [("allergy_checked", "yes")]
    walker.take_readings(NILS, tuple(walker.reading(item, value) for item, value in answers))
    assert walker.newest("allergy_checked").text == "yes"
    answers.reverse()
    walker.take_readings(NILS, tuple(walker.reading(item, value) for item, value in answers))
    assert walker.newest("allergy_checked").text == "no"
    for value in ("yes", "no"):
        walker.record(allergy_checked=value)
        assert walker.newest("allergy_checked").text == value


def test_an_override_falls_with_the_evidence_it_rested_on():
    walker = ready(single_shot())
    walker.record(platelets=60)
    walker.dispense("bleeding_risk_today", "palliative_with_haematology_plan")
    assert not approve(walker)
    walker.later("1h").record(platelets=20)
    assert "Platelets: 20" in approve(walker)


def test_an_override_of_a_number_does_not_cover_its_absence():
    walker = ready(single_shot())
    walker.record(platelets=60)
    walker.dispense("bleeding_risk_today", "palliative_with_haematology_plan")
    walker.record(platelets=Absence.UNABLE)
    assert "was not obtained" in approve(walker)


def test_an_override_falls_when_what_it_rested_on_is_corrected():
    walker = ready(single_shot())
    walker.record(platelets=60)
    walker.dispense("bleeding_risk_today", "palliative_with_haematology_plan")
    walker.correct("platelets", 60)
    assert "Platelets: 60" in approve(walker)


def test_an_override_lapses():
    walker = ready(single_shot())
    walker.record(platelets=60)
    walker.dispense("bleeding_risk_today", "palliative_with_haematology_plan")
    walker.later("25h").record(**DAY)
    assert "Platelets: 60" in approve(walker)


def test_an_override_does_not_reach_back_before_it_was_given():
    walker = ready(single_shot())
    walker.record(platelets=60)
    before = walker.now
    walker.later("10min").dispense("bleeding_risk_today", "palliative_with_haematology_plan")
    decision = walker.advance("approve_puncture", at=before)
    assert "Platelets: 60" in barred(decision)


def test_an_override_takes_two_people():
    walker = ready(single_shot())
    walker.record(platelets=60)
    walker.override("bleeding_risk_today", "palliative_with_haematology_plan", CLARA)
    decision = walker.override("bleeding_risk_today", "palliative_with_haematology_plan", CLARA)
    assert "another person" in barred(decision)
    assert "asks for clinician" in barred(walker.override("bleeding_risk_today", "x", NILS))
    assert not walker.episode.overrides


@pytest.mark.parametrize("gate", ["no_contraindication", "day_checks", "consented_to_implant", "review_says_implant"])
def test_nobody_overrides_a_recorded_judgement(gate: str):
    walker = ready_for_implant()
    walker.record(active_infection="yes", fever_or_infection_today="yes", consent_implant="no")
    assert walker.dispense(gate, "palliative_with_haematology_plan").refused
    assert not walker.episode.overrides


def test_a_waiver_is_for_a_trial_that_was_not_done_and_never_for_one_that_failed():
    walker = reviewed(scores=(8, 8, 8))
    decision = walker.dispense("responded", "trial_done_elsewhere")
    assert decision.refused
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    walker.together("decide_implant")
    assert walker.stage == "case_review"


def test_a_trial_that_was_not_tolerated_is_not_waived():
    walker = reviewed(tolerated="no")
    assert walker.dispense("trial_tolerated", "trial_done_elsewhere").refused


def test_a_trial_that_turns_out_badly_after_it_ended_bars_the_implant():
    walker = ready_for_implant()
    walker.record(CLARA, tolerated="no")
    assert "Trial tolerated: no" in barred(walker.advance("approve_implant", INES))


def test_a_waiver_falls_when_something_is_said_though_there_is_no_trial_to_say_it_of():
    walker = referred()
    walker.adopt("case_review")
    walker.dispense("responded", "trial_done_elsewhere")
    walker.dispense("trial_tolerated", "trial_done_elsewhere")
    walker.record(CLARA, tolerated="no", review_outcome="implant", life_expectancy_months=60)
    shut = barred(walker.advance("decide_implant"))
    assert "Trial tolerated has no trial to belong to; recorded without one: no" in shut


def test_a_waiver_falls_when_the_answer_comes_to_be_known():
    walker = _waived()
    walker.record(tolerated="no", review_outcome="implant", life_expectancy_months=60)
    assert "Trial tolerated: no" in barred(walker.advance("decide_implant"))


def test_a_waiver_of_one_trial_is_none_of_the_next():
    walker = _waived()
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.later("1h").together("waive_trial", reason="trial_waived_advanced_cancer")
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    decision = walker.together("decide_implant")
    assert "Relief cannot be judged" in barred(decision)
    assert "Trial tolerated is not recorded" in barred(decision)


def _waived() -> Walker:
    walker = checked()
    walker.together("waive_trial", reason="trial_waived_advanced_cancer")
    walker.dispense("responded", "trial_waived_advanced_cancer")
    walker.dispense("trial_tolerated", "trial_waived_advanced_cancer")
    return walker


def test_a_waiver_given_before_any_score_does_not_cover_scores_that_came_in():
    walker = dosed()
    walker.dispense("responded", "trial_waived_advanced_cancer")
    walker.later("2h").record(nrs=9)
    report = next(r for r in _would_implant(walker) if r.gate == "responded")
    assert not report.passes


def _would_implant(walker: Walker) -> tuple[GateReport, ...]:
    rule = walker.protocol.transition("decide_implant")
    return reports_of(rule, walker.situation(CLARA).view(walker.now))


def repeated() -> Walker:
    """A first trial that did well, repeated all the same; the second one just dosed, never scored."""
    walker = reviewed()
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.later("7d").record(active_infection="no", trial_drug="morphine")
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    assert not walker.give().refused
    return walker


def test_a_second_trial_is_not_judged_on_the_scores_of_the_first():
    walker = repeated()
    assert walker.response().verdict == "cannot be judged"
    assert not walker.response().scores


def test_scores_of_the_first_trial_entered_late_are_no_baseline_of_the_second():
    walker = repeated()
    first = walker.episode.trials["1"]
    walker.record(at=first.started_at + timedelta(days=1, hours=8), nrs=10)
    late = walker.newest_in(1, "nrs")
    assert late.number == 10
    assert late.key not in walker.response().baseline_scores


def test_a_corrected_score_stays_with_its_trial():
    walker = repeated()
    old = walker.newest_in(1, "nrs")
    walker.correct("nrs", 9, key=old.key)
    corrected = walker.newest_in(1, "nrs")
    assert corrected.number == 9
    assert corrected.key not in walker.response().baseline_scores


def test_a_score_cannot_be_lent_to_a_trial_that_was_not_under_way():
    walker = repeated()
    first = walker.episode.trials["1"]
    with pytest.raises(ImpossibleInputError, match="no trial 2 was under way"):
        walker.record(at=first.started_at + timedelta(hours=1), trial=2, nrs=1)
    with pytest.raises(ImpossibleInputError, match="no trial 1 was under way"):
        walker.record(trial=1, nrs=1)


def test_the_review_inputs_of_the_first_trial_are_none_of_the_second():
    walker = repeated()
    walker.later("25h").record(discharged="yes")
    go(walker, "assess_response")
    assert "is not recorded in this trial" in barred(walker.advance("send_to_case_review"))


def test_one_score_typed_three_times_is_one_score():
    walker = dosed()
    walker.later("2h")
    for _ in range(3):
        walker.record(nrs=0)
    assert walker.response().verdict == "cannot be judged"


def test_a_review_taken_back_after_it_was_acted_on_asks_for_a_safety_review():
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant")
    walker.later("1min").record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.correct("review_outcome", None)
    walker.later("1h").together("waive_trial", reason="trial_done_elsewhere")
    assert "safety_review" in walker.duties()


@pytest.mark.parametrize("ago", ["2h", "90min", "61min", ""], ids=["at approval", "between", "at the act", "corrected"])
def test_what_undoes_a_gate_somebody_passed_asks_for_a_safety_review(ago: str):
    walker = authorised()
    go(walker.later("1h"), "record_implant")
    walker.later("1h")
    if ago:
        walker.record(at=walker.ago(ago), fever_or_infection_today="yes")
    else:
        walker.correct("inr", "2.4")
    assert "safety_review" in walker.duties()
    assert walker.stage == "implanted"


def test_an_act_at_the_minute_of_its_approval_is_watched_too():
    walker = ready(single_shot())
    go(walker, "approve_puncture")
    walker.give()
    assert "safety_review" not in walker.duties()
    walker.later("1h").correct("fever_or_infection_today", "yes")
    assert "safety_review" in walker.duties()


def test_an_older_value_entered_late_does_not_hide_a_newer_one():
    walker = ready(single_shot())
    walker.record(inr="2.4")
    walker.later("10min").record(at=walker.ago("1h"), inr="1.0")
    assert "INR: 2.4" in approve(walker)


def test_a_gate_may_ask_for_a_fresher_value_than_the_item_and_never_for_a_staler_one():
    walker = ready(single_shot())
    view = walker.situation(CLARA).view(walker.later("13h").now)
    for within in ("1h", "30d"):
        found = view.look(Subject(item="identity_confirmed", within=Duration.parse(within)))
        assert isinstance(found, Missing)


def test_a_value_taken_back_does_not_bring_a_stale_one_to_life():
    walker = single_shot().later("40d")
    walker.record(**DAY, active_infection="no", platelets=250, inr="1.1")
    walker.correct("inr", None)
    assert "has expired" in approve(walker)


def test_relief_is_judged_again_when_a_score_is_corrected():
    walker = planned().later("1d")
    score = walker.response().scores[0]
    walker.correct("nrs", 9, key=score)
    assert "safety_review" in walker.duties()
    walker.record(**DAY)
    assert "short of the line" in barred(walker.advance("approve_implant", INES))


def test_a_repeat_dose_wants_somebody_awake_within_the_hour():
    walker = catheter_in().later("1h")
    walker.record(**AWAKE)
    walker.later("61min")
    assert "has expired" in barred(walker.advance("approve_repeat_dose"))
    walker.record(sedation_score=3, breathing_rate=14)
    assert "Sedation (POSS): 3" in barred(walker.advance("approve_repeat_dose"))


def test_sedation_after_the_approval_bars_the_dose():
    walker = catheter_in().later("1h")
    bolus(walker)
    walker.later("1h").record(**AWAKE)
    go(walker, "approve_repeat_dose")
    walker.later("10min").record(sedation_score=3)
    assert walker.give().refused


def test_the_second_person_for_the_implant_agrees_on_what_stands_now():
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    walker.correct("inr", "1.2")
    assert walker.advance("approve_implant", CEM).entry.outcome == "proposed"


def test_a_response_is_not_assessed_while_somebody_is_observed():
    walker = dosed()
    scored(walker, (3, 3, 3))
    assert "Observations running: 1" in barred(walker.advance("assess_response"))


def test_what_the_review_needs_is_asked_for_one_by_one():
    for item in INPUTS:
        walker = assessed()
        walker.record(**{name: value for name, value in INPUTS.items() if name != item})
        assert walker.protocol.item(item).label in barred(walker.advance("send_to_case_review"))


def test_a_diary_entered_today_counts_by_when_it_was_kept():
    walker = checked()
    diary(walker, days=3)
    go(walker, "approve_catheter_trial")
    ready(walker)
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    bolus(walker.later("1h"))
    scored(walker, (1, 1, 1))
    assert "the baseline diary has 3 of 4 days" in walker.response().because
