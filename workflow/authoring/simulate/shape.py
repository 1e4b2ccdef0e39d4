"""The shape of a cohort file, key by key. What is not named here is refused."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from workflow.authoring.scalars import Code, Counted, Number, Span, Text, Whole, broken, some, wrong
from workflow.authoring.shape_criterion import Sourced, Written
from workflow.authoring.walk.moments import WrittenStart
from workflow.authoring.walk.shape import WrittenSite, filled
from workflow.domain.actor import Role
from workflow.domain.calendar import TimeKind


def _percent(value: Decimal) -> Decimal:
    if not 0 <= value <= 100:
        raise wrong("a percentage", str(value), "0 to 100")
    return value


def _weight(value: Decimal) -> Decimal:
    if value < 0:
        raise wrong("a weight", str(value), "0 or more")
    return value


def _weighed(value: dict[str, Decimal]) -> dict[str, Decimal]:
    if not sum(value.values()):
        raise broken("every weight is 0", "at least one above 0")
    return value


Percent = Annotated[Number, AfterValidator(_percent)]
Weight = Annotated[Number, AfterValidator(_weight)]


class WrittenRange(Written):
    low: Number = Field(alias="from")
    to: Number

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.to:
            raise broken("the range is out of order", "from at most to")
        return self


class WrittenValues(Written):
    """What is found when somebody looks: any number between two, or each word as often as its weight says."""

    between: WrittenRange | None = None
    weights: Annotated[dict[Text, Weight], BeforeValidator(filled), AfterValidator(_weighed)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.between is None) == (self.weights is None):
            raise broken("values are drawn one way", "one of between, weights")
        return self


class WrittenPace(Written):
    median: Span
    p90: Span
    time: TimeKind = TimeKind.WORKING

    @model_validator(mode="after")
    def _half_first(self) -> Self:
        if self.median.minutes > self.p90.minutes:
            raise broken("nine tenths are done before half are", "median at most p90")
        return self


class WrittenWay(Written):
    """How often a way is chosen among those that can be taken; `response`: only where the trial showed this."""

    weight: Weight
    response: Text | None = None
    reason: Code | None = None


class WrittenLeave(Written):
    """How many of those who could leave a stage this way do so, in percent of all stays there."""

    percent: Percent
    reason: Code | None = None


class WrittenHold(WrittenLeave):
    """How many stays are put on hold for this reason, and for how long."""

    lasts: WrittenPace


class WrittenBooking(Written):
    """An appointment that is booked on entering these stages, and how many of them are missed."""

    stages: Annotated[tuple[Code, ...], BeforeValidator(some)]
    missed: Percent = Decimal(0)


class WrittenResponse(Sourced):
    """How many trials pass the line, in percent, and between which scores the baseline lies."""

    passing: Percent
    baseline: WrittenRange | None = None


class WrittenAges(Written):
    """How old people are when they are referred, in years."""

    youngest: Annotated[Whole, Field(alias="from")]
    oldest: Annotated[Whole, Field(alias="to")]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.youngest <= self.oldest <= 110:
            raise broken("the ages are out of order", "from at most to, to at most 110")
        return self


class WrittenReferrals(Written):
    per_week: Number

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not 0 < self.per_week <= 1000:
            raise wrong("a number of referrals", str(self.per_week), "above 0, at most 1000 a week")
        return self


class WrittenCohort(Written):
    cohort: Text
    protocol: Text | None = None
    about: Text | None = None
    site: WrittenSite = Field(default_factory=WrittenSite)
    starts: WrittenStart | None = None
    referrals: WrittenReferrals | None = None
    staff: Annotated[dict[Role, Counted], BeforeValidator(filled)] | None = None
    pace: Annotated[dict[Code, WrittenPace], BeforeValidator(filled)] | None = None
    items: Annotated[dict[Code, WrittenValues], BeforeValidator(filled)] | None = None
    ways: Annotated[dict[Code, WrittenWay], BeforeValidator(filled)] | None = None
    leaves: Annotated[dict[Code, WrittenLeave], BeforeValidator(filled)] | None = None
    holds: Annotated[dict[Code, WrittenHold], BeforeValidator(filled)] | None = None
    appointments: Annotated[dict[Code, WrittenBooking], BeforeValidator(filled)] | None = None
    discharged_by: Annotated[dict[Code, Code], BeforeValidator(filled)] | None = None
    gives_up: Code | None = None
    tries: Whole = 3
    response: WrittenResponse | None = None
    ages: WrittenAges | None = None
    parameters: Annotated[dict[Code, Number], BeforeValidator(filled)] | None = None
