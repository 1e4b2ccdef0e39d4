"""The ways through the opioid trial's newest version as people walk them, so that a test can begin where it matters."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from world import CEM, CLARA, INES, NILS, Value, Walker, barred, every

from workflow.authoring.schema import read
from workflow.domain.observation import Absence
from workflow.domain.trial import Method

FILE = Path(__file__).parents[3] / "protocols" / "opioid_trial" / "v2.yaml"
OPIOID = read(FILE.read_bytes(), name="v2.yaml")

REFERRAL: dict[str, Value] = {
    "referral_reason": "pain after three operations",
    "pain_origin": "non_cancer",
    "jurisdiction": "Scotland",
}
SCREENING: dict[str, Value] = {
    "oral_escalation_failed": "yes",
    "psychology_assessment": "yes",
    "opioid_reduction_attempted": "yes",
    "health_optimised": "yes",
    "capacity_confirmed": "yes",
    "other_implants_checked": "yes",
    "interpreter": "not_needed",
    "substance_use_asked": "yes",
    "body_size_adequate": "yes",
    "sleep_apnoea_or_copd": "no",
    "goal_agreed": "walk to the shop",
}
WORKUP: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "very_short_life_expectancy": "no",
    "permanent_contraindication": "no",
    "respiratory_depression": "no",
    "maoi_within_14_days": "no",
    "spinal_imaging_clear": "yes",
    "platelets": 250,
    "inr": "1.0",
    "wbc": "6.5",
    "crp": "2.0",
    "anticoagulant": "none",
    "trial_drug": "morphine",
    "consent_trial": "yes",
    "consent_drug": "morphine",
    "payer_accepts_single_shot": "yes",
    "payer_accepts_catheter": "yes",
}
DAY: dict[str, Value] = {
    "identity_confirmed": "yes",
    "consent_confirmed": "yes",
    "fever_or_infection_today": "no",
    "allergy_checked": "yes",
    "pregnancy_excluded": "yes",
    "sedatives_reviewed": "yes",
    "preparation_checked": "yes",
    "escort_named": "yes",
    "inpatient_bed": "yes",
    "staff_and_naloxone_ready": "yes",
}
AWAKE: dict[str, Value] = {"sedation_score": 1, "breathing_rate": 14}
ROUND: dict[str, Value] = {
    **AWAKE,
    "oxygen_saturation": 97,
    "leg_power": "as_before",
    "nausea": "none",
    "itch": "none",
    "bladder": "emptied",
    "rescue_given": "no",
}
LEAVING: dict[str, Value] = {
    "walks_as_before": "yes",
    "bladder_emptied": "yes",
    "escort_named": "yes",
    "told_not_to_drive": "yes",
    "emergency_number_given": "yes",
}
INPUTS: dict[str, Value] = {
    "rescue_opioid_use": "less",
    "function_change": "better",
    "goal_met": "fully",
    "worst_side_effect": "mild",
    "tolerated": "yes",
    "placebo_relief": "no_placebo_given",
}
HANDOVER: dict[str, Value] = {
    "pump_size": "ml_20",
    "implant_tip_level": "l2",
    "implant_drug": "morphine",
    "pump_start_dose": "as ordered by the clinic on paper",
    "handover_contact": "trial nurse, extension 4",
}
IMPLANT: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "very_short_life_expectancy": "no",
    "permanent_contraindication": "no",
    "body_size_adequate": "yes",
    "mrsa_screen": "negative",
    "antibiotic_ordered": "yes",
    "hba1c": "5.6",
    "tobacco": "never",
    "endocrine_checked": "yes",
    "consent_implant": "yes",
    "payer_covers_implant": "yes",
    "specialised_centre": "yes",
    **HANDOVER,
}


def go(walker: Walker, name: str) -> None:
    """Take a transition that must be open."""
    decision = walker.advance(name)
    assert not decision.refused, barred(decision)


def signed(walker: Walker, name: str) -> None:
    """Take a transition that two clinicians sign."""
    decision = walker.together(name)
    assert not decision.refused, barred(decision)


def verdict(walker: Walker, name: str, gate: str) -> str:
    """What one gate of a transition answers now: open, shut, unknown, waived or overridden."""
    told = {seen.gate: str(seen.verdict) for seen in walker.option(name).reports}
    quiet = walker.protocol.transition(name).warns  # a warning is only shown where its gate is not open
    return told[gate] if gate not in quiet else told.get(gate, "open")


def referred(walker: Walker | None = None) -> Walker:
    walker = walker or Walker(OPIOID)
    walker.enrol()
    return walker


def screening(walker: Walker | None = None) -> Walker:
    walker = referred(walker)
    walker.record(**REFERRAL)
    go(walker, "accept_referral")
    return walker


def checked(walker: Walker | None = None, method: str = "single_shot", **answers: Value) -> Walker:
    """In the contraindication check, with everything a trial of this method asks for."""
    walker = screening(walker).later("2d")
    walker.record(**SCREENING)
    go(walker, "complete_screening")
    walker.later("5d")
    walker.record(**(WORKUP | {"trial_method": method, "consent_method": method} | answers))
    return walker


def diary(walker: Walker, score: Value = 8, days: int = 5) -> None:
    """A pain score on each of the last days, entered today."""
    for at in every(walker.ago(f"{days + 1}d"), "1d", days):
        walker.record(at=at, nrs=score)


def single_shot(score: Value = 8, **answers: Value) -> Walker:
    walker = checked(**answers)
    diary(walker, score)
    go(walker, "approve_single_shot_trial")
    return walker


def catheter(score: Value = 8, **answers: Value) -> Walker:
    walker = checked(method="catheter", **answers)
    diary(walker, score)
    go(walker, "approve_catheter_trial")
    return walker


def ready(walker: Walker) -> Walker:
    """The procedure-day checks, a day later, with nothing against it."""
    walker.later("1d").record(**DAY)
    return walker


def dosed(score: Value = 8) -> Walker:
    """A single shot given, just now."""
    walker = ready(single_shot(score))
    go(walker, "approve_puncture")
    assert not walker.give().refused
    return walker


def given(drug: str, amount: str) -> Walker:
    """A single shot of a drug, just now."""
    walker = checked(trial_drug=drug, consent_drug=drug)
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give(amount, drug=drug)
    return walker


def catheter_in(score: Value = 8) -> Walker:
    walker = ready(catheter(score))
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    walker.record(trial_tip_level="l2")
    return walker


def bolus(walker: Walker) -> None:
    """Another dose, awake and authorised."""
    walker.record(**AWAKE, **DAY)
    go(walker, "approve_repeat_dose")
    assert not walker.give().refused


def look(walker: Walker, score: Value, *, at: datetime | None = None) -> None:
    """One whole round of observation."""
    site: dict[str, Value] = {}
    if walker.episode.trials[str(len(walker.episode.trials))].method is Method.CATHETER:
        site = {"catheter_site": "dry_and_quiet"}
    walker.record(at=at, nrs=score, **ROUND, **site)


def rounds(walker: Walker) -> Iterator[datetime]:
    """When each round after the last dose is due."""
    last = max(walker.episode.administrations.values(), key=lambda dose: dose.given_at)
    trial = walker.episode.trials[str(last.trial)]
    plan = walker.protocol.plan(last.drug, trial.method)
    assert plan is not None
    return iter(plan.times(last.given_at))


def watched(walker: Walker, scores: Sequence[Value] = (3, 3, 3)) -> None:
    """Every round made: the first ones with these scores, and asleep after that."""
    for number, due_at in enumerate(rounds(walker)):
        walker.now = due_at
        look(walker, scores[number] if number < len(scores) else Absence.ASLEEP)


def discharged(walker: Walker) -> None:
    walker.record(**LEAVING)
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


def scored(walker: Walker, scores: Sequence[Value]) -> None:
    """Scores two hours apart, after the dose, and nothing else of a round."""
    for score in scores:
        walker.later("2h").record(nrs=score)


def answered(walker: Walker, **inputs: Value) -> Walker:
    """What stands beside the score, as it was in this trial."""
    walker.record(**(INPUTS | inputs))
    return walker


def catheter_out(walker: Walker) -> None:
    walker.record(identity_confirmed="yes")
    go(walker, "approve_catheter_removal")
    go(walker, "record_catheter_out")


def assessed(scores: Sequence[Value] = (3, 3, 3), baseline: Value = 8) -> Walker:
    """A single shot given, watched to the end, and up for assessment."""
    walker = dosed(baseline)
    watched(walker, scores)
    discharged(walker)
    go(walker, "assess_response")
    return walker


def reviewed(scores: Sequence[Value] = (3, 3, 3), baseline: Value = 8, **inputs: Value) -> Walker:
    """In case review with every input."""
    walker = answered(assessed(scores, baseline), **inputs)
    go(walker, "send_to_case_review")
    return walker


def reviewed_after_catheter() -> Walker:
    """In case review after a catheter trial that showed relief."""
    walker = catheter_in().later("1h")
    bolus(walker)
    watched(walker)
    discharged(walker)
    catheter_out(walker)
    go(walker, "assess_response")
    answered(walker)
    go(walker, "send_to_case_review")
    return walker


def planned(walker: Walker | None = None) -> Walker:
    """An implant planned by two clinicians on a response."""
    walker = walker or reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    signed(walker, "decide_implant")
    return walker


def ready_for_implant(walker: Walker | None = None, **answers: Value) -> Walker:
    walker = planned(walker).later("7d")
    walker.record(**(DAY | IMPLANT | answers))
    return walker


def authorised(walker: Walker | None = None) -> Walker:
    """An implant approved today by an implanter and a clinician."""
    walker = walker or ready_for_implant()
    walker.advance("approve_implant", INES)
    decision = walker.advance("approve_implant", CEM)
    assert not decision.refused, barred(decision)
    return walker


def implanted(walker: Walker | None = None) -> Walker:
    walker = authorised(walker)
    go(walker, "record_implant")
    return walker


# ------------------------------------------------------------------------------------------------ the pump's filling


def refill_form(**answers: Value) -> dict[str, Value]:
    """What is asked before a filling; 18 mL of 20 mg/mL at 2 mg a day are 160 days on paper."""
    form: dict[str, Value] = {
        "identity_confirmed": "yes",
        "pump_size": "ml_20",
        "refill_residual_expected": "4.0",
        "refill_residual_aspirated": "4.5",
        "refill_drug": "morphine",
        "refill_kind": "single_drug",
        "pump_concentration": "20",
        "refill_lot": "A-17",
        "pump_dose_ordered": "2",
        "bridge_bolus": "not_needed",
        "neuro_check": "unchanged",
    }
    return form | answers


def sheet(walker: Walker, *, due_in: int, **answers: Value) -> dict[str, Value]:
    """What is written up after a filling, with the pump's own low-reservoir date so many days ahead."""
    after: dict[str, Value] = {
        "pump_filled_at": walker.now.isoformat(),
        "refill_volume": "20",
        "pump_reserve": "2",
        "pump_daily_dose": "2",
        "pump_printed_date": (walker.now + timedelta(days=due_in)).date().isoformat(),
        "pump_battery_until": (walker.now + timedelta(days=2000)).date().isoformat(),
        "pump_telemetry_after": "yes",
    }
    return after | answers


def filled(walker: Walker | None = None, *, due_in: int = 83, **answers: Value) -> Walker:
    """A pump implanted, filled for the first time, and written up."""
    walker = walker or implanted()
    form = {item: value for item, value in refill_form().items() if item != "identity_confirmed"}
    walker.record(NILS, **form)
    walker.record(NILS, **sheet(walker, due_in=due_in, **answers))
    return walker
