"""6. Withdrawal and what it is mistaken for; duties outlive stages."""

from datetime import timedelta

import pytest
from baclofen_route import (
    BACLOFEN,
    bolus,
    catheter_in,
    checked,
    dosed,
    give,
    go,
    graded,
    implanted,
    ready,
    told,
    watched,
)
from world import CLARA, NILS, Walker, barred

from workflow.domain.appointment import AppointmentState

NOW = {"overdose", "autonomic_dysreflexia", "seizure", "meningitis", "new_neurological_deficit", "pump_alarm"}


def removal(walker: Walker) -> str:
    walker.record(identity_confirmed="yes")
    return barred(walker.advance("approve_catheter_removal"))


def test_withdrawal_is_red_at_once_for_nurse_clinician_and_implanter():
    """Baclofen withdrawal is red at once for nurse, clinician and implanter, for the lead after ten minutes, and again
    every ten minutes until a clinician says what was done. (HOUSE, D; FPN, R)
    """
    walker = implanted().later("3d")
    walker.record(complication="withdrawal")
    now = told(walker, "complication_withdrawal")
    assert {m.recipient for m in now} == {"nils", "clara", "cem", "ines"}
    assert {m.urgency for m in now} == {"red"}
    assert "lena" in {m.recipient for m in told(walker.later("10min"), "complication_withdrawal")}
    assert told(walker.later("10min"), "complication_withdrawal")
    assert walker.complete("complication_withdrawal", NILS).refused
    assert not walker.complete("complication_withdrawal", CLARA, note="pump refilled, on the ward").refused


@pytest.mark.parametrize(
    "word",
    ["T6", "dysreflexia", "sepsis", "neuroleptic", "hyperthermia", "serotonin", "Oral baclofen alone is not enough"],
)
def test_its_advice_names_t6_the_look_alikes_and_that_oral_drug_is_not_enough(word: str):
    """Whoever treats withdrawal reads that with a cord injury at T6 or above dysreflexia may hide it, what it is
    mistaken for, and that oral baclofen alone is not enough. (ITBL, ROSS11, SWJPCC, R)
    """
    assert word in BACLOFEN.task("complication_withdrawal").advice


@pytest.mark.parametrize("key", sorted(NOW))
def test_overdose_and_whatever_looks_like_withdrawal_is_red_now(key: str):
    """Overdose, dysreflexia, seizures, meningitis, new deficits and every pump alarm are emergencies like withdrawal:
    with baclofen a pump alarm is one because withdrawal follows within hours. (SAUL, FPN, R; times HOUSE, D)
    """
    walker = implanted().later("3d")
    walker.record(complication=key)
    assert {m.urgency for m in told(walker, f"complication_{key}")} == {"red"}
    assert BACLOFEN.complications[key].severity == "emergency"


def test_withdrawal_with_the_trial_catheter_in_runs_beside_it():
    """Withdrawal with a trial catheter in is an emergency beside the catheter: neither silences the other, whatever
    becomes of the candidate. (HOUSE, D)
    """
    walker = catheter_in()
    bolus(walker)
    walker.later("30h").record(complication="withdrawal")
    walker.hold("infection_to_treat")
    walker.advance("withdraw", reason="candidate_withdrew")
    assert {"complication_withdrawal", "catheter_in", "observation"} <= walker.duties()
    assert told(walker, "complication_withdrawal")
    assert walker.episode.closed_at is None


def test_withdrawal_after_leaving_is_still_somebodys():
    """Withdrawal reported after somebody left the pathway with a pump is an emergency all the same. (HOUSE, D)"""
    walker = implanted()
    walker.advance("withdraw", reason="moved_away")
    walker.later("40d").record(complication="withdrawal")
    assert {m.urgency for m in told(walker, "complication_withdrawal")} == {"red"}


@pytest.mark.parametrize(("key", "hours"), [("wound_problem", 24), ("loss_of_effect", 72), ("nausea", 72)])
def test_lesser_complications_have_their_own_time(key: str, hours: int):
    """A red wound is seen within a day, loss of effect within three; the first reminder comes before. (HOUSE, D)"""
    walker = implanted().later("3d")
    walker.record(complication=key)
    assert walker.timer(f"complication_{key}").due_at <= walker.now + timedelta(hours=hours)
    assert BACLOFEN.complications[key].act_within.minutes == hours * 60


def test_a_catheter_in_is_a_duty_until_it_is_out():
    """A trial catheter in outlives stage, hold and withdrawal, and ends when it is out. (HOUSE, D)"""
    walker = catheter_in()
    walker.advance("withdraw", reason="candidate_withdrew")
    assert not removal(walker)
    go(walker, "record_catheter_out")
    assert "catheter_in" not in walker.duties()


def test_a_dose_of_the_anticoagulant_with_the_catheter_in_is_red_and_shuts_removal():
    """An anticoagulant dose taken with the catheter in is red, and shuts the removal until its wait is over. (NEURAX,
    R; as red HOUSE, D)
    """
    walker = catheter_in("rivaroxaban")
    assert "anticoagulant_with_catheter_in" not in walker.duties()
    assert not removal(walker)
    walker.later("13h").record(inr="1.0", anticoagulant_last_dose=walker.now.isoformat())
    assert {m.urgency for m in told(walker, "anticoagulant_with_catheter_in")} == {"red"}
    assert "Last anticoagulant dose" in removal(walker)
    walker.later("71h")
    assert "Last anticoagulant dose" in removal(walker)
    walker.later("1h")
    assert not removal(walker)


def test_a_restart_with_the_catheter_in_is_red_too():
    """A restart recorded with the catheter in is red too, and leaves the last dose unknown. (HOUSE, D)"""
    walker = catheter_in("rivaroxaban")
    walker.later("1h").record(anticoagulant_restarted=walker.now.isoformat())
    assert "anticoagulant_with_catheter_in" in walker.duties()
    assert "is not known" in removal(walker)


def test_an_anticoagulant_off_is_a_duty_until_it_is_restarted():
    """An anticoagulant that was stopped is a duty until it is restarted, counted from when it may be. (ASRA18, R)"""
    walker = catheter_in("rivaroxaban")
    removal(walker)
    go(walker, "record_catheter_out")
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=24 + 12)
    walker.advance("withdraw", reason="candidate_withdrew")
    walker.later("25h").record(anticoagulant_restarted=walker.now.isoformat())
    assert "anticoagulant_off" not in walker.duties()


def test_a_traumatic_puncture_restarts_later():
    """After a puncture that drew blood the anticoagulant waits 48 hours instead of 24. (FDA, R)"""
    walker = catheter_in("rivaroxaban")
    walker.record(traumatic_puncture="yes")
    removal(walker)
    go(walker, "record_catheter_out")
    assert walker.timer("anticoagulant_off").due_at == walker.now + timedelta(hours=48 + 12)


def test_a_cancelled_procedure_asks_whether_to_restart_today():
    """A procedure that is cancelled asks whether an anticoagulant that is off restarts today. (HOUSE, D)"""
    walker = catheter_in("rivaroxaban")
    walker.conclude("1", AppointmentState.CANCELLED)
    assert "restart_today" in walker.duties()


def test_what_expires_before_the_procedure_is_repeated_and_bars_no_booking():
    """What will have expired by the procedure bars no booking: it opens a dated task to repeat it. (HOUSE, D)"""
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=40))
    assert "repeat_expiring" in walker.open()
    walker.later("39d").record(
        active_infection="no",
        uncontrolled_coagulopathy="no",
        platelets=240,
        inr="1.0",
    )
    assert "repeat_expiring" not in walker.open()


def test_an_infection_puts_on_hold_with_a_date():
    """An infection can be put right: it is a hold with a date to look again, and no end. (NACC17, R)"""
    walker = checked()
    walker.record(CLARA, active_infection="yes")
    walker.hold("infection_to_treat")
    assert {"recheck_infection", "review_hold"} <= walker.open()
    assert {m.recipient for m in told(walker.later("7d"), "recheck_infection")} == {"nils", "carla"}
    walker.record(CLARA, active_infection="no")
    assert "recheck_infection" not in walker.open()


@pytest.mark.parametrize("item", ["permanent_contraindication", "baclofen_allergy"])
def test_only_a_contraindication_for_good_ends_the_way_and_by_two(item: str):
    """Only a contraindication for good, hypersensitivity among them, ends the way, signed by two. (ITBL, R)"""
    walker = checked()
    assert "contraindicated_for_good" in barred(walker.advance("contraindicate"))
    walker.record(CLARA, **{item: "yes"})
    walker.together("contraindicate")
    assert walker.stage == "contraindicated"


@pytest.mark.parametrize("wait", ["8d", "30d", "400d"])
def test_time_passes_no_gate(wait: str):
    """A reminder moves nobody, and a timer that ran out is no pass. (HOUSE, D)"""
    walker = dosed()
    walker.later(wait).tick()
    assert walker.stage == "single_shot_trial"
    assert {"observation", "dose_judgement"} <= walker.duties()


def test_no_episode_closes_with_a_duty_open():
    """No episode closes while somebody is under observation. (HOUSE, D)"""
    walker = dosed()
    walker.advance("withdraw", reason="candidate_withdrew")
    assert (walker.stage, walker.episode.closed_at) == ("withdrawn", None)


def test_the_next_step_is_called_for_a_day_later():
    """A day after the trial began the scheduler is asked for the next step. (ITBL, R; as a reminder HOUSE, D)"""
    walker = dosed()
    graded(walker, "4", "4", "4")
    watched(walker)
    assert "sam" in {m.recipient for m in told(walker.later("16h"), "carry_out_single_shot")}
    ready(walker)
    go(walker, "approve_puncture")
    assert not give(walker, "75").refused
