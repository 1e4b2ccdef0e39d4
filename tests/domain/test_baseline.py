"""What a trial is held against, to the second: the edges of the diary, of its age, and of what makes it void."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workflow.domain.baseline import baseline_of, voided
from workflow.domain.calendar import Calendar, Duration
from workflow.domain.episode import Episode
from workflow.domain.observation import Observation
from workflow.domain.response_rule import BaselineRule
from workflow.domain.trial import Method, Trial

FIRST = datetime(2026, 6, 29, 9, tzinfo=UTC)  # the first dose
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LONDON, UTC_SITE = Calendar(zone="Europe/London"), Calendar(zone="UTC")
SHOT = Trial(key="1", method=Method.SINGLE_SHOT, drug="morphine", started_at=FIRST)
CATHETER = replace(SHOT, method=Method.CATHETER)
RULE = BaselineRule(
    window=Duration(7, "d"),
    days=3,
    ended_within=Duration(14, "d"),
    predose_within=Duration(24, "h"),
    void_by="analgesics_changed",
)


def seen(at: datetime, item: str = "nrs", text: str | None = None, superseded_by: str | None = None) -> Observation:
    return Observation(
        key=f"{at:%d%H%M%S}",
        item=item,
        observed_at=at,
        recorded_at=at,
        by="nils",
        text=text,
        superseded_by=superseded_by,
    )


def diary(*ages: timedelta) -> list[Observation]:
    """Scores this long before the first dose."""
    return [seen(FIRST - age) for age in ages]


def base(
    before: list[Observation], rule: BaselineRule = RULE, trial: Trial = CATHETER, calendar: Calendar = LONDON
) -> list[Observation] | str:
    return baseline_of(rule, before, trial, FIRST, calendar)


def test_without_a_score_there_is_no_baseline():
    assert base([]) == "no score before the first dose"


def test_a_diary_is_what_lies_within_the_window_before_its_last_score():
    before = diary(2 * DAY, 3 * DAY, 9 * DAY - SECOND, 9 * DAY, 10 * DAY)
    assert base(before) == before[:3]


def test_too_few_days_are_told_with_the_age_of_the_diary():
    assert base(diary(1.5 * DAY, 1.6 * DAY, 2.5 * DAY)) == (
        "the baseline diary has 2 of 3 days in 7d, ended 1.5 d before dosing (at most 14d)"
    )


def test_a_day_outside_the_window_does_not_count():
    assert isinstance(base(diary(DAY, 2 * DAY, 8 * DAY)), str)
    assert isinstance(base(diary(DAY, 2 * DAY, 8 * DAY - SECOND)), list)


def test_days_are_those_of_the_sites_own_calendar():
    nights = [datetime(2026, 6, day, hour, 30, tzinfo=UTC) for day, hour in ((24, 12), (25, 12), (25, 23))]
    before = [seen(at) for at in nights]
    assert base(before, calendar=LONDON) == before  # 25 June 23:30 UTC is the 26th in London
    assert isinstance(base(before, calendar=UTC_SITE), str)


def test_a_diary_may_have_ended_exactly_so_long_ago():
    assert isinstance(base(diary(14 * DAY, 15 * DAY, 16 * DAY)), list)
    late = base(diary(14 * DAY + SECOND, 15 * DAY, 16 * DAY))
    assert late == "the baseline diary has 3 of 3 days in 7d, ended 14.0 d before dosing (at most 14d)"


def test_a_diary_that_is_enough_is_taken_whole_also_for_a_single_shot():
    before = diary(DAY / 2, 2 * DAY, 3 * DAY)
    assert base(before, trial=SHOT) == before


def test_scores_shortly_before_a_single_shot_are_enough():
    before = diary(timedelta(hours=1), DAY, DAY + SECOND)
    assert base(before, trial=SHOT) == before[:2]


@pytest.mark.parametrize(
    ("rule", "trial", "age"),
    [
        (RULE, SHOT, DAY + SECOND),
        (RULE, CATHETER, timedelta(hours=1)),
        (replace(RULE, predose_within=None), SHOT, timedelta(hours=1)),
    ],
    ids=["too long before", "a catheter", "a rule that takes none"],
)
def test_one_score_is_otherwise_not_enough(rule: BaselineRule, trial: Trial, age: timedelta):
    assert str(base(diary(age), rule, trial)).startswith("the baseline diary has 1 of 3 days in 7d")


# ------------------------------------------------------------------------------------------------------------- void


BASE = diary(3 * DAY, 5 * DAY, 4 * DAY)
CHANGED = "analgesics_changed"


def void(*others: Observation) -> str:
    observations = {f"{number}": one for number, one in enumerate(others)}
    return voided(Episode(id="e", site="s", candidate="c", observations=observations), CHANGED, BASE, FIRST)


@pytest.mark.parametrize("at", [FIRST - 5 * DAY + SECOND, FIRST - DAY, FIRST], ids=["first", "between", "last"])
def test_a_change_after_the_baseline_began_and_by_the_first_dose_voids_it(at: datetime):
    assert void(seen(at, CHANGED, "yes")) == f"analgesics were changed on {at:%Y-%m-%d}, after the baseline began"


@pytest.mark.parametrize(
    "other",
    [
        seen(FIRST - 5 * DAY, CHANGED, "yes"),
        seen(FIRST + SECOND, CHANGED, "yes"),
        seen(FIRST - DAY, CHANGED, "no"),
        seen(FIRST - DAY, CHANGED, "yes", superseded_by="9.1"),
        seen(FIRST - DAY, "consent_trial", "yes"),
    ],
    ids=["when it began", "after dosing", "no change", "corrected since", "another item"],
)
def test_anything_else_leaves_a_baseline_standing(other: Observation):
    assert void(other) == ""
    assert void(other, seen(FIRST, CHANGED, "yes")) != ""
