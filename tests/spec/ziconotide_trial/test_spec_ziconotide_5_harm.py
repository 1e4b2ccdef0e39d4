"""5. What can go wrong, who hears of it, and by when."""

from datetime import timedelta

import pytest
from world import CLARA, NILS, Value, Walker, barred
from ziconotide_route import PROTOCOL, checked, dosed, implanted, ready, screening, verdict_of

from workflow.domain.appointment import AppointmentState

EMERGENCIES = ("suicidal_thoughts", "reduced_consciousness", "meningitis_signs", "new_neurological_sign")


def told(walker: Walker, name: str, *, hours: int) -> dict[str, int]:
    """Whom a task told first, after how many hours."""
    first: dict[str, int] = {}
    for hour in range(hours + 1):
        for fired in walker.tick():
            for message in fired.messages:
                if message.name == name:
                    first.setdefault(message.recipient, hour)
        walker.later("1h")
    return first


def test_a_psychosis_on_the_drug_opens_urgent_work_the_same_day():
    """A psychosis on ziconotide calls nurse and clinician at once, the lead within hours, and says that the drug may
    be stopped at once. (PRIUS; hours HOUSE, D)
    """
    walker = implanted()
    walker.record(CLARA, complication="psychosis")
    first = told(walker, "complication_psychosis", hours=8)
    assert (first["nils"], first["clara"], first["lena"]) == (0, 0, 6)
    rule = PROTOCOL.complications["psychosis"]
    assert rule.severity == "urgent"
    assert "stopped at once" in PROTOCOL.tasks[rule.duty].advice
    assert "psychosis_recorded" in walker.duties()


@pytest.mark.parametrize("state", ["confused", "hallucinating", "suicidal"])
def test_confusion_hallucinations_or_suicidal_thoughts_seen_on_a_round_call_the_clinician(state: str):
    """Confusion, hallucinations or suicidal thoughts seen on a round call the clinician at once. (PRIUS; hours HOUSE,
    D)
    """
    walker = dosed()
    walker.later("12h").record(mental_state=state)
    assert told(walker, "mental_alarm", hours=0)["clara"] == 0


def test_a_forgetful_mind_alone_raises_no_alarm():
    """Forgetfulness on a round is written down and raises no alarm by itself. (HOUSE, D)"""
    walker = dosed()
    walker.later("12h").record(mental_state="forgetful", gait_and_gaze="nystagmus")
    assert walker.duties() == {"observation"}


@pytest.mark.parametrize(
    ("item", "value", "duty"),
    [
        ("sedation_score", 3, "sedation_alarm"),
        ("leg_power", "reduced", "neurological_alarm"),
        ("bladder", "retention", "neurological_alarm"),
    ],
)
def test_hard_to_rouse_weak_legs_or_a_full_bladder_are_red(item: str, value: Value, duty: str):
    """Hard to rouse, weaker legs or a bladder that does not empty are red at once, and end by a clinician. (PRIUS;
    limits HOUSE, D)
    """
    walker = dosed().later("2h")
    walker.record(**{item: value})
    red = [m for fired in walker.tick() for m in fired.messages if m.name == duty]
    assert {m.recipient for m in red} == {"nils", "clara", "cem"}
    assert {m.urgency for m in red} == {"red"}
    assert walker.complete(duty, NILS).refused
    assert not walker.complete(duty, CLARA).refused


@pytest.mark.parametrize(("value", "opens"), [(239, False), (240, True), (900, True)])
def test_a_creatine_kinase_that_doubled_opens_work_within_three_days(value: int, opens: bool):
    """A creatine kinase that doubled from the baseline opens work: the nurse at once, the lead by 72 hours. (PRIUS;
    doubling and hours HOUSE, D)
    """
    walker = dosed()
    walker.later("10d").record(creatine_kinase=value)
    assert ("ck_review" in walker.duties()) is opens
    if opens:
        first = told(walker, "ck_review", hours=72)
        assert (first["nils"], first["clara"], first["lena"]) == (0, 24, 72)


def test_muscle_pain_opens_the_same_work():
    """Muscle pain or weakness opens the same work. (PRIUS, R)"""
    walker = implanted()
    walker.record(muscle_pain="yes")
    assert "ck_review" in walker.duties()


@pytest.mark.parametrize("key", sorted(PROTOCOL.complications))
def test_every_complication_calls_somebody_in_its_time(key: str):
    """Every complication opens work of its own that calls somebody within its time, the lead in the end, and says
    what to think of. (PRIUS, HOUSE, D)
    """
    walker = implanted()
    walker.record(complication=key)
    rule = PROTOCOL.complications[key]
    assert rule.duty in walker.duties()
    assert walker.timer(rule.duty).due_at - walker.now <= rule.act_within.elapsed
    assert "lena" in told(walker, rule.duty, hours=73)
    assert PROTOCOL.tasks[rule.duty].advice


@pytest.mark.parametrize("key", EMERGENCIES)
def test_an_emergency_reaches_the_lead_in_ten_minutes(key: str):
    """Suicidal thoughts, reduced consciousness, signs of meningitis and new weakness are emergencies: unanswered for
    ten minutes, the lead hears of it. (PRIUS, CLAIMS; minutes HOUSE, D)
    """
    walker = implanted()
    walker.record(complication=key)
    walker.tick()
    messages = [m for fired in walker.later("10min").tick() for m in fired.messages]
    assert "lena" in {m.recipient for m in messages if m.name == f"complication_{key}"}


def test_every_complication_is_one_that_can_be_recorded():
    """Psychosis, confusion, muscle damage, meningitis and the rest are told apart, and each can be recorded. (PRIUS,
    R)
    """
    assert set(PROTOCOL.item("complication").choices) == set(PROTOCOL.complications)
    assert {"psychosis", "confusion", "ck_or_myalgia", "meningitis_signs"} <= set(PROTOCOL.complications)


def test_an_anticoagulant_off_is_a_duty_until_it_is_restarted():
    """An anticoagulant whose last dose was taken is a duty until the first dose afterwards; its clock runs from the
    time it may go on. (ASRA18, R)
    """
    walker = ready()
    walker.record(
        anticoagulant="apixaban",
        anticoagulant_regimen="5 mg twice a day",
        anticoagulant_indication="atrial_fibrillation",
        creatinine_clearance=80,
        traumatic_puncture="no",
        anticoagulant_last_dose=walker.ago("73h").isoformat(),
    )
    assert not walker.advance("approve_puncture").refused
    walker.give("2.5", drug="ziconotide")
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=24)
    walker.later("1h").record(traumatic_puncture="yes")
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=47)
    walker.later("47h").record(anticoagulant_restarted=walker.now.isoformat())
    assert "anticoagulant_off" not in walker.duties()


def test_a_dose_of_an_anticoagulant_too_near_shuts_the_puncture():
    """Apixaban taken less than 72 hours ago shuts the puncture; a drug without a row here is unknown. (NEURAX, R)"""
    walker = ready()
    walker.record(
        anticoagulant="apixaban",
        anticoagulant_regimen="5 mg twice a day",
        anticoagulant_indication="atrial_fibrillation",
        creatinine_clearance=80,
        anticoagulant_last_dose=walker.ago("71h").isoformat(),
    )
    assert verdict_of(walker, "approve_puncture", "bleeding_risk_today") == "shut"
    walker.record(anticoagulant="other")
    assert verdict_of(walker, "approve_puncture", "bleeding_risk_today") == "unknown"


def test_dabigatran_with_slow_kidneys_is_stopped_earlier():
    """Dabigatran is stopped four days before, six where the kidneys are slow. (as remembered, U)"""
    for clearance, verdict in ((80, "open"), (40, "shut")):
        walker = ready()
        walker.record(
            anticoagulant="dabigatran",
            anticoagulant_regimen="150 mg twice a day",
            anticoagulant_indication="atrial_fibrillation",
            creatinine_clearance=clearance,
            anticoagulant_last_dose=walker.ago("5d").isoformat(),
        )
        assert verdict_of(walker, "approve_puncture", "bleeding_risk_today") == verdict


def test_aspirin_after_a_heart_attack_is_decided_with_its_prescriber():
    """Aspirin for primary prevention is stopped six days before; after a heart attack, a stroke or a stent there is no
    number: it is decided with its prescriber and signed by two. (ASRA18, R)
    """
    walker = ready()
    taken: dict[str, Value] = {"anticoagulant": "aspirin", "anticoagulant_regimen": "75 mg", "creatinine_clearance": 80}
    walker.record(**taken, anticoagulant_indication="primary_prevention")
    walker.record(anticoagulant_last_dose=walker.ago("6d").isoformat())
    assert verdict_of(walker, "approve_puncture", "bleeding_risk_today") == "open"
    walker.later("1h").record(anticoagulant_indication="secondary_prevention")
    assert verdict_of(walker, "approve_puncture", "bleeding_risk_today") == "unknown"
    walker.dispense("bleeding_risk_today", "decided_with_the_prescriber")
    assert not walker.advance("approve_puncture").refused


def test_a_cancelled_procedure_asks_for_the_restart():
    """A cancelled procedure asks the same day whether to restart what was stopped for it. (HOUSE, D)"""
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=3))
    walker.later("1d").conclude("1", AppointmentState.CANCELLED)
    assert walker.timer("restart_today").due_at == walker.now


def test_what_will_have_expired_is_repeated_and_does_not_keep_from_booking():
    """What will have expired by the procedure does not keep anybody from booking: it opens work to repeat it in time,
    which ends when all will be valid. (HOUSE, D)
    """
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=6))
    assert "repeat_expiring" not in walker.open()
    walker.reschedule("1", walker.now + timedelta(days=9))
    assert "repeat_expiring" in walker.open()
    walker.later("5d").record(active_infection="no")
    assert "repeat_expiring" not in walker.open()


def test_the_next_dose_is_planned_after_each():
    """After each dose somebody plans the next, with the published scheme beside it. (PER10, R)"""
    walker = dosed()
    assert "plan_next_dose" in walker.open()
    advice = PROTOCOL.tasks["plan_next_dose"].advice
    assert "3.75 mcg" in advice
    assert "1.25 mcg" in advice


@pytest.mark.parametrize("reason", PROTOCOL.hold.reasons)
def test_what_can_be_put_right_is_a_hold_with_a_date(reason: str):
    """An infection, a bleeding risk, a low mood or a payer's silence is a hold that somebody looks at after a week;
    it stops no duty, and never ends by itself. (HOUSE, D)
    """
    walker = dosed()
    walker.hold(reason)
    assert "on hold" in barred(walker.advance("approve_puncture"))
    assert told(walker, "review_hold", hours=168)["carla"] == 168
    assert walker.episode.hold is not None
    assert "observation" in walker.duties()


def test_no_case_closes_with_a_duty_open():
    """No case closes while a duty is open, whatever end it came to. (HOUSE, D)"""
    walker = dosed()
    walker.advance("withdraw", reason="moved_away")
    assert (walker.stage, walker.episode.closed_at) == ("withdrawn", None)


def test_a_work_up_is_asked_for_and_stands_still_on_hold():
    """A work-up climbs to the lead in fifteen working days; on hold it stands still. (HOUSE, D)"""
    assert told(screening(), "complete_workup", hours=24 * 22).keys() == {"carla", "clara", "cem", "lena"}
    walker = screening()
    walker.hold("waiting_for_payer")
    assert told(walker, "complete_workup", hours=24 * 22) == {}
