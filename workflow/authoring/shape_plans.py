"""How plans are written: observation, anticoagulants, refills, forms, parameters, and what is only to be known."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from workflow.authoring.scalars import Code, Counted, Name, Names, Number, Pair, Remark, Span, Text, broken, some
from workflow.authoring.shape_criterion import OPERATORS, Compared, Sourced, Written, WrittenCriterion
from workflow.domain.actor import Role
from workflow.domain.calendar import TimeKind
from workflow.domain.trial import Method


class WrittenParameter(Sourced):
    label: Text
    unit: Text
    default: Number
    range: Pair

    @model_validator(mode="after")
    def _within_bounds(self) -> Self:
        low, high = self.range
        if not low <= self.default <= high or low == high:
            raise broken("the default lies outside its bounds", "range: [lowest, highest] around the default")
        return self


class WrittenForm(Sourced):
    label: Text
    items: Names


class WrittenRounds(Written):
    every: Span
    until: Span


def _onward(value: tuple[WrittenRounds, ...]) -> tuple[WrittenRounds, ...]:
    ends = [0, *(part.until.minutes for part in value)]
    for (begins, ends_at), part in zip(pairwise(ends), value, strict=True):
        if ends_at <= begins or (ends_at - begins) % part.every.minutes:
            raise broken("rounds go on from one another in whole steps", "every: 1h, until: 12h; every: 2h, until: 24h")
    return value


class WrittenPlan(Sourced):
    label: Text
    drug: Name
    method: Method | None = None
    lasts: Span
    rounds: Annotated[tuple[WrittenRounds, ...], BeforeValidator(some), AfterValidator(_onward)]
    items: Names
    tolerance: Span

    @model_validator(mode="after")
    def _one_round_each(self) -> Self:
        closest = min(part.every.minutes for part in self.rounds)
        if self.tolerance.minutes * 2 >= closest:
            raise broken("one value could be two rounds'", "a tolerance under half the shortest `every`")
        if self.rounds[-1].until.minutes != self.lasts.minutes:
            raise broken("the last round and the plan end together", "the last `until` the same as `lasts`")
        if sum(1 for _ in self._all()) > _MOST_ROUNDS:
            raise broken("too many rounds", f"at most {_MOST_ROUNDS}")
        return self

    def _all(self) -> list[int]:
        ends = [0, *(part.until.minutes for part in self.rounds)]
        parts = zip(pairwise(ends), self.rounds, strict=True)
        return [at for (low, high), part in parts for at in range(low, high, part.every.minutes)]


_MOST_ROUNDS = 200


class WrittenInterruption(Sourced):
    of: Code
    when: WrittenCriterion | None = None
    stop: Span
    restart: Span
    restart_after_trauma: Span

    @model_validator(mode="after")
    def _trauma_waits_longer(self) -> Self:
        if self.restart_after_trauma.minutes < self.restart.minutes:
            raise broken("a traumatic puncture shortens no wait", "restart_after_trauma as long as restart, or longer")
        return self


class WrittenAnticoagulants(Written):
    drug: Name
    inputs: Names
    agreed: Name
    planned: Name
    last_dose: Name
    restarted: Name
    traumatic: Name
    procedures: Names
    interruptions: dict[Name, WrittenInterruption]


class WrittenRefill(Sourced):
    filled_at: Name
    volume: Name
    reserve: Name
    concentration: Name
    daily_dose: Name
    printed: Name
    kind: Name
    keeps: dict[Code, Span]
    margin: Span


class WrittenAppointment(Written):
    label: Text
    needs: Names | None = None
    missed: Name | None = None
    act: Name | None = None


class WrittenComplication(Sourced):
    label: Text
    severity: Literal["emergency", "urgent", "soon", "minor"]
    act_within: Span
    for_: Role = Field(alias="for")
    ladder: Name
    advice: Remark | None = None


class WrittenBenchmark(Sourced):
    label: Text
    value: Number
    unit: Text
    after: Text
    n: Counted


class WrittenRemark(Sourced):
    text: Remark


class WrittenPriority(Compared):
    label: Text
    item: Code
    within: Span
    time: TimeKind

    @model_validator(mode="after")
    def _compared_once(self) -> Self:
        if len(self.operators) != 1:
            raise broken("a priority compares its item once", f"one of {', '.join(OPERATORS)}")
        return self
