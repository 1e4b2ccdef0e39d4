"""How relief is judged, as a protocol says it: instrument, baseline, scores, line, and what must stand beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from workflow.domain.calendar import Duration
from workflow.domain.criterion import Operator, Test
from workflow.domain.item import Basis


class Statistic(StrEnum):
    """How several scores become one."""

    MEAN = "mean"
    MEDIAN = "median"
    BEST = "best"
    WORST = "worst"
    LAST = "last"


class Measure(StrEnum):
    """What a change is counted in."""

    PERCENT = "percent"  # of the baseline
    POINTS = "points"  # of the instrument's own scale


class JudgedBy(StrEnum):
    """Whose scores are judged together."""

    TRIAL = "trial"  # every score in the effect window of any dose
    DOSE = "dose"  # those of one dose: each dose is an occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRule:
    """Which scores make the baseline: a diary of `window` with `days` days, ended `ended_within` before dosing."""

    window: Duration
    days: int
    ended_within: Duration
    predose_within: Duration | None  # a single score this close before dosing is enough for a single shot
    void_by: str = ""  # item: an analgesic change since the baseline makes it unknown
    floor: Decimal = Decimal(0)  # below this a floor effect is to be expected: shown, not decisive
    statistic: Statistic = Statistic.MEAN
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where relief passes: a number, or a site's parameter."""

    number: Decimal | None = None
    parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRule:
    """How relief is computed and when it passes: instrument, baseline, scores, line, and what must stand beside it."""

    key: str = ""
    label: str = "Relief"
    instrument: str
    lower_is_better: bool
    baseline: BaselineRule
    measure: Measure = Measure.PERCENT
    operator: Operator
    lines: Mapping[str, Line]  # by the value of `line_by`; under "" where it is the same for everybody
    line_by: str = ""  # item
    statistic: Statistic = Statistic.MEAN
    scores: int  # at least this many moments with a score inside the effect window
    judged_by: JudgedBy = JudgedBy.TRIAL
    occasions: int = 1  # this many doses in a row must pass
    apart: Duration | None = None  # and lie at least so far apart
    held_for: Duration | None = None  # scores over the line without a break, over at least this long
    function: Test | None = None  # a pass asks for this beside the score; not met, it is no pass
    tolerance: Test | None = None  # not met, a pass is `met, not tolerated`
    context: tuple[str, ...] = ()  # items that must be recorded in the trial before anything is judged
    basis: Basis = Basis()
