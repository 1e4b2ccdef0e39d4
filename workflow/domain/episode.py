"""One candidate's passage under one protocol version, at one site: everything a decision may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from workflow.domain.appointment import Appointment, AppointmentState
from workflow.domain.ladder import Timer
from workflow.domain.observation import Observation
from workflow.domain.passage import Override, Passage, Proposal
from workflow.domain.signature import Signature
from workflow.domain.task import Task
from workflow.domain.trial import Administration, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pause beside the stage. It never releases itself; `review_at` is when somebody must look again."""

    reason: str
    since: datetime
    review_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The folded ledger of one episode.

    `seq` counts its ledger lines; `version` only those that change what a page shows to decide on. Nothing is
    ever removed from a mapping: things end, they do not vanish.
    """

    id: str
    site: str
    candidate: str
    protocol: str = ""  # key@version
    stage: str = ""
    stint: int = 0
    stint_at: datetime | None = None
    enrolled_at: datetime | None = None
    closed_at: datetime | None = None
    seq: int = 0
    version: int = 0
    hold: Hold | None = None
    trials: Mapping[str, Trial] = field(default_factory=dict)
    observations: Mapping[str, Observation] = field(default_factory=dict)
    administrations: Mapping[str, Administration] = field(default_factory=dict)
    appointments: Mapping[str, Appointment] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    timers: Mapping[str, Timer] = field(default_factory=dict)
    passages: Mapping[str, Passage] = field(default_factory=dict)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    signatures: Mapping[str, Signature] = field(default_factory=dict)

    @property
    def trial(self) -> Trial | None:
        """The trial under way, or the last one."""
        return self.trials[str(len(self.trials))] if self.trials else None

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks.values() if task.is_open)

    @property
    def open_duties(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks.values() if task.is_open and task.is_duty)

    def planned(self, kind: str) -> Appointment | None:
        """The next planned appointment of this kind."""
        planned = [a for a in self.appointments.values() if a.kind == kind and a.state is AppointmentState.PLANNED]
        return min(planned, key=lambda a: a.starts_at, default=None)


COLLECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "trials": Trial,
        "observations": Observation,
        "administrations": Administration,
        "appointments": Appointment,
        "tasks": Task,
        "timers": Timer,
        "passages": Passage,
        "proposals": Proposal,
        "overrides": Override,
        "signatures": Signature,
    }
)

# A change in one of these makes an open page stale: the version goes up.
WEIGHTY = frozenset(
    {"trials", "observations", "administrations", "appointments", "stage", "hold", "protocol", "closed_at"}
)
