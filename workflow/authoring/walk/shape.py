"""The shape of a walk file, key by key. What is not named here is refused."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from workflow.authoring.scalars import Code, Counted, Number, OnlyYes, Roles, Span, Text, broken, once, some, wrong
from workflow.authoring.shape_criterion import Written
from workflow.authoring.walk.moments import WrittenClock, WrittenDay, WrittenStart, WrittenWhen
from workflow.domain.calendar import Calendar
from workflow.domain.criterion import Verdict
from workflow.domain.observation import Absence
from workflow.domain.task import Outsider
from workflow.domain.trial import Mode

# What a deed must say beside its own key, and what it may say.
DEEDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    verb: (frozenset(needs.split()), frozenset(may.split()))
    for verb, needs, may in (
        ("adopt", "reason", "occurred_at"),
        ("record", "", "occurred_at every trial"),
        ("correct", "reason", "value absent void unit occurred_at"),
        ("advance", "", "reason occurred_at unsigned"),
        ("administer", "given", "ordered unit mode reason occurred_at"),
        ("appoint", "starts_at", ""),
        ("reschedule", "starts_at", ""),
        ("attend", "", ""),
        ("miss", "", "reason"),
        ("cancel", "", "reason"),
        ("hold", "", "occurred_at"),
        ("release", "reason", "occurred_at"),
        ("override", "reason", ""),
        ("deviate", "reason occurred_at", "drug given ordered unit mode"),
        ("complete", "", "reason"),
        ("acknowledge", "until", ""),
        ("claim", "", ""),
        ("reassign", "to", "reason"),
        ("snooze", "until reason", ""),
        ("wait", "waits_on until reason", ""),
    )
}
_SAID = frozenset().union(*(needs | may for needs, may in DEEDS.values()))


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ValueError, OSError, ZoneInfoNotFoundError) as unknown:
        raise wrong("a time zone", value, "a name like Europe/London") from unknown


Zone = Annotated[ZoneInfo, PlainValidator(_zone)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WrittenSite(Written):
    """When the site works. Left out: London, 08:00 to 17:00, Monday to Friday."""

    zone: Zone = ZoneInfo("Europe/London")
    opens: WrittenClock = time(8)
    closes: WrittenClock = time(17)
    weekdays: Annotated[tuple[Weekday, ...], BeforeValidator(some), AfterValidator(once)] = _WEEK[:5]
    closed: Annotated[tuple[WrittenDay, ...], BeforeValidator(some)] = ()

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if self.opens >= self.closes:
            raise broken("a site opens before it closes", "opens earlier than closes")
        return self

    @property
    def calendar(self) -> Calendar:
        return Calendar(
            zone=self.zone.key,
            opens=self.opens,
            closes=self.closes,
            weekdays=frozenset(_WEEK.index(day) for day in self.weekdays),
            closed=frozenset(self.closed),
        )


class WrittenValue(Written):
    """One value, where more is to be said of it than the value itself."""

    value: Text | None = None
    absent: Absence | None = None
    unit: Text | None = None
    observed_at: WrittenWhen | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.value is None) == (self.absent is None):
            raise broken("a value, or why there is none", "one of value, absent")
        return self


def _values(said: object) -> object:
    """A value may be a word, a map, or a list of either."""
    listed = some(said) if isinstance(said, list) else [said]
    assert isinstance(listed, list)
    return [{"value": one} if isinstance(one, str) else one for one in listed]


def filled(value: object) -> object:
    """A map with something in it. Raises the fault of anything else."""
    if not isinstance(value, dict):
        raise wrong("a map", value, "{key: value}")
    if not value:
        raise broken("this map is empty", "{key: value}; leave the key out where there is nothing to say")
    return value


def _who(value: object) -> object:
    return () if value == "nobody" else some(value)


Values = Annotated[tuple[WrittenValue, ...], BeforeValidator(_values)]
Who = Annotated[tuple[Code, ...], BeforeValidator(_who), AfterValidator(once)]
Work = Annotated[tuple[Code, ...], BeforeValidator(some), AfterValidator(once)]


class WrittenGateExpected(Written):
    """What one gate must answer."""

    verdict: Verdict | None = None
    because: Text | None = None  # is contained in what it says

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.verdict is None and self.because is None:
            raise broken("nothing is expected of this gate", "verdict, because, or both")
        return self


class WrittenExpected(Written):
    """What must have come of a step."""

    outcome: Literal["done", "moved", "proposed", "refused", "impossible", "any"] | None = None
    because: Text | None = None  # is contained in what made it impossible
    gates: Annotated[dict[Code, WrittenGateExpected], BeforeValidator(filled)] | None = None
    stage: Code | None = None
    response: Text | None = None
    relief: Number | None = None
    open: Work | None = None
    closed: Work | None = None
    told: Annotated[dict[Code, Who], BeforeValidator(filled)] | None = None
    episode: Literal["open", "closed"] | None = None

    @model_validator(mode="after")
    def _impossible_because(self) -> Self:
        if self.because is not None and self.outcome != "impossible":
            raise broken("`because` belongs to what is impossible", "outcome: impossible; a gate has its own because")
        return self


class WrittenStep(Written):
    """One step: when, who, one deed with what it takes, and what is expected. Without a deed time passes."""

    at: WrittenWhen | None = None
    by: Code | None = None
    and_by: Code | None = None

    adopt: Code | None = None
    record: Annotated[dict[Code, Values], BeforeValidator(filled)] | None = None
    correct: Code | None = None
    advance: Code | None = None
    administer: Code | None = None
    appoint: Code | None = None
    reschedule: Code | None = None
    attend: Code | None = None
    miss: Code | None = None
    cancel: Code | None = None
    hold: Code | None = None
    release: OnlyYes | None = None
    override: Code | None = None
    deviate: Code | None = None
    complete: Code | None = None
    acknowledge: Code | None = None
    claim: Code | None = None
    reassign: Code | None = None
    snooze: Code | None = None
    wait: Code | None = None

    reason: Text | None = None
    occurred_at: WrittenWhen | None = None
    starts_at: WrittenWhen | None = None
    until: WrittenWhen | None = None
    every: Span | None = None
    trial: Counted | None = None
    to: Code | None = None
    waits_on: Outsider | None = None
    value: Text | None = None
    absent: Absence | None = None
    void: OnlyYes | None = None
    unsigned: OnlyYes | None = None
    unit: Text | None = None
    drug: Code | None = None
    given: Number | None = None
    ordered: Number | None = None
    mode: Mode = Mode.BOLUS

    expect: WrittenExpected | None = None

    @property
    def deed(self) -> str:
        """The key of the deed; empty where time passes."""
        return next((verb for verb in DEEDS if getattr(self, verb) is not None), "")

    @model_validator(mode="after")
    def _one_deed(self) -> Self:
        done = [verb for verb in DEEDS if getattr(self, verb) is not None]
        said = self.model_fields_set & _SAID
        if len(done) > 1:
            raise broken(f"{' and '.join(done)} in one step", "one deed in a step")
        if not done:
            self._only_time(said)
            return self
        needs, may = DEEDS[done[0]]
        if self.by is None:
            raise broken(f"nobody is said to {done[0]}", "by: a person or a role")
        if missing := sorted(needs - said):
            raise broken(f"{done[0]} must say {', '.join(missing)}", f"{done[0]} with {', '.join(sorted(needs))}")
        if beside := sorted(said - needs - may):
            takes = ", ".join(sorted(needs | may)) or "nothing beside it"
            raise broken(f"{', '.join(beside)} does not belong to {done[0]}", takes)
        return self

    @model_validator(mode="after")
    def _corrected(self) -> Self:
        told = sum(thing is not None for thing in (self.value, self.absent, self.void))
        if self.correct is not None and told != 1:
            raise broken("a correction says what is right", "one of value, absent, void")
        return self

    @model_validator(mode="after")
    def _dose_whole(self) -> Self:
        if self.deviate is not None and (self.drug is None) != (self.given is None):
            raise broken("a dose is a drug and an amount", "drug and given, or neither")
        return self

    def _only_time(self, said: set[str]) -> None:
        if said or self.by is not None:
            raise broken("this step says who or how, and not what", f"one of {', '.join(DEEDS)}")
        if self.at is None:
            raise broken("this step says nothing", "at, to let time pass; or a deed")


class WrittenWalk(Written):
    walk: Text
    protocol: Text | None = None
    site: WrittenSite = Field(default_factory=WrittenSite)
    people: Annotated[dict[Code, Roles], BeforeValidator(filled)] | None = None
    born: WrittenDay | None = None
    parameters: Annotated[dict[Code, Number], BeforeValidator(filled)] | None = None
    starts: WrittenStart
    steps: Annotated[tuple[WrittenStep, ...], BeforeValidator(some)]
