"""What a promise or a hold has put off goes on at its own pace: no rung is left out, and none trips over the next."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from route import catheter_in, referred, reviewed
from world import CARLA, CLARA, LENA, NILS, START, Walker

from workflow.domain import decide
from workflow.domain.calendar import Calendar, Duration, TimeKind
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.ladder import Ladder, OnHold, Rung, Urgency

TRIAGE = "triage_referral"


def told_at(walker: Walker, name: str, *, times: int) -> list[tuple[int, datetime]]:
    """The next rungs that are told of a task, and when."""
    found: list[tuple[int, datetime]] = []
    while len(found) < times:
        walker.now = walker.timer(name).due_at
        key = walker.task(name).key
        found += [
            (int(str(decision.entry.about["rung"])), walker.now)
            for decision in walker.tick()
            if decision is not None and decision.entry.about["task"] == key
        ]
    return found


def test_after_a_promise_the_rungs_come_as_far_apart_as_they_are_declared():
    walker = referred()
    ladder, calendar = walker.protocol.ladders["triage"], walker.situation(CARLA).calendar
    walker.later("2d").acknowledge(TRIAGE, CARLA, wait="7d")  # beyond the second rung, six working days after
    (first, at), (second, then) = told_at(walker, TRIAGE, times=2)
    assert (first, second) == (0, 1)
    anchor = walker.task(TRIAGE).anchor_at
    apart = calendar.between(ladder.due(0, anchor, calendar), ladder.due(1, anchor, calendar), ladder.kind(1))
    assert then == calendar.later(at, apart, ladder.kind(1))


def test_after_a_hold_longer_than_the_ladder_no_two_rungs_come_together():
    walker = Walker()
    walker.enrol()
    walker.record(referral_reason="pain", pain_origin="cancer")
    walker.advance("accept_referral")
    walker.hold()
    walker.later("40d")
    walker.release()
    heard = told_at(walker, "complete_workup", times=3)
    assert [rung for rung, _ in heard] == [0, 1, 2]
    assert len({at.date() for _, at in heard}) == 3


def test_the_day_before_an_appointment_is_put_off_by_nothing():
    """A ladder that counts back tells of each day before, however long somebody had promised it."""
    ladder = made(rungs=(("-5d", ("scheduler",)), ("-2d", ("scheduler",)), ("-1d", ("lead",))))
    calendar, anchor = Calendar(zone="Europe/London"), START + timedelta(days=20)
    put_off = ladder.due(0, anchor, calendar) + timedelta(days=2)
    _, due = ladder.next(0, anchor=anchor, due_at=put_off, now=put_off, calendar=calendar)
    assert due == ladder.due(1, anchor, calendar)


def test_what_is_told_late_counts_from_the_anchor():
    """Late is when somebody looked, not when it was due: an outage puts nothing off."""
    ladder = made(rungs=(("1d", ("nurse",)), ("3d", ("lead",))))
    calendar = Calendar(zone="Europe/London")
    due = ladder.due(0, START, calendar)
    assert ladder.next(0, anchor=START, due_at=due, now=due + timedelta(days=9), calendar=calendar) == (
        1,
        ladder.due(1, START, calendar),
    )


@given(
    hours=st.lists(st.integers(1, 400), min_size=2, max_size=5, unique=True).map(sorted),
    kind=st.sampled_from(TimeKind),
    off=st.integers(0, 60 * 24 * 30),
)
def test_a_rung_comes_when_declared_or_where_that_has_passed_as_long_after_as_declared(
    hours: list[int], kind: TimeKind, off: int
):
    ladder = made(rungs=tuple((f"{hour}h", ("nurse",)) for hour in hours), time=kind)
    calendar = Calendar(zone="Europe/London")
    due, rung = ladder.due(0, START, calendar) + timedelta(minutes=off), 0
    while rung < ladder.last:
        above, then = ladder.next(rung, anchor=START, due_at=due, now=due, calendar=calendar)
        planned = ladder.due(above, START, calendar)
        assert then >= planned
        if planned >= due:
            assert then == planned
        else:
            declared = calendar.between(ladder.due(rung, START, calendar), planned, kind)
            assert calendar.between(due, then, kind) in (declared, declared - 1)  # the part of a minute at an edge
        rung, due = above, then


def made(*, rungs: tuple[tuple[str, tuple[str, ...]], ...], time: TimeKind = TimeKind.CLOCK) -> Ladder:
    return Ladder(
        key="made",
        label="Made for a test",
        time=time,
        on_hold=OnHold.PAUSE,
        urgency=Urgency.ROUTINE,
        rungs=tuple(Rung(after=Duration.parse(after), tell=tell) for after, tell in rungs),
        repeat=Duration.parse("1d"),
    )


def test_whoever_work_is_given_to_is_told_at_once():
    walker = referred()
    decision = walker.do(decide.reassign, LENA, key=walker.task(TRIAGE).key, to="nils", reason="away until Monday")
    assert {message.recipient for message in decision.messages} == {"nils"}
    assert walker.timer(TRIAGE).due_at > walker.now
    again = walker.do(decide.reassign, LENA, key=walker.task(TRIAGE).key, to="nils", reason="still away")
    assert {one.key for one in again.messages}.isdisjoint(one.key for one in decision.messages)


def test_whoever_work_is_offered_to_is_told_at_once():
    walker = catheter_in()
    decision = walker.reassign("catheter_in", CLARA, by=NILS)
    assert {message.recipient for message in decision.messages} == {"clara"}
    assert walker.task("catheter_in").offered_to == "clara"


def test_nobody_is_told_of_what_they_took_themselves():
    walker = referred()
    decision = walker.do(decide.reassign, LENA, key=walker.task(TRIAGE).key, to="lena", reason="I do it")
    assert decision.messages == ()


def test_the_second_reminder_is_told_when_declared_however_long_the_first_was_put_off():
    walker = referred()
    task, ladder = walker.task(TRIAGE), walker.protocol.ladders["triage"]
    second = ladder.due(1, task.anchor_at, walker.situation(CARLA).calendar)
    walker.later("2d").do(decide.snooze, CARLA, key=task.key, until=second, reason="not today")
    assert told_at(walker, TRIAGE, times=2) == [(0, second), (1, second)]


def test_holds_and_promises_by_turns_keep_nothing_quiet():
    """A promise that runs out while the clock stands still is not made anew: what was due is told with the release."""
    walker, name = reviewed(), "decide_in_review"
    walker.acknowledge(name, CLARA, wait="24h")
    walker.later("23h").hold()
    walker.later("2h")
    with pytest.raises(ImpossibleTimeError, match="has run out"):
        walker.acknowledge(name, CLARA, wait="24h")
    walker.release()
    walker.later("1h")
    assert walker.task(name).key in {one.entry.about["task"] for one in walker.tick() if one is not None}


@pytest.mark.parametrize("moved", [timedelta(days=9), timedelta(days=-1)])
def test_letters_written_for_an_appointment_that_moved_are_taken_back(moved: timedelta):
    walker = Walker()
    walker.enrol()
    at = START + timedelta(days=10)
    walker.appoint("visit", at)
    decision = walker.reschedule("1", at + moved)
    assert walker.task("confirm_visit").key in decision.recalled


def test_what_runs_on_as_before_takes_no_letter_back():
    walker = referred()
    assert not walker.acknowledge(TRIAGE, CARLA, wait="1d").recalled
    assert not walker.hold().recalled
    assert not walker.release().recalled
