"""When a letter may leave, against a clock that is watched minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.domain.calendar import Calendar
from workflow.domain.ladder import Urgency
from workflow.domain.quiet import LetterHours, may_leave

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "UTC")
BERLIN = Calendar(zone="Europe/Berlin")
NIGHT = LetterHours(quiet_from=time(18), quiet_until=time(7), digest=False)
DIGEST = LetterHours(quiet_from=time(18), quiet_until=time(7), digest=True)

zones = st.sampled_from(ZONES)
# A month around each change of the clocks in both hemispheres, to the minute.
moments = st.builds(
    lambda start, minutes: start + minutes * MINUTE,
    st.sampled_from([datetime(2026, month, 20, tzinfo=UTC) for month in (3, 10)] + [datetime(2028, 2, 26, tzinfo=UTC)]),
    st.integers(0, 20 * 24 * 60),
)
halves = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
hours = st.builds(LetterHours, quiet_from=halves, quiet_until=halves, digest=st.booleans())


def _local(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@given(hours, zones, moments, st.sampled_from([Urgency.URGENT, Urgency.RED]))
def test_nothing_urgent_or_red_ever_waits(how: LetterHours, zone: str, now: datetime, urgency: Urgency):
    assert may_leave(how, Calendar(zone=zone), urgency, now, since=now - timedelta(days=3)) == now


@given(hours, zones, moments, st.integers(0, 7 * 24 * 60))
def test_no_routine_letter_leaves_in_quiet_hours_or_before_it_is_ready(
    how: LetterHours, zone: str, now: datetime, waited: int
):
    calendar = Calendar(zone=zone)
    leaves = may_leave(how, calendar, Urgency.ROUTINE, now, since=now - waited * MINUTE)
    assert leaves >= now
    assert not how.is_quiet(calendar.local(leaves).time())
    assert may_leave(how, calendar, Urgency.ROUTINE, leaves, since=now - waited * MINUTE) == leaves


@given(halves, halves, zones, moments)
def test_at_once_is_the_first_minute_that_is_not_quiet(begins: time, ends: time, zone: str, now: datetime):
    how, calendar = LetterHours(quiet_from=begins, quiet_until=ends, digest=False), Calendar(zone=zone)
    leaves = may_leave(how, calendar, Urgency.ROUTINE, now)
    first = now
    while how.is_quiet(calendar.local(first).time()):
        first += MINUTE
    leapt = calendar.local(leaves).time() != ends and leaves != now  # the clocks leap over the end of quiet hours
    assert first <= leaves <= first + (timedelta(hours=1) if leapt else timedelta(0))


@given(halves, zones, moments, st.frozensets(st.integers(0, 6), min_size=1))
def test_a_digest_leaves_on_the_first_morning_of_a_working_day(
    ends: time, zone: str, now: datetime, weekdays: frozenset[int]
):
    how, calendar = (
        LetterHours(quiet_from=ends, quiet_until=ends, digest=True),
        Calendar(zone=zone, weekdays=weekdays, closed=frozenset({date(2026, 3, 27), date(2026, 10, 26)})),
    )
    leaves = may_leave(how, calendar, Urgency.ROUTINE, now)
    watched = now
    while not (calendar.works_on(calendar.local(watched).date()) and calendar.local(watched).time() == ends):
        if watched > leaves:
            break
        watched += MINUTE
    wall = calendar.local(leaves)
    assert calendar.works_on(wall.date())
    leapt = wall.time() != ends
    assert leaves < watched if leapt else leaves == watched


@given(zones, moments, st.integers(0, 3 * 24 * 60), st.integers(0, 3 * 24 * 60))
def test_what_became_due_later_never_leaves_earlier(zone: str, now: datetime, one: int, other: int):
    calendar, early, late = Calendar(zone=zone), max(one, other), min(one, other)
    first = may_leave(DIGEST, calendar, Urgency.ROUTINE, now, since=now - early * MINUTE)
    assert first <= may_leave(DIGEST, calendar, Urgency.ROUTINE, now, since=now - late * MINUTE)


@pytest.mark.parametrize(
    ("how", "now", "leaves"),
    [
        (NIGHT, "2026-11-23T17:59", "2026-11-23T17:59"),
        (NIGHT, "2026-11-23T18:00", "2026-11-24T07:00"),
        (NIGHT, "2026-11-24T06:59", "2026-11-24T07:00"),
        (NIGHT, "2026-11-27T23:00", "2026-11-28T07:00"),  # a Saturday morning
        (DIGEST, "2026-11-23T06:59", "2026-11-23T07:00"),
        (DIGEST, "2026-11-23T07:00", "2026-11-23T07:00"),
        (DIGEST, "2026-11-23T07:01", "2026-11-24T07:00"),
        (DIGEST, "2026-11-27T12:00", "2026-11-30T07:00"),  # from Friday to Monday
        (NIGHT, "2026-03-28T23:00", "2026-03-29T07:00"),  # eight hours on the wall, seven elapsed
        (NIGHT, "2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_a_night_and_a_morning_in_berlin(how: LetterHours, now: str, leaves: str):
    assert may_leave(how, BERLIN, Urgency.ROUTINE, _local(now)) == _local(leaves)


def test_what_became_due_before_the_end_of_quiet_hours_goes_with_that_mornings_digest():
    now = _local("2026-11-24T07:02")
    assert may_leave(DIGEST, BERLIN, Urgency.ROUTINE, now, since=_local("2026-11-24T06:58")) == now
    assert may_leave(DIGEST, BERLIN, Urgency.ROUTINE, now, since=_local("2026-11-24T07:01")) == _local(
        "2026-11-25T07:00"
    )


def test_a_digest_that_could_not_leave_all_day_waits_for_the_end_of_the_night():
    late = _local("2026-11-24T22:00")
    assert may_leave(DIGEST, BERLIN, Urgency.ROUTINE, late, since=_local("2026-11-24T06:00")) == _local(
        "2026-11-25T07:00"
    )


@pytest.mark.parametrize("fold", [0, 1])
def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_at_its_next_coming(fold: int):
    how = LetterHours(quiet_from=time(22), quiet_until=time(2, 30), digest=False)
    now = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    assert may_leave(how, BERLIN, Urgency.ROUTINE, now) == now.astimezone(UTC) + timedelta(minutes=20)


def test_quiet_hours_that_end_in_the_hour_that_is_leapt_over_end_an_hour_later_on_the_wall():
    how = LetterHours(quiet_from=time(22), quiet_until=time(2, 30), digest=False)
    assert may_leave(how, BERLIN, Urgency.ROUTINE, _local("2026-03-29T01:00")) == _local("2026-03-29T03:30")
