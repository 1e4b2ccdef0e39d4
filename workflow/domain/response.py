"""Relief in one trial: met, met but not tolerated, not met, or cannot be judged, with everything it was computed from.

scores in the drug's effect window ─► one score per occasion ─► relief against the baseline ─► the rule's line
                                                                 beside it: function, tolerance, what must be known

In exact fractions; the line is compared before anything is rounded, so 7 to 3.5 is exactly 50 and, where the file
says `above: 50`, not above it. Missing, asleep or late is never a zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from workflow.domain.baseline import baseline_of, voided
from workflow.domain.criterion import Missing, Operator, Subject, Test, Verdict, judge
from workflow.domain.observation import Observation
from workflow.domain.reckoning import floor, in_words, one_of
from workflow.domain.response_rule import JudgedBy, Measure, ResponseRule
from workflow.domain.trial import Administration, Mode, Trial

if TYPE_CHECKING:
    from workflow.domain.view import View


class Judgement(StrEnum):
    """What a trial showed. Only MET opens the way to an implant; only NOT_MET is a failed trial."""

    MET = "met"
    NOT_TOLERATED = "met, not tolerated"
    NOT_MET = "not met"
    UNJUDGED = "cannot be judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What one trial did. `relief` and `margin` are in `unit`; None where they could not be computed."""

    verdict: Judgement
    because: str
    unit: str = "%"
    asked: str = ""  # the line, in words
    relief: Fraction | None = None
    margin: Fraction | None = None  # over the line positive, on it 0
    baseline: Fraction | None = None
    mean: Fraction | None = None  # the score that is held against the baseline, by the rule's statistic
    best: Fraction | None = None
    worst: Fraction | None = None
    scores: tuple[str, ...] = ()  # keys of the scores inside the effect window
    baseline_scores: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # keys of what was looked at beside the scores
    left_out: int = 0  # scores of this trial outside the effect window
    warning: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        return self.baseline_scores + self.scores + self.beside

    @property
    def relief_shown(self) -> Decimal | None:
        """Relief to two decimals, rounded down so that a value is never shown over a line it is under."""
        return None if self.relief is None else floor(self.relief)


def respond(rule: ResponseRule, view: "View", trial: Trial) -> Response:
    """The response of one trial by one rule, as it stood at the view's instant."""
    doses = sorted(
        (d for d in view.episode.administrations.values() if d.trial == trial.number and d.given_at < view.at),
        key=lambda dose: dose.given_at,
    )
    if not doses:
        return _unknown("no dose of this trial is recorded")
    first = doses[0].given_at
    taken = [o for o in _scores(view, rule.instrument) if o.observed_at <= view.at]
    before = [o for o in taken if o.trial is None or o.trial == trial.number]
    base = baseline_of(rule.baseline, [o for o in before if o.observed_at < first], trial, first, view.calendar)
    if isinstance(base, str):
        return _unknown(base, base=before)
    if void := voided(view.episode, rule.baseline.void_by, base, first):
        return _unknown(void, base=base)
    after = [o for o in taken if o.trial == trial.number and o.observed_at >= first]
    plain = _judged(rule, view, base, _occasions(rule, view, trial, doses, after))
    plain = replace(plain, left_out=len(after) - len(plain.scores) if rule.judged_by is JudgedBy.TRIAL else 0)
    return _beside(rule, view, plain, since=doses[-1].given_at)


# ------------------------------------------------------------------------------------------------------- the scores


def _scores(view: "View", instrument: str) -> list[Observation]:
    item = view.protocol.items[instrument]
    found = []
    for seen in view.episode.observations.values():
        worth = item.worth(seen.number, seen.text) if seen.item == instrument and seen.stands else None
        if worth is not None and worth.is_finite():
            found.append(replace(seen, number=worth) if seen.number is None else seen)
    return found


def _occasions(
    rule: ResponseRule, view: "View", trial: Trial, doses: list[Administration], after: list[Observation]
) -> "list[_Occasion] | str":
    """The scores that are judged together, occasion by occasion; or why there are too few occasions."""
    if rule.judged_by is JudgedBy.TRIAL:
        return [_Occasion("", [o for o in after if any(_covers(view, d, trial, o.observed_at) for d in doses)])]
    last = doses[-rule.occasions :]
    if rule.apart and any(b.given_at - a.given_at < rule.apart.elapsed for a, b in pairwise(last)):
        return f"the last {len(last)} doses lie closer together than {rule.apart}"
    ends = {a.key: b.given_at for a, b in pairwise(doses)}
    found = []
    for at, dose in enumerate(doses, start=1):
        if dose in last:
            until = ends.get(dose.key, view.at)  # a score at the very time of the next dose was taken before it
            inside = [o for o in after if _covers(view, dose, trial, o.observed_at) and o.observed_at <= until]
            found.append(_Occasion(f"dose {at} ({dose.given} {dose.unit}): ", inside))
    return found


@dataclass(frozen=True, slots=True)
class _Occasion:
    """Scores that are judged together, and how to name them."""

    name: str
    inside: list[Observation]


def _covers(view: "View", dose: Administration, trial: Trial, at: datetime) -> bool:
    """Whether a score at this time was taken while the dose could be felt."""
    drug = view.protocol.drugs.get(dose.drug)
    if drug is None:
        return False
    opens, closes = dose.given_at + drug.onset.elapsed, dose.given_at + drug.lasts.elapsed
    if dose.mode is Mode.INFUSION:
        closes = at if trial.catheter_out_at is None else trial.catheter_out_at + drug.lasts.elapsed
    return opens <= at <= closes


# ----------------------------------------------------------------------------------------------------- the judgement


def _judged(rule: ResponseRule, view: "View", base: list[Observation], occasions: "list[_Occasion] | str") -> Response:
    """Every occasion must pass. One that does not is a no; one that cannot be judged leaves it open."""
    if isinstance(occasions, str):
        return _unknown(occasions, base=base)
    line = _line(rule, view)
    if isinstance(line, str):
        return _unknown(line, base=base)
    asked = f"{rule.operator.replace('_', ' ')} {_plain(line)} {_unit(rule)}"
    each = [replace(_one(rule, base, occasion, line), asked=asked) for occasion in occasions]
    keys = tuple(dict.fromkeys(key for one in each for key in one.scores))
    for verdict in (Judgement.NOT_MET, Judgement.UNJUDGED):
        if found := next((one for one in reversed(each) if one.verdict is verdict), None):
            return replace(found, scores=keys)
    if len(each) < rule.occasions:
        short = f"{each[-1].because}; {len(each)} of {rule.occasions} doses in a row"
        return replace(each[-1], verdict=Judgement.UNJUDGED, because=short)
    told = "; ".join(one.because for one in each)
    return replace(each[-1], because=told, scores=keys)


def _line(rule: ResponseRule, view: "View") -> Fraction | str:
    """The line this person is held against, or why it is not known."""
    value = view.text(rule.line_by) if rule.line_by else ""
    if value is None or value not in rule.lines:
        return f"which line counts is not known: {view.protocol.items[rule.line_by].label} is missing"
    line = rule.lines[value]
    number = view.parameter(line.parameter) if line.parameter else line.number
    assert number is not None
    return Fraction(number)


def _one(rule: ResponseRule, base: list[Observation], occasion: _Occasion, line: Fraction) -> Response:
    inside = occasion.inside
    moments = len({o.observed_at for o in inside})
    if moments < rule.scores:
        why = f"{occasion.name}{moments} of {rule.scores} scores inside the drug's effect window"
        return _unknown(why, base=base, inside=inside)
    lower = rule.lower_is_better
    baseline = one_of(rule.baseline.statistic, base, lower_is_better=lower)
    score = one_of(rule.statistic, inside, lower_is_better=lower)
    if baseline == 0 and (lower or rule.measure is Measure.PERCENT):
        return _unknown("a baseline of 0 leaves nothing to relieve", base=base, inside=inside)
    relief = _relief(rule, baseline, score)
    margin = relief - line
    found = Response(
        verdict=Judgement.MET if _over(rule, margin) else Judgement.NOT_MET,
        because=occasion.name + in_words(rule, baseline=baseline, score=score, relief=relief, margin=margin),
        unit=_unit(rule),
        relief=relief,
        margin=margin,
        baseline=baseline,
        mean=score,
        best=(min if lower else max)(_values(inside)),
        worst=(max if lower else min)(_values(inside)),
        scores=tuple(o.key for o in inside),
        baseline_scores=tuple(o.key for o in base),
        warning=_floor_effect(rule, baseline),
    )
    return _held(rule, found, inside, baseline, line)


def _relief(rule: ResponseRule, baseline: Fraction, score: Fraction) -> Fraction:
    change = baseline - score if rule.lower_is_better else score - baseline
    return change * 100 / baseline if rule.measure is Measure.PERCENT else change


def _over(rule: ResponseRule, margin: Fraction) -> bool:
    return margin > 0 if rule.operator is Operator.ABOVE else margin >= 0


def _held(
    rule: ResponseRule, found: Response, inside: list[Observation], baseline: Fraction, line: Fraction
) -> Response:
    """A pass that must last: scores over the line one after the other, for at least so long."""
    if rule.held_for is None or found.verdict is not Judgement.MET:
        return found
    ordered = sorted(inside, key=lambda o: o.observed_at)
    wanted, longest, began = rule.held_for.elapsed, timedelta(), None
    for seen in ordered:
        over = seen.number is not None and _over(rule, _relief(rule, baseline, Fraction(seen.number)) - line)
        began = (began or seen.observed_at) if over else None
        longest = max(longest, seen.observed_at - began) if began else longest
    if longest >= wanted:
        return found
    spanned = ordered[-1].observed_at - ordered[0].observed_at
    verdict = Judgement.UNJUDGED if spanned < wanted else Judgement.NOT_MET
    held = f"held for {longest / timedelta(hours=1):.1f} h of {rule.held_for}"
    return replace(found, verdict=verdict, because=f"{found.because}; {held}")


def _beside(rule: ResponseRule, view: "View", found: Response, *, since: datetime) -> Response:
    """What a score alone does not say: what must be known, whether function went with it, whether it was tolerated."""
    looked = {item: view.look(Subject(item=item, this_trial=True)) for item in rule.context}
    lacking = [item for item, seen in looked.items() if isinstance(seen, Missing)]
    found = replace(found, beside=tuple(key for seen in looked.values() for key in seen.keys))
    if found.verdict is not Judgement.UNJUDGED and lacking:
        names = ", ".join(view.protocol.items[item].label for item in lacking)
        return _but(found, Judgement.UNJUDGED, f"not recorded in this trial: {names}")
    for test, otherwise in ((rule.function, Judgement.NOT_MET), (rule.tolerance, Judgement.NOT_TOLERATED)):
        if test is not None and found.verdict is Judgement.MET:
            found = _asked_beside(view, found, test, otherwise, since)
    return found


def _asked_beside(view: "View", found: Response, test: Test, otherwise: Judgement, since: datetime) -> Response:
    """What was said before the last dose says nothing of it."""
    said = judge(test, view)
    found = replace(found, beside=(*found.beside, *said.keys))
    told = view.latest(test.subject.item, of=view.trial)
    if said.verdict is Verdict.OPEN and told is not None and told.observed_at <= since:
        return _but(found, Judgement.UNJUDGED, f"{said.because}, before the last dose: record it again")
    if said.verdict is Verdict.OPEN:
        return found
    return _but(found, otherwise if said.verdict is Verdict.SHUT else Judgement.UNJUDGED, said.because)


def _but(found: Response, verdict: Judgement, because: str) -> Response:
    return replace(found, verdict=verdict, because=f"{found.because}; but {because}")


def _unknown(because: str, *, base: Iterable[Observation] = (), inside: Iterable[Observation] = ()) -> Response:
    """No answer, and the scores it was looked for in."""
    return Response(
        verdict=Judgement.UNJUDGED,
        because=because,
        scores=tuple(o.key for o in inside),
        baseline_scores=tuple(o.key for o in base),
    )


def _unit(rule: ResponseRule) -> str:
    return "%" if rule.measure is Measure.PERCENT else "points"


def _plain(line: Fraction) -> str:
    return f"{(Decimal(line.numerator) / line.denominator).normalize():f}"


def _values(scores: Sequence[Observation]) -> list[Fraction]:
    return [Fraction(o.number) for o in scores if o.number is not None]


def _floor_effect(rule: ResponseRule, baseline: Fraction) -> str:
    low = rule.lower_is_better and baseline < rule.baseline.floor
    return f"baseline below {rule.baseline.floor}: a floor effect is likely" if low else ""
