"""The shape of a protocol file, key by key. What is not named here is refused."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from workflow.authoring.scalars import (
    Code,
    Codes,
    Counted,
    Duration,
    Mark,
    Name,
    Names,
    Number,
    OnlyYes,
    Pair,
    Ref,
    Roles,
    SourceKey,
    Span,
    Text,
    Told,
    Whole,
    YesNo,
    broken,
    once,
    some,
    word_or_list,
)
from workflow.domain.actor import Role
from workflow.domain.calendar import TimeKind
from workflow.domain.criterion import Operator
from workflow.domain.item import Kind
from workflow.domain.ladder import OnHold, Urgency
from workflow.domain.trial import Method

OPERATORS = tuple(operator.value for operator in Operator)
FACTS = ("stage", "act", "appointment", "transition", "item", "done")
TEST, GROUP = "a test", "a group"  # how a part of a criterion is told apart; never a key of a file


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
    above: Number | None = None
    at_least: Number | None = None
    below: Number | None = None
    at_most: Number | None = None
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
        said = (self.above, self.at_least, self.below, self.at_most)
        return next((number for number in said if number is not None), None)

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
    transition: Name | None = None
    item: Code | None = None
    done: OnlyYes | None = None

    @model_validator(mode="after")
    def _one_fact(self) -> Self:
        facts = [fact for fact in FACTS if getattr(self, fact) is not None]
        if len(facts) != 1:
            raise broken("work opens or closes on one fact", f"one of {', '.join(FACTS)}")
        if len(self.operators) != (facts == ["item"]):
            raise broken("an item is compared once, and nothing else is", f"item with one of {', '.join(OPERATORS)}")
        return self


class WrittenGroup(Written):
    all: "WrittenParts | None" = None
    any: "WrittenParts | None" = None
    none: "WrittenParts | None" = None
    label: Text | None = None

    @property
    def parts(self) -> "WrittenParts":
        return self.all or self.any or self.none or ()

    @property
    def join(self) -> Literal["all", "any", "none"]:
        return "all" if self.all else "any" if self.any else "none"

    @model_validator(mode="after")
    def _one_join(self) -> Self:
        if sum(bool(parts) for parts in (self.all, self.any, self.none)) != 1:
            raise broken("tests are joined one way", "one of all, any, none")
        return self


def _sort_of(value: object) -> str:
    """Which of the two a part of a criterion is meant to be, so that only its own faults are told."""
    keys = value.keys() if isinstance(value, dict) else ()
    return GROUP if any(join in keys for join in ("all", "any", "none")) else TEST


WrittenCriterion = Annotated[
    Annotated[WrittenTest, Tag(TEST)] | Annotated[WrittenGroup, Tag(GROUP)], Discriminator(_sort_of)
]
WrittenParts = Annotated[tuple[WrittenCriterion, ...], BeforeValidator(some)]


class WrittenDispensation(Written):
    by: Roles
    reasons: Codes
    lapses_after: Span


class WrittenGate(WrittenGroup):
    label: Text
    override: WrittenDispensation | None = None
    waiver: WrittenDispensation | None = None

    @model_validator(mode="after")
    def _one_way_past(self) -> Self:
        if self.override is not None and self.waiver is not None:
            raise broken("a gate has one way past it", "override or waiver, not both")
        return self


class WrittenDrug(Sourced):
    label: Text
    unit: Text
    plausible: Pair
    hard_maximum: Number
    onset: Span
    lasts: Span
    observe: Span

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        low, high = self.plausible
        if not 0 < low <= high <= self.hard_maximum:
            raise broken("the doses are out of order", "0 < plausible from <= plausible to <= hard_maximum")
        if self.onset.minutes >= self.lasts.minutes:
            raise broken("the effect ends before it begins", "onset shorter than lasts")
        return self


class WrittenItem(Sourced):
    label: Text
    kind: Kind
    unit: Text | None = None
    range: Pair | None = None
    decimals: Whole | None = None
    choices: Codes | None = None
    valid_for: Span | None = None
    judgement: YesNo = False

    @model_validator(mode="after")
    def _as_its_kind(self) -> Self:
        numeric = self.kind is Kind.NUMBER
        if numeric != (self.range is not None) or numeric != (self.unit is not None):
            raise broken("unit and range belong to numbers, and a number needs both", "unit and range, or neither")
        if self.decimals is not None and not numeric:
            raise broken("decimals belong to numbers", "leave decimals out")
        if (self.kind is Kind.CHOICE) != (self.choices is not None):
            raise broken("choices belong to a choice, and a choice needs them", "choices, or another kind")
        if self.range is not None and self.range[0] >= self.range[1]:
            raise broken("the range is upside down", "range: [lowest, highest]")
        if self.judgement and self.kind is not Kind.YES_NO:
            raise broken("a judgement is answered yes or no", "kind: yes_no")
        return self


class WrittenAct(Written):
    label: Text
    valid_for: Span


class WrittenStage(Written):
    label: Text
    ends: YesNo = False
    duties: Names | None = None


class WrittenTransition(Written):
    label: Text
    from_: Annotated[tuple[Name, ...], word_or_list("any"), AfterValidator(once)] = Field(alias="from")
    to: Name | None = None
    by: Annotated[tuple[Role, ...], word_or_list("system"), AfterValidator(once)]
    gates: Annotated[tuple[Name, ...], word_or_list("none"), AfterValidator(once)]
    authorises: Name | None = None
    records: Name | None = None
    begins_trial: Method | None = None
    ends_trial: Code | None = None
    second_person: YesNo = False
    reasons: Codes | None = None
    on_hold: YesNo = False
    death: YesNo = False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.authorises is not None and self.records is not None:
            raise broken("an act is authorised first and recorded afterwards", "authorises or records, not both")
        if self.to is None and self.authorises is None and self.records is None:
            raise broken("this transition does nothing", "one of to, authorises, records")
        return self


class WrittenRung(Written):
    after: Duration
    tell: Annotated[tuple[Told, ...], BeforeValidator(some), AfterValidator(once)]


class WrittenLadder(Written):
    label: Text
    time: TimeKind
    on_hold: OnHold
    urgency: Urgency
    rungs: Annotated[tuple[WrittenRung, ...], BeforeValidator(some)]
    repeat: Duration
    source: Text | None = None


class WrittenWork(Written):
    label: Text
    for_: Role = Field(alias="for")
    ladder: Name
    opens: Annotated[tuple[WrittenEvent, ...], BeforeValidator(some)] | None = None

    @model_validator(mode="after")
    def _opens_on_facts(self) -> Self:
        if any(event.done for event in self.opens or ()):
            raise broken("nothing opens on being done", "`done` under closes")
        return self


class WrittenTask(WrittenWork):
    scope: Literal["stint", "appointment", "hold", "proposal"] = "stint"


class WrittenDuty(WrittenWork):
    closes: Annotated[tuple[WrittenEvent, ...], BeforeValidator(some)] | None = None
    gates: Names | None = None
    ends_at_death: YesNo = True

    @model_validator(mode="after")
    def _outlives_stages(self) -> Self:
        if any(event.stage for event in self.closes or ()):
            raise broken("a duty outlives stages: entering one discharges nothing", "another fact under closes")
        return self


class WrittenBaseline(Sourced):
    window: Span
    days: Counted
    ended_within: Span
    predose_within: Span | None = None
    void_by: Name | None = None
    floor: Number = Decimal(0)


class WrittenResponse(Sourced):
    instrument: Name
    better: Literal["lower", "higher"]
    above: Number | None = None
    at_least: Number | None = None
    scores: Counted
    baseline: WrittenBaseline

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        said = [number for number in (self.above, self.at_least) if number is not None]
        if len(said) != 1 or not 0 < said[0] <= 100:
            raise broken("relief has one threshold, in percent", "one of above, at_least, over 0 and up to 100")
        return self


class WrittenHold(Written):
    reasons: Codes
    review_after: Span
    task: Name


class WrittenSecondPerson(Written):
    task: Name
    lapses_after: Span


class WrittenInvariant(Written):
    label: Text
    act: Name | None = None
    stage: Name | None = None
    asks: Names | None = None
    without: Names | None = None

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        if (self.act is None) == (self.stage is None):
            raise broken("an invariant is about one thing", "one of act, stage")
        if self.asks is None and self.without is None:
            raise broken("this invariant says nothing", "asks, without, or both")
        return self


class WrittenProtocol(Written):
    protocol: Name
    version: Counted
    title: Text
    begins: Name
    roles: Roles
    sources: dict[SourceKey, Text]
    drugs: dict[Name, WrittenDrug]
    items: dict[Name, WrittenItem]
    gates: dict[Name, WrittenGate]
    acts: dict[Name, WrittenAct]
    stages: dict[Name, WrittenStage]
    transitions: dict[Name, WrittenTransition]
    ladders: dict[Name, WrittenLadder]
    tasks: dict[Name, WrittenTask]
    duties: dict[Name, WrittenDuty]
    appointments: dict[Name, Text]
    response: WrittenResponse
    hold: WrittenHold
    safety_task: Name
    missed_task: Name
    second_person: WrittenSecondPerson
    late_after: Span
    drug_item: Name
    max_trials: Counted
    invariants: dict[Name, WrittenInvariant] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        both = sorted(self.tasks.keys() & self.duties.keys())
        if both:
            raise broken(f"{', '.join(both)} is a task and a duty", "a name of its own for each")
        return self
