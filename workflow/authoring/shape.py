"""The shape of a protocol file, key by key. What is not named here is refused."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from workflow.authoring.scalars import (
    Code,
    Codes,
    Counted,
    Duration,
    Grade,
    Name,
    Names,
    Number,
    Pair,
    Ref,
    Remark,
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
from workflow.authoring.shape_criterion import Sourced, Written, WrittenEvent, WrittenGroup
from workflow.authoring.shape_plans import (
    WrittenAnticoagulants,
    WrittenAppointment,
    WrittenBenchmark,
    WrittenComplication,
    WrittenForm,
    WrittenParameter,
    WrittenPlan,
    WrittenPriority,
    WrittenRefill,
    WrittenRemark,
)
from workflow.authoring.shape_response import WrittenResponse
from workflow.domain.actor import Role
from workflow.domain.calendar import TimeKind
from workflow.domain.item import Kind
from workflow.domain.ladder import AfterOutage, OnHold, Urgency
from workflow.domain.trial import Method


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
    steps: Annotated[tuple[Number, ...], BeforeValidator(some)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        low, high = self.plausible
        if not 0 < low <= high <= self.hard_maximum:
            raise broken("the doses are out of order", "0 < plausible from <= plausible to <= hard_maximum")
        if self.onset.minutes >= self.lasts.minutes:
            raise broken("the effect ends before it begins", "onset shorter than lasts")
        steps = self.steps or ()
        if list(steps) != sorted(set(steps)) or any(not low <= step <= self.hard_maximum for step in steps):
            raise broken("dose steps climb inside the plausible range", "each step once, lowest first")
        return self


class WrittenItem(Sourced):
    label: Text
    kind: Kind
    unit: Text | None = None
    range: Pair | None = None
    decimals: Whole | None = None
    choices: Codes | None = None
    grades: dict[Grade, Number] | None = None
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
        if (self.kind is Kind.GRADE) != (self.grades is not None):
            raise broken("grades belong to a grade, and a grade needs them", "grades, or another kind")
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
    signed: Text | None = None
    reasons: Codes | None = None
    warns: Names | None = None
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
    time: TimeKind | None = None
    tell: Annotated[tuple[Told, ...], BeforeValidator(some), AfterValidator(once)]


class WrittenLadder(Written):
    label: Text
    time: TimeKind
    on_hold: OnHold
    urgency: Urgency
    rungs: Annotated[tuple[WrittenRung, ...], BeforeValidator(some)]
    repeat: Duration
    after_outage: AfterOutage = AfterOutage.FIRE
    source: Text | None = None


class WrittenChase(Sourced):
    attempts: Counted
    opens: Name


class WrittenWork(Written):
    label: Text
    for_: Role = Field(alias="for")
    ladder: Name
    follows: Ref | None = None
    advice: Remark | None = None
    chase: WrittenChase | None = None
    opens: Annotated[tuple[WrittenEvent, ...], BeforeValidator(some)] | None = None

    @model_validator(mode="after")
    def _opens_on_facts(self) -> Self:
        if any(event.done for event in self.opens or ()):
            raise broken("nothing opens on being done", "`done` under closes")
        return self


class WrittenTask(WrittenWork):
    scope: Literal["stint", "appointment", "hold", "proposal"] = "stint"
    repeats_expiring: YesNo = False

    @model_validator(mode="after")
    def _repeats_for_an_appointment(self) -> Self:
        about = [event for event in self.opens or () if event.appointment is None]
        if self.repeats_expiring and (self.scope != "appointment" or about or not self.opens):
            raise broken("expiring items are repeated for an appointment", "scope: appointment, opened by appointments")
        return self


class WrittenDuty(WrittenWork):
    closes: Annotated[tuple[WrittenEvent, ...], BeforeValidator(some)] | None = None
    gates: Names | None = None
    ends_at_death: YesNo = True

    @model_validator(mode="after")
    def _outlives_stages(self) -> Self:
        if any(event.stage for event in self.closes or ()):
            raise broken("a duty outlives stages: entering one discharges nothing", "another fact under closes")
        return self


class WrittenHold(Written):
    reasons: Codes
    review_after: Span
    task: Name


class WrittenSecondPerson(Written):
    task: Name
    lapses_after: Span


def _labelled(value: object) -> object:
    """An appointment that is only a name."""
    return {"label": value} if isinstance(value, str) else value


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
    appointments: dict[
        Name,
        Annotated[WrittenAppointment, BeforeValidator(_labelled, json_schema_input_type=Text | WrittenAppointment)],
    ]
    response: WrittenResponse
    hold: WrittenHold
    safety_task: Name
    missed_task: Name
    second_person: WrittenSecondPerson
    late_after: Span
    drug_item: Name
    max_trials: Counted
    invariants: dict[Name, WrittenInvariant] = Field(default_factory=dict)
    responses: dict[Name, WrittenResponse] = Field(default_factory=dict)
    parameters: dict[Name, WrittenParameter] = Field(default_factory=dict)
    forms: dict[Name, WrittenForm] = Field(default_factory=dict)
    observation_plans: dict[Name, WrittenPlan] = Field(default_factory=dict)
    anticoagulants: WrittenAnticoagulants | None = None
    refill: WrittenRefill | None = None
    complications: dict[Name, WrittenComplication] = Field(default_factory=dict)
    benchmarks: dict[Name, WrittenBenchmark] = Field(default_factory=dict)
    background: dict[Name, WrittenRemark] = Field(default_factory=dict)
    priority: WrittenPriority | None = None
    late_reasons: Codes | None = None
    soft_reasons: Codes | None = None

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        complications = {f"complication_{key}" for key in self.complications}
        both = sorted((self.tasks.keys() & self.duties.keys()) | ((self.tasks | self.duties).keys() & complications))
        if both:
            raise broken(f"{', '.join(both)} is a task and a duty", "a name of its own for each")
        return self
