"""Relief in one trial: met, not met, or cannot be judged, with everything it was computed from.

relief = (baseline - mean score in the effect window) / baseline, in exact fractions; the threshold is compared
before anything is rounded, so 7 to 3.5 is exactly 50 and, where the file says `above: 50`, not above it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from workflow.domain.calendar import Calendar
from workflow.domain.criterion import Operator
from workflow.domain.episode import Episode
from workflow.domain.observation import Observation
from workflow.domain.protocol import BaselineRule, ProtocolVersion
from workflow.domain.trial import Administration, Method, Mode, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What one trial did for the pain. `relief` and `margin` are in percent (points); None: cannot be judged."""

    verdict: str  # met, not met, cannot be judged
    because: str
    relief: Fraction | None = None
    margin: Fraction | None = None
    baseline: Fraction | None = None
    mean: Fraction | None = None
    scores: tuple[str, ...] = ()  # keys of the scores inside the effect window
    baseline_scores: tuple[str, ...] = ()
    left_out: int = 0  # scores of this trial outside the effect window
    warning: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        return self.baseline_scores + self.scores

    @property
    def relief_shown(self) -> Decimal | None:
        """Relief to two decimals, rounded down so that a value is never shown over a line it is under."""
        return None if self.relief is None else _floor(self.relief)


def respond(protocol: ProtocolVersion, episode: Episode, trial: Trial, *, at: datetime, calendar: Calendar) -> Response:
    """The response of one trial as it stood at `at`. Missing, asleep or late is never a zero."""
    rule = protocol.response
    doses = [d for d in episode.administrations.values() if d.trial == trial.number and d.given_at <= at]
    if not doses:
        return _unknown("no dose of this trial is recorded")
    first = min(dose.given_at for dose in doses)
    taken = [o for o in _scores(episode, rule.instrument) if o.observed_at <= at]
    before = [o for o in taken if o.trial is None or o.trial == trial.number]
    base = _baseline(rule.baseline, [o for o in before if o.observed_at < first], trial, first, calendar)
    if isinstance(base, str):
        return _unknown(base, base=before)
    if void := _voided(episode, rule.baseline.void_by, base, first):
        return _unknown(void, base=base)
    after = [o for o in taken if o.trial == trial.number and o.observed_at >= first]
    inside = [o for o in after if any(_covers(protocol, dose, trial, o.observed_at) for dose in doses)]
    moments = len({o.observed_at for o in inside})
    if moments < rule.scores:
        return _unknown(f"{moments} of {rule.scores} scores inside the drug's effect window", base=base, inside=inside)
    return _judged(protocol, base, inside, left_out=len(after) - len(inside))


def _judged(
    protocol: ProtocolVersion, base: list[Observation], inside: list[Observation], *, left_out: int
) -> Response:
    rule = protocol.response
    baseline, mean = _mean(base), _mean(inside)
    change = baseline - mean if rule.lower_is_better else mean - baseline
    if baseline == 0:
        return _unknown("a baseline of 0 leaves nothing to relieve", base=base, inside=inside)
    relief = change * 100 / baseline
    margin = relief - Fraction(rule.threshold)
    met = margin > 0 if rule.operator is Operator.ABOVE else margin >= 0
    return Response(
        verdict="met" if met else "not met",
        because=_in_words(baseline, mean, relief, margin),
        relief=relief,
        margin=margin,
        baseline=baseline,
        mean=mean,
        scores=tuple(o.key for o in inside),
        baseline_scores=tuple(o.key for o in base),
        left_out=left_out,
        warning=_floor_effect(rule.baseline, baseline),
    )


def _unknown(because: str, *, base: Iterable[Observation] = (), inside: Iterable[Observation] = ()) -> Response:
    """No answer, and the scores it was looked for in."""
    return Response(
        verdict="cannot be judged",
        because=because,
        scores=tuple(o.key for o in inside),
        baseline_scores=tuple(o.key for o in base),
    )


def _scores(episode: Episode, instrument: str) -> list[Observation]:
    return [
        o
        for o in episode.observations.values()
        if o.item == instrument and o.stands and o.number is not None and o.number.is_finite()
    ]


def _baseline(
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


def _voided(episode: Episode, item: str, base: list[Observation], first: datetime) -> str:
    start = min(o.observed_at for o in base)
    for seen in episode.observations.values():
        changed = seen.item == item and seen.stands and seen.text == "yes"
        if changed and start < seen.observed_at <= first:
            return f"analgesics were changed on {seen.observed_at:%Y-%m-%d}, after the baseline began"
    return ""


def _covers(protocol: ProtocolVersion, dose: Administration, trial: Trial, at: datetime) -> bool:
    """Whether a score at this time was taken while the dose could be felt."""
    drug = protocol.drugs.get(dose.drug)
    if drug is None:
        return False
    opens, closes = dose.given_at + drug.onset.elapsed, dose.given_at + drug.lasts.elapsed
    if dose.mode is Mode.INFUSION:
        closes = at if trial.catheter_out_at is None else trial.catheter_out_at + drug.lasts.elapsed
    return opens <= at <= closes


def _mean(scores: Iterable[Observation]) -> Fraction:
    values = [Fraction(o.number) for o in scores if o.number is not None]
    return sum(values, Fraction()) / len(values)


def _in_words(baseline: Fraction, mean: Fraction, relief: Fraction, margin: Fraction) -> str:
    sums = f"baseline {_floor(baseline)}, mean {_floor(mean)} in the effect window: {_floor(relief)} % relief"
    if margin == 0:
        return f"{sums}, exactly on the line, not above it"
    line = relief - margin
    shown = abs(_floor(relief) - Decimal(line.numerator) / line.denominator)  # so that what is shown adds up
    amount = "less than 0.01" if shown < Decimal("0.01") else f"{shown:.2f}"
    return f"{sums}, {amount} points {'above' if margin > 0 else 'short of'} the line"


def _floor_effect(rule: BaselineRule, baseline: Fraction) -> str:
    return f"baseline below {rule.floor}: a floor effect is likely" if baseline < rule.floor else ""


def _floor(value: Fraction) -> Decimal:
    cents = Decimal(value.numerator * 100 // value.denominator)
    return (cents / 100).quantize(Decimal("0.01"), rounding=ROUND_FLOOR)


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f} d"
