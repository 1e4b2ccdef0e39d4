"""The ways through the opioid trial as people walk them, so that a test can begin where it matters."""

from collections.abc import Sequence

from world import CEM, CLARA, INES, Value, Walker, barred, every

REFERRAL: dict[str, Value] = {"referral_reason": "pain after three operations", "pain_origin": "non_cancer"}
SCREENING: dict[str, Value] = {
    "oral_escalation_failed": "yes",
    "psychology_assessment": "yes",
    "opioid_reduction_attempted": "yes",
    "capacity_confirmed": "yes",
    "other_implants_checked": "yes",
    "goal_agreed": "walk to the shop",
}
WORKUP: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "permanent_contraindication": "no",
    "spinal_imaging_clear": "yes",
    "platelets": 250,
    "inr": "1.0",
    "anticoagulant": "none",
    "consent_trial": "yes",
    "trial_drug": "morphine",
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
    "staff_and_naloxone_ready": "yes",
}
AWAKE: dict[str, Value] = {"sedation_score": 1, "breathing_rate": 14}
INPUTS: dict[str, Value] = {
    "rescue_opioid_use": "less",
    "function_change": "better",
    "goal_met": "fully",
    "tolerated": "yes",
}
IMPLANT: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "permanent_contraindication": "no",
    "body_size_adequate": "yes",
    "consent_implant": "yes",
    "handover_to_implanter": "yes",
}


def go(walker: Walker, name: str) -> None:
    """Take a transition that must be open."""
    decision = walker.advance(name)
    assert not decision.refused, barred(decision)


def referred(walker: Walker | None = None) -> Walker:
    walker = walker or Walker()
    walker.enrol()
    return walker


def screening(walker: Walker | None = None) -> Walker:
    walker = referred(walker)
    walker.record(**REFERRAL)
    go(walker, "accept_referral")
    return walker


def checked(walker: Walker | None = None) -> Walker:
    """In the contraindication check, with everything a trial asks for."""
    walker = screening(walker).later("2d")
    walker.record(**SCREENING)
    go(walker, "complete_screening")
    walker.later("5d")
    walker.record(**WORKUP)
    return walker


def diary(walker: Walker, score: Value = 8, days: int = 5) -> None:
    """A pain score on each of the last days, entered today."""
    for at in every(walker.ago(f"{days + 1}d"), "1d", days):
        walker.record(at=at, nrs=score)


def single_shot(score: Value = 8) -> Walker:
    walker = checked()
    diary(walker, score)
    go(walker, "approve_single_shot_trial")
    return walker


def catheter(score: Value = 8) -> Walker:
    walker = checked()
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


def catheter_in(score: Value = 8) -> Walker:
    walker = ready(catheter(score))
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    return walker


def bolus(walker: Walker) -> None:
    """Another dose, awake and authorised."""
    walker.record(**AWAKE, **DAY)
    go(walker, "approve_repeat_dose")
    assert not walker.give().refused


def scored(walker: Walker, scores: Sequence[Value]) -> None:
    """Scores two hours apart, after the dose."""
    for score in scores:
        walker.later("2h").record(nrs=score)


def discharged(walker: Walker) -> None:
    walker.later("25h").record(discharged="yes")


def catheter_out(walker: Walker) -> None:
    walker.record(identity_confirmed="yes")
    go(walker, "approve_catheter_removal")
    go(walker, "record_catheter_out")


def assessed(scores: Sequence[Value] = (3, 3, 3), baseline: Value = 8) -> Walker:
    """A single shot given, scored, observed to the end, and up for assessment."""
    walker = dosed(baseline)
    scored(walker, scores)
    discharged(walker)
    go(walker, "assess_response")
    return walker


def reviewed(scores: Sequence[Value] = (3, 3, 3), baseline: Value = 8, **inputs: Value) -> Walker:
    """In case review with every input."""
    walker = assessed(scores, baseline)
    walker.record(**(INPUTS | inputs))
    go(walker, "send_to_case_review")
    return walker


def planned(walker: Walker | None = None) -> Walker:
    """An implant planned by two clinicians on a response."""
    walker = walker or reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    decision = walker.together("decide_implant")
    assert walker.stage == "implant_planning", barred(decision)
    return walker


def ready_for_implant(walker: Walker | None = None) -> Walker:
    walker = planned(walker).later("7d")
    walker.record(**DAY, **IMPLANT)
    return walker


def authorised(walker: Walker | None = None) -> Walker:
    """An implant approved today by an implanter and a clinician."""
    walker = ready_for_implant(walker)
    walker.advance("approve_implant", INES)
    decision = walker.advance("approve_implant", CEM)
    assert not decision.refused, barred(decision)
    return walker


def implanted() -> Walker:
    walker = authorised()
    go(walker, "record_implant")
    return walker
