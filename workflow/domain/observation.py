"""One recorded value, or why there is none."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Absence(StrEnum):
    """Why there is no value; it fills the slot, is no score, and never counts as zero."""

    ASLEEP = "asleep"  # asleep and rousable
    REFUSED = "refused"
    UNABLE = "unable"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a person wants to record. Exactly one of `number`, `text`, `absent`; `unit` in UCUM."""

    item: str
    observed_at: datetime
    number: Decimal | None = None
    text: str | None = None
    absent: Absence | None = None
    unit: str = ""
    trial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value as recorded. A correction never edits: it adds a new one and sets `superseded_by` here."""

    key: str
    item: str
    observed_at: datetime
    recorded_at: datetime
    by: str
    number: Decimal | None = None
    text: str | None = None
    absent: Absence | None = None
    unit: str = ""
    trial: int | None = None
    superseded_by: str | None = None  # key of the observation that replaced it, or "void"
    reason: str | None = None  # why it was corrected

    @property
    def stands(self) -> bool:
        return self.superseded_by is None

    @property
    def order(self) -> tuple[datetime, datetime, tuple[int, ...]]:
        """Which of two values is the newer: by when it was observed, then recorded, then by its line and place."""
        return self.observed_at, self.recorded_at, tuple(int(part) for part in self.key.split("."))

    @property
    def shown(self) -> str:
        """The value in words, with its unit."""
        if self.absent is not None:
            return f"not obtained ({self.absent})"
        value = self.text if self.number is None else format(self.number, "f")
        unit = "" if self.unit.startswith("{") else self.unit
        return f"{value} {unit}".strip()
