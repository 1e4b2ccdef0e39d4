"""Whose a task is, and until when it waits: no verb here lets its ladder fall silent."""

from datetime import timedelta

import pytest
from route import AWAKE, bolus, catheter_in, checked, referred
from world import CARLA, CLARA, LENA, NILS, SAM, Walker, barred

from workflow.domain import decide
from workflow.domain.actor import Actor
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleInputError, ImpossibleTimeError
from workflow.domain.task import Outsider

TRIAGE = "triage_referral"
DAY = timedelta(days=1)


def claim(walker: Walker, actor: Actor, name: str = TRIAGE) -> Decision:
    return walker.do(decide.claim, actor, key=walker.task(name).key)


def reassign(walker: Walker, actor: Actor, to: Actor, name: str = TRIAGE) -> Decision:
    return walker.do(decide.reassign, actor, key=walker.task(name).key, to=to.id, reason="away until Monday")


def snooze(walker: Walker, ahead: timedelta, name: str = TRIAGE, actor: Actor = CARLA, why: str = "post") -> Decision:
    return walker.do(decide.snooze, actor, key=walker.task(name).key, until=walker.now + ahead, reason=why)


def wait(walker: Walker, ahead: timedelta, name: str = TRIAGE, actor: Actor = CARLA) -> Decision:
    asked = {"on": Outsider.GP, "until": walker.now + ahead, "reason": "asked for the letter"}
    return walker.do(decide.wait, actor, key=walker.task(name).key, **asked)


def alarmed() -> Walker:
    """Somebody drowsy after a dose: red."""
    walker = catheter_in()
    bolus(walker.later("1h"))
    walker.later("2h").record(NILS, **(AWAKE | {"sedation_score": 3, "breathing_rate": 9}))
    return walker


def test_a_claim_changes_whose_it_is_and_no_clock():
    walker = referred()
    before = walker.timer(TRIAGE)
    assert "Triage" in barred(claim(walker, SAM))
    assert not claim(walker, LENA).refused  # a rung of its ladder would tell the lead
    assert (walker.task(TRIAGE).assignee, walker.timer(TRIAGE)) == ("lena", before)
    assert {message.recipient for message in walker.later("4d").tick()[0].messages} == {"lena"}


def test_a_task_given_to_another_ends_a_promise_and_the_climb_goes_on_now():
    walker = referred()
    walker.acknowledge(TRIAGE, CARLA, wait="5d")
    rung = walker.timer(TRIAGE).rung
    assert not reassign(walker, LENA, NILS).refused
    task, timer = walker.task(TRIAGE), walker.timer(TRIAGE)
    assert (task.assignee, task.acknowledged_by, task.acknowledged_until) == ("nils", None, None)
    assert (timer.due_at, timer.rung) == (walker.now, rung)
    assert {message.recipient for message in walker.tick()[0].messages} == {"nils"}


def test_a_promise_of_their_own_and_a_promise_past_leave_the_clock_alone():
    walker = referred()
    walker.acknowledge(TRIAGE, CARLA, wait="1d")
    promised = walker.timer(TRIAGE)
    reassign(walker, LENA, CARLA)
    assert walker.timer(TRIAGE) == promised
    walker.later("1d").tick()
    climbing = walker.timer(TRIAGE)
    reassign(walker, LENA, NILS)
    assert walker.timer(TRIAGE) == climbing


def test_who_may_give_a_task_away():
    walker = referred()
    assert "Not yours" in {seen.label for seen in reassign(walker, NILS, CLARA).entry.basis}
    reassign(walker, CARLA, NILS)
    assert not reassign(walker, NILS, CLARA).refused  # as its assignee
    walker.advance("withdraw", reason="moved_away")
    for told in (reassign(walker, CARLA, NILS), claim(walker, CARLA), snooze(walker, DAY), wait(walker, DAY)):
        assert "ended already" in barred(told)


def test_a_snooze_puts_the_first_reminder_off_and_no_other():
    walker = referred()
    second = walker.now + timedelta(days=8)  # six working days from a Monday
    snooze(walker, timedelta(days=5))
    assert (walker.timer(TRIAGE).due_at, walker.timer(TRIAGE).rung) == (walker.now + timedelta(days=5), 0)
    with pytest.raises(ImpossibleTimeError):
        snooze(walker, timedelta(days=6))  # never longer than what runs
    assert [fired.entry.about["rung"] for fired in walker.later("5d").tick()] == [0]
    assert walker.timer(TRIAGE).due_at == second
    assert "first reminder is past" in barred(snooze(walker, DAY))


def test_a_snooze_reaches_neither_beyond_its_urgency_nor_beyond_the_second_rung():
    walker = referred()
    for ahead in (timedelta(days=7, minutes=1), timedelta(0)):
        with pytest.raises(ImpossibleTimeError):
            snooze(walker, ahead)
    walker.later("2d")
    with pytest.raises(ImpossibleTimeError):
        snooze(walker, timedelta(days=6, minutes=1))  # the second rung is due then
    with pytest.raises(ImpossibleInputError):
        snooze(walker, DAY, why="  ")
    assert not snooze(walker, timedelta(days=6)).refused


def test_a_task_waits_on_an_outsider_until_the_chase_date_and_climbs_on():
    walker = referred()
    with pytest.raises(ImpossibleTimeError):
        wait(walker, timedelta(days=30, minutes=1))
    wait(walker, timedelta(days=30))
    assert (walker.task(TRIAGE).waiting_on, walker.timer(TRIAGE).rung) == ("gp", 0)
    with pytest.raises(ImpossibleTimeError):
        wait(walker.later("1d"), timedelta(days=30))  # a wait that runs is never made longer
    assert not walker.later("28d").tick()
    told = {message.recipient for fired in walker.later("1d").tick() for message in fired.messages}
    walker.now = walker.timer(TRIAGE).due_at
    told |= {message.recipient for fired in walker.tick() for message in fired.messages}
    assert {"carla", "lena"} <= told
    assert walker.task(TRIAGE).waiting_on == "gp"


def test_urgent_work_waits_a_week_at_most_and_red_work_on_nobody():
    walker = alarmed()
    with pytest.raises(ImpossibleTimeError):
        wait(walker, timedelta(days=7, minutes=1), "carry_out_catheter_trial", CLARA)
    assert not wait(walker, timedelta(days=7), "carry_out_catheter_trial", CLARA).refused
    with pytest.raises(ImpossibleTimeError):
        wait(walker, timedelta(days=1, minutes=1), "catheter_in", NILS)  # a duty waits as long as a promise may
    for told in (wait(walker, DAY, "respiratory_alarm", NILS), snooze(walker, DAY, "respiratory_alarm", NILS)):
        assert "red work is not put off" in barred(told)


def test_on_hold_a_paused_clock_stays_paused():
    walker = checked()
    walker.hold("infection_to_treat")
    name = "check_contraindications"
    paused = walker.timer(name)
    wait(walker, DAY, name, CLARA)
    reassign(walker, CARLA, NILS, name)
    assert walker.timer(name) == paused
    assert walker.task(name).acknowledged_until is None
