"""A planned procedure or visit, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AppointmentState(StrEnum):
    """What became of it."""

    PLANNED = "planned"
    ATTENDED = "attended"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One appointment. Moving it keeps its key; what hangs on it is projected anew."""

    key: str
    kind: str
    starts_at: datetime
    state: AppointmentState = AppointmentState.PLANNED
    by: str
    reason: str | None = None
