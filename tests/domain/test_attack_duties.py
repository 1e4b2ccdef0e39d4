"""Attempts to silence a duty or a ladder, or to close an episode with something open. Each must fail."""

from dataclasses import replace
from datetime import timedelta

import pytest
from route import (
    AWAKE,
    DAY,
    bolus,
    catheter_in,
    checked,
    discharged,
    dosed,
    go,
    implanted,
    planned,
    referred,
    screening,
    single_shot,
)
from world import CARLA, CLARA, LENA, NILS, PROTOCOL, SAM, Walker, barred, every

from workflow.domain.actor import Actor
from workflow.domain.appointment import AppointmentState
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.ladder import TimerState
from workflow.domain.observation import Absence
from workflow.domain.protocol import Trigger
from workflow.domain.task import TaskState


def alarmed() -> Walker:
    walker = dosed().later("1h")
    walker.record(sedation_score=4, breathing_rate=6)
    return walker


@pytest.mark.parametrize("actor", [NILS, LENA, CARLA, SAM])
def test_an_alarm_is_not_ended_by_whoever_took_it_on(actor: Actor):
    walker = alarmed()
    walker.acknowledge("respiratory_alarm", actor, wait="10min")
    assert walker.complete("respiratory_alarm", actor).refused
    assert "respiratory_alarm" in walker.duties()


def test_a_second_deviation_ends_the_pause_of_the_first_review():
    walker = catheter_in().later("1h")
    walker.deviate_together("repeat_dose", dose=walker.dose("0.2"))
    walker.tick()
    walker.acknowledge("safety_review", CLARA, wait="30min")
    walker.later("5min").deviate_together("repeat_dose", dose=walker.dose("0.3"))
    assert walker.timer("safety_review").due_at == walker.now


def test_the_same_fact_again_never_sets_a_climb_back():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    walker.later("5d").tick()
    rung = walker.timer("anticoagulant_off").rung
    walker.record(anticoagulant_status="stopped")
    assert walker.timer("anticoagulant_off").rung == rung
    assert len([t for t in walker.episode.tasks.values() if t.name == "anticoagulant_off"]) == 1


def test_correcting_the_date_a_duty_began_never_sets_its_climb_back():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    walker.later("5d").tick()
    before = walker.timer("anticoagulant_off")
    walker.correct("anticoagulant_status", "stopped", at=walker.now)
    assert walker.timer("anticoagulant_off") == before
    walker.correct("anticoagulant_status", None)
    assert "anticoagulant_off" not in walker.duties()


def test_a_fact_entered_late_ends_nothing_that_began_anew_since():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    walker.later("5d").record(anticoagulant_status="stopped")
    walker.later("1d").record(at=walker.ago("3d"), anticoagulant_status="restarted")
    assert "anticoagulant_off" in walker.duties()


def test_voiding_one_of_two_facts_leaves_the_duty_to_the_other():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    walker.later("1d").record(anticoagulant_status="stopped")
    first = next(key for key, seen in walker.episode.observations.items() if seen.item == "anticoagulant_status")
    walker.correct("anticoagulant_status", None, key=first)
    assert "anticoagulant_off" in walker.duties()
    walker.correct("anticoagulant_status", None)
    assert "anticoagulant_off" not in walker.duties()


def test_a_duty_ended_by_a_mistake_runs_again():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    began = walker.task("anticoagulant_off").anchor_at
    walker.later("1d").record(anticoagulant_status="restarted")
    assert "anticoagulant_off" not in walker.duties()
    walker.later("1h").correct("anticoagulant_status", None)
    assert walker.task("anticoagulant_off").anchor_at == began
    assert "anticoagulant_off" in walker.duties()


def test_a_duty_that_runs_again_still_ends_when_what_began_it_was_a_mistake():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    began = walker.newest("anticoagulant_status").key
    walker.later("1d").record(anticoagulant_status="restarted")
    walker.later("1h").correct("anticoagulant_status", None)
    walker.correct("anticoagulant_status", None, key=began)
    assert "anticoagulant_off" not in walker.duties()


def test_a_correction_stays_with_its_item():
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    key = walker.newest("anticoagulant_status").key
    with pytest.raises(ImpossibleInputError, match="another item"):
        walker.correct("nrs", 3, key=key)


@pytest.mark.parametrize("name", ["observation", "catheter_in"])
@pytest.mark.parametrize("actor", [NILS, CLARA, LENA])
def test_nobody_ticks_off_a_duty(name: str, actor: Actor):
    walker = catheter_in()
    assert "ends only on the fact" in barred(walker.complete(name, actor))
    assert name in walker.duties()


def test_a_discharge_before_the_drug_asks_for_it_ends_nothing():
    walker = dosed()
    walker.later("6h").record(discharged="yes")
    assert "observation" in walker.duties()
    walker.later("19h").record(discharged="yes")
    assert "observation" not in walker.duties()


def test_a_discharge_dated_before_the_dose_ends_nothing():
    walker = dosed().later("30h")
    walker.record(at=walker.ago("31h"), discharged="yes")
    assert "observation" in walker.duties()


def test_being_away_discharges_nobody():
    walker = dosed().later("30h")
    walker.record(discharged=Absence.AWAY)
    assert "observation" in walker.duties()


def test_a_later_dose_asks_for_its_own_observation():
    walker = catheter_in()
    bolus(walker.later("1h"))
    bolus(walker.later("20h"))
    walker.later("5h").record(discharged="yes")
    assert "observation" in walker.duties()


def test_an_observation_that_runs_is_not_dated_away():
    walker = catheter_in()
    bolus(walker.later("1h"))
    moment = walker.later("1h").now
    bolus(walker.later("1h"))
    decision = walker.later("1h").advance("assess_response", at=moment)
    assert "Observations running: 1" in barred(decision)


def test_a_hold_pauses_no_duty():
    walker = catheter_in()
    walker.hold()
    running = {walker.episode.timers[duty.key].state for duty in walker.episode.open_duties}
    assert running == {TimerState.LIVE}
    fired = [decision for _ in range(5) for decision in walker.later("1d").tick()]
    assert any(decision.entry.about["task"] == walker.task("catheter_in").key for decision in fired)


def test_hold_after_hold_never_gives_a_clock_more_time():
    walker = checked()
    left = walker.timer("check_contraindications").due_at
    for _ in range(5):
        walker.hold()
        walker.release()
    assert walker.timer("check_contraindications").due_at <= left


def test_the_review_of_a_hold_ends_only_with_the_hold():
    walker = checked()
    walker.hold()
    assert walker.complete("review_hold", CARLA).refused
    assert walker.timer("review_hold").state is TimerState.LIVE


def test_a_stay_keeps_its_last_task():
    walker = referred()
    assert "last task of this stay" in barred(walker.complete("triage_referral", CARLA))


def test_an_appointment_is_not_concluded_as_planned():
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=10))
    with pytest.raises(ImpossibleInputError):
        walker.conclude("1", AppointmentState.PLANNED)
    assert "confirm_last_anticoagulant_dose" in walker.open()


def test_moving_an_appointment_counts_its_work_anew():
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=30))
    walker.reschedule("1", walker.now + timedelta(days=8))
    assert walker.timer("confirm_last_anticoagulant_dose").due_at == walker.now + timedelta(days=1)


def test_no_blank_name_takes_a_pump_over():
    walker = implanted()
    for blank in (" ", "\t", "\u00a0"):
        with pytest.raises(ImpossibleInputError):
            walker.record(follow_up_accepted_by=blank)
    assert "pump_in_body" in walker.duties()


def test_a_pump_taken_over_before_it_was_in_is_still_ours():
    walker = planned()
    walker.record(follow_up_accepted_by="Team North")
    walker.deviate_together("implant", at=walker.later("1d").now)
    assert "pump_in_body" in walker.duties()


def test_withdrawal_closes_nothing_that_is_open_in_the_body():
    walker = catheter_in()
    walker.advance("withdraw", reason="candidate_withdrew")
    assert walker.episode.closed_at is None
    assert {"catheter_in", "observation"} <= walker.duties()


def test_a_closed_episode_opens_again_with_a_new_duty():
    walker = screening()
    walker.advance("decline", reason="not_suitable")
    assert walker.episode.closed_at is not None
    walker.record(anticoagulant_status="stopped")
    assert walker.episode.closed_at is None
    walker.record(anticoagulant_status="restarted")
    assert walker.episode.closed_at is not None


def test_a_lapsed_request_lets_the_episode_close_again():
    walker = catheter_in()
    walker.advance("withdraw", reason="moved_away")
    walker.deviate("catheter_removal", CLARA)
    walker.later("12h").record(identity_confirmed="yes")
    walker.advance("approve_catheter_removal")
    walker.advance("record_catheter_out")
    walker.later("26h").record(discharged="yes")
    assert walker.episode.closed_at is None
    walker.later("3d").tick()
    assert walker.episode.closed_at is not None
    assert not walker.open()


def test_death_leaves_the_pump():
    walker = implanted()
    walker.record(sedation_score=4)
    walker.advance("record_death")
    assert walker.duties() == {"pump_in_body"}
    assert walker.episode.closed_at is None
    walker.record(pump_removed="yes")
    assert walker.episode.closed_at is not None


def test_a_rung_fires_once_and_an_old_projection_never():
    walker = referred()
    timer = walker.timer("triage_referral")
    walker.now = timer.due_at
    assert walker.fire(timer.key, timer.n) is not None
    assert walker.fire(timer.key, timer.n) is None


def test_time_never_moves_a_candidate():
    walker = dosed()
    for _ in range(60):
        walker.later("1d").tick()
    assert walker.stage == "single_shot_trial"
    assert "observation" in walker.duties()


def test_the_open_work_of_a_left_stay_ends_with_it():
    walker = referred()
    walker.record(referral_reason="pain", pain_origin="cancer")
    go(walker, "accept_referral")
    old = next(t for t in walker.episode.tasks.values() if t.name == "triage_referral")
    assert old.state is TaskState.CANCELLED
    assert walker.episode.timers[old.key].state is TimerState.ENDED


def test_a_discharge_taken_back_lets_the_observation_run_again_even_after_closing():
    walker = dosed()
    discharged(walker)
    walker.advance("withdraw", reason="moved_away")
    assert walker.episode.closed_at is not None
    walker.later("1h").correct("discharged", None)
    assert "observation" in walker.duties()
    assert walker.episode.closed_at is None


def test_doses_entered_late_open_their_observation():
    walker = single_shot()
    walker.later("1d").record(**DAY, **AWAKE)
    go(walker, "approve_puncture")
    given_at = walker.later("1min").now
    assert not walker.later("11h").give(at=given_at).refused
    assert walker.task("observation").anchor_at == given_at


def test_a_duty_opens_on_whatever_transition_it_names():
    duty = replace(
        PROTOCOL.task("anticoagulant_off"), key="told_family", opens=(Trigger(transition="complete_screening"),)
    )
    walker = checked(Walker(replace(PROTOCOL, tasks={**PROTOCOL.tasks, "told_family": duty})))
    assert "told_family" in walker.duties()


def test_a_missed_appointment_asks_for_a_call():
    walker = checked()
    for at in every(walker.now, "2h", 2):
        walker.appoint("visit", at)
    walker.later("3h").conclude("1", AppointmentState.MISSED)
    assert "call_after_missed_appointment" in walker.duties()
