"""What a trial is held against: the diary before the first dose, or for a single shot a score shortly before it."""

from datetime import datetime, timedelta

from workflow.domain.calendar import Calendar
from workflow.domain.episode import Episode
from workflow.domain.observation import Observation
from workflow.domain.response_rule import BaselineRule
from workflow.domain.trial import Method, Trial


def baseline_of(
    rule: BaselineRule, before: list[Observation], trial: Trial, first: datetime, calendar: Calendar
) -> list[Observation] | str:
    """The scores the baseline is made of, or why there is none."""
    if not before:
        return "no score before the first dose"
    last = max(o.observed_at for o in before)
    diary = [o for o in before if o.observed_at > last - rule.window.elapsed]
    days = len({calendar.local(o.observed_at).date() for o in diary})
    if first - last <= rule.ended_within.elapsed and days >= rule.days:
        return diary
    if trial.method is Method.SINGLE_SHOT and rule.predose_within is not None:
        close = [o for o in before if first - o.observed_at <= rule.predose_within.elapsed]
        if close:
            return close
    return (
        f"the baseline diary has {days} of {rule.days} days in {rule.window}, "
        f"ended {_days(first - last)} before dosing (at most {rule.ended_within})"
    )


def voided(episode: Episode, item: str, base: list[Observation], first: datetime) -> str:
    """Why a baseline does not count any more: analgesics changed after it began; empty where they did not."""
    start = min(o.observed_at for o in base)
    for seen in episode.observations.values():
        changed = seen.item == item and seen.stands and seen.text == "yes"
        if changed and start < seen.observed_at <= first:
            return f"analgesics were changed on {seen.observed_at:%Y-%m-%d}, after the baseline began"
    return ""


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f} d"
