"""Four walks along the opioid trial. What happens is written here; what it leads to is the service's answer alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from workflow.cli.demo.clinic import Body
from workflow.cli.demo.walker import Invented, Value, Walker

ILSE, NOOR, TOMAS, PIM = "ilse.varnhagen", "noor.haugland", "tomas.okwu", "pim.castellane"
IMRE, SUNNIVA, CORENTIN = "imre.falkenrath", "sunniva.adeyo", "corentin.brask"
SIGNERS = (IMRE, SUNNIVA, CORENTIN)
LATE = "entered_from_paper: the procedure sheet"

SCREENING: dict[str, Value] = {
    "oral_escalation_failed": "yes",
    "psychology_assessment": "yes",
    "opioid_reduction_attempted": "yes",
    "health_optimised": "yes",
    "life_expectancy_months": 120,
    "capacity_confirmed": "yes",
    "other_implants_checked": "yes",
    "interpreter": "not_needed",
    "substance_use_asked": "yes",
    "body_size_adequate": "yes",
    "sleep_apnoea_or_copd": "no",
    "goal_agreed": "to walk to the market and back",
}
BLOODS: dict[str, Value] = {"platelets": 240, "wbc": Decimal("6.5"), "crp": Decimal("2.0")}
NOTHING_FORBIDS: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "very_short_life_expectancy": "no",
    "respiratory_depression": "no",
    "maoi_within_14_days": "no",
    "permanent_contraindication": "no",
}
WORKUP: dict[str, Value] = NOTHING_FORBIDS | {
    "spinal_imaging_clear": "yes",
    "anticoagulant": "none",
    "consent_trial": "yes",
    "payer_accepts_single_shot": "yes",
    "payer_accepts_catheter": "yes",
}
TODAY: dict[str, Value] = {
    "identity_confirmed": "yes",
    "consent_confirmed": "yes",
    "fever_or_infection_today": "no",
    "active_infection": "no",
    "respiratory_depression": "no",
    "maoi_within_14_days": "no",
    "allergy_checked": "yes",
    "pregnancy_excluded": "yes",
    "sedatives_reviewed": "yes",
    "staff_and_naloxone_ready": "yes",
    "preparation_checked": "yes",
    "inpatient_bed": "yes",
    "escort_named": "yes",
}
ROUND: dict[str, Value] = {
    "sedation_score": 1,
    "breathing_rate": 14,
    "oxygen_saturation": 97,
    "leg_power": "as_before",
    "nausea": "none",
    "itch": "none",
    "bladder": "emptied",
    "rescue_given": "no",
}
# Minutes after the dose, as the observation plan of each drug has its rounds.
ROUNDS = {
    "morphine": (*range(60, 721, 60), *range(840, 1441, 120)),
    "fentanyl": (30, 60, 90, 120, 180, 240, 300, 360),
}
LEAVING: dict[str, Value] = {
    "sedation_score": 1,
    "breathing_rate": 14,
    "walks_as_before": "yes",
    "bladder_emptied": "yes",
    "escort_named": "yes",
    "told_not_to_drive": "yes",
    "emergency_number_given": "yes",
}
IMPLANT: dict[str, Value] = NOTHING_FORBIDS | {
    "body_size_adequate": "yes",
    "mrsa_screen": "negative",
    "antibiotic_ordered": "yes",
    "hba1c": Decimal("5.6"),
    "tobacco": "never",
    "endocrine_checked": "yes",
    "consent_implant": "yes",
    "payer_covers_implant": "yes",
    "specialised_centre": "yes",
}
HANDOVER: dict[str, Value] = {
    "pump_size": "ml_20",
    "implant_tip_level": "t12",
    "implant_drug": "morphine",
    "pump_start_dose": "as ordered on the implant sheet",
    "handover_contact": "trial nurse, extension 4",
}
FILLING: dict[str, Value] = {
    "refill_residual_expected": 4,
    "refill_residual_aspirated": Decimal("4.5"),
    "refill_drug": "morphine",
    "refill_kind": "single_drug",
    "pump_concentration": 20,
    "refill_lot": "A-17",
    "pump_dose_ordered": 2,
    "bridge_bolus": "not_needed",
    "neuro_check": "unchanged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk to be told: who walks which route, what it shows, where it ends and what bars the way once."""

    title: str
    shows: str
    who: Invented
    route: Callable[[Walker], list[Body]]
    ends_in: str
    barred_by: str
    because: str


def cast(run: str) -> list[Walk]:
    """Who walks in this run; `run` makes their record numbers new each time."""
    return [
        replace(walk, who=replace(walk.who, number=f"DEMO-{run}-{number}"))
        for number, walk in enumerate(_WALKS, start=1)
    ]


# Each route answers the gates that barred the way where the walk is about that.


def responder(walker: Walker) -> list[Body]:
    """By catheter, from referral to the end of follow-up."""
    _to_the_trial(walker, referred=75, approved=50, method="catheter", drug="morphine")
    _diary(walker, first=48, scores=(8, 7, 8, 8, 7, 8, 8))
    walker.record(NOOR, (41, "07:45"), "Checked at the bedside", TODAY)
    walker.go(IMRE, "approve_puncture", (41, "08:00"), reason=LATE)
    walker.go(IMRE, "record_catheter_in", (41, "08:30"))
    walker.record(IMRE, (41, "08:40"), "Tip level of the trial catheter", {"trial_tip_level": "l2"})
    walker.record(NOOR, (41, "08:50"), "Sedation and breathing", {"sedation_score": 1, "breathing_rate": 14})
    walker.go(IMRE, "approve_repeat_dose", (41, "09:00"), reason=LATE)
    walker.dose(NOOR, (41, "09:10"), "morphine", Decimal("0.4"), "mg", mode="infusion")
    walker.watched(NOOR, (41, "09:10"), ROUNDS["morphine"], (3, 2, 3, 3), ROUND | {"catheter_site": "dry_and_quiet"})
    walker.scores(NOOR, "Pain during the infusion", [((39, "09:00"), 3), ((39, "18:00"), 3)])
    walker.record(TOMAS, (38, "09:00"), "Identity checked", {"identity_confirmed": "yes"})
    walker.go(IMRE, "approve_catheter_removal", (38, "09:10"), reason=LATE)
    walker.go(TOMAS, "record_catheter_out", (38, "09:30"))
    _leave_the_ward(walker, day=37, tolerated=True, goal="fully")
    walker.record(IMRE, (34, "13:30"), "Case review: implant", {"review_outcome": "implant"})
    walker.together("decide_implant", (IMRE, (34, "14:00")), (SUNNIVA, (34, "14:00")))
    _implant(walker, day=21)
    bars = walker.barred(IMRE, "close_follow_up")
    walker.record(NOOR, (1, "11:00"), "Follow-up taken on", {"follow_up_accepted_by": "pump clinic, south wing"})
    walker.go(IMRE, "close_follow_up")
    return bars


def second_trial(walker: Walker) -> list[Body]:
    """Morphine does too little; a case review repeats the trial with fentanyl."""
    _to_the_trial(walker, referred=66, approved=49, method="single_shot", drug="morphine")
    _diary(walker, first=48, scores=(7, 7, 7, 7, 7, 7))
    _single_shot(walker, day=42, drug="morphine", amount="0.2", unit="mg", scores=(5, 5, 6))
    _leave_the_ward(walker, day=41, tolerated=True, goal="not")
    bars = walker.barred(IMRE, "decide_implant", (38, "14:00"))
    repeat: dict[str, Value] = {"review_outcome": "repeat", "repeat_changes": "drug"}
    walker.record(IMRE, (38, "14:30"), "Case review: repeat the trial", repeat)
    walker.together("repeat_trial", (IMRE, (38, "14:40")), (SUNNIVA, (38, "14:40")))
    walker.record(NOOR, (30, "09:00"), "Blood taken again", BLOODS | {"inr": Decimal("1.0")})
    walker.record(
        IMRE, (30, "10:00"), "Work-up again, other drug", NOTHING_FORBIDS | _chosen("single_shot", "fentanyl")
    )
    walker.go(IMRE, "approve_single_shot_trial", (29, "11:00"))
    _diary(walker, first=28, scores=(7, 6, 7, 7, 7, 6))
    _single_shot(walker, day=22, drug="fentanyl", amount="25", unit="mcg", scores=(2, 2, 3))
    _leave_the_ward(walker, day=21, tolerated=True, goal="partly")
    walker.record(IMRE, (18, "13:30"), "Case review: implant", {"review_outcome": "implant"})
    walker.together("decide_implant", (SUNNIVA, (18, "14:00")), (IMRE, (18, "14:00")))
    walker.appoint(PIM, "implant_procedure", in_days=6, clock="08:30", what="Implant procedure booked")
    return bars


def expired_inr(walker: Walker) -> list[Body]:
    """Approved for a trial on an INR that has expired by the day of the puncture."""
    _to_the_trial(walker, referred=45, approved=12, method="single_shot", drug="morphine", bloods=33, platelets=13)
    _diary(walker, first=8, scores=(8, 8, 7, 8, 8, 8))
    walker.record(NOOR, None, "Checked at the bedside, today", TODAY)
    return walker.barred(IMRE, "approve_puncture")


def exactly_half(walker: Walker) -> list[Body]:
    """From 7 to 3.5."""
    _to_the_trial(walker, referred=47, approved=30, method="single_shot", drug="morphine")
    _diary(walker, first=29, scores=(7, 7, 7, 7, 7, 7))
    _single_shot(walker, day=23, drug="morphine", amount="0.2", unit="mg", scores=(3, 4, 3, 4))
    _leave_the_ward(walker, day=22, tolerated=True, goal="partly")
    walker.record(IMRE, (18, "13:30"), "Case review: implant, if she responded", {"review_outcome": "implant"})
    bars = walker.barred(IMRE, "decide_implant")
    walker.why(IMRE)
    return bars


def _to_the_trial(
    walker: Walker,
    *,
    referred: int,
    approved: int,
    method: str,
    drug: str,
    bloods: int | None = None,
    platelets: int | None = None,
) -> None:
    """Referral, screening and work-up, until a clinician approves the trial."""
    reason: dict[str, Value] = {"referral_reason": walker.who.reason, "pain_origin": walker.who.origin}
    reason["jurisdiction"] = "Germany, statutory insurance"
    walker.refer(ILSE, (referred, "09:10"))
    walker.record(ILSE, (referred, "09:20"), "What the referral says", reason)
    walker.go(ILSE, "accept_referral", (referred - 1, "10:00"))
    walker.record(TOMAS, (referred - 5, "11:00"), "Screening visit", SCREENING)
    walker.go(ILSE, "complete_screening", (referred - 6, "15:00"))
    walker.record(NOOR, (bloods or approved + 1, "08:30"), "INR", {"inr": Decimal("1.1")})
    walker.record(NOOR, (platelets or approved + 1, "08:30"), "Blood count and CRP", BLOODS)
    walker.record(IMRE, (approved + 1, "10:00"), "Work-up", WORKUP | _chosen(method, drug))
    walker.go(IMRE, f"approve_{method}_trial", (approved, "11:00"))


def _chosen(method: str, drug: str) -> dict[str, Value]:
    """What is chosen for a trial, and what the consent names."""
    return {"trial_method": method, "trial_drug": drug, "consent_method": method, "consent_drug": drug}


def _diary(walker: Walker, *, first: int, scores: Sequence[int]) -> None:
    """One score each evening, entered together."""
    walker.scores(
        NOOR, "Baseline diary, evenings", [((first - day, "20:00"), score) for day, score in enumerate(scores)]
    )


def _single_shot(walker: Walker, *, day: int, drug: str, amount: str, unit: str, scores: Sequence[int]) -> None:
    """One dose, on the day's checks, and every round after it."""
    walker.record(NOOR, (day, "07:40"), "Checked at the bedside", TODAY)
    walker.go(IMRE, "approve_puncture", (day, "08:00"), reason=LATE)
    walker.dose(IMRE, (day, "08:20"), drug, Decimal(amount), unit)
    walker.watched(NOOR, (day, "08:20"), ROUNDS[drug], scores, ROUND)


def _leave_the_ward(walker: Walker, *, day: int, tolerated: bool, goal: str) -> None:
    """Observation ends, the response is assessed, and the case goes to review."""
    inputs: dict[str, Value] = {
        "rescue_opioid_use": "less",
        "function_change": "better" if goal == "fully" else "same",
        "goal_met": goal,
        "worst_side_effect": "mild",
        "placebo_relief": "no_placebo_given",
        "tolerated": "yes" if tolerated else "no",
    }
    walker.record(NOOR, (day, "11:50"), "Fit to leave", LEAVING)
    walker.record(NOOR, (day, "12:00"), "Discharged from observation", {"discharged": "yes"})
    walker.go(NOOR, "assess_response", (day, "13:00"))
    walker.record(TOMAS, (day - 1, "10:00"), "For the review", inputs)
    walker.go(IMRE, "send_to_case_review", (day - 1, "15:00"))


def _implant(walker: Walker, *, day: int) -> None:
    """The day of the implant, and the wound after it."""
    walker.record(NOOR, (day + 1, "08:30"), "Blood taken again", BLOODS | {"inr": Decimal("1.0")})
    walker.record(IMRE, (day + 1, "11:00"), "Ready for an implant", IMPLANT)
    walker.record(IMRE, (day + 1, "11:30"), "Hand-over to the implanter", HANDOVER)
    walker.record(NOOR, (day, "07:30"), "Checked at the bedside", TODAY)
    walker.together("approve_implant", (CORENTIN, (day, "07:50")), (IMRE, (day, "07:50")), reason=LATE)
    walker.go(CORENTIN, "record_implant", (day, "09:30"))
    walker.record(NOOR, (day, "10:00"), "First filling", FILLING)
    walker.record(NOOR, (day, "10:10"), "What the pump says afterwards", _sheet(walker, day))
    walker.record(TOMAS, (day - 12, "10:00"), "Wound looked at", {"wound_healed": "yes"})
    walker.go(TOMAS, "start_follow_up", (day - 12, "10:15"))


def _sheet(walker: Walker, day: int) -> dict[str, Value]:
    """What is written up after a filling; the pump prints the day the arithmetic of the protocol comes to."""
    filled = walker.past.after((day, "10:00"), 0)
    return {
        "pump_filled_at": filled,
        "refill_volume": 20,
        "pump_reserve": 2,
        "pump_daily_dose": 2,
        "pump_printed_date": walker.past.after((day, "10:00"), 83 * 24 * 60)[:10],
        "pump_battery_until": walker.past.after((day, "10:00"), 2000 * 24 * 60)[:10],
        "pump_telemetry_after": "yes",
    }


_WALKS = (
    Walk(
        title="A responder, by catheter",
        shows="From referral through follow-up. No case closes while a pump is in the body in nobody's hands.",
        who=Invented(
            family_name="Brandwein",
            given_name="Ottilie",
            birth_date="1959-03-08",
            reason="leg pain after two spinal fusions",
        ),
        route=responder,
        ends_in="closed",
        barred_by="duties_discharged",
        because="Pump in the body",
    ),
    Walk(
        title="A non-responder by single shot, who passes a second trial",
        shows="A trial that fails is no verdict on a person: a case review may repeat it with another drug.",
        who=Invented(
            family_name="Salvatierra",
            given_name="Oluwaseun",
            birth_date="1964-11-27",
            reason="chronic pancreatitis",
        ),
        route=second_trial,
        ends_in="implant_planning",
        barred_by="responded",
        because="short of the line",
    ),
    Walk(
        title="One who is stopped at the puncture by an expired INR",
        shows="A value that was good enough when the trial was approved can be too old on the day.",
        who=Invented(
            family_name="Wintergreen",
            given_name="Halvard",
            birth_date="1971-05-19",
            reason="complex regional pain syndrome",
        ),
        route=expired_inr,
        ends_in="single_shot_trial",
        barred_by="bleeding_risk_today",
        because="INR has expired",
    ),
    Walk(
        title="One at exactly 50 %",
        shows="The protocol asks for more than 50 % relief. From 7 to 3.5 is exactly half, and nothing is rounded.",
        who=Invented(
            family_name="Mooncastle",
            given_name="Xiadani",
            birth_date="1956-08-02",
            reason="vertebral fractures",
        ),
        route=exactly_half,
        ends_in="case_review",
        barred_by="responded",
        because="exactly on the line, not above it",
    ),
)
