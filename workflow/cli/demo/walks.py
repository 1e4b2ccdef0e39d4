"""Four walks along the opioid trial. What happens is written here; what it leads to is the service's answer alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from workflow.cli.demo.clinic import Body
from workflow.cli.demo.walker import Invented, Value, Walker

ILSE, NOOR, TOMAS, PIM = "ilse.varnhagen", "noor.haugland", "tomas.okwu", "pim.castellane"
IMRE, SUNNIVA, CORENTIN = "imre.falkenrath", "sunniva.adeyo", "corentin.brask"
LATE = "entered later from the procedure sheet"

SCREENING: dict[str, Value] = {
    "oral_escalation_failed": "yes",
    "psychology_assessment": "yes",
    "opioid_reduction_attempted": "yes",
    "life_expectancy_months": 120,
    "capacity_confirmed": "yes",
    "other_implants_checked": "yes",
    "goal_agreed": "to walk to the market and back",
}
NOTHING_FORBIDS: dict[str, Value] = {
    "active_infection": "no",
    "uncontrolled_coagulopathy": "no",
    "permanent_contraindication": "no",
}
WORKUP: dict[str, Value] = NOTHING_FORBIDS | {
    "spinal_imaging_clear": "yes",
    "anticoagulant": "none",
    "consent_trial": "yes",
    "payer_accepts_method": "yes",
}
TODAY: dict[str, Value] = {
    "identity_confirmed": "yes",
    "consent_confirmed": "yes",
    "fever_or_infection_today": "no",
    "active_infection": "no",
    "allergy_checked": "yes",
    "pregnancy_excluded": "yes",
    "sedatives_reviewed": "yes",
    "staff_and_naloxone_ready": "yes",
    "escort_named": "yes",
}
IMPLANT: dict[str, Value] = NOTHING_FORBIDS | {
    "body_size_adequate": "yes",
    "consent_implant": "yes",
    "handover_to_implanter": "yes",
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
    walker.record(NOOR, (41, "08:50"), "Sedation and breathing", {"sedation_score": 1, "breathing_rate": 14})
    walker.go(IMRE, "approve_repeat_dose", (41, "09:00"), reason=LATE)
    walker.dose(NOOR, (41, "09:10"), "morphine", Decimal("0.4"), "mg", mode="infusion")
    walker.scores(
        NOOR,
        "Pain during the infusion",
        [((41, "13:00"), 3), ((40, "09:00"), 2), ((39, "09:00"), 3), ((39, "18:00"), 3)],
    )
    walker.record(TOMAS, (38, "09:00"), "Identity checked", {"identity_confirmed": "yes"})
    walker.go(IMRE, "approve_catheter_removal", (38, "09:10"), reason=LATE)
    walker.go(TOMAS, "record_catheter_out", (38, "09:30"))
    _leave_the_ward(walker, day=37, tolerated=True, goal="fully")
    walker.record(IMRE, (34, "13:30"), "Case review: implant", {"review_outcome": "implant"})
    walker.together("decide_implant", (IMRE, (34, "14:00")), (SUNNIVA, (34, "14:20")))
    _implant(walker, day=21)
    bars = walker.barred(IMRE, "close_follow_up")
    walker.record(NOOR, (1, "11:00"), "Follow-up taken on", {"follow_up_accepted_by": "pump clinic, south wing"})
    walker.go(IMRE, "close_follow_up")
    return bars


def second_trial(walker: Walker) -> list[Body]:
    """Morphine does too little; a case review repeats the trial with fentanyl."""
    _to_the_trial(walker, referred=66, approved=49, method="single_shot", drug="morphine")
    _diary(walker, first=48, scores=(7, 7, 7, 7, 7, 7))
    _single_shot(
        walker, day=42, drug="morphine", amount="0.2", unit="mg", scores=(("10:00", 5), ("12:00", 5), ("16:00", 6))
    )
    _leave_the_ward(walker, day=41, tolerated=True, goal="not")
    bars = walker.barred(IMRE, "decide_implant", (38, "14:00"))
    walker.record(IMRE, (38, "14:30"), "Case review: repeat the trial", {"review_outcome": "repeat"})
    walker.go(IMRE, "repeat_trial", (38, "14:40"))
    walker.record(NOOR, (30, "09:00"), "Blood taken again", {"platelets": 215, "inr": Decimal("1.0")})
    walker.record(IMRE, (30, "10:00"), "Work-up again, other drug", NOTHING_FORBIDS | {"trial_drug": "fentanyl"})
    walker.go(IMRE, "approve_single_shot_trial", (29, "11:00"))
    _diary(walker, first=28, scores=(7, 6, 7, 7, 7, 6))
    _single_shot(
        walker, day=22, drug="fentanyl", amount="25", unit="mcg", scores=(("08:45", 2), ("09:30", 2), ("11:00", 3))
    )
    _leave_the_ward(walker, day=21, tolerated=True, goal="partly")
    walker.record(IMRE, (18, "13:30"), "Case review: implant", {"review_outcome": "implant"})
    walker.together("decide_implant", (SUNNIVA, (18, "14:00")), (IMRE, (18, "14:05")))
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
    _single_shot(
        walker,
        day=23,
        drug="morphine",
        amount="0.2",
        unit="mg",
        scores=(("10:00", 3), ("12:00", 4), ("15:00", 3), ("19:00", 4)),
    )
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
    walker.refer(ILSE, (referred, "09:10"))
    walker.record(ILSE, (referred, "09:20"), "What the referral says", reason)
    walker.go(ILSE, "accept_referral", (referred - 1, "10:00"))
    walker.record(TOMAS, (referred - 5, "11:00"), "Screening visit", SCREENING)
    walker.go(ILSE, "complete_screening", (referred - 6, "15:00"))
    walker.record(NOOR, (bloods or approved + 1, "08:30"), "INR", {"inr": Decimal("1.1")})
    walker.record(NOOR, (platelets or approved + 1, "08:30"), "Platelets", {"platelets": 240})
    walker.record(IMRE, (approved + 1, "10:00"), "Work-up", WORKUP | {"trial_drug": drug})
    walker.go(IMRE, f"approve_{method}_trial", (approved, "11:00"))


def _diary(walker: Walker, *, first: int, scores: Sequence[int]) -> None:
    """One score each evening, entered together."""
    walker.scores(
        NOOR, "Baseline diary, evenings", [((first - day, "20:00"), score) for day, score in enumerate(scores)]
    )


def _single_shot(
    walker: Walker, *, day: int, drug: str, amount: str, unit: str, scores: Sequence[tuple[str, int]]
) -> None:
    """One dose, on the day's checks, and the scores after it."""
    walker.record(NOOR, (day, "07:40"), "Checked at the bedside", TODAY)
    walker.go(IMRE, "approve_puncture", (day, "08:00"), reason=LATE)
    walker.dose(IMRE, (day, "08:20"), drug, Decimal(amount), unit)
    walker.scores(NOOR, "Pain after the dose", [((day, clock), score) for clock, score in scores])


def _leave_the_ward(walker: Walker, *, day: int, tolerated: bool, goal: str) -> None:
    """Observation ends, the response is assessed, and the case goes to review."""
    inputs: dict[str, Value] = {
        "rescue_opioid_use": "less",
        "function_change": "better" if goal == "fully" else "same",
        "goal_met": goal,
        "tolerated": "yes" if tolerated else "no",
    }
    walker.record(NOOR, (day, "12:00"), "Discharged from observation", {"discharged": "yes"})
    walker.go(NOOR, "assess_response", (day, "13:00"))
    walker.record(TOMAS, (day - 1, "10:00"), "For the review", inputs)
    walker.go(IMRE, "send_to_case_review", (day - 1, "15:00"))


def _implant(walker: Walker, *, day: int) -> None:
    """The day of the implant, and the wound after it."""
    walker.record(NOOR, (day + 1, "08:30"), "Blood taken again", {"platelets": 232, "inr": Decimal("1.0")})
    walker.record(IMRE, (day + 1, "11:00"), "Ready for an implant", IMPLANT)
    walker.record(NOOR, (day, "07:30"), "Checked at the bedside", TODAY)
    walker.together("approve_implant", (CORENTIN, (day, "07:50")), (IMRE, (day, "08:00")), reason=LATE)
    walker.go(CORENTIN, "record_implant", (day, "09:30"))
    walker.record(TOMAS, (day - 12, "10:00"), "Wound looked at", {"wound_healed": "yes"})
    walker.go(TOMAS, "start_follow_up", (day - 12, "10:15"))


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
