"""Each rung on its own kind of time: when it is due, what a hold keeps of it, and how it repeats."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from printing import V1, migrated, version
from route import referred, screening
from world import CARLA, FILE, LONDON, START, Walker

from workflow.authoring.reminding import late_for_complications, not_ascending
from workflow.authoring.schema import read
from workflow.domain.calendar import Calendar, Duration, TimeKind
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.ladder import Rung, TimerState
from workflow.domain.protocol import ProtocolVersion

TRIAGE = "      - {after: 3d, tell: [assignee]}\n      - {after: 6d, tell: [coordinator, lead]}\n    repeat: 2d"
WORKUP = V1[V1.index("  workup:\n    label: Work-up\n    time: working") : V1.index("  decision:\n    label: Decision")]
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)


def triage(*rungs: str, repeat: str = "2d") -> ProtocolVersion:
    """Version 2, whose ladder of triage, in working time, has these rungs."""
    lines = "".join(f"      - {{{rung}}}\n" for rung in rungs)
    return version((TRIAGE, f"{lines}    repeat: {repeat}"))


CLOCK_FIRST = triage("after: 2d, time: clock, tell: [assignee]", "after: 6d, tell: [coordinator, lead]")


def test_a_rung_without_a_time_of_its_own_runs_on_its_ladders():
    ladder = CLOCK_FIRST.ladders["triage"]
    assert ladder.time is TimeKind.WORKING
    assert [ladder.kind(rung) for rung in range(2)] == [TimeKind.CLOCK, TimeKind.WORKING]


def test_each_rung_is_due_in_its_own_time():
    walker = Walker(CLOCK_FIRST, now=FRIDAY)
    walker.enrol()
    assert walker.timer("triage_referral").due_at == FRIDAY + timedelta(days=2)  # on Sunday
    walker.later("2d").tick()
    assert walker.timer("triage_referral").due_at == FRIDAY + timedelta(days=10)  # six working days after
    assert walker.timer("triage_referral").rung == 1


@pytest.mark.parametrize(("kind", "days"), [("clock", 2), ("working", 4)])
def test_the_last_rung_repeats_in_its_own_time(kind: str, days: int):
    walker = Walker(triage("after: 1h, time: clock, tell: [assignee]", f"after: 1d, time: {kind}, tell: [lead]"))
    walker.enrol()
    walker.now = FRIDAY
    walker.tick()
    last = walker.timer("triage_referral")
    repeats = last.due_at - FRIDAY if kind == "working" else last.due_at - (START + timedelta(days=1))
    assert last.rung == 1
    assert repeats % timedelta(days=2) == timedelta()
    assert timedelta() < last.due_at - FRIDAY <= timedelta(days=days)


@pytest.mark.parametrize(("kind", "longest"), [("clock", 3), ("working", 5)])
def test_a_snooze_ends_no_later_than_the_second_rung_in_that_rungs_own_time(kind: str, longest: int):
    made = triage("after: 1d, time: clock, tell: [assignee]", f"after: 3d, time: {kind}, tell: [lead]")
    walker = referred(Walker(made, now=FRIDAY))
    with pytest.raises(ImpossibleTimeError):
        walker.snooze("triage_referral", CARLA, wait=f"{longest * 24 + 1}h")
    assert not walker.snooze("triage_referral", CARLA, wait=f"{longest}d").refused


def held(kinds: tuple[str, str]) -> Walker:
    """A candidate in work-up, whose two rungs run on these kinds of time, on Friday at 15:00."""
    rungs = [f"after: {wait}, time: {kind}, tell: [lead]" for wait, kind in zip(("4h", "12d"), kinds, strict=True)]
    lines = "".join(f"      - {{{rung}}}\n" for rung in rungs)
    made = WORKUP[: WORKUP.index("      - {")] + lines + WORKUP[WORKUP.index("    repeat") :]
    return screening(Walker(version((WORKUP, made)), now=FRIDAY))


@pytest.mark.parametrize(
    ("kind", "left", "after"), [("clock", 180, "2026-03-21T18:00Z"), ("working", 180, "2026-03-23T11:00Z")]
)
def test_a_hold_keeps_what_is_left_in_the_rungs_own_time(kind: str, left: int, after: str):
    walker = held((kind, "working"))
    walker.later("1h").hold()
    paused = walker.timer("complete_workup")
    assert (paused.state, paused.remaining) == (TimerState.PAUSED, left)
    walker.now = datetime(2026, 3, 21, 15, tzinfo=UTC)  # a Saturday
    walker.release()
    assert walker.timer("complete_workup").due_at == datetime.fromisoformat(after)


def test_the_second_rung_is_kept_in_its_own_time_whatever_the_first_ran_on():
    walker = held(("clock", "working"))
    walker.later("4h").tick()
    assert walker.timer("complete_workup").rung == 1
    walker.hold()
    left = walker.timer("complete_workup").remaining
    assert left == LONDON.between(
        walker.now, LONDON.after(FRIDAY, Duration.parse("12d"), TimeKind.WORKING), TimeKind.WORKING
    )
    walker.later("30d").release()
    assert LONDON.between(walker.now, walker.timer("complete_workup").due_at, TimeKind.WORKING) == left


def test_a_new_version_that_only_turns_a_rung_to_another_time_moves_its_clock():
    walker = Walker(version(number=2), now=FRIDAY)
    walker.enrol()
    assert walker.timer("triage_referral").due_at == FRIDAY + timedelta(days=5)
    text = V1.replace("version: 1\n", "version: 3\n").replace(
        "{after: 3d, tell: [assignee]}", "{after: 3d, time: clock, tell: [assignee]}"
    )
    migrated(walker, read(text))
    assert walker.timer("triage_referral").due_at == FRIDAY + timedelta(days=3)


def test_a_complication_is_told_in_clock_time_whatever_its_ladder_runs_on():
    text = (
        (FILE.parent / "v2.yaml")
        .read_text()
        .replace("{after: 1h, tell: [assignee, clinician]}", "{after: 1h, time: working, tell: [assignee]}")
    )
    found = list(late_for_complications(read(text)))
    assert found
    assert all("1h, in working time" in said for _, said in found)


# -- what surely comes later


@pytest.mark.parametrize(
    ("earlier", "later", "surely"),
    [
        ("24h, time: clock", "2d, time: working", True),
        ("24h, time: clock", "1d, time: working", False),  # an hour too early where the clocks go forward
        ("60min, time: clock", "61min, time: working", True),
        ("61min, time: clock", "61min, time: working", False),
        ("3d, time: working", "60d, time: clock", False),  # a calendar can have any number of closed days
        ("-3d, time: working", "-1d, time: clock", True),
        ("-3d, time: clock", "-1d, time: working", False),
        ("0d, time: working", "1h, time: clock", True),
        ("0min, time: working", "1h, time: clock", False),  # the next opening may be days off
        ("-1h, time: working", "0min, time: clock", True),
    ],
)
def test_across_kinds_of_time_only_what_no_calendar_can_turn_round_is_in_order(earlier: str, later: str, surely: bool):
    made = triage(f"after: {earlier}, tell: [assignee]", f"after: {later}, tell: [lead]")
    assert bool(list(not_ascending(made))) != surely


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Asia/Kolkata")
waits = st.builds(Duration, st.integers(-10, 10), st.sampled_from(("min", "h", "d")))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(ZONES),
    opens=st.integers(0, 23).map(time),
    closes=st.sampled_from((time(0, 30), time(12, 30), time(20, 30))),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    closed=st.frozensets(st.dates(datetime(2026, 1, 1).date(), datetime(2028, 1, 31).date()), max_size=20),
)


@settings(max_examples=400, deadline=None)
@given(waits, waits, st.booleans(), calendars, moments)
def test_what_is_in_order_across_kinds_of_time_is_so_on_any_calendar(
    earlier: Duration, later: Duration, clock_first: bool, site: Calendar, at: datetime
):
    kinds = (TimeKind.CLOCK, TimeKind.WORKING) if clock_first else (TimeKind.WORKING, TimeKind.CLOCK)
    rungs = (Rung(after=earlier, tell=("lead",), time=kinds[0]), Rung(after=later, tell=("lead",), time=kinds[1]))
    ladder = replace(CLOCK_FIRST.ladders["triage"], rungs=rungs)
    assume(not list(not_ascending(replace(CLOCK_FIRST, ladders={"triage": ladder}))))
    assert ladder.due(0, at, site) < ladder.due(1, at, site)
