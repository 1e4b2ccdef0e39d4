"""One frozen printing of a protocol: everything that is prescribed, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from workflow.domain.actor import Role
from workflow.domain.anticoagulant import AnticoagulantRule
from workflow.domain.calendar import Duration, TimeKind
from workflow.domain.criterion import Criterion, Group, Test
from workflow.domain.errors import UnknownNameError
from workflow.domain.item import Basis, Item
from workflow.domain.ladder import Ladder
from workflow.domain.observing import ObservationPlan
from workflow.domain.parameter import Parameter
from workflow.domain.refill import RefillRule
from workflow.domain.response_rule import ResponseRule
from workflow.domain.task import Scope
from workflow.domain.trial import Method

T = TypeVar("T")
UNDELIVERED = "undelivered"  # the engine's own duty and its ladder: a letter did not arrive


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where an episode can stand. `ends`: the pathway is over here; the episode closes once no duty is open."""

    key: str
    label: str
    ends: bool = False
    duties: tuple[str, ...] = ()  # duties every candidate standing here has, opened also on adoption


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensation:
    """How a gate that is not open may still be passed: by two people, for a declared reason, for a while."""

    how: str  # waived or overridden
    by: tuple[Role, ...]
    reasons: tuple[str, ...]
    lapses_after: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A named criterion. It answers open, shut or unknown, and says why."""

    key: str
    label: str
    criterion: Criterion
    dispensation: Dispensation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something done to a person. Its authorisation is evaluated that day and is good for one act."""

    key: str
    label: str
    valid_for: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A declared way to go, named as a person says it. `to` empty: it stays, and only authorises or records."""

    name: str
    label: str
    sources: tuple[str, ...]
    to: str = ""
    by: tuple[Role, ...]
    gates: tuple[str, ...] = ()
    authorises: str = ""
    records: str = ""
    begins_trial: Method | None = None
    ends_trial: str = ""
    second_person: bool = False
    signed: str = ""  # it wants a signature, which means this sentence
    reasons: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()  # gates that are shown where they are not open, and bar nobody
    on_hold: bool = False  # may be taken while on hold
    death: bool = False
    by_system: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A fact that opens or closes a task: a stage entered, an act done, an appointment made, an item's value.

    With `during` it counts only while the candidate stands in that stage or that duty is open. A value counts only
    where the last `times` of its item all meet the test; with `rise_over`, its rise in percent over that span is
    tested instead of the value.
    """

    stage: str = ""
    act: str = ""
    appointment: str = ""
    cancelled: str = ""  # an appointment of this kind was cancelled
    transition: str = ""
    test: Test | None = None
    during: str = ""
    times: int = 1
    rise_over: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chase:
    """After every so many attempts to reach the outsider a task waits on, further work opens."""

    attempts: int
    opens: str
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """A task or duty as declared. A duty closes only on `closes`; `gates` must be open for that to count."""

    key: str
    label: str
    role: Role
    ladder: str
    scope: Scope
    opens: tuple[Trigger, ...] = ()
    closes: tuple[Trigger, ...] = ()
    gates: tuple[str, ...] = ()
    completable: bool = True  # a person may mark it done
    ends_at_death: bool = True
    follows: str = ""  # its ladder counts from this derived moment, wherever that moves, instead of from its fact
    repeats: bool = False  # opened for an appointment while an item that needs has expired by then
    advice: str = ""  # what whoever does it should know
    by_engine: bool = False  # no file declares it: every version has it
    chase: Chase | None = None  # what comes when the outsider it waits on does not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """A drug as used here: the unit doses are written in, plausible dose, and when its effect can be read."""

    key: str
    label: str
    unit: str
    minimum: Decimal
    maximum: Decimal
    hard_maximum: Decimal
    onset: Duration
    lasts: Duration
    observe: Duration
    steps: tuple[Decimal, ...] = ()  # the doses a trial climbs through, one after the other
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """Why a candidate may be put on hold, how long until somebody looks again, and who."""

    reasons: tuple[str, ...]
    review_after: Duration
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentKind:
    """A kind of appointment: the items that must be valid when it begins, and the duty that opens when it is missed."""

    key: str
    label: str
    needs: tuple[str, ...] = ()
    missed: str = ""
    act: str = ""  # what it is booked for: the gates of that act are looked at ahead of the day


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """Whose referral is worked before others, and within how long their first step must be done."""

    label: str
    test: Test
    within: Duration
    time: TimeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Several items that are asked for together, and count as given once every one of them is known."""

    key: str
    label: str
    items: tuple[str, ...]
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Complication:
    """One complication: how grave, within how long somebody acts, who; `duty` is the work that opens with it."""

    key: str
    label: str
    severity: str
    act_within: Duration
    duty: str
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A published figure to hold an outcome against. Shown with its source; no gate reads it."""

    key: str
    label: str
    value: Decimal
    unit: str
    after: str  # how long after the implant, in words
    n: int
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to know that no gate reads."""

    key: str
    text: str
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """What must hold on every path to an act or a stage: gates passed on the way, duties not open."""

    key: str
    label: str
    act: str = ""  # one of act, stage
    stage: str = ""
    asks: tuple[str, ...] = ()  # gates that were passed, in this trial where one was begun
    without: tuple[str, ...] = ()  # duties that are not open then


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProtocolVersion:
    """One frozen printing, known by key, number and the SHA-256 of its text."""

    key: str
    number: int
    title: str
    sha256: str
    begins: str
    roles: tuple[Role, ...]
    sources: Mapping[str, str]
    items: Mapping[str, Item]
    drugs: Mapping[str, Drug]
    stages: Mapping[str, Stage]
    gates: Mapping[str, Gate]
    acts: Mapping[str, Act]
    transitions: Mapping[str, Transition]
    ladders: Mapping[str, Ladder]
    tasks: Mapping[str, TaskRule]
    appointments: Mapping[str, AppointmentKind]
    response: ResponseRule
    hold: HoldRule
    safety_task: str  # opened by a deviation, and by a correction that undoes a passed gate
    missed_task: str  # opened when an appointment is missed
    second_person_task: str  # opened when one person has asked and another must too
    second_person_lapses: Duration
    late_after: Duration  # an approval entered later than this wants a reason
    drug_item: str  # the item that names the drug of the next trial
    max_trials: int = 2
    stage_order: tuple[str, ...] = field(default=())
    invariants: Mapping[str, Invariant] = field(default_factory=dict)
    responses: Mapping[str, ResponseRule] = field(default_factory=dict)  # further ones, beside `response`
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    plans: Mapping[str, ObservationPlan] = field(default_factory=dict)
    anticoagulants: AnticoagulantRule | None = None
    refill: RefillRule | None = None
    complications: Mapping[str, Complication] = field(default_factory=dict)
    benchmarks: Mapping[str, Benchmark] = field(default_factory=dict)
    background: Mapping[str, Remark] = field(default_factory=dict)
    priority: Priority | None = None
    late_reasons: tuple[str, ...] = ()  # codes for a late entry; none declared: any words
    soft_reasons: tuple[str, ...] = ()  # codes for a dose outside what is plausible, or out of its steps

    @property
    def name(self) -> str:
        return f"{self.key}@{self.number}"

    def transition(self, name: str) -> Transition:
        """The transition of this name. Raises UnknownNameError naming what there is."""
        return _named(self.transitions, name, "transition")

    def item(self, key: str) -> Item:
        """The item of this key. Raises UnknownNameError naming what there is."""
        return _named(self.items, key, "item")

    def drug(self, key: str) -> Drug:
        return _named(self.drugs, key, "drug")

    def stage(self, key: str) -> Stage:
        return _named(self.stages, key, "stage")

    def gate(self, key: str) -> Gate:
        return _named(self.gates, key, "gate")

    def task(self, key: str) -> TaskRule:
        return _named(self.tasks, key, "task")

    @property
    def past_moments(self) -> frozenset[str]:
        """The items whose moment tells what has happened: it never lies in the future."""
        rule, refill = self.anticoagulants, self.refill
        doses = () if rule is None else (rule.last_dose, rule.restarted)
        return frozenset(doses if refill is None else (*doses, refill.filled_at))

    def response_rule(self, key: str) -> ResponseRule:
        """The further response of this key; the one that counts for relief where the key is empty."""
        return _named(self.responses, key, "response") if key else self.response

    def plan(self, drug: str, method: Method) -> ObservationPlan | None:
        """How a dose of this drug is watched in a trial of this method; the narrower plan where there are two."""
        fitting = [p for p in self.plans.values() if p.drug == drug and p.method in (None, method)]
        return min(fitting, key=lambda p: p.method is None, default=None)


def tests_of(criterion: Criterion) -> tuple[Test, ...]:
    """Every single test inside a criterion, from left to right."""
    match criterion:
        case Test():
            return (criterion,)
        case Group(parts=parts):
            return tuple(test for part in parts for test in tests_of(part))


def _named(things: Mapping[str, T], key: str, what: str) -> T:
    thing = things.get(key)
    if thing is None:
        allowed = ", ".join(sorted(things))
        raise UnknownNameError(f"the protocol declares no such {what}", said=key, place=what, allowed=allowed)
    return thing
