"""8. Duties outlive stages, and no reminder falls silent."""

from datetime import timedelta

import pytest
from opioid_route import (
    DAY,
    catheter_in,
    catheter_out,
    checked,
    dosed,
    go,
    ready_for_implant,
    referred,
    reviewed,
    screening,
)
from world import CLARA, Walker, barred

from workflow.domain.appointment import AppointmentState


def told(walker: Walker, name: str, days: int) -> dict[str, int]:
    """Whom a task told first on which day."""
    first: dict[str, int] = {}
    for day in range(1, days + 1):
        for fired in walker.later("1d").tick():
            for message in fired.messages:
                if message.name == name:
                    first.setdefault(message.recipient, day)
    return first


def test_a_catheter_in_is_a_duty_until_it_is_out():
    """A trial catheter in the body is a duty that outlives the stage, a hold and a withdrawal, and ends when the
    catheter is out. (HOUSE, D)
    """
    walker = catheter_in()
    walker.hold("infection_to_treat")
    walker.advance("withdraw", reason="candidate_withdrew")
    assert "catheter_in" in walker.duties()
    catheter_out(walker)
    assert "catheter_in" not in walker.duties()


def test_a_catheter_climbs_from_the_nurse_to_everybody_before_day_fourteen():
    """Three to four days are typical: a catheter in reminds the nurse on day one, the clinician on day three, the lead
    on day four, and the implanter before day fourteen, when it must be out. (IASP24, WALL08; stop HOUSE, D)
    """
    first = told(catheter_in(), "catheter_in", 14)
    assert (first["nils"], first["clara"], first["lena"], first["ines"]) == (1, 3, 4, 13)


def test_bleeding_risk_is_looked_at_again_before_a_catheter_comes_out():
    """Removing a catheter has its own look at anticoagulants and INR. (ASRA18, R)"""
    walker = catheter_in()
    walker.record(identity_confirmed="yes", inr="2.0")
    assert "INR: 2.0" in barred(walker.advance("approve_catheter_removal"))


def test_an_infected_catheter_may_come_out_against_the_numbers():
    """An infected catheter that must come out may do so against the numbers, by two clinicians, and never from the
    wrong person. (HOUSE, D)
    """
    walker = catheter_in()
    walker.record(identity_confirmed="yes", inr="2.0")
    walker.dispense("catheter_may_come_out", "infected_catheter_must_come_out")
    assert not walker.advance("approve_catheter_removal").refused
    walker.later("13h")
    assert "Two identifiers checked has expired" in barred(walker.advance("approve_catheter_removal"))


def test_no_episode_closes_with_a_duty_open():
    """No episode closes while a duty is open. (HOUSE, D)"""
    walker = dosed()
    walker.advance("withdraw", reason="moved_away")
    assert (walker.stage, walker.episode.closed_at) == ("withdrawn", None)


def test_a_missed_appointment_asks_for_a_call_within_the_hour():
    """Not attending opens a call within the working hour. (HOUSE, D)"""
    walker = checked()
    walker.appoint("visit", walker.now + timedelta(hours=1))
    walker.later("2h").conclude("1", AppointmentState.MISSED)
    assert walker.timer("call_after_missed_appointment").due_at == walker.now + timedelta(hours=1)


def test_what_will_have_expired_is_repeated_in_time_and_blocks_no_booking():
    """An item that will have expired by the procedure blocks no booking: it opens a dated task to repeat it, two weeks
    before, which ends once all will be valid. (HOUSE, D)
    """
    walker = checked()
    starts_at = walker.now + timedelta(days=40)
    assert not walker.appoint("trial_procedure", starts_at).refused
    assert walker.timer("repeat_expiring").due_at == starts_at - timedelta(days=14)
    assert not walker.advance("approve_single_shot_trial").refused
    walker.now = starts_at - timedelta(days=1)
    fresh = {"active_infection": "no", "uncontrolled_coagulopathy": "no", "respiratory_depression": "no"}
    walker.record(**fresh, maoi_within_14_days="no", platelets=250, inr="1.0", wbc="6", crp="2")
    assert "repeat_expiring" not in walker.open()


def test_nothing_is_repeated_that_will_still_be_valid():
    """Where everything will still be valid at the procedure, nothing is to be repeated. (HOUSE, D)"""
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=3))
    assert "repeat_expiring" not in walker.open()


def test_moving_the_procedure_moves_what_is_to_be_repeated():
    """A procedure that is moved further off opens the repeat it now needs. (HOUSE, D)"""
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=3))
    walker.reschedule("1", walker.now + timedelta(days=33))
    assert "repeat_expiring" in walker.open()


def test_the_gate_of_the_day_blocks_what_was_not_repeated():
    """What was not repeated in time blocks on the day, however long the trial was approved. (HOUSE, D)"""
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=31))
    go(walker, "approve_single_shot_trial")
    walker.later("31d").record(**DAY)
    assert "Platelets has expired" in barred(walker.advance("approve_puncture"))


def test_platelets_of_the_trial_are_too_old_for_the_implant():
    """The implant has its own look: platelets of more than thirty days block it on its day. (window HOUSE, D)"""
    walker = ready_for_implant().later("25d")
    walker.record(**DAY)
    assert "Platelets has expired" in barred(walker.advance("approve_implant"))


def test_a_referral_is_triaged_in_working_days():
    """A referral not triaged in three working days is asked for; after six the lead hears of it. (HOUSE, D)"""
    walker = referred()
    first = told(walker, "triage_referral", 10)
    assert (first["carla"], first["lena"]) == (3, 8)


def test_a_decision_is_taken_within_seven_days():
    """A case in review is decided within seven days, or the lead hears of it. (HOUSE, D)"""
    assert told(reviewed(), "decide_in_review", 8)["lena"] == 7


def test_a_hold_is_looked_at_after_a_week():
    """A hold has a reason, stops the clocks that wait, and is looked at after a week; it never ends by itself.
    (HOUSE, D)
    """
    walker = screening()
    walker.hold("waiting_for_payer")
    assert told(walker, "complete_workup", 30) == {}
    assert walker.episode.hold is not None


def test_infection_and_bleeding_risk_put_on_hold_and_do_not_end_the_way():
    """What can be put right - an infection, a bleeding risk - is a hold with a date, and no end. (SEED, R)"""
    for reason in ("infection_to_treat", "bleeding_risk_to_correct"):
        walker = checked()
        walker.hold(reason)
        assert walker.stage == "contraindication_check"
        walker.release()
        assert walker.episode.hold is None


def test_a_hold_silences_no_recheck():
    """While a candidate is on hold for an infection, the duty to look again goes on telling. (SEED; HOUSE, D)"""
    walker = checked(active_infection="yes")
    walker.hold("infection_to_treat")
    first = told(walker, "recheck_infection", 22)
    assert (first["nils"], first["clara"], first["lena"]) == (7, 14, 21)


def test_only_a_contraindication_for_good_ends_the_way_and_by_two():
    """Only a contraindication recorded as being for good ends the way, signed by two. (SEED, R)"""
    walker = checked()
    assert "contraindicated_for_good" in barred(walker.advance("contraindicate"))
    walker.record(CLARA, permanent_contraindication="yes")
    assert walker.advance("contraindicate", CLARA).entry.outcome == "proposed"
    walker.together("contraindicate")
    assert walker.stage == "contraindicated"


@pytest.mark.parametrize("wait", ["8d", "30d", "400d"])
def test_time_passes_no_gate(wait: str):
    """A reminder never moves anybody, and a timer that ran out never counts as a pass. (HOUSE, D)"""
    walker = dosed()
    walker.later(wait).tick()
    assert walker.stage == "single_shot_trial"
    assert "observation" in walker.duties()


def test_a_fever_after_the_approval_stops_the_act():
    """What was approved is looked at again when it is done: a fever in between stops it. (NACC17, R)"""
    walker = checked()
    go(walker, "approve_single_shot_trial")
    walker.record(**DAY)
    go(walker, "approve_puncture")
    walker.later("1h").record(fever_or_infection_today="yes")
    assert "Fever or infection today: yes" in barred(walker.give())
