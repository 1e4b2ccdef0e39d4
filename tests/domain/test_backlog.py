"""Backlogs: what arrives overdue waits as one list, for a release or the next working day, whichever comes first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from laws import _one_timer_for_each_task
from world import CARLA, CLARA, LENA, NILS, PROTOCOL, START, Walker

from workflow.domain import decide
from workflow.domain.backlog import withheld
from workflow.domain.decide import PriorTrial, RunningDuty
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleNowError
from workflow.domain.ladder import TimerState, Urgency
from workflow.domain.trial import Method

TRIAGE = "triage_referral"
TOMORROW = datetime(2026, 3, 3, 9, tzinfo=UTC)  # the working day after START, at the same hour


def imported(wait: str = "30d") -> Walker:
    """Somebody out of a file, referred a while ago."""
    walker = Walker()
    walker.do(decide.enrol, CARLA, occurred_at=walker.ago(wait), one_of_many=True)
    return walker


def adopted() -> Walker:
    """Somebody with a catheter in since 60 hours, whose trial was to be looked at after one day."""
    walker = Walker()
    walker.enrol(at=walker.ago("5d"))
    since = walker.ago("60h")
    trial = PriorTrial(
        method=Method.CATHETER, drug="morphine", started_at=since, punctured_at=since, source="theatre list"
    )
    walker.adopt("catheter_trial", at=since, trials=(trial,), duties=(RunningDuty(name="catheter_in", since=since),))
    return walker


def told(decision: Decision | None) -> list[str]:
    assert decision is not None
    return sorted(message.recipient for message in decision.messages)


def test_what_arrives_overdue_out_of_a_file_tells_nobody_until_the_next_working_day():
    walker = imported()
    assert walker.task(TRIAGE).withheld_until == TOMORROW == walker.timer(TRIAGE).due_at
    assert walker.timer(TRIAGE).state is TimerState.LIVE
    assert walker.tick() == []
    assert walker.lines[-1].payload.count(b'"withheld":1') == 1
    _one_timer_for_each_task(walker.episode)
    walker.verify()


def test_a_person_who_enrols_one_candidate_is_told_at_once():
    walker = Walker()
    walker.enrol(at=walker.ago("30d"))
    assert walker.task(TRIAGE).withheld_until is None
    assert walker.due()


def test_what_arrives_in_time_is_not_withheld():
    walker = imported("1d")
    assert walker.task(TRIAGE).withheld_until is None
    assert walker.timer(TRIAGE).due_at > TOMORROW
    assert b"withheld" not in walker.lines[-1].payload


def test_nobody_releases_it_and_it_is_told_by_itself_once():
    walker = imported()
    walker.now = TOMORROW
    (decision,) = walker.tick()
    assert told(decision) == ["carla", "lena"]
    assert decision is not None
    assert decision.entry.about["passed_over"] == [0]
    assert walker.task(TRIAGE).withheld_until is None
    assert walker.timer(TRIAGE).due_at > walker.now


def test_a_release_lets_it_go_now_with_one_message_a_person():
    walker = imported().later("10min")
    walker.do(decide.release_backlog, CARLA)
    assert walker.timer(TRIAGE).due_at == walker.now
    (decision,) = walker.tick()
    assert told(decision) == ["carla", "lena"]
    assert walker.task(TRIAGE).withheld_until is None
    _one_timer_for_each_task(walker.episode)
    walker.verify()


def test_a_second_release_finds_nothing():
    walker = imported()
    walker.do(decide.release_backlog, CARLA)
    with pytest.raises(ImpossibleNowError, match="waits for a release"):
        walker.do(decide.release_backlog, LENA)


def test_a_release_where_nothing_waits_is_refused():
    walker = Walker()
    walker.enrol()
    with pytest.raises(ImpossibleNowError):
        walker.do(decide.release_backlog, CARLA)


def test_a_duty_is_never_withheld():
    walker = adopted()
    assert walker.task("catheter_in").withheld_until is None
    assert walker.timer("catheter_in").due_at <= walker.now
    assert [task.name for task in withheld(walker.episode)] == ["carry_out_catheter_trial"]
    assert {message.task for decision in walker.tick() if decision for message in decision.messages} == {
        walker.task("catheter_in").key
    }


def test_red_work_is_never_withheld():
    red = replace(PROTOCOL.ladders["triage"], urgency=Urgency.RED)
    walker = Walker(replace(PROTOCOL, ladders=MappingProxyType({**PROTOCOL.ladders, "triage": red})))
    walker.do(decide.enrol, CARLA, occurred_at=walker.ago("30d"), one_of_many=True)
    assert walker.task(TRIAGE).withheld_until is None
    assert walker.due()


def test_what_was_there_before_the_adoption_is_not_withheld():
    walker = Walker()
    walker.enrol()
    walker.appoint("visit", START + timedelta(days=3))
    assert [timer.key for timer in walker.due()] == [walker.task("confirm_visit").key]
    walker.adopt("case_review", at=walker.ago("30d"))
    assert walker.task("confirm_visit").withheld_until is None
    assert [task.name for task in withheld(walker.episode)] == ["decide_in_review"]


def test_work_whose_appointment_moves_is_no_backlog_any_more():
    walker = Walker()
    walker.enrol()
    walker.appoint("visit", START + timedelta(days=3))
    task = replace(walker.task("confirm_visit"), withheld_until=TOMORROW)
    walker.episode = replace(walker.episode, tasks={**walker.episode.tasks, task.key: task})
    walker.reschedule("1", START + timedelta(days=30))
    assert walker.task("confirm_visit").withheld_until is None


def test_an_adoption_on_a_friday_waits_for_monday():
    walker = Walker(now=datetime(2026, 3, 6, 16, tzinfo=UTC))
    walker.do(decide.enrol, CARLA, occurred_at=walker.ago("30d"), one_of_many=True)
    assert walker.timer(TRIAGE).due_at == datetime(2026, 3, 9, 16, tzinfo=UTC)


def test_taking_it_on_ends_the_withholding_and_the_promise_holds():
    walker = imported()
    walker.acknowledge(TRIAGE, CARLA, wait="3d")
    assert walker.task(TRIAGE).withheld_until is None
    assert walker.timer(TRIAGE).due_at == walker.task(TRIAGE).acknowledged_until
    assert withheld(walker.episode) == ()


def test_claimed_it_goes_on_waiting_and_is_told_once():
    walker = imported()
    walker.claim(TRIAGE, CARLA)
    _is_told_once(walker, "carla")


def test_given_to_another_it_goes_on_waiting_and_is_told_once():
    walker = imported()
    walker.reassign(TRIAGE, NILS, by=LENA)
    _is_told_once(walker, "nils")


def _is_told_once(walker: Walker, holder: str) -> None:
    assert walker.task(TRIAGE).assignee == holder
    assert [task.name for task in withheld(walker.episode)] == [TRIAGE]
    assert walker.timer(TRIAGE).due_at == TOMORROW
    walker.now = TOMORROW
    (decision,) = (one for one in walker.tick() if one)
    people = [message.recipient for message in decision.messages if message.channel == "in_app"]
    assert holder in people
    assert len(people) == len(set(people))
    assert not walker.due()
    assert withheld(walker.episode) == ()


def test_on_hold_it_waits_with_the_clock_and_is_told_once_afterwards():
    walker = adopted()
    walker.tick()
    walker.hold()
    walker.later("5d")
    walker.release()
    assert walker.timer("carry_out_catheter_trial").state is TimerState.LIVE
    walker.later("2d")
    heard = [
        decision
        for decision in walker.tick()
        if decision and decision.entry.about["task"] == walker.task("carry_out_catheter_trial").key
    ]
    assert len(heard) == 1


def test_an_appointment_that_moves_takes_its_work_out_of_the_backlog():
    walker = imported()
    assert walker.now == START
    walker.appoint("visit", datetime(2026, 3, 5, 9, tzinfo=UTC))
    assert "confirm_visit" in walker.open()
    assert walker.task("confirm_visit").withheld_until is None  # booked by a person, not brought by a file


def test_moving_on_ends_it_like_any_other_task():
    walker = imported()
    walker.record(referral_reason="pain", pain_origin="cancer", actor=CLARA)
    walker.advance("accept_referral")
    assert withheld(walker.episode) == ()
    _one_timer_for_each_task(walker.episode)
