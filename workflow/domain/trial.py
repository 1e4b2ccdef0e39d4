"""One attempt at a trial, and the doses given in it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Method(StrEnum):
    """How a trial is done."""

    SINGLE_SHOT = "single_shot"
    CATHETER = "catheter"
    WAIVED = "waived"


class Mode(StrEnum):
    """How one administration is given."""

    BOLUS = "bolus"
    INFUSION = "infusion"  # runs until the catheter is out


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One attempt. `relief` is percent as computed at the last change, for display only: gates recompute."""

    key: str  # its number, as text: "1", "2"
    method: Method
    drug: str
    started_at: datetime
    punctured_at: datetime | None = None
    catheter_out_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    response: str | None = None  # met, not met, cannot be judged
    relief: Decimal | None = None
    prior: str | None = None  # where an adopted candidate was tried before Theca

    @property
    def number(self) -> int:
        return int(self.key)

    def under_way(self, at: datetime) -> bool:
        """Whether this trial had begun and not ended at that time."""
        return self.started_at <= at and (self.ended_at is None or at <= self.ended_at)

    def holds_catheter(self, at: datetime) -> bool:
        """Whether the trial catheter lay in the body at that time."""
        placed = self.method is Method.CATHETER and self.punctured_at is not None and self.punctured_at <= at
        return placed and (self.catheter_out_at is None or at < self.catheter_out_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """One dose as ordered and as given. Theca records doses; it never computes one."""

    key: str
    trial: int
    drug: str
    mode: Mode
    ordered: Decimal
    given: Decimal
    unit: str
    given_at: datetime
    by: str
    act: str  # puncture or repeat_dose
    reason: str | None = None  # why the dose lies outside its plausible range
