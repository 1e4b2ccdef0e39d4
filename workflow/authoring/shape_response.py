"""How a response rule is written: instrument, baseline, scores, line, and what must stand beside a pass."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from workflow.authoring.scalars import Amount, Code, Counted, Name, Names, Number, Span, Text, broken
from workflow.authoring.shape_criterion import Sourced, WrittenTest
from workflow.domain.response_rule import JudgedBy, Measure, Statistic


class WrittenBaseline(Sourced):
    window: Span
    days: Counted
    ended_within: Span
    predose_within: Span | None = None
    void_by: Name | None = None
    floor: Number = Decimal(0)
    statistic: Statistic = Statistic.MEAN


class WrittenResponse(Sourced):
    label: Text = "Relief"
    instrument: Name
    better: Literal["lower", "higher"]
    measure: Measure = Measure.PERCENT
    above: Amount | None = None
    at_least: Amount | None = None
    operator: Literal["above", "at_least"] | None = None
    line_by: Name | None = None
    lines: dict[Code, Amount] | None = None
    statistic: Statistic = Statistic.MEAN
    scores: Counted
    judged_by: JudgedBy = JudgedBy.TRIAL
    occasions: Counted = 1
    apart: Span | None = None
    held_for: Span | None = None
    function: WrittenTest | None = None
    tolerance: WrittenTest | None = None
    context: Names | None = None
    baseline: WrittenBaseline

    @property
    def amounts(self) -> dict[str, Decimal | str]:
        """Where relief passes, by the value of `line_by`; under an empty text where it is the same for everybody."""
        if self.lines is not None:
            return dict(self.lines)
        said = self.above if self.above is not None else self.at_least
        return {} if said is None else {"": said}

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        said = [amount for amount in (self.above, self.at_least) if amount is not None]
        by_item = (self.line_by, self.lines, self.operator)
        if len(said) + (self.lines is not None) != 1 or (None in by_item and by_item != (None, None, None)):
            raise broken("relief has one line", "one of above, at_least; or line_by, lines and operator together")
        numbers = [amount for amount in self.amounts.values() if isinstance(amount, Decimal)]
        if any(number <= 0 or (self.measure is Measure.PERCENT and number > 100) for number in numbers):
            raise broken("relief has one threshold, in percent or points", "over 0, and up to 100 where in percent")
        return self

    @model_validator(mode="after")
    def _occasions_are_doses(self) -> Self:
        if self.judged_by is JudgedBy.TRIAL and (self.occasions != 1 or self.apart is not None):
            raise broken("several occasions are several doses", "judged_by: dose, or neither occasions nor apart")
        if self.apart is not None and self.occasions == 1:
            raise broken("one occasion lies apart from nothing", "occasions of 2 or more, or no apart")
        for test in (self.function, self.tolerance):
            if test is not None and (test.item is None or not test.this_trial):
                raise broken("what stands beside a score belongs to its trial", 'an item, with this_trial: "yes"')
        return self
