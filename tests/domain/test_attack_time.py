"""Attempts to lose a reminder, or to bring one too soon, where parts that keep time meet. Each must fail."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from printing import migrated, version
from route import screening
from test_after_outage import declaring
from test_backlog import imported
from world import CARLA, CLARA, LENA, LONDON, NILS, ROSTER, Walker

from workflow.domain import decide
from workflow.domain.actor import system
from workflow.domain.calendar import TimeKind
from workflow.domain.decision import Decision, Draft, Message
from workflow.domain.ladder import AfterOutage, TimerState
from workflow.domain.work import Fact, happened

TRIAGE, WORKUP = "triage_referral", "complete_workup"


def told(walker: Walker, name: str) -> list[str]:
    """Who hears of a task now."""
    return [m.recipient for fired in walker.tick() if fired for m in fired.messages if m.name == name]


# ---------------------------------------------------------------------------------------------- a promise and a hold


def waits_on_hold() -> Walker:
    """Work that waits on somebody outside for 29 days, of a candidate who is then put on hold."""
    walker = screening()
    walker.wait(WORKUP, CLARA, wait="29d")
    walker.hold()
    return walker


def test_a_promise_that_ends_on_hold_by_a_hand_over_keeps_nothing_quiet_afterwards():
    walker = waits_on_hold()
    own = walker.timer(WORKUP).remaining
    walker.later("1d").reassign(WORKUP, NILS, by=LENA)
    walker.later("1h").release()
    assert own == 5 * 9 * 60  # the rung's own five working days, and nothing of the promise
    assert walker.timer(WORKUP).due_at == LONDON.later(walker.now, own, walker.protocol.ladders["workup"].time)


def test_a_promise_goes_on_while_a_hold_stops_the_clock_and_is_not_added_to_it():
    walker = waits_on_hold()
    walker.later("40d").release()
    assert walker.timer(WORKUP).due_at <= walker.now + timedelta(days=7)


@pytest.mark.parametrize("first", ["promise", "hold"])
def test_a_promise_that_outlasts_a_hold_is_not_broken_by_its_end(first: str):
    walker = screening()
    walker.now = walker.timer(WORKUP).due_at - timedelta(hours=1)
    deeds = [lambda: walker.acknowledge(WORKUP, CLARA, wait="6d"), walker.hold]
    for deed in deeds if first == "promise" else reversed(deeds):
        deed()
    walker.later("1h").release()
    until = walker.task(WORKUP).acknowledged_until
    assert until is not None
    assert walker.timer(WORKUP).due_at == until
    assert told(walker.later("3h"), WORKUP) == []


def test_a_new_fact_on_hold_ends_a_promise_and_starts_no_stopped_clock():
    walker = waits_on_hold()
    stopped = walker.timer(WORKUP)
    walker.take(_screened_again(walker))
    assert walker.task(WORKUP).acknowledged_until is None
    assert walker.timer(WORKUP) == stopped


def _screened_again(walker: Walker) -> Decision:
    """The fact that opened the work-up, once more, as old as it was."""
    s = walker.situation(CARLA)
    draft = Draft(s)
    happened(draft, Fact(at=walker.task(WORKUP).anchor_at, stage="screening"))
    return draft.decide("record", occurred_at=s.now, about={})


# ------------------------------------------------------------------------------ a backlog, an opening, and new ladders


def test_a_backlog_stays_a_backlog_under_a_new_printing_and_is_told_no_later():
    walker = imported()
    until = walker.timer(TRIAGE).due_at
    migrated(walker, version(("{after: 3d, tell: [assignee]}", "{after: 9d, tell: [assignee]}")))
    timer = walker.timer(TRIAGE)
    assert (timer.due_at, timer.rung, timer.state) == (until, 0, TimerState.LIVE)
    assert walker.task(TRIAGE).withheld_until == until


def test_what_is_overdue_as_it_opens_is_told_even_where_an_outage_would_leave_it_out():
    walker = Walker(declaring(AfterOutage.SKIP))
    walker.enrol(at=walker.ago("7d"))
    assert "carla" in told(walker, TRIAGE)


# ------------------------------------------------------------------------------------------- a promise and a calendar


def test_a_calendar_that_brings_a_rung_forward_breaks_no_promise():
    walker = Walker()
    walker.enrol()
    walker.now = walker.timer(TRIAGE).due_at
    walker.acknowledge(TRIAGE, CARLA, wait="6d")
    walker.now = walker.task(TRIAGE).acknowledged_until - timedelta(days=4)
    closed = replace(LONDON, closed=frozenset({date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10)}))
    key = walker.task(TRIAGE).key
    late = closed.after(
        walker.task(TRIAGE).anchor_at, walker.protocol.ladders["triage"].rungs[1].after, TimeKind.WORKING
    )
    timers = {**walker.episode.timers, key: replace(walker.timer(TRIAGE), rung=1, due_at=late)}
    walker.episode = replace(walker.episode, timers=timers)
    found = decide.reproject(replace(walker.situation(system("calendar")), calendar=LONDON), before=closed, why="open")
    assert found is not None
    assert found.after.timers[key].due_at >= walker.task(TRIAGE).acknowledged_until


# ----------------------------------------------------------------------------------------- away when the letter leaves


def passed_on(walker: Walker, letter: Message, known: set[str]) -> Decision | None:
    return decide.instead(
        walker.situation(system("delivery")),
        task=letter.task,
        message=letter.key,
        rung=letter.rung,
        recipient=letter.recipient,
        due_at=letter.due_at,
        known=frozenset(known),
        reason="the person is away",
    )


@pytest.fixture
def reminded() -> tuple[Walker, Message]:
    """A first reminder to the coordinator, who is then away; a nurse stands in."""
    walker = Walker()
    walker.enrol()
    walker.now = walker.timer(TRIAGE).due_at
    (fired,) = walker.tick()
    walker.roster = replace(ROSTER, away={"carla": "nils"})
    return walker, fired.messages[0]


def test_whoever_stands_in_is_told_in_place_of_somebody_away_and_the_clock_runs_on(reminded: tuple[Walker, Message]):
    walker, letter = reminded
    timer = walker.timer(TRIAGE)
    decision = walker.take(passed_on(walker, letter, {"carla"}))
    assert [(m.recipient, m.rung, m.due_at) for m in decision.messages] == [("nils", 0, letter.due_at)]
    assert decision.entry.told == tuple(m.key for m in decision.messages)
    assert walker.timer(TRIAGE) == timer
    walker.verify()


def test_nobody_is_told_twice_nor_of_work_that_ended_or_is_promised(reminded: tuple[Walker, Message]):
    walker, letter = reminded
    assert passed_on(walker, letter, {"carla", "nils"}) is None
    walker.acknowledge(TRIAGE, NILS, wait="1d")
    assert passed_on(walker, letter, {"carla"}) is None
    assert passed_on(walker.later("2d"), letter, {"carla"}) is not None
    walker.record(referral_reason="pain", pain_origin="cancer")
    walker.advance("accept_referral")
    assert passed_on(walker, letter, {"carla"}) is None
