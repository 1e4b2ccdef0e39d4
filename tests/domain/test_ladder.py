"""Rungs climb, the last one repeats, and what passed unseen is not caught up on."""

from datetime import UTC, datetime, timedelta

import pytest

from workflow.domain.calendar import Calendar, Duration, TimeKind
from workflow.domain.ladder import Ladder, OnHold, Rung, Urgency

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
SITE = Calendar(zone="UTC")


def ladder(kind: TimeKind) -> Ladder:
    rungs = tuple(Rung(after=Duration.parse(after), tell=("nurse",)) for after in ("1d", "3d"))
    return Ladder(
        key="k",
        label="K",
        time=kind,
        on_hold=OnHold.RUN,
        urgency=Urgency.URGENT,
        rungs=rungs,
        repeat=Duration.parse("1d"),
    )


@pytest.mark.parametrize("kind", list(TimeKind))
def test_the_next_rung_counts_from_the_anchor_however_late_this_one_was(kind: TimeKind):
    due = ladder(kind).first(AT, SITE)
    late = due + timedelta(days=20)
    assert ladder(kind).next(0, anchor=AT, due_at=due, now=late, calendar=SITE) == (1, AT + timedelta(days=3))


def test_the_last_rung_repeats_and_never_catches_up():
    due = AT + timedelta(days=3)
    after_downtime = AT + timedelta(days=30, hours=2)
    rung, again = ladder(TimeKind.CLOCK).next(1, anchor=AT, due_at=due, now=after_downtime, calendar=SITE)
    assert rung == 1
    assert after_downtime < again <= after_downtime + timedelta(days=1)
    assert (again - due) % timedelta(days=1) == timedelta()


@pytest.mark.parametrize("kind", list(TimeKind))
def test_a_repeat_is_always_ahead(kind: TimeKind):
    now = due = AT + timedelta(days=3)
    for _ in range(20):
        _, again = ladder(kind).next(1, anchor=AT, due_at=due, now=now, calendar=SITE)
        assert again > now
        now = due = again
