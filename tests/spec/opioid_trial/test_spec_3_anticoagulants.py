"""3. Anticoagulants: one plan for each procedure, in times, from the last dose to the restart."""

from datetime import date, datetime, timedelta

import pytest
from opioid_route import (
    AWAKE,
    DAY,
    IMPLANT,
    OPIOID,
    answered,
    catheter_out,
    checked,
    diary,
    discharged,
    go,
    planned,
    ready,
    verdict,
    watched,
)
from world import CLARA, INES, NILS, Value, Walker, barred

from workflow.domain.appointment import AppointmentState
from workflow.domain.criterion import Missing, Subject

OLD, YOUNG = date(1940, 5, 1), date(1970, 5, 1)
PLAN: dict[str, Value] = {
    "anticoagulant": "apixaban",
    "anticoagulant_regimen": "5 mg twice a day",
    "anticoagulant_indication": "atrial_fibrillation",
    "apixaban_dose": "5.0",
    "creatinine": 80,
    "weight": "80.0",
    "anticoagulant_plan_agreed": "yes",
}


def on(born_on: date = YOUNG, method: str = "single_shot", **plan: Value | None) -> Walker:
    """In the contraindication check, on an anticoagulant, with a trial booked in ten days; None leaves one out."""
    walker = checked(Walker(OPIOID, born_on=born_on), method=method)
    diary(walker)
    walker.appoint("trial_procedure", booked(walker))
    walker.record(**{item: value for item, value in (PLAN | plan).items() if value is not None})
    return walker


def booked(walker: Walker) -> datetime:
    return walker.now + timedelta(days=10)


def stop_planned(walker: Walker, hours: int) -> None:
    """The last dose planned so many hours before the booked procedure."""
    starts_at = walker.episode.appointments["1"].starts_at
    walker.record(anticoagulant_stop_planned=(starts_at - timedelta(hours=hours)).isoformat())


def plan(walker: Walker, method: str = "single_shot") -> str:
    return verdict(walker, f"approve_{method}_trial", "anticoagulant_planned")


def taken(walker: Walker, hours: int) -> None:
    """The last dose as taken, so many hours ago, known now."""
    walker.record(anticoagulant_last_dose=walker.ago(f"{hours}h").isoformat())


def on_the_day(hours: int, method: str = "single_shot", **answers: Value) -> Walker:
    """The day of the procedure, the last dose taken so many hours before."""
    walker = on(method=method, **answers)
    stop_planned(walker, 240)
    go(walker, f"approve_{method}_trial")
    walker.now = walker.episode.appointments["1"].starts_at
    fresh: dict[str, Value] = {"active_infection": "no", "maoi_within_14_days": "no", "wbc": "6", "crp": "2"}
    walker.record(**fresh, **DAY)
    taken(walker, hours)
    return walker


def shot(hours: int = 72, **answers: Value) -> Walker:
    """A single shot given on an interrupted anticoagulant."""
    walker = on_the_day(hours, **answers)
    go(walker, "approve_puncture")
    assert not walker.give().refused
    return walker


def with_catheter_in() -> Walker:
    walker = on_the_day(72, "catheter")
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    return walker


# ------------------------------------------------------------------------------ the plan


def test_who_takes_none_has_nothing_to_plan():
    """Who takes no anticoagulant needs no plan and no booking before a trial is approved. (ASRA18, R)"""
    assert plan(checked()) == "open"


def test_an_anticoagulant_nobody_asked_about_is_unknown():
    """Whether somebody takes an anticoagulant is asked; not asked is unknown. (ASRA18, R)"""
    walker = checked()
    walker.correct("anticoagulant", None)
    assert plan(walker) == "unknown"
    assert walker.advance("approve_single_shot_trial").refused


def test_a_plan_counts_back_from_the_booked_time():
    """Apixaban at 5 mg stops 72 hours before the booked time: an hour less is shut, in times and not in dates.
    (NEURAX, R)
    """
    walker = on()
    stop_planned(walker, 71)
    assert plan(walker) == "shut"
    stop_planned(walker, 72)
    assert plan(walker) == "open"


def test_a_plan_needs_a_booking():
    """Without a booked procedure there is nothing to count back from: unknown. (ASRA18, R)"""
    walker = on()
    stop_planned(walker, 96)
    walker.conclude("1", AppointmentState.CANCELLED)
    assert plan(walker) == "unknown"


@pytest.mark.parametrize(
    "item", ["anticoagulant_regimen", "anticoagulant_indication", "apixaban_dose", "creatinine", "weight"]
)
def test_a_missing_input_leaves_the_plan_unknown(item: str):
    """Dose, indication, renal function and weight are known before there is a plan: missing is unknown. (ASRA18;
    HOUSE, D)
    """
    walker = on(**{item: None})
    stop_planned(walker, 96)
    assert plan(walker) == "unknown"


def test_the_prescriber_agrees():
    """The prescriber agrees to the plan; not asked is unknown, and no is no. (ASRA18, R)"""
    walker = on(anticoagulant_plan_agreed=None)
    stop_planned(walker, 96)
    assert plan(walker) == "unknown"
    walker.record(anticoagulant_plan_agreed="no")
    assert plan(walker) == "shut"


@pytest.mark.parametrize(
    ("born_on", "weight", "creatinine", "hours"),
    [(OLD, "60.0", 80, 72), (OLD, "80.0", 133, 72), (YOUNG, "60.0", 133, 72), (OLD, "80.0", 80, 36)],
)
def test_a_low_dose_of_apixaban_stops_later_unless_two_things_come_together(
    born_on: date, weight: str, creatinine: int, hours: int
):
    """Apixaban at 2.5 mg stops 36 hours before, and 72 where two of age from 80, weight to 60 kg and creatinine from
    133 come together. (NEURAX; the three criteria unconfirmed, U)
    """
    walker = on(born_on, apixaban_dose="2.5", weight=weight, creatinine=creatinine)
    stop_planned(walker, hours - 1)
    assert plan(walker) == "shut"
    stop_planned(walker, hours)
    assert plan(walker) == "open"


@pytest.mark.parametrize(
    ("drug", "hours", "beside"),
    [
        ("warfarin", 120, {}),
        ("acenocoumarol", 72, {}),
        ("rivaroxaban", 72, {}),
        ("dabigatran", 96, {"creatinine_clearance": 80}),
        ("dabigatran", 144, {"creatinine_clearance": 40}),
        ("enoxaparin", 12, {"anticoagulant_intensity": "prophylactic"}),
        ("enoxaparin", 24, {"anticoagulant_intensity": "therapeutic"}),
        ("heparin_iv", 6, {}),
        ("heparin_sc", 24, {}),
        ("clopidogrel", 168, {}),
        ("prasugrel", 240, {}),
        ("ticagrelor", 120, {}),
        ("naproxen", 96, {}),
        ("piroxicam", 240, {}),
        ("ibuprofen", 24, {}),
        ("aspirin", 144, {"anticoagulant_indication": "primary_prevention"}),
    ],
)
def test_each_anticoagulant_has_its_own_stop(drug: str, hours: int, beside: dict[str, Value]):
    """Each anticoagulant stops as long before as its row says, from six hours of intravenous heparin to ten days of
    piroxicam. (ASRA18; some unconfirmed, U)
    """
    walker = on(anticoagulant=drug, **beside)
    stop_planned(walker, hours - 1)
    assert plan(walker) == "shut"
    stop_planned(walker, hours)
    assert plan(walker) == "open"


@pytest.mark.parametrize(("drug", "indication"), [("aspirin", "secondary_prevention"), ("other", "other")])
def test_what_has_no_row_is_a_shared_decision(drug: str, indication: str):
    """Aspirin in secondary prevention, and a drug without a row, is a decision shared with its prescriber: unknown,
    until two clinicians answer for it. (ASRA18, R)
    """
    walker = on(anticoagulant=drug, anticoagulant_indication=indication)
    stop_planned(walker, 240)
    assert plan(walker) == "unknown"
    walker.dispense("anticoagulant_planned", "shared_decision_with_prescriber")
    assert plan(walker) == "overridden"


def test_somebody_tells_when_to_stop_a_week_and_a_day_before_the_stop():
    """A week and a day before the drug must stop, not before the procedure, somebody is reminded to tell. (ASRA18;
    days HOUSE, D)
    """
    walker = on(anticoagulant="warfarin")
    stop = walker.episode.appointments["1"].starts_at - timedelta(days=5)
    assert walker.timer("tell_when_to_stop").due_at == stop - timedelta(days=7)
    walker.tick()
    assert walker.timer("tell_when_to_stop").due_at == stop - timedelta(days=1)


def test_the_last_anticoagulant_dose_is_asked_for_a_week_and_a_day_before():
    """A week and a day before a procedure somebody confirms the last anticoagulant dose and the escort. (ASRA18;
    days HOUSE, D)
    """
    walker = checked()
    starts_at = walker.now + timedelta(days=20)
    walker.appoint("implant_procedure", starts_at)
    task = "confirm_last_anticoagulant_dose"
    assert walker.timer(task).due_at == starts_at - timedelta(days=7)
    walker.now = starts_at - timedelta(days=7)
    walker.tick()
    assert walker.timer(task).due_at == starts_at - timedelta(days=1)


# ------------------------------------------------------------------------------ the day


def test_the_day_asks_for_the_last_dose_as_taken():
    """On the day the last dose as taken counts, not as planned: 71 hours are too few, 72 enough. (NEURAX, R)"""
    walker = on_the_day(71)
    assert verdict(walker, "approve_puncture", "bleeding_risk_today") == "shut"
    walker.later("1h").record(**DAY)
    assert verdict(walker, "approve_puncture", "bleeding_risk_today") == "open"


def test_a_last_dose_nobody_asked_about_is_unknown():
    """Where nobody recorded the last dose taken, it is unknown, and nobody is punctured. (ASRA18, R)"""
    walker = on_the_day(72)
    walker.correct("anticoagulant_last_dose", None)
    assert verdict(walker, "approve_puncture", "bleeding_risk_today") == "unknown"
    assert walker.advance("approve_puncture").refused


@pytest.mark.parametrize("drug", ["warfarin", "acenocoumarol"])
def test_on_warfarin_the_inr_is_of_the_day(drug: str):
    """On warfarin or acenocoumarol the INR is normal and not older than a day. (ASRA18; number common practice, U)"""
    walker = on_the_day(120, anticoagulant=drug)
    assert "INR on the day (on warfarin) has expired" in barred(walker.advance("approve_puncture"))
    walker.record(inr="1.3")
    assert not walker.advance("approve_puncture").refused


# ------------------------------------------------------------------------------ from the last dose to the restart


def test_an_anticoagulant_off_is_a_duty_until_it_is_restarted():
    """An anticoagulant that was stopped is a duty from its last dose until it is restarted, whatever becomes of the
    candidate. (ASRA18, R)
    """
    walker = on()
    taken(walker, 2)
    walker.advance("decline", reason="not_suitable")
    assert walker.episode.closed_at is None
    walker.later("2d").record(anticoagulant_restarted=walker.now.isoformat())
    assert walker.episode.closed_at is not None


def test_who_stops_nothing_has_no_such_duty():
    """Who takes an anticoagulant and has not stopped it, or takes none, has no drug off. (ASRA18, R)"""
    walker = on()
    stop_planned(walker, 96)
    assert "anticoagulant_off" not in walker.duties()
    assert "anticoagulant_off" not in ready(checked()).duties()


def test_the_restart_is_counted_from_the_puncture():
    """After a single shot the restart of apixaban is counted from the puncture, 24 hours on. (NEURAX, R)"""
    walker = shot()
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=25)


def test_a_puncture_that_drew_blood_plans_the_restart_anew():
    """After a puncture that drew blood the restart waits 48 hours. (FDA, R)"""
    walker = shot()
    walker.record(traumatic_puncture="yes")
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=49)


def test_a_catheter_trial_is_one_interruption():
    """A catheter trial is one interruption: the restart is counted from the catheter's removal. (NEURAX, R)"""
    walker = with_catheter_in()
    before = walker.timer("anticoagulant_off").due_at
    walker.later("3d").record(**AWAKE)
    assert walker.timer("anticoagulant_off").due_at == before
    catheter_out(walker)
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=25)


def test_a_dose_taken_with_the_catheter_in_is_red_and_shuts_its_removal():
    """A dose taken while the catheter is in is red, and shuts the removal until it has worn off: 72 hours of
    apixaban. (NEURAX, R)
    """
    walker = with_catheter_in().later("1d")
    walker.record(NILS, anticoagulant_last_dose=walker.now.isoformat(), identity_confirmed="yes")
    assert "anticoagulant_with_catheter_in" in walker.duties()
    assert {m.urgency for fired in walker.tick() for m in fired.messages if "catheter_in" in m.name} >= {"red"}
    assert "clear from" in barred(walker.advance("approve_catheter_removal"))
    walker.later("72h").record(identity_confirmed="yes")
    assert not walker.advance("approve_catheter_removal").refused


def test_a_restart_with_the_catheter_in_is_red_too():
    """The catheter comes out before the first dose: a restart with the catheter in is red, and its removal is not
    known to be safe. (NEURAX, R)
    """
    walker = with_catheter_in().later("1d")
    walker.record(anticoagulant_restarted=walker.now.isoformat(), identity_confirmed="yes")
    assert "anticoagulant_with_catheter_in" in walker.duties()
    assert verdict(walker, "approve_catheter_removal", "catheter_may_come_out") == "unknown"


def test_a_cancelled_procedure_asks_whether_to_restart_today():
    """A procedure that is cancelled while a drug is off asks whether to restart it today; where nothing is off,
    nothing is asked. (HOUSE, D)
    """
    walker = on()
    taken(walker, 12)
    walker.conclude("1", AppointmentState.CANCELLED)
    assert "restart_today" in walker.duties()
    walker.record(anticoagulant_restarted=walker.now.isoformat())
    assert not walker.duties() & {"restart_today", "anticoagulant_off"}
    walker = on()
    walker.conclude("1", AppointmentState.CANCELLED)
    assert "restart_today" not in walker.duties()


# ------------------------------------------------------------------------------ the second procedure


def second_cycle() -> Walker:
    """The trial is over, the drug restarted, and the implant planned and booked."""
    walker = shot()
    watched(walker)
    discharged(walker)
    go(walker, "assess_response")
    answered(walker).later("2h").record(anticoagulant_restarted=walker.now.isoformat())
    go(walker, "send_to_case_review")
    planned(walker)
    walker.appoint("implant_procedure", walker.now + timedelta(days=10))
    walker.conclude("1", AppointmentState.ATTENDED)
    return walker


def test_the_implant_has_a_plan_of_its_own():
    """The plan of the trial is no plan for the implant: its last dose lies before the restart, and the next one is
    not planned yet. (ASRA18; HOUSE, D)
    """
    walker = second_cycle()
    plan = walker.situation(CLARA).view(walker.now).look(Subject(derived="anticoagulant.planned"))
    assert plan == Missing(because="has no planned last dose")
    assert verdict(walker, "approve_implant", "bleeding_risk_today") == "unknown"


def test_the_restart_after_an_implant_is_not_counted_from_the_trial():
    """A drug stopped for the implant is not called due for a restart because the trial is long over. (HOUSE, D)"""
    walker = second_cycle().later("7d")
    taken(walker, 0)
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=1)
    assert walker.task("anticoagulant_off").anchor_at == walker.now


def test_the_restart_after_an_implant_is_counted_from_the_implant():
    """After the implant the restart is counted from the implant. (ASRA18, NEURAX, R)"""
    walker = second_cycle().later("7d")
    taken(walker, 0)
    walker.later("3d").record(**(DAY | IMPLANT))
    walker.advance("approve_implant", INES)
    assert not walker.advance("approve_implant", CLARA).refused
    go(walker, "record_implant")
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=25)
