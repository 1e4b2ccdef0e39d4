"""The ways through the ziconotide trial as people walk them, so that a test can begin where it matters."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from world import CEM, CLARA, INES, Value, Walker, barred, every

from workflow.authoring.schema import read
from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.response import Response

FILE = Path(__file__).parents[3] / "protocols" / "ziconotide_trial" / "v1.yaml"
PROTOCOL = read(FILE.read_bytes(), name="v1.yaml")
BORN = date(1970, 5, 4)

REFERRAL: dict[str, Value] = {"referral_reason": "pain after a cord injury", "pain_origin": "non_cancer"}
SCREENING: dict[str, Value] = {
    "oral_escalation_failed": "yes",
    "psychology_assessment": "yes",
    "capacity_confirmed": "yes",
    "interpreter": "not_needed",
    "other_implants_checked": "yes",
    "substance_use_asked": "yes",
    "goal_agreed": "sit through a meal",
    "mood_assessed": "yes",
}
WORKUP: dict[str, Value] = {
    "psychosis_history": "no",
    "hypersensitivity": "no",
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "permanent_contraindication": "no",
    "spinal_imaging_clear": "yes",
    "intrathecal_opioid": "no",
    "low_mood": "no",
    "creatine_kinase": 120,
    "platelets": 250,
    "inr": "1.0",
    "anticoagulant": "none",
    "consent_trial": "yes",
    "trial_drug": "ziconotide",
    "payer_accepts_single_shot": "yes",
}
DAY: dict[str, Value] = {
    "identity_confirmed": "yes",
    "consent_confirmed": "yes",
    "fever_or_infection_today": "no",
    "allergy_checked": "yes",
    "pregnancy_excluded": "yes",
    "sedatives_reviewed": "yes",
    "intrathecal_route_ready": "yes",
    "staff_and_monitoring_ready": "yes",
    "active_infection": "no",
}
ROUND: dict[str, Value] = {
    "sedation_score": 1,
    "mental_state": "clear",
    "gait_and_gaze": "steady",
    "nausea": "none",
    "leg_power": "as_before",
    "bladder": "emptied",
}
HOME: dict[str, Value] = {
    "walks_as_before": "yes",
    "bladder_emptied": "yes",
    "mental_state": "clear",
    "escort_named": "yes",
    "told_not_to_drive": "yes",
    "emergency_number_given": "yes",
}
BESIDE: dict[str, Value] = {
    "rescue_opioid_use": "less",
    "function_change": "better",
    "goal_met": "fully",
    "worst_side_effect": "none",
}
IMPLANT: dict[str, Value] = {
    "body_size_adequate": "yes",
    "consent_implant": "yes",
    "mrsa_settled": "yes",
    "antibiotic_ordered": "yes",
    "glucose_optimised": "yes",
    "tobacco_stopped": "yes",
}
HANDOVER: dict[str, Value] = {
    "implant_drug": "ziconotide",
    "reservoir_volume": 20,
    "implant_tip_level": "T10",
    "pump_start_dose": "1.2",
    "trial_dose_that_worked": "2.5",
    "handover_contact": "ward 4",
}


def walk(settings: Mapping[str, Decimal] | None = None, born_on: date | None = BORN) -> Walker:
    return Walker(PROTOCOL, born_on=born_on, settings=settings)


def go(walker: Walker, name: str) -> None:
    """Take a transition that must be open."""
    decision = walker.advance(name)
    assert not decision.refused, barred(decision)


def referred(walker: Walker | None = None) -> Walker:
    walker = walker or walk()
    walker.enrol()
    return walker


def screening(walker: Walker | None = None) -> Walker:
    walker = referred(walker)
    walker.record(**REFERRAL)
    go(walker, "accept_referral")
    return walker


def checked(walker: Walker | None = None, **answers: Value | None) -> Walker:
    """In the contraindication check, with everything a trial asks for, but for these; None leaves one out."""
    walker = screening(walker).later("2d")
    walker.record(**SCREENING)
    go(walker, "complete_screening")
    walker.later("5d")
    walker.record(**{item: value for item, value in (WORKUP | answers).items() if value is not None})
    return walker


def diary(walker: Walker, score: Value, days: int = 5) -> None:
    """A pain score on each of the last days, entered today."""
    for at in every(walker.ago(f"{days + 1}d"), "1d", days):
        walker.record(at=at, nrs=score)


def in_trial(walker: Walker | None = None, baseline: Value = 8) -> Walker:
    walker = checked(walker)
    diary(walker, baseline)
    go(walker, "approve_single_shot_trial")
    return walker


def ready(walker: Walker | None = None, baseline: Value = 8) -> Walker:
    """In the trial a day later, with the checks of the day."""
    walker = in_trial(walker, baseline).later("1d")
    walker.record(**DAY)
    return walker


def inject(walker: Walker, amount: str = "2.5", reason: str | None = None) -> datetime:
    """A single shot, now, with the checks of the day; answers when it was given."""
    walker.record(**DAY)
    go(walker, "approve_puncture")
    decision = walker.give(amount, drug="ziconotide", reason=reason)
    assert not decision.refused, barred(decision)
    return walker.now


def dosed(walker: Walker | None = None, baseline: Value = 8) -> Walker:
    walker = ready(walker, baseline)
    inject(walker)
    return walker


def watched(walker: Walker, score: Value = 3, later: Value = 5, until: str = "72h") -> None:
    """Every round of the plan since now, made in time: `score` for six hours, `later` after that."""
    given = walker.now
    for at in PROTOCOL.plans["after_single_shot"].times(given):
        if at <= given + timedelta(hours=int(until.removesuffix("h"))):
            walker.now = at
            walker.record(**ROUND, nrs=score if at <= given + timedelta(hours=6) else later)


def home(walker: Walker) -> None:
    """Fit to go home, and discharged."""
    walker.record(**HOME)
    walker.record(discharged="yes")


def shot(walker: Walker, score: Value, amount: str = "2.5", reason: str | None = None) -> None:
    """One dose, scored so, watched for three days and discharged; then the rest of the week."""
    inject(walker, amount, reason)
    watched(walker, score)
    home(walker)
    assert "observation" not in walker.duties()
    walker.later("4d")


def doses(*scores: Value, baseline: Value = 8, walker: Walker | None = None) -> Walker:
    """One dose a week, each scored so; a baseline of 8."""
    walker = in_trial(walker, baseline).later("1d")
    for score in scores:
        shot(walker, score)
    return walker


def answered(walker: Walker, **beside: Value) -> Walker:
    """What stands beside the scores, said."""
    walker.record(**(BESIDE | beside))
    return walker


def verdict(walker: Walker, **beside: Value) -> str:
    """The response, with everything that must stand beside it."""
    return answered(walker, **beside).response().verdict


def further(walker: Walker, key: str) -> Response:
    found = walker.situation(CLARA).view(walker.now).response(key)
    assert found is not None
    return found


def reviewed(*scores: Value, walker: Walker | None = None, **beside: Value) -> Walker:
    """In case review with every input."""
    walker = answered(doses(*(scores or (3, 3)), walker=walker), **beside)
    go(walker, "assess_response")
    go(walker, "send_to_case_review")
    return walker


def planned(walker: Walker | None = None) -> Walker:
    """An implant planned by two clinicians on a response."""
    walker = walker or reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    decision = walker.together("decide_implant")
    assert walker.stage == "implant_planning", barred(decision)
    return walker


def ready_for_implant(walker: Walker | None = None, **answers: Value | None) -> Walker:
    """The day of the implant, with everything it asks for, but for these; None leaves one out."""
    walker = planned(walker).later("7d")
    said = WORKUP | DAY | IMPLANT | HANDOVER | answers
    walker.record(**{item: value for item, value in said.items() if value is not None})
    return walker


def implanted(walker: Walker | None = None) -> Walker:
    walker = ready_for_implant(walker)
    walker.advance("approve_implant", INES)
    decision = walker.advance("approve_implant", CEM)
    assert not decision.refused, barred(decision)
    go(walker, "record_implant")
    return walker


def filled(walker: Walker | None = None, **said: Value) -> Walker:
    """A pump in, filled now: 20 mL at 25 mcg/mL, 2.4 mcg a day, which is long; what keeps shortest decides."""
    walker = walker or implanted()
    usual: dict[str, Value] = {
        "refill_kind": "first",
        "refill_volume": 20,
        "pump_reserve": 2,
        "pump_concentration": 25,
        "pump_daily_dose": "2.4",
        "pump_printed_date": "2027-01-01",
        "pump_filled_at": walker.now.isoformat(),
    }
    walker.record(**(usual | said))
    return walker


def derived(walker: Walker, name: str, of: str = "") -> Known | Missing:
    return walker.situation(CLARA).view(walker.now).look(Subject(derived=name, of=of))


def verdict_of(walker: Walker, way: str, gate: str) -> str:
    """What one gate of a transition answers now."""
    return next(report.verdict for report in walker.option(way).reports if report.gate == gate)


def warned(walker: Walker, way: str) -> set[str]:
    """The gates of a transition that warn now, and bar nobody."""
    return {report.gate for report in walker.option(way).reports if report.warns}
