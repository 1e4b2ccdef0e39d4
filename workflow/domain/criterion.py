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
    label: str = ""
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several criteria joined by all, any or none."""

    join: Join
    parts: tuple["Criterion", ...]
    label: str = ""


Criterion: TypeAlias = Test | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value that stands, and the keys of the observations it rests on."""

    shown: str
    number: Decimal | None = None
    text: str | None = None
    keys: tuple[str, ...] = ()
    judged: bool = False  # its words say already whether it is met


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why there is no value to judge: not recorded, stale, not obtained."""

    because: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer of one criterion, what it rests on, and what would open it."""

    verdict: Verdict
    because: str
    opens_when: str = ""
    source: str = ""
    keys: tuple[str, ...] = ()
    parts: tuple["Finding", ...] = ()


class Looks(Shape):
    """Anything that can answer for a subject at one instant."""

    def look(self, subject: Subject) -> Known | Missing: ...

    def label(self, subject: Subject) -> str: ...


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
    wanted = f"{name}: {_wanted(test)}"
    found = view.look(test.subject)
    source = str(test.basis)
    if isinstance(found, Missing):
        return Finding(
            verdict=Verdict.UNKNOWN,
            because=f"{name} {found.because}",
            opens_when=wanted,
            source=source,
            keys=found.keys,
        )
    met = _met(test, found)
    verdict = Verdict.UNKNOWN if met is None else Verdict.OPEN if met else Verdict.SHUT
    asked = "" if met or found.judged else f", asked for {_wanted(test)}"
    return Finding(
        verdict=verdict,
        because=f"{name}: {found.shown}{asked}",
        opens_when="" if met else wanted,
        source=source,
        keys=found.keys,
    )


def _met(test: Test, found: Known) -> bool | None:
    """Whether the value meets the test; None where the two cannot be compared."""
    if test.operator is Operator.RECORDED:
        return True
    if test.texts:
        return None if found.text is None else found.text in test.texts
    if found.number is None or test.number is None or not found.number.is_finite():
        return None
    value, bound = found.number, test.number
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


def _target(test: Test) -> str:
    return ", ".join(test.texts) if test.number is None else format(test.number, "f")


def _wanted(test: Test) -> str:
    return f"{_SIGNS[test.operator]} {_target(test)}".strip()


def _judge_group(group: Group, view: Looks) -> Finding:
    parts = tuple(judge(part, view) for part in group.parts)
    verdict = combine(group.join, tuple(part.verdict for part in parts))
    telling = [part for part in parts if verdict is not Verdict.OPEN and part.verdict is not Verdict.OPEN]
    if group.join is Join.NONE and verdict is not Verdict.OPEN:
        telling = [part for part in parts if part.verdict is not Verdict.SHUT]
    told = "; ".join(part.because for part in telling or parts)
    return Finding(
        verdict=verdict,
        because=f"{group.label}: {told}" if group.label else told,
        opens_when=_opening(group.join, telling) if verdict is not Verdict.OPEN else "",
        keys=tuple(key for part in parts for key in part.keys),
        parts=parts,
    )


def _opening(join: Join, telling: list[Finding]) -> str:
    if join is Join.NONE:
        return "none of: " + "; ".join(part.because for part in telling)
    return (" or " if join is Join.ANY else "; ").join(part.opens_when for part in telling if part.opens_when)


def combine(join: Join, verdicts: tuple[Verdict, ...]) -> Verdict:
    """Kleene's strong three-valued logic over open, shut and unknown."""
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
