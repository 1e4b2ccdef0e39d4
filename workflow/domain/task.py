"""Work for a person. A duty is a task of the whole episode: it outlives stages, holds and endings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflow.domain.actor import Role


class Scope(StrEnum):
    """What a task belongs to, and so what ends it."""

    STINT = "stint"  # one stay in a stage; ends with it
    APPOINTMENT = "appointment"  # one appointment; ends when that is attended, missed or cancelled
    HOLD = "hold"  # one hold; ends when that is released
    PROPOSAL = "proposal"  # one request for a second person; ends when that is settled
    EPISODE = "episode"  # a duty; ends only on the fact that discharges it


class TaskState(StrEnum):
    """Where the work stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"  # by a declared event, with its reason


class Outsider(StrEnum):
    """Somebody outside the team on whom work can wait."""

    GP = "gp"
    CARDIOLOGY = "cardiology"
    LAB = "lab"
    PAYER = "payer"
    PHARMACY = "pharmacy"
    PATIENT = "patient"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work. `key` is natural: scope, name and occurrence."""

    key: str
    name: str
    scope: Scope
    role: Role
    opened_at: datetime
    anchor_at: datetime  # what its ladder counts from
    state: TaskState = TaskState.OPEN
    assignee: str | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None
    waiting_on: str | None = None  # the outsider it was last said to wait on
    closed_at: datetime | None = None
    closed_by: str | None = None
    closing: str | None = None  # why it ended, in words
    opened_on: str | None = None  # key of the observation that opened it
    closed_on: str | None = None  # key of the observation that closed it
    about: str | None = None  # the appointment or proposal it belongs to
    offered_to: str | None = None  # whom its assignee has asked to take it over; theirs once they accept
    contacts: int = 0  # attempts to reach the outsider it waits on
    withheld_until: datetime | None = None  # it arrived overdue: its reminders wait for a release, no longer than this

    @property
    def is_open(self) -> bool:
        return self.state is TaskState.OPEN

    @property
    def is_duty(self) -> bool:
        return self.scope is Scope.EPISODE
