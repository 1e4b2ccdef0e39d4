"""Working time against a naive clock that walks minute by minute and reads the wall, and the odd days of the year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.domain.calendar import Calendar, Duration, TimeKind
from workflow.domain.errors import ImpossibleInputError

ZONES = ("UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
CLOCK, WORKING = TimeKind.CLOCK, TimeKind.WORKING

moments = st.datetimes(datetime(2023, 12, 1), datetime(2028, 4, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=0, microsecond=0)
)
# Clocks change between one and three in the morning; what opens then is spelled out further down.
hours = st.tuples(st.sampled_from((0, 5, 8, 9, 11)), st.integers(12, 23), st.sampled_from((0, 30)))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    opens, closes, minute = draw(hours)
    return Calendar(
        zone=draw(st.sampled_from(ZONES)),
        opens=time(opens, minute),
        closes=time(closes, minute),
        weekdays=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        closed=draw(st.frozensets(st.dates(date(2024, 2, 20), date(2024, 3, 20)), max_size=6)),
    )


def open_at(calendar: Calendar, at: datetime) -> bool:
    """Whether the site is open in the minute that begins at this moment: read off the wall clock."""
    wall = at.astimezone(ZoneInfo(calendar.zone))
    works = wall.weekday() in calendar.weekdays and wall.date() not in calendar.closed
    return works and calendar.opens <= wall.time() < calendar.closes


def naive_later(calendar: Calendar, at: datetime, minutes: int) -> datetime:
    """Walk forward a minute at a time; the answer is when the last minute asked for has passed."""
    while minutes:
        minutes -= open_at(calendar, at)
        at += timedelta(minutes=1)
    return at


@settings(max_examples=40, deadline=None)
@given(calendars(), moments, st.integers(1, 900))
def test_working_minutes_agree_with_a_walk_by_the_minute(calendar: Calendar, at: datetime, minutes: int):
    assert calendar.later(at, minutes, WORKING) == naive_later(calendar, at, minutes)


@settings(max_examples=40, deadline=None)
@given(calendars(), moments, st.integers(0, 4000))
def test_the_minutes_between_agree_with_a_walk_by_the_minute(calendar: Calendar, at: datetime, span: int):
    end = at + timedelta(minutes=span)
    walked = sum(open_at(calendar, at + timedelta(minutes=n)) for n in range(span))
    assert calendar.between(at, end, WORKING) == walked
    assert calendar.between(at, end, CLOCK) == span


@settings(max_examples=80, deadline=None)
@given(calendars(), moments, st.integers(0, 2000), st.integers(0, 2000))
def test_more_time_is_never_earlier(calendar: Calendar, at: datetime, one: int, other: int):
    less, more = sorted((one, other))
    assert calendar.later(at, less, WORKING) <= calendar.later(at, more, WORKING)


LONDON = Calendar(zone="Europe/London")
HOWE = Calendar(zone="Australia/Lord_Howe", opens=time(0), closes=time(6), weekdays=frozenset(range(7)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("calendar", "begins", "wait", "kind", "ends"),
    [
        # Spring forward: a clock day is 24 hours, a working day keeps the wall time.
        (LONDON, "2026-03-27T09:00Z", "3d", CLOCK, "2026-03-30T09:00Z"),
        (LONDON, "2026-03-27T09:00Z", "1d", WORKING, "2026-03-30T08:00Z"),
        # Fall back.
        (LONDON, "2026-10-23T08:00Z", "1d", WORKING, "2026-10-26T09:00Z"),
        # Friday at 16:30, one working hour: half of it is on Monday morning.
        (LONDON, "2026-02-27T16:30Z", "1h", WORKING, "2026-03-02T08:30Z"),
        # Counted from a Saturday.
        (LONDON, "2026-02-28T12:00Z", "1h", WORKING, "2026-03-02T09:00Z"),
        (LONDON, "2026-02-28T12:00Z", "1d", WORKING, "2026-03-02T12:00Z"),
        # A leap day is a working day like any other, and is counted once.
        (LONDON, "2024-02-28T10:00Z", "1d", WORKING, "2024-02-29T10:00Z"),
        (LONDON, "2024-02-28T10:00Z", "2d", WORKING, "2024-03-01T10:00Z"),
        (LONDON, "2024-02-28T10:00Z", "1w", WORKING, "2024-03-06T10:00Z"),
        # Backwards, over a weekend.
        (LONDON, "2026-03-02T10:00Z", "-1d", WORKING, "2026-02-27T10:00Z"),
        (LONDON, "2026-03-02T08:30Z", "-1h", WORKING, "2026-02-27T16:30Z"),
        # Lord Howe moves by half an hour: that night has five and a half open hours, or six and a half.
        (HOWE, "2026-10-03T13:30Z", "6h", WORKING, "2026-10-04T13:30Z"),
        (HOWE, "2026-04-04T13:00Z", "6h", WORKING, "2026-04-04T19:00Z"),
    ],
)
def test_the_odd_days_of_the_year(calendar: Calendar, begins: str, wait: str, kind: TimeKind, ends: str):
    assert calendar.after(utc(begins), Duration.parse(wait), kind) == utc(ends)


def test_half_an_hour_is_missing_on_lord_howe_when_the_clocks_go_forward():
    assert HOWE.between(utc("2026-10-03T13:30Z"), utc("2026-10-03T19:00Z"), WORKING) == 330
    assert HOWE.between(utc("2026-04-04T13:00Z"), utc("2026-04-04T19:30Z"), WORKING) == 390


def test_open_hours_the_clocks_skip_are_no_open_hours():
    short = Calendar(zone="Europe/London", opens=time(1, 15), closes=time(2), weekdays=frozenset({6}))
    assert short.between(utc("2026-03-29T00:00Z"), utc("2026-03-29T12:00Z"), WORKING) == 0
    assert short.later(utc("2026-03-29T00:00Z"), 10, WORKING) == utc("2026-04-05T00:25Z")


def test_a_site_that_never_opens_again_is_told_and_does_not_hang():
    mondays = frozenset(date(2026, 1, 5) + timedelta(7 * n) for n in range(600))
    never = Calendar(zone="UTC", weekdays=frozenset({0}), closed=mondays)
    for wait in ("1d", "1h"):
        with pytest.raises(ImpossibleInputError, match="no working"):
            never.after(utc("2026-01-01T00:00Z"), Duration.parse(wait), WORKING)
