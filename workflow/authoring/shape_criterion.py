"""How a criterion and an event are written: the parts gates, responses, tasks and duties are made of."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from workflow.authoring.scalars import (
    Amount,
    Code,
    Counted,
    Mark,
    Name,
    OnlyYes,
    Ref,
    Span,
    Text,
    YesNo,
    broken,
    once,
    some,
)
from workflow.domain.criterion import Operator

OPERATORS = tuple(operator.value for operator in Operator)
FACTS = ("stage", "act", "appointment", "cancelled", "transition", "item", "done")
TEST, GROUP = "a test", "a group"  # how a part of a criterion is told apart; never a key of a file
MOST_OF_SOME = 8


class Written(BaseModel):
    """A map of the file: only the keys named here, each read once."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Sourced(Written):
    source: Text | None = None
    mark: Mark | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.source is None) != (self.mark is None):
            raise broken("a source and its mark belong together", "both source and mark (R, U or D), or neither")
        return self


class Compared(Sourced):
    above: Amount | None = None
    at_least: Amount | None = None
    below: Amount | None = None
    at_most: Amount | None = None
    is_: Text | None = Field(default=None, alias="is")
    in_: Annotated[tuple[Text, ...], BeforeValidator(some), AfterValidator(once)] | None = Field(
        default=None, alias="in"
    )
    recorded: OnlyYes | None = None
    label: Text | None = None

    @property
    def operators(self) -> tuple[Operator, ...]:
        """Every operator written here; a sound comparison has one."""
        return tuple(operator for operator in Operator if getattr(self, _FIELDS.get(operator, operator)) is not None)

    @property
    def number(self) -> Decimal | None:
        """The number of a comparison."""
        return next((amount for amount in self._amounts if isinstance(amount, Decimal)), None)

    @property
    def parameter(self) -> str:
        """The site's parameter a comparison asks for, where it names one."""
        return next((amount for amount in self._amounts if isinstance(amount, str)), "").removeprefix("$")

    @property
    def _amounts(self) -> tuple[Decimal | str | None, ...]:
        return (self.above, self.at_least, self.below, self.at_most)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values of `is` or `in`."""
        return self.in_ or (() if self.is_ is None else (self.is_,))


_FIELDS = {Operator.IS: "is_", Operator.IN: "in_"}


class WrittenTest(Compared):
    item: Code | None = None
    derived: Ref | None = None
    of: Ref | None = None
    within: Span | None = None
    this_trial: YesNo = False

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.item is None) == (self.derived is None):
            raise broken("a test looks at one thing", "one of item, derived")
        if len(self.operators) != 1:
            raise broken("a test compares once", f"one of {', '.join(OPERATORS)}")
        if self.item is not None and self.of is not None:
            raise broken("`of` belongs to a derived value", "leave `of` out")
        if self.derived is not None and (self.within is not None or self.this_trial):
            raise broken("`within` and `this_trial` belong to an item", "leave them out")
        return self


class WrittenEvent(Compared):
    """What opens or closes work: one fact, or an item's value."""

    stage: Name | None = None
    act: Name | None = None
    appointment: Name | None = None
    cancelled: Name | None = None
    transition: Name | None = None
    item: Code | None = None
    done: OnlyYes | None = None
    during: Name | None = None
    times: Counted = 1
    rise_over: Span | None = None

    @model_validator(mode="after")
    def _one_fact(self) -> Self:
        facts = [fact for fact in FACTS if getattr(self, fact) is not None]
        if len(facts) != 1:
            raise broken("work opens or closes on one fact", f"one of {', '.join(FACTS)}")
        if len(self.operators) != (facts == ["item"]):
            raise broken("an item is compared once, and nothing else is", f"item with one of {', '.join(OPERATORS)}")
        if self.parameter:
            raise broken("work opens on a number of the file, not on a parameter", "a number")
        if self.item is None and (self.times != 1 or self.rise_over is not None):
            raise broken("`times` and `rise_over` belong to an item", "leave them out")
        if self.rise_over is not None and (self.number is None or self.times != 1):
            raise broken("a rise is compared with percent", "one of above, at_least, and no `times`")
        return self


class WrittenGroup(Written):
    all: "WrittenParts | None" = None
    any: "WrittenParts | None" = None
    none: "WrittenParts | None" = None
    some: "WrittenParts | None" = None
    least: Counted | None = None
    label: Text | None = None

    @property
    def parts(self) -> "WrittenParts":
        return self.all or self.any or self.none or self.some or ()

    @property
    def join(self) -> Literal["all", "any", "none", "some"]:
        return "all" if self.all else "any" if self.any else "none" if self.none else "some"

    @model_validator(mode="after")
    def _one_join(self) -> Self:
        if sum(bool(parts) for parts in (self.all, self.any, self.none, self.some)) != 1:
            raise broken("tests are joined one way", "one of all, any, none, some")
        if (self.some is None) != (self.least is None):
            raise broken("`some` says how many at least", "some and least together")
        if self.some is not None and not 1 < (self.least or 0) < len(self.some) <= MOST_OF_SOME:
            allowed = f"least from 2 to one less than the tests, of at most {MOST_OF_SOME}"
            raise broken("`some` is more than one and fewer than all", allowed)
        return self


def _sort_of(value: object) -> str:
    """Which of the two a part of a criterion is meant to be, so that only its own faults are told."""
    keys = value.keys() if isinstance(value, dict) else ()
    return GROUP if any(join in keys for join in ("all", "any", "none", "some")) else TEST


WrittenCriterion = Annotated[
    Annotated[WrittenTest, Tag(TEST)] | Annotated[WrittenGroup, Tag(GROUP)], Discriminator(_sort_of)
]
WrittenParts = Annotated[tuple[WrittenCriterion, ...], BeforeValidator(some)]

# Its parts are written before their kind is known; other modules build on it complete.
WrittenGroup.model_rebuild()
