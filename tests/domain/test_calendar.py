"""Working time against a naive day-by-day count, and clock time across changing clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.domain.calendar import Calendar, Duration, TimeKind
from workflow.domain.errors import ImpossibleInputError

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC")
CLOSED = frozenset({date(2026, 12, 25), date(2027, 1, 1), date(2028, 2, 29)})
moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)


def site(zone: str) -> Calendar:
    return Calendar(zone=zone, closed=CLOSED)


@given(zones, moments, st.integers(-40, 40))
def test_working_days_are_counted_one_by_one(zone: str, at: datetime, count: int):
    calendar = site(zone)
    day, left = at.astimezone(ZoneInfo(zone)).date(), abs(count)
    while left:
        day += timedelta(days=1 if count > 0 else -1)
        left -= day.weekday() < 5 and day not in CLOSED
    found = calendar.after(at, Duration(count, "d"), TimeKind.WORKING).astimezone(ZoneInfo(zone))
    assert found.date() in (day, day + timedelta(days=1))  # a wall time the clocks skip lies just behind
    if found.date() == day and found.utcoffset() == at.astimezone(ZoneInfo(zone)).utcoffset():
        assert found.time() == at.astimezone(ZoneInfo(zone)).time()


@given(zones, moments, st.integers(0, 6000))
def test_working_minutes_there_are_the_working_minutes_between(zone: str, at: datetime, minutes: int):
    calendar = site(zone)
    then = calendar.later(at, minutes, TimeKind.WORKING)
    assert calendar.between(at, then, TimeKind.WORKING) == minutes
    back = calendar.later(then, -minutes, TimeKind.WORKING)
    assert calendar.between(back, then, TimeKind.WORKING) == minutes


@given(zones, moments, st.integers(-100_000, 100_000))
def test_clock_time_is_elapsed_time_whatever_the_clocks_do(zone: str, at: datetime, minutes: int):
    assert site(zone).later(at, minutes, TimeKind.CLOCK) - at == timedelta(minutes=minutes)


@given(zones, moments, st.integers(1, 3000))
def test_working_time_falls_into_open_hours(zone: str, at: datetime, minutes: int):
    calendar = site(zone)
    local = calendar.local(calendar.later(at, minutes, TimeKind.WORKING))
    assert calendar.works_on(local.date())
    assert time(8) <= local.time() <= time(17)


def test_a_clock_day_over_a_change_of_clocks_is_24_hours():
    berlin = site("Europe/Berlin")
    before = datetime(2027, 3, 27, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert berlin.after(before, Duration.parse("1d"), TimeKind.CLOCK) - before.astimezone(UTC) == timedelta(hours=24)
    assert berlin.local(berlin.after(before, Duration.parse("1d"), TimeKind.CLOCK)).hour == 13


def test_a_working_day_over_a_change_of_clocks_keeps_the_wall_time():
    york = site("America/New_York")
    friday = datetime(2027, 3, 12, 9, 30, tzinfo=ZoneInfo("America/New_York"))
    found = york.local(york.after(friday, Duration.parse("1d"), TimeKind.WORKING))
    assert (found.date(), found.hour, found.minute) == (date(2027, 3, 15), 9, 30)


def test_a_wall_time_that_does_not_exist_becomes_the_hour_after():
    york = Calendar(zone="America/New_York", weekdays=frozenset(range(7)))
    day_before = datetime(2027, 3, 13, 2, 30, tzinfo=ZoneInfo("America/New_York"))
    found = york.local(york.after(day_before, Duration.parse("1d"), TimeKind.WORKING))
    assert (found.hour, found.minute) == (3, 30)


def test_the_hour_that_comes_twice_is_taken_the_first_time():
    york = Calendar(zone="America/New_York", weekdays=frozenset(range(7)))
    day_before = datetime(2026, 10, 31, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    found = york.after(day_before, Duration.parse("1d"), TimeKind.WORKING)
    assert found == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_weekends_holidays_and_29_february_are_passed_over():
    berlin = site("Europe/Berlin")
    monday = datetime(2028, 2, 28, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert berlin.local(berlin.after(monday, Duration.parse("1d"), TimeKind.WORKING)).date() == date(2028, 3, 1)


@pytest.mark.parametrize(("text", "minutes"), [("90min", 90), ("24h", 1440), ("-7d", -10080), ("2w", 20160)])
def test_durations_say_their_unit(text: str, minutes: int):
    assert Duration.parse(text).minutes == minutes
    assert str(Duration.parse(text)) == text


@pytest.mark.parametrize("text", ["", "7", "d", "1.5h", "+7d", "7 d", "٧d", "1_0h", "99999d", "7D", "7d\n", "inf"])
def test_what_is_no_duration_is_refused(text: str):
    with pytest.raises(ImpossibleInputError, match="duration"):
        Duration.parse(text)


def test_a_site_that_never_opens_is_refused():
    with pytest.raises(ImpossibleInputError, match="different times"):
        Calendar(zone="UTC", opens=time(8), closes=time(8))
    with pytest.raises(ImpossibleInputError):
        Calendar(zone="UTC", weekdays=frozenset())
