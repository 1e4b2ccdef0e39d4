"""What the sentence on why a candidate stands still rests on."""

from api.schemas.episode import EPISODE, TIME
from api.schemas.kinds import Instant, Wire, example

_TASK = {"task": f"{EPISODE}~s2.complete_workup.1", "label": "Complete the work-up"}


class WaitingOut(Wire):
    """Work that waits on an outsider: when they are to be chased, and how often somebody has tried."""

    model_config = example(**_TASK, on="cardiology", chase_at=TIME, attempts=2)

    task: str
    label: str
    on: str
    chase_at: Instant
    attempts: int


class PromiseOut(Wire):
    """Work that somebody has taken on until a time; or, among the offers, was asked to take over."""

    model_config = example(**_TASK, by="coordinator-1", until=TIME)

    task: str
    label: str
    by: str
    until: Instant | None = None


class ClockOut(Wire):
    """The clock of one open task or duty: which rung fires next and when, whom it tells, and since when it is late.

    `due_at` is missing while a hold pauses it. `unheard`: its last rung found nobody it names, and the lead was told.
    """

    model_config = example(
        **_TASK, duty=False, urgency="routine", state="live", rung=0, tells=["coordinator"], due_at=TIME
    )

    task: str
    label: str
    duty: bool
    urgency: str
    state: str
    rung: int
    tells: tuple[str, ...]
    due_at: Instant | None = None
    late_since: Instant | None = None
    withheld_until: Instant | None = None
    unheard: bool = False


class BookedOut(Wire):
    """An appointment ahead: what it lacks as things would stand on its day, and which gates only that day knows."""

    model_config = example(
        id=f"{EPISODE}~1",
        label="Trial procedure",
        act="Puncture for the trial",
        starts_at=TIME,
        lacks=["Platelets: at least 100"],
        on_the_day=["Checked today, at the bedside"],
    )

    id: str
    label: str
    act: str | None = None
    starts_at: Instant
    lacks: tuple[str, ...]
    on_the_day: tuple[str, ...]


class SecondOut(Wire):
    """What one person has asked for, and a second must ask for too, until then."""

    model_config = example(by="clinician-1", what="Plan an implant, by signed review", until=TIME)

    by: str
    what: str
    until: Instant


class ApprovalOut(Wire):
    """The newest approval of the act that is next: it stands until then, or lapsed then."""

    model_config = example(act="Implantation of the pump", until=TIME, stands=True)

    act: str
    until: Instant
    stands: bool
