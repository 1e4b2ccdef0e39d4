"""A calendar changes: what rests on it moves, what was told, promised or paused stays, and the ledger says why."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned import PLANNED
from printing import version
from route import checked, referred, screening
from world import CARLA, LONDON, Walker

from workflow.domain import decide
from workflow.domain.actor import system
from workflow.domain.calendar import Calendar, TimeKind
from workflow.domain.decision import Decision
from workflow.domain.ladder import TimerState

WEDNESDAY = datetime(2026, 3, 4, 9, tzinfo=UTC)
CLOSED = replace(LONDON, closed=frozenset({date(2026, 3, 9)}))  # a Monday on which the site does not work


def reprojected(
    walker: Walker,
    after: Calendar = CLOSED,
    before: Calendar = LONDON,
    timers: Mapping[str, int] | None = None,
) -> Decision | None:
    """The site's calendar changes from one to the other."""
    s = replace(walker.situation(system("calendar")), calendar=after)
    decision = decide.reproject(s, before=before, why="closed on 2026-03-09", timers=timers)
    return None if decision is None else walker.take(decision)


def triaged(walker: Walker) -> datetime:
    return walker.timer("triage_referral").due_at


def test_a_clock_in_working_time_moves_with_the_day_and_the_line_says_why():
    walker = referred(Walker(now=WEDNESDAY))
    was = triaged(walker)
    assert was == datetime(2026, 3, 9, 9, tzinfo=UTC)
    decision = reprojected(walker)
    assert decision is not None
    assert triaged(walker) == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert (decision.entry.verb, decision.entry.actor) == ("reproject", "system:calendar")
    assert decision.entry.about["why"] == "closed on 2026-03-09"
    (moved,) = decision.entry.about["moved"]
    assert (moved.task, moved.was, moved.due_at) == (walker.task("triage_referral").key, was, triaged(walker))
    assert decision.entry.set == {}  # nobody's page grows stale


def test_nothing_moves_twice():
    walker = referred(Walker(now=WEDNESDAY))
    reprojected(walker)
    assert reprojected(walker) is None
    assert reprojected(walker, CLOSED, CLOSED) is None


def test_a_day_that_is_open_after_all_brings_the_clock_forward_and_never_into_the_past():
    walker = referred(Walker(now=WEDNESDAY))
    reprojected(walker)
    walker.now = datetime(2026, 3, 9, 12, tzinfo=UTC)
    assert reprojected(walker, LONDON, CLOSED) is not None
    assert triaged(walker) == walker.now
    assert len(walker.tick()) == 1


def test_what_is_due_stays_due():
    walker = referred(Walker(now=WEDNESDAY))
    walker.now = triaged(walker)
    assert reprojected(walker) is None


def test_a_promise_holds_whatever_the_calendar_does():
    walker = referred(Walker(now=WEDNESDAY))
    walker.acknowledge("triage_referral", CARLA, wait="5d")
    assert triaged(walker) == datetime(2026, 3, 9, 9, tzinfo=UTC)  # the day and hour of the reminder itself
    assert reprojected(walker) is None


def test_a_paused_clock_keeps_what_it_had_left():
    walker = screening(Walker(now=WEDNESDAY))
    walker.hold()
    paused = walker.timer("complete_workup")
    assert paused.state is TimerState.PAUSED
    decision = reprojected(walker)
    assert walker.timer("complete_workup") == paused
    assert decision is None or walker.task("complete_workup").key not in decision.entry.put["timers"]


def test_clock_time_rests_on_no_calendar():
    walker = checked(Walker(now=WEDNESDAY - timedelta(days=7)))
    walker.hold()
    review = walker.timer("review_hold")
    reprojected(walker)
    assert walker.timer("review_hold") == review


def test_only_the_working_rungs_of_a_mixed_ladder_move():
    mixed = version(
        ("{after: 3d, tell: [assignee]}", "{after: 3d, time: clock, tell: [assignee]}"),
    )
    walker = referred(Walker(mixed, now=WEDNESDAY))
    assert reprojected(walker) is None
    walker.later("3d").tick()
    assert walker.timer("triage_referral").rung == 1
    assert reprojected(walker) is not None
    assert triaged(walker) == datetime(2026, 3, 13, 9, tzinfo=UTC)


@pytest.mark.parametrize("closes", [time(17), time(13)])
def test_a_repeat_keeps_the_working_time_that_was_left(closes: time):
    walker = referred(Walker(now=datetime(2026, 2, 24, 9, tzinfo=UTC)))
    walker.now = datetime(2026, 3, 6, 15, tzinfo=UTC)
    walker.tick()
    timer = walker.timer("triage_referral")
    assert (timer.rung, timer.due_at) == (1, datetime(2026, 3, 10, 15, tzinfo=UTC))
    after = replace(CLOSED, closes=closes)
    left = LONDON.between(walker.now, timer.due_at, TimeKind.WORKING)
    assert reprojected(walker, after) is not None
    assert after.between(walker.now, triaged(walker), TimeKind.WORKING) == left
    assert walker.timer("triage_referral").rung == 1


def test_a_repeat_before_opening_on_a_day_that_is_closed_waits_for_the_next_opening():
    walker = referred(Walker(now=datetime(2026, 2, 24, 6, tzinfo=UTC)))
    walker.now = datetime(2026, 3, 5, 6, tzinfo=UTC)
    walker.tick()
    assert triaged(walker) == datetime(2026, 3, 9, 6, tzinfo=UTC)  # two working days later, at six
    reprojected(walker)
    assert triaged(walker) == datetime(2026, 3, 10, 8, tzinfo=UTC)


def test_a_clock_that_a_hold_has_put_off_keeps_what_is_left():
    walker = screening(Walker(now=WEDNESDAY))
    walker.hold()
    walker.later("30h").release()
    due = walker.timer("complete_workup").due_at
    left = LONDON.between(walker.now, due, TimeKind.WORKING)
    reprojected(walker)
    moved = walker.timer("complete_workup").due_at
    assert moved > due
    assert CLOSED.between(walker.now, moved, TimeKind.WORKING) == left


def test_what_was_set_since_the_calendar_changed_stands():
    walker = referred(Walker(now=datetime(2026, 2, 24, 9, tzinfo=UTC)))
    walker.now = datetime(2026, 3, 5, 15, tzinfo=UTC)
    then = {key: timer.n for key, timer in walker.episode.timers.items()}
    walker.tick()
    assert reprojected(walker, timers=then) is None
    now = {key: timer.n for key, timer in walker.episode.timers.items()}
    assert reprojected(walker, timers=now) is not None


def test_what_only_the_old_calendar_could_have_set_moves_even_where_it_was_set_since():
    walker = referred(Walker(now=WEDNESDAY))
    assert reprojected(walker, timers={}) is not None


def test_how_many_its_last_rung_reached_is_not_forgotten():
    walker = referred(Walker(now=WEDNESDAY))
    key = walker.task("triage_referral").key
    timers = {**walker.episode.timers, key: replace(walker.episode.timers[key], reached=0)}
    walker.episode = replace(walker.episode, timers=timers)
    reprojected(walker)
    assert walker.timer("triage_referral").reached == 0


def test_a_moment_that_is_a_day_at_the_site_moves_with_its_zone():
    walker = checked(Walker(PLANNED))
    walker.record(filled=walker.now.isoformat(), filling="later", sheet="2026-04-01")
    due = walker.timer("fill_pump").due_at
    assert due == datetime(2026, 3, 17, 23, tzinfo=UTC)  # two weeks before midnight in London's summer
    reprojected(walker, Calendar(zone="Asia/Kolkata"))
    assert walker.timer("fill_pump").due_at == due - timedelta(hours=4, minutes=30)


def test_an_ended_task_is_left_alone():
    walker = screening(Walker(now=WEDNESDAY))
    ended = walker.timer("triage_referral")
    reprojected(walker)
    assert walker.timer("triage_referral") == ended
    assert ended.state is TimerState.ENDED


days = st.frozensets(st.dates(date(2026, 3, 4), date(2026, 4, 20)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(days, days, st.integers(0, 20 * 24))
def test_what_hangs_on_a_calendar_stands_where_it_would_have_been_put(
    before: frozenset[date], after: frozenset[date], hours: int
):
    """A clock that nothing but its ladder has set is where a site with the new calendar from the beginning has it."""
    was, now = replace(LONDON, closed=before), replace(LONDON, closed=after)
    walker = referred(Walker(now=WEDNESDAY))
    reprojected(walker, was, LONDON)
    walker.now += timedelta(hours=hours)
    due_before = triaged(walker)
    reprojected(walker, now, was)
    if due_before <= walker.now:
        assert triaged(walker) == due_before
    else:
        fresh = now.after(WEDNESDAY, walker.protocol.ladders["triage"].rungs[0].after, TimeKind.WORKING)
        assert triaged(walker) == max(walker.now, fresh)
