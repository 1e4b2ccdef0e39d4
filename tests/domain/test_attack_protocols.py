"""Attempts to pass, or to keep quiet, by what the newest protocols record: moments, changed drugs, late values."""

from datetime import timedelta

import pytest
from opioid_route import (
    DAY,
    INPUTS,
    LEAVING,
    WORKUP,
    bolus,
    catheter_in,
    catheter_out,
    checked,
    diary,
    filled,
    go,
    implanted,
    ready,
    refill_form,
    reviewed,
    sheet,
    signed,
    single_shot,
    watched,
)
from world import CLARA, Value, Walker

from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.observation import Absence

APIXABAN: dict[str, Value] = {
    "anticoagulant": "apixaban",
    "anticoagulant_regimen": "5 mg twice a day",
    "anticoagulant_indication": "atrial_fibrillation",
    "creatinine": 80,
    "weight": 80,
    "apixaban_dose": "5.0",
    "anticoagulant_plan_agreed": "yes",
}


def stopped() -> Walker:
    """On apixaban, in a single-shot trial, the last dose taken now."""
    walker = checked(**APIXABAN)
    diary(walker)
    procedure = walker.now + timedelta(days=5)
    walker.appoint("trial_procedure", procedure)
    walker.record(anticoagulant_stop_planned=(procedure - timedelta(days=4)).isoformat())
    go(walker, "approve_single_shot_trial")
    walker.later("1d").record(anticoagulant_last_dose=walker.now.isoformat())
    return walker


def punctured() -> Walker:
    """The same, punctured when the drug had worn off."""
    walker = stopped().later("4d")
    walker.record(**DAY)
    go(walker, "approve_puncture")
    assert not walker.give().refused
    return walker


def answer(walker: Walker, name: str) -> Known | Missing:
    return walker.situation(CLARA).view(walker.now).look(Subject(derived=name))


def clear(walker: Walker) -> str | None:
    found = answer(walker, "anticoagulant.clear")
    return None if isinstance(found, Missing) else found.text


# ------------------------------------------------------------------------------------------------- moments to come


@pytest.mark.parametrize("item", ["pump_filled_at", "anticoagulant_last_dose", "anticoagulant_restarted"])
def test_what_has_happened_is_not_dated_ahead(item: str):
    walker = filled()
    with pytest.raises(ImpossibleTimeError, match="lies in the future"):
        walker.record(**{item: (walker.now + timedelta(days=365)).isoformat()})


def test_a_printed_date_far_off_puts_no_refill_off():
    walker = implanted()
    walker.record(**sheet(walker, due_in=83, pump_printed_date="2099-01-01"))
    assert walker.timer("refill_due").due_at < walker.now + timedelta(days=90)


def test_a_sheet_nobody_could_print_takes_back_no_printed_date():
    walker = filled(due_in=20)
    due_at = walker.timer("refill_due").due_at
    walker.record(pump_printed_date=Absence.UNABLE)
    assert walker.timer("refill_due").due_at == due_at


@pytest.mark.parametrize(
    ("item", "was", "next_one"), [("refill_kind", "mixture", "single_drug"), ("pump_concentration", 5, 40)]
)
def test_a_form_for_a_filling_that_is_not_made_puts_no_refill_off(item: str, was: Value, next_one: Value):
    walker = implanted()
    walker.record(**refill_form(**{item: was}))
    walker.record(**sheet(walker, due_in=200))
    due_at = walker.timer("refill_due").due_at
    walker.later("10d").record(**refill_form(**{item: next_one}))
    assert walker.timer("refill_due").due_at == due_at


# -------------------------------------------------------------------------------------------------- anticoagulants


def test_calling_the_drug_none_does_not_make_its_last_dose_old():
    walker = stopped().later("2h")
    walker.record(anticoagulant="none", **DAY)
    assert clear(walker) == "no"
    assert walker.advance("approve_puncture").refused
    assert clear(walker.later("3d")) == "yes"


def test_a_drug_given_up_without_a_last_dose_counts_as_taken_until_then():
    walker = checked(**APIXABAN).later("1d")
    walker.record(anticoagulant="none")
    assert clear(walker.later("71h")) == "no"
    assert clear(walker.later("1h")) == "yes"


def test_bridging_keeps_the_wait_of_the_drug_before():
    walker = stopped().later("13h")
    walker.record(anticoagulant="enoxaparin", anticoagulant_intensity="prophylactic")
    walker.record(anticoagulant_last_dose=walker.now.isoformat())
    assert clear(walker.later("13h")) == "no"
    assert clear(walker.later("60h")) == "yes"


def test_bridging_waits_for_the_last_dose_of_the_drug_it_goes_on_with():
    walker = stopped().later("13h")
    walker.record(anticoagulant="enoxaparin", anticoagulant_intensity="prophylactic")
    assert clear(walker.later("5d")) is None


def test_a_dose_owned_up_to_after_the_puncture_is_looked_at_again():
    walker = punctured().later("2h")
    walker.record(anticoagulant_last_dose=walker.ago("12h").isoformat())
    assert "safety_review" in walker.duties()


def test_a_dose_corrected_to_a_later_time_is_looked_at_again():
    walker = punctured().later("2h")
    walker.correct("anticoagulant_last_dose", walker.ago("12h").isoformat())
    assert "safety_review" in walker.duties()


def test_a_restart_of_long_ago_ends_no_interruption_of_today():
    walker = punctured().later("2h")
    walker.record(anticoagulant_restarted=walker.ago("300d").isoformat())
    assert "anticoagulant_off" in walker.duties()
    walker.record(anticoagulant_restarted=walker.now.isoformat())
    assert "anticoagulant_off" not in walker.duties()


def test_a_dose_taken_with_the_catheter_in_alarms_when_it_is_told_later():
    walker = catheter_in().later("1d")
    taken = walker.now
    catheter_out(walker.later("1h"))
    walker.later("1h").record(anticoagulant_last_dose=taken.isoformat())
    assert "anticoagulant_with_catheter_in" in walker.duties()


def test_a_dose_taken_after_the_catheter_is_no_alarm():
    walker = catheter_in().later("1d")
    catheter_out(walker)
    walker.later("1h").record(anticoagulant_last_dose=walker.now.isoformat())
    assert "anticoagulant_with_catheter_in" not in walker.duties()


def test_a_plan_is_for_a_procedure_that_is_still_to_come():
    walker = punctured().later("20d")
    walker.appoint("implant_procedure", walker.now + timedelta(days=2))
    found = answer(walker, "anticoagulant.planned")
    assert isinstance(found, Known)
    assert f"{walker.now + timedelta(days=2):%Y-%m-%d}" in found.shown


def test_the_call_to_stop_comes_in_time_where_an_input_is_missing():
    walker = checked(anticoagulant="prasugrel")
    procedure = walker.now + timedelta(days=50)
    walker.appoint("trial_procedure", procedure)
    assert walker.timer("tell_when_to_stop").due_at == procedure - timedelta(days=10 + 7)


def test_the_call_to_stop_goes_on_in_time_when_an_input_expires():
    walker = checked(**APIXABAN | {"anticoagulant": "prasugrel"})
    procedure = walker.now + timedelta(days=50)
    walker.appoint("trial_procedure", procedure)
    walker.now = walker.timer("tell_when_to_stop").due_at
    walker.tick()
    assert walker.timer("tell_when_to_stop").due_at == procedure - timedelta(days=10 + 1)


# ------------------------------------------------------------------------------------ observation, response, trends


def test_rounds_of_the_first_trial_do_not_end_the_observation_of_the_second():
    walker = reviewed(scores=(7, 7, 7))
    walker.record(CLARA, review_outcome="repeat", repeat_changes="method")
    signed(walker, "repeat_trial")
    walker.later("3d").record(**WORKUP, trial_method="catheter", consent_method="catheter")
    go(walker, "approve_catheter_trial")
    ready(walker)
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    walker.later("10min").record(**LEAVING)
    walker.record(discharged="yes")
    assert "observation" in walker.duties()


def test_function_and_tolerance_told_before_the_dose_are_no_answer():
    walker = single_shot()
    walker.record(**INPUTS)
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    watched(walker)
    assert walker.response().verdict == "cannot be judged"
    walker.record(**INPUTS)
    assert walker.response().verdict == "met"


def test_how_one_dose_was_borne_says_nothing_of_the_next():
    walker = catheter_in().later("1h")
    bolus(walker)
    watched(walker)
    walker.record(**INPUTS)
    bolus(walker.later("1h"))
    watched(walker)
    assert walker.response().verdict == "cannot be judged"


def test_two_increases_without_relief_count_in_whatever_order_they_are_entered():
    walker = filled().later("10d")
    first = walker.now
    walker.later("10d").record(increase_without_relief="yes")
    assert "dose_escalation" not in walker.duties()
    walker.record(at=first, increase_without_relief="yes")
    assert "dose_escalation" in walker.duties()


def test_a_rise_is_seen_when_the_lower_dose_is_entered_late():
    walker = implanted().later("20d")
    walker.record(pump_daily_dose="4")
    walker.record(at=walker.ago("10d"), pump_daily_dose="2")
    assert "dose_escalation" in walker.duties()


def test_an_old_value_that_changes_nothing_calls_nobody_again():
    walker = implanted().later("20d")
    walker.record(at=walker.ago("10d"), pump_daily_dose="2")
    walker.record(pump_daily_dose="4")
    walker.complete("dose_escalation", CLARA)
    walker.record(at=walker.ago("5d"), pump_daily_dose="3")
    assert "dose_escalation" not in walker.duties()


def test_a_rise_is_seen_when_the_lower_dose_is_corrected():
    walker = implanted().later("2d")
    walker.record(pump_daily_dose="4")
    first = walker.newest("pump_daily_dose").key
    walker.later("10d").record(pump_daily_dose="4.1")
    walker.correct("pump_daily_dose", "2", key=first)
    assert "dose_escalation" in walker.duties()
