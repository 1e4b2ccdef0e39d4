"""The ways through the baclofen trial as people walk them, so that a test can begin where it matters."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from world import CEM, CLARA, INES, Value, Walker, barred

from workflow.authoring.schema import read
from workflow.domain.decision import Decision, Message
from workflow.domain.gate import GateReport

FILE = Path(__file__).parents[3] / "protocols" / "baclofen_trial" / "v1.yaml"
BACLOFEN = read(FILE.read_bytes(), name="v1.yaml")
ADULT = date(1984, 6, 1)

REFERRAL: dict[str, Value] = {"referral_reason": "legs cross in the wheelchair", "spasticity_origin": "spinal"}
SCREENING: dict[str, Value] = {
    "severe_spasticity": "yes",
    "oral_antispasmodics_failed": "yes",
    "physiotherapy_tried": "yes",
    "conservative_weeks": 12,
    "traumatic_brain_injury": "no",
    "pump_depth": "1.5",
    "body_size_adequate": "yes",
    "spinal_anomaly": "no",
    "injury_at_t6_or_above": "no",
    "communication_difficulty": "no",
    "earlier_withdrawal": "no",
    "seizure_history": "no",
    "capacity_confirmed": "yes",
    "interpreter": "not_needed",
    "substance_use_asked": "yes",
    "other_implants_checked": "yes",
    "goal_agreed": "to be washed and turned without pain",
    "to_lower": "tone",
    "muscle_group": "hip adductors, right",
    "carer_can_recognise_withdrawal": "yes",
}
WORKUP: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "baclofen_allergy": "no",
    "permanent_contraindication": "no",
    "spinal_imaging_clear": "yes",
    "platelets": 250,
    "inr": "1.0",
    "anticoagulant": "none",
    "consent_trial": "yes",
    "trial_drug": "baclofen",
    "payer_accepts_method": "yes",
}
DAY: dict[str, Value] = {
    "identity_confirmed": "yes",
    "consent_confirmed": "yes",
    "fever_or_infection_today": "no",
    "allergy_checked": "yes",
    "pregnancy_excluded": "yes",
    "sedatives_reviewed": "yes",
    "escort_named": "yes",
    "staff_and_resuscitation_ready": "yes",
}
ROUND: dict[str, Value] = {
    "sedation_score": 1,
    "breathing_rate": 14,
    "oxygen_saturation": 97,
    "systolic_pressure": 118,
    "leg_power": "reduced",
}
HOME: dict[str, Value] = {
    "moves_as_before": "yes",
    "bladder_emptied": "yes",
    "escort_named": "yes",
    "told_not_to_drive": "yes",
    "emergency_number_given": "yes",
}
INPUTS: dict[str, Value] = {"rescue_antispasmodic_use": "less", "goal_met": "partly", "person_accepts": "yes"}
HANDOVER: dict[str, Value] = {
    "pump_size": "ml_40",
    "implant_tip_level": "t10",
    "screening_dose": 50,
    "effect_over_eight_hours": "no",
    "pump_start_dose": "100",
    "implant_concentration": 500,
}
IMPLANT: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "mrsa_screen": "negative",
    "antibiotic_ordered": "yes",
    "consent_implant": "yes",
    "payer_covers_implant": "yes",
    "carers_taught_withdrawal": "yes",
    "emergency_card_given": "yes",
}
FILLING: dict[str, Value] = {
    "refill_volume": "20",
    "pump_reserve": "2",
    "pump_concentration": 500,
    "pump_daily_dose": "100",
    "refill_kind": "licensed",
}
HOURS = (1, 2, 4)


def but(values: Mapping[str, Value], **changes: Value | None) -> dict[str, Value]:
    """These values with some of them changed; None leaves one out."""
    return {item: value for item, value in {**values, **changes}.items() if value is not None}


def go(walker: Walker, name: str) -> None:
    """Take a transition that must be open."""
    decision = walker.advance(name)
    assert not decision.refused, barred(decision)


def referred(**settings: Decimal) -> Walker:
    walker = Walker(BACLOFEN, born_on=ADULT, settings=settings)
    walker.enrol()
    return walker


def screening(origin: str = "spinal", **settings: Decimal) -> Walker:
    walker = referred(**settings)
    walker.record(**but(REFERRAL, spasticity_origin=origin))
    go(walker, "accept_referral")
    return walker


def checked(origin: str = "spinal", *, to_lower: str = "tone", **settings: Decimal) -> Walker:
    """In the contraindication check, with everything a trial asks for."""
    walker = screening(origin, **settings).later("2d")
    walker.record(**but(SCREENING, to_lower=to_lower))
    go(walker, "complete_screening")
    walker.later("5d")
    walker.record(**WORKUP)
    return walker


def single_shot(origin: str = "spinal", *, to_lower: str = "tone", **settings: Decimal) -> Walker:
    walker = checked(origin, to_lower=to_lower, **settings)
    go(walker, "approve_single_shot_trial")
    return walker.later("1d")


def ready(walker: Walker, *, mas: Value = "4", penn: Value = 3) -> Walker:
    """The checks of the day, and the grades half an hour before the dose."""
    walker.record(**DAY, mas=mas, penn=penn)
    return walker.later("30min")


def give(walker: Walker, amount: str = "50", *, reason: str | None = None) -> Decision:
    return walker.give(amount, drug="baclofen", reason=reason)


def dosed(
    origin: str = "spinal", *, mas: Value = "4", penn: Value = 3, to_lower: str = "tone", **settings: Decimal
) -> Walker:
    """50 mcg given in one shot, just now."""
    walker = ready(single_shot(origin, to_lower=to_lower, **settings), mas=mas, penn=penn)
    go(walker, "approve_puncture")
    assert not give(walker).refused
    return walker


def graded(walker: Walker, *grades: Value, function: str = "same", side_effect: str = "mild") -> None:
    """Grades at 1, 2, 4 and then every second hour after the dose; what the fourth hour judges beside them."""
    given_at = walker.now
    for hour, grade in zip((*HOURS, 6, 8), grades, strict=False):
        walker.now = given_at
        walker.later(f"{hour}h").record(mas=grade)
        if hour == 4:
            walker.record(function_change=function, worst_side_effect=side_effect)


def watched(walker: Walker, *, hours: int = 4) -> None:
    """So many hours after a dose: every round to the eighth as entered from the chart, and home."""
    walker.later(f"{8 - hours}h")
    for hour in range(1, 9):
        walker.record(at=walker.ago(f"{8 - hour}h"), **ROUND)
    walker.record(**HOME)
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


def stepped(walker: Walker, amount: str, *grades: Value, **beside: str) -> None:
    """A day later the next dose, graded and watched."""
    walker.later("16h")
    ready(walker)
    go(walker, "approve_puncture")
    assert not give(walker, amount).refused
    graded(walker, *grades, **beside)
    watched(walker)


def failed_at(*amounts: str) -> Walker:
    """A single-shot trial in which these doses did nothing."""
    walker = dosed()
    graded(walker, "4", "4", "4")
    watched(walker)
    for amount in amounts[1:]:
        stepped(walker, amount, "4", "4", "4")
    return walker


def assessed(walker: Walker) -> Walker:
    go(walker, "assess_response")
    return walker


def reviewed(walker: Walker | None = None) -> Walker:
    """In case review with every input; on a fall from 4 to 2, where nothing else is said."""
    if walker is None:
        walker = dosed()
        graded(walker, "4", "3", "2")
        watched(walker)
    assessed(walker).record(**INPUTS)
    go(walker, "send_to_case_review")
    return walker


def planned() -> Walker:
    """An implant planned by two clinicians on a response."""
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant")
    walker.record(payer_asks_four_hours="no")
    decision = walker.together("decide_implant")
    assert walker.stage == "implant_planning", barred(decision)
    return walker


def ready_for_implant(**changes: Value | None) -> Walker:
    walker = planned().later("7d")
    walker.record(**but({**DAY, **IMPLANT, **HANDOVER}, **changes))
    return walker


def implanted() -> Walker:
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    decision = walker.advance("approve_implant", CEM)
    assert not decision.refused, barred(decision)
    go(walker, "record_implant")
    walker.record(**FILLING, pump_filled_at=walker.now.isoformat())
    return walker


def catheter_in(anticoagulant: str = "none") -> Walker:
    """A trial catheter placed, no dose yet; on an anticoagulant that was planned for and stopped in time."""
    walker = checked()
    if anticoagulant != "none":
        stopped(walker, anticoagulant)
    go(walker, "approve_catheter_trial")
    walker.later("4d").record(active_infection="no")
    ready(walker)
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    return walker


def stopped(walker: Walker, drug: str) -> None:
    """An anticoagulant with its plan agreed, and the last dose taken now, four days before the procedure."""
    walker.appoint("trial_procedure", walker.ago("-4d"))
    walker.record(
        anticoagulant=drug,
        anticoagulant_intensity="therapeutic",
        anticoagulant_regimen="20 mg once a day",
        anticoagulant_indication="atrial_fibrillation",
        creatinine=80,
        weight="70",
        anticoagulant_plan_agreed="yes",
        anticoagulant_stop_planned=walker.now.isoformat(),
        anticoagulant_last_dose=walker.now.isoformat(),
    )


def bolus(walker: Walker, amount: str = "50") -> Decision:
    """A dose through the catheter, awake and authorised."""
    walker.record(**ROUND)
    go(walker, "approve_repeat_dose")
    return give(walker, amount)


def told(walker: Walker, name: str) -> list[Message]:
    """What one task tells when the clock ticks now."""
    return [message for fired in walker.tick() for message in fired.messages if message.name == name]


def seen(walker: Walker, transition: str, gate: str) -> GateReport:
    """What a gate answers on the way to a transition."""
    return next(report for report in walker.option(transition).reports if report.gate == gate)
