"""Attempts to keep a ladder quiet by promising, snoozing, waiting and handing over. Each must fail."""

from datetime import timedelta

import pytest
from route import catheter_in, dosed, referred
from world import CARLA, CEM, CLARA, NILS, Walker, barred

from workflow.domain.errors import ImpossibleTimeError


def alarmed() -> Walker:
    walker = dosed().later("1h")
    walker.record(sedation_score=4, breathing_rate=6)
    return walker


def told(walker: Walker, name: str) -> set[str]:
    """Who hears of a task now."""
    return {m.recipient for fired in walker.tick() for m in fired.messages if m.name == name}


def test_a_red_alarm_cannot_be_promised_away():
    walker = alarmed()
    with pytest.raises(ImpossibleTimeError):
        walker.acknowledge("respiratory_alarm", CLARA, wait="31min")


def test_a_promise_is_not_made_longer_while_it_runs():
    walker = alarmed()
    walker.acknowledge("respiratory_alarm", CLARA, wait="30min")
    walker.later("20min")
    for actor in (CLARA, CEM):
        with pytest.raises(ImpossibleTimeError):
            walker.acknowledge("respiratory_alarm", actor, wait="20min")


def test_promise_after_promise_still_reaches_the_lead():
    walker = alarmed()
    heard = set[str]()
    for _ in range(4):
        heard |= told(walker, "respiratory_alarm")
        walker.acknowledge("respiratory_alarm", CLARA, wait="29min")
        walker.later("30min")
    assert "lena" in heard


def test_a_promise_can_be_taken_over():
    walker = alarmed()
    walker.acknowledge("respiratory_alarm", NILS, wait="20min")
    walker.later("5min").acknowledge("respiratory_alarm", CLARA, wait="15min")
    assert walker.task("respiratory_alarm").assignee == "clara"


def test_a_new_alarm_ends_the_pause_of_an_old_promise():
    walker = alarmed()
    walker.acknowledge("respiratory_alarm", CLARA, wait="30min")
    walker.later("5min").record(breathing_rate=4)
    assert walker.timer("respiratory_alarm").due_at == walker.now
    assert walker.tick()


def test_a_rung_that_is_due_is_not_promised_away():
    walker = alarmed()
    for _ in range(3):
        walker.later("10min").record(breathing_rate=5)
        walker.acknowledge("respiratory_alarm", NILS, wait="20min")
    assert {"clara", "cem"} <= told(walker, "respiratory_alarm")


def test_a_promise_made_while_a_rung_is_due_holds_the_next_one_back():
    walker = alarmed()
    walker.acknowledge("respiratory_alarm", NILS, wait="25min")
    assert walker.timer("respiratory_alarm").due_at <= walker.now
    walker.tick()
    assert walker.timer("respiratory_alarm").due_at == walker.now + timedelta(minutes=25)


def test_handing_a_task_to_and_fro_does_not_keep_it_quiet():
    walker = alarmed()
    walker.tick()
    for one, other in ((CLARA, CEM), (CEM, CLARA), (CLARA, CEM)):
        walker.acknowledge("respiratory_alarm", one, wait="20min")
        walker.later("5min").reassign("respiratory_alarm", other, by=one)
        walker.acknowledge("respiratory_alarm", other, wait="20min")
    assert "lena" in told(walker, "respiratory_alarm")


@pytest.mark.parametrize("name", ["observation", "catheter_in"])
def test_a_body_waits_on_no_outsider_for_longer_than_anybody_may_promise(name: str):
    walker = catheter_in()
    with pytest.raises(ImpossibleTimeError):
        walker.wait(name, NILS, wait="25h")
    assert not walker.wait(name, NILS, wait="24h").refused


def test_nothing_red_waits_or_is_snoozed():
    walker = alarmed()
    assert walker.wait("respiratory_alarm", CLARA, wait="5min").refused
    assert walker.snooze("respiratory_alarm", CLARA, wait="5min").refused


def test_only_the_first_reminder_is_snoozed():
    walker = catheter_in().later("25h")
    walker.tick()
    assert "only that can be put off" in barred(walker.snooze("catheter_in", NILS, wait="1h"))


def test_a_snooze_never_reaches_the_second_rung():
    walker = referred()
    with pytest.raises(ImpossibleTimeError):
        walker.later("2d").snooze("triage_referral", CARLA, wait="7d")


@pytest.mark.parametrize("name", ["respiratory_alarm", "observation"])
def test_whoever_claims_a_duty_does_not_end_it(name: str):
    walker = alarmed()
    walker.claim(name, NILS)
    assert walker.complete(name, NILS).refused
