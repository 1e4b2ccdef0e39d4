"""What can be recorded: one item with its kind, UCUM unit, range and how long a value stays valid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from workflow.domain.calendar import Duration
from workflow.domain.errors import ImpossibleInputError, ImpossibleValueError

_LONGEST_TEXT = 2000
_LONGEST_MOMENT = 35


class Kind(StrEnum):
    """What sort of value an item takes."""

    NUMBER = "number"  # a decimal in the item's unit
    YES_NO = "yes_no"
    CHOICE = "choice"  # one of the item's choices
    TEXT = "text"
    DATE = "date"  # a calendar day
    TIME = "time"  # a moment, with its offset
    GRADE = "grade"  # one of the item's grades, each worth a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where a number comes from. `mark`: R read in the source, U unconfirmed, D a default a site confirms."""

    source: str = ""
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.source} ({self.mark})" if self.mark else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that can be recorded. `minimum` and `maximum` are inclusive, in `unit` (UCUM)."""

    key: str
    label: str
    kind: Kind
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int = 0  # digits allowed after the point
    choices: tuple[str, ...] = ()
    valid_for: Duration | None = None  # None: stays valid
    grades: Mapping[str, Decimal] = field(default_factory=dict)  # what each grade is worth
    judgement: bool = False  # a clinician's recorded judgement: nobody overrides it
    basis: Basis = Basis()

    def worth(self, number: Decimal | None, text: str | None) -> Decimal | None:
        """A value as a number: itself, or what its grade is worth; None where it is neither."""
        return self.grades.get(text) if text is not None and self.grades else number

    def number(self, value: Decimal, unit: str) -> Decimal:
        """The value, if this item can hold it in this unit.

        Raises ImpossibleValueError naming the range, ImpossibleInputError naming the unit.
        """
        self._must_be(Kind.NUMBER)
        if unit != self.unit:
            raise ImpossibleInputError(f"{self.label} is recorded in {self.unit!r} alone", said=unit, allowed=self.unit)
        if not value.is_finite() or not self._within(value) or self._digits(value) > self.decimals:
            raise ImpossibleValueError(f"{self.label}: this is not possible", said=str(value), allowed=self.allowed)
        return value

    def text(self, value: str) -> str:
        """The value, if this item can hold it. Raises ImpossibleValueError naming what is allowed."""
        ok = {
            Kind.YES_NO: value in ("yes", "no"),
            Kind.CHOICE: value in self.choices,
            Kind.TEXT: bool(value.strip()) and len(value) <= _LONGEST_TEXT,
            Kind.DATE: _is_date(value),
            Kind.TIME: moment_of(value) is not None,
            Kind.GRADE: value in self.grades,
            Kind.NUMBER: False,
        }[self.kind]
        if not ok:
            shown = value if len(value) <= 40 else value[:40] + "..."
            raise ImpossibleValueError(f"{self.label}: this is not possible", said=shown, allowed=self.allowed)
        return value

    @property
    def allowed(self) -> str:
        """What may be recorded, in words."""
        match self.kind:
            case Kind.NUMBER:
                low = "" if self.minimum is None else str(self.minimum)
                high = "" if self.maximum is None else str(self.maximum)
                unit = "" if self.unit.startswith("{") else f" {self.unit}"
                return f"a number {low} to {high}{unit}, {self.decimals} decimals"
            case Kind.YES_NO:
                return "yes or no"
            case Kind.CHOICE:
                return ", ".join(self.choices)
            case Kind.TEXT:
                return f"1 to {_LONGEST_TEXT} characters, not only spaces"
            case Kind.DATE:
                return "a date as YYYY-MM-DD"
            case Kind.TIME:
                return "a moment with its offset, like 2026-11-22T14:05:00+01:00"
            case Kind.GRADE:
                return ", ".join(self.grades)

    def _must_be(self, kind: Kind) -> None:
        if self.kind is not kind:
            raise ImpossibleValueError(f"{self.label} takes no {kind}", place=self.key, allowed=self.allowed)

    def _within(self, value: Decimal) -> bool:
        too_low = self.minimum is not None and value < self.minimum
        too_high = self.maximum is not None and value > self.maximum
        return not (too_low or too_high)

    @staticmethod
    def _digits(value: Decimal) -> int:
        exponent = value.as_tuple().exponent
        return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def moment_of(text: str) -> datetime | None:
    """The moment a text of kind `time` names; None where it is none, or has no offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and len(text) <= _LONGEST_MOMENT else None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
