"""Hours over midnight, whole days, and every way clocks change: against a walk by the minute that reads the wall.

The walk knows one rule: a site opens when its clock first shows the opening time or later, and closes when it first
shows the closing time or later.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.domain.calendar import Calendar, Duration, TimeKind

CLOCK, WORKING = TimeKind.CLOCK, TimeKind.WORKING
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MIDNIGHT = time(0)
EVERY_DAY = frozenset(range(7))

# A zone and a day on which its clocks change, and 29 February, on which none do.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Africa/Casablanca", date(2026, 2, 15)),  # back for Ramadan
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/Havana", date(2026, 3, 8)),  # at midnight
    ("America/Havana", date(2026, 11, 1)),
    ("Asia/Beirut", date(2026, 3, 29)),  # at midnight
    ("Asia/Beirut", date(2026, 10, 25)),  # from midnight back into the evening before
    ("Antarctica/Troll", date(2026, 3, 29)),  # by two hours
    ("Asia/Kolkata", date(2028, 2, 29)),  # half past, and never changed
    ("Europe/Berlin", date(2028, 2, 29)),
]
HOURS = [
    (time(8), time(17)),
    (time(22), time(6)),
    (time(23, 30), time(1, 30)),
    (time(22), time(2, 30)),
    (time(2, 15), time(11)),
    (time(1, 15), time(2, 45)),
    (time(1, 30), time(1)),
    (time(20), MIDNIGHT),
    (MIDNIGHT, time(4)),
    (MIDNIGHT, MIDNIGHT),
]


def naive_open(calendar: Calendar, begins: datetime, minutes: int) -> list[bool]:
    """Whether the site is open in each minute from `begins` on; the walk starts three days before, ends three after."""
    zone, first = ZoneInfo(calendar.zone), begins - 3 * DAY
    moments = (first + at * MINUTE for at in range(minutes + 2 * 3 * 24 * 60))
    walls = [at.astimezone(zone).replace(tzinfo=None) for at in moments]
    found = [False] * len(walls)
    for day in sorted({wall.date() for wall in walls})[1:-1]:
        if day.weekday() not in calendar.weekdays or day in calendar.closed:
            continue
        opens = datetime.combine(day, calendar.opens)
        closes = datetime.combine(day if calendar.opens < calendar.closes else day + DAY, calendar.closes)
        opened = next(at for at, wall in enumerate(walls) if wall >= opens)
        closed = next((at for at, wall in enumerate(walls) if wall >= closes), len(walls))
        found[opened:closed] = [True] * (closed - opened)
    return found[3 * 24 * 60 :][:minutes]


@pytest.mark.parametrize(("opens", "closes"), HOURS)
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_open_hours_around_the_change_agree_with_a_walk_by_the_minute(zone: str, day: date, opens: time, closes: time):
    calendar = Calendar(zone=zone, opens=opens, closes=closes, weekdays=EVERY_DAY, closed=frozenset({day + DAY}))
    begins = datetime.combine(day - DAY, time(12), UTC)
    walked = naive_open(calendar, begins, 4 * 24 * 60)
    total = 0
    for at, is_open in enumerate(walked):
        total += is_open
        if at % 97 == 0 or is_open != walked[at - 1]:
            end = begins + (at + 1) * MINUTE
            assert calendar.between(begins, end, WORKING) == total, end
            if is_open:
                assert calendar.later(begins, total, WORKING) == end
                assert calendar.later(end, -1, WORKING) == end - MINUTE


hours = st.tuples(st.integers(0, 23), st.sampled_from((0, 15, 30, 45))).map(lambda at: time(*at))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    zone, day = draw(st.sampled_from(CHANGES))
    opens = draw(hours)
    closes = draw(hours.filter(lambda at: at != opens or at == MIDNIGHT))
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
    closed = draw(st.frozensets(st.integers(-2, 2).map(lambda off: day + off * DAY), max_size=2))
    begins = datetime.combine(day, MIDNIGHT, UTC) + draw(st.integers(-3000, 1500)) * MINUTE
    return Calendar(zone=zone, opens=opens, closes=closes, weekdays=weekdays, closed=closed), begins


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(1, 4000))
def test_any_hours_agree_with_a_walk_by_the_minute(case: tuple[Calendar, datetime], span: int):
    calendar, begins = case
    walked = naive_open(calendar, begins, span)
    assert calendar.between(begins, begins + span * MINUTE, WORKING) == sum(walked)
    opened = [at for at, is_open in enumerate(walked, start=1) if is_open]
    if opened:
        assert calendar.later(begins, len(opened), WORKING) == begins + opened[-1] * MINUTE
        first = begins + (opened[0] - 1) * MINUTE
        assert calendar.later(begins + opened[-1] * MINUTE, -len(opened), WORKING) == first


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(1, 30))
def test_working_days_of_any_hours_are_counted_one_by_one(case: tuple[Calendar, datetime], count: int):
    calendar, begins = case
    day, left = calendar.day(begins), count
    while left:
        day += DAY
        left -= day.weekday() in calendar.weekdays and day not in calendar.closed
    assert calendar.day(calendar.after(begins, Duration(count, "d"), WORKING)) == day
    back = calendar.after(calendar.after(begins, Duration(count, "d"), WORKING), Duration(-count, "d"), WORKING)
    assert calendar.day(back) <= calendar.day(begins)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


NIGHTS = Calendar(zone="Europe/Berlin", opens=time(22), closes=time(6))  # Monday's night ends on Tuesday morning
LATE = Calendar(zone="Europe/Berlin", opens=time(16), closes=MIDNIGHT)
ROUND = Calendar(zone="Europe/Berlin", opens=MIDNIGHT, closes=MIDNIGHT, weekdays=EVERY_DAY)


@pytest.mark.parametrize(
    ("calendar", "begins", "wait", "ends"),
    [
        # Friday's night belongs to Friday, and goes on into Saturday; Sunday's does not begin.
        (NIGHTS, "2026-06-05T21:00+02:00", "8h", "2026-06-06T06:00+02:00"),
        (NIGHTS, "2026-06-05T21:00+02:00", "9h", "2026-06-08T23:00+02:00"),
        (NIGHTS, "2026-06-06T02:00+02:00", "1d", "2026-06-09T02:00+02:00"),  # the same hour of Monday's night
        (NIGHTS, "2026-06-09T02:00+02:00", "-1d", "2026-06-06T02:00+02:00"),
        (NIGHTS, "2026-06-06T07:00+02:00", "1d", "2026-06-08T07:00+02:00"),  # no night any more: Saturday's own morning
        (NIGHTS, "2026-06-08T23:00+02:00", "-2h", "2026-06-06T05:00+02:00"),
        # The night the clocks go forward has seven hours, the night they go back nine.
        (ROUND, "2026-03-28T22:00+01:00", "24h", "2026-03-29T23:00+02:00"),
        (ROUND, "2026-10-24T22:00+02:00", "24h", "2026-10-25T21:00+01:00"),
        # Midnight is the end of the day.
        (LATE, "2026-06-05T23:00+02:00", "1h", "2026-06-06T00:00+02:00"),
        (LATE, "2026-06-05T23:00+02:00", "2h", "2026-06-08T17:00+02:00"),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(calendar: Calendar, begins: str, wait: str, ends: str):
    assert calendar.after(utc(begins), Duration.parse(wait), WORKING) == utc(ends)


def test_hours_the_clocks_skip_are_no_hours_and_hours_that_come_twice_open_once():
    skipped = Calendar(zone="Europe/London", opens=time(1, 15), closes=time(1, 45), weekdays=EVERY_DAY)
    assert skipped.between(utc("2026-03-29T00:00Z"), utc("2026-03-29T12:00Z"), WORKING) == 0
    twice = Calendar(zone="Europe/London", opens=time(1), closes=time(1, 30), weekdays=EVERY_DAY)
    assert twice.between(utc("2026-10-25T00:00Z"), utc("2026-10-25T12:00Z"), WORKING) == 30
    assert twice.later(utc("2026-10-24T12:00Z"), 30, WORKING) == utc("2026-10-25T00:30Z")


def test_a_working_day_has_its_minutes():
    assert [hours.open_minutes for hours in (NIGHTS, LATE, ROUND)] == [480, 480, 1440]
    assert Calendar(zone="UTC").open_minutes == 540
