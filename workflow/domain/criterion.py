"""One test and its answer. Kleene logic: what is not known is unknown, and never passes for open or shut."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol as Shape
from typing import TypeAlias

from workflow.domain.calendar import Duration
from workflow.domain.item import Basis


class Verdict(StrEnum):
    """What a test or a gate answers. Only `open` is a criterion met; two people may let another pass, visibly."""

    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    OVERRIDDEN = "overridden"

    @property
    def passes(self) -> bool:
        return self in (Verdict.OPEN, Verdict.WAIVED, Verdict.OVERRIDDEN)


class Operator(StrEnum):
    """How a value is held against the file's."""

    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    IS = "is"
    IN = "in"
    RECORDED = "recorded"  # any value will do


class Join(StrEnum):
    """How the parts of a criterion combine."""

    ALL = "all"
    ANY = "any"
    NONE = "none"
    SOME = "some"  # at least so many of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a test looks at: an item, or one of the listed derived values with what it is `of`."""

    item: str = ""
    derived: str = ""
    of: str = ""
    within: Duration | None = None  # fresher than the item itself asks for
    this_trial: bool = False  # only what was recorded in the trial under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A subject held against a value. Text values are matched, numbers compared as exact decimals."""

    subject: Subject
    operator: Operator
    number: Decimal | None = None
    texts: tuple[str, ...] = ()
    parameter: str = ""  # the site's value of this parameter, instead of `number`
    label: str = ""
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several criteria joined by all, any, none, or some: at least `least` of them."""

    join: Join
    parts: tuple["Criterion", ...]
    label: str = ""
    least: int = 0


Criterion: TypeAlias = Test | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value that stands, and the keys of the observations it rests on."""

    shown: str
    number: Decimal | None = None
    text: str | None = None
    keys: tuple[str, ...] = ()
    judged: bool = False  # its words say already whether it is met
    age: str | None = None  # how old an observed value is, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why there is no value to judge: not recorded, stale, not obtained."""

    because: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer of one criterion: what it rests on, how far from the line it is, and what would open it."""

    verdict: Verdict
    because: str
    asked: str | None = None  # what a single test asks for
    source: str = ""
    keys: tuple[str, ...] = ()
    parts: tuple["Finding", ...] = ()
    join: Join | None = None  # how the parts combine
    least: int | None = None
    age: str | None = None  # how old the value is
    margin: Decimal | None = None  # distance from the line in the value's own unit: positive inside, 0 on it


class Looks(Shape):
    """Anything that can answer for a subject at one instant."""

    def look(self, subject: Subject) -> Known | Missing: ...

    def label(self, subject: Subject) -> str: ...

    def parameter(self, name: str) -> Decimal: ...


def judge(criterion: Criterion, view: Looks) -> Finding:
    """Answer a criterion on what the view knows. Never raises on missing values: they are unknown."""
    if isinstance(criterion, Test):
        return _judge_test(criterion, view)
    return _judge_group(criterion, view)


_SIGNS = {
    Operator.ABOVE: "above",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "below",
    Operator.AT_MOST: "at most",
    Operator.IS: "",
    Operator.IN: "one of",
    Operator.RECORDED: "to be recorded",
}


def _judge_test(test: Test, view: Looks) -> Finding:
    name = test.label or view.label(test.subject)
    bound = view.parameter(test.parameter) if test.parameter else test.number
    wanted = f"{name}: {_wanted(test, bound)}"
    found = view.look(test.subject)
    source = str(test.basis)
    if isinstance(found, Missing):
        return Finding(
            verdict=Verdict.UNKNOWN,
            because=f"{name} {found.because}",
            source=source,
            keys=found.keys,
            asked=wanted,
        )
    met = _met(test, found, bound)
    verdict = Verdict.UNKNOWN if met is None else Verdict.OPEN if met else Verdict.SHUT
    asked = "" if met or found.judged else f", asked for {_wanted(test, bound)}"
    return Finding(
        verdict=verdict,
        because=f"{name}: {found.shown}{asked}",
        source=source,
        keys=found.keys,
        asked=wanted,
        age=found.age,
        margin=_margin(test, found, bound),
    )


def _met(test: Test, found: Known, bound: Decimal | None) -> bool | None:
    """Whether the value meets the test; None where the two cannot be compared."""
    if test.operator is Operator.RECORDED:
        return True
    if test.texts:
        return None if found.text is None else found.text in test.texts
    if found.number is None or bound is None or not found.number.is_finite():
        return None
    value = found.number
    match test.operator:
        case Operator.ABOVE:
            return value > bound
        case Operator.AT_LEAST:
            return value >= bound
        case Operator.BELOW:
            return value < bound
        case Operator.AT_MOST:
            return value <= bound
        case Operator.IS | Operator.IN | Operator.RECORDED:
            return value == bound


def _margin(test: Test, found: Known, bound: Decimal | None) -> Decimal | None:
    """How far the value lies inside the line (positive) or outside it (negative); exactly on it is 0."""
    if bound is None or found.number is None or not found.number.is_finite():
        return None
    if test.operator in (Operator.ABOVE, Operator.AT_LEAST):
        return found.number - bound
    return bound - found.number if test.operator in (Operator.BELOW, Operator.AT_MOST) else None


def _wanted(test: Test, bound: Decimal | None) -> str:
    target = ", ".join(test.texts) if bound is None else f"{bound:f}"
    return f"{_SIGNS[test.operator]} {target}".strip()


def _judge_group(group: Group, view: Looks) -> Finding:
    parts = tuple(judge(part, view) for part in group.parts)
    verdict = combine(group.join, tuple(part.verdict for part in parts), least=group.least)
    telling = [part for part in parts if verdict is not Verdict.OPEN and part.verdict is not Verdict.OPEN]
    if group.join is Join.NONE and verdict is not Verdict.OPEN:
        telling = [part for part in parts if part.verdict is not Verdict.SHUT]
    told = "; ".join(part.because for part in telling or parts)
    return Finding(
        verdict=verdict,
        because=f"{group.label}: {told}" if group.label else told,
        keys=tuple(key for part in parts for key in part.keys),
        parts=parts,
        join=group.join,
        least=group.least or None,
    )


def combine(join: Join, verdicts: tuple[Verdict, ...], *, least: int = 0) -> Verdict:
    """Kleene's strong three-valued logic over open, shut and unknown; `some` is open from `least` open ones on."""
    if join is Join.SOME:
        sure = verdicts.count(Verdict.OPEN)
        perhaps = sure + verdicts.count(Verdict.UNKNOWN)
        return Verdict.OPEN if sure >= least else Verdict.UNKNOWN if perhaps >= least else Verdict.SHUT
    stops, flips = {
        Join.ALL: (Verdict.SHUT, Verdict.SHUT),
        Join.ANY: (Verdict.OPEN, Verdict.OPEN),
        Join.NONE: (Verdict.OPEN, Verdict.SHUT),
    }[join]
    if stops in verdicts:
        return flips
    if Verdict.UNKNOWN in verdicts:
        return Verdict.UNKNOWN
    return Verdict.SHUT if join is Join.ANY else Verdict.OPEN
