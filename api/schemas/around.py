"""What is told of the work, the messages, the protocols and the people around the episodes."""

from api.schemas.episode import EPISODE, TIME, EmergencyOut, StageOut
from api.schemas.kinds import Instant, Wire, example

_TASK = {
    "id": f"{EPISODE}~s1.triage_referral.1",
    "episode": EPISODE,
    "code": "C-7KQ2MB",
    "site": "north",
    "stage": {"key": "referred", "label": "Referred"},
    "name": "triage_referral",
    "label": "Triage the referral",
    "role": "coordinator",
    "duty": False,
    "urgency": "routine",
    "opened_at": TIME,
    "due_at": TIME,
    "rung": 0,
    "clock": "live",
    "late": False,
}
_MESSAGE = {
    "id": f"{EPISODE}~s1.triage_referral.1~1~coordinator-1~email",
    "episode": EPISODE,
    "code": "C-7KQ2MB",
    "site": "north",
    "task": f"{EPISODE}~s1.triage_referral.1",
    "label": "Triage the referral",
    "rung": 0,
    "recipient": "coordinator-1",
    "channel": "email",
    "urgency": "routine",
    "due_at": TIME,
    "created_at": TIME,
    "state": "sent",
    "settled_at": TIME,
    "attempts": [{"attempt": 1, "at": TIME, "result": "sent: handed over"}],
}
_PRINTED = {"key": "opioid_trial", "number": 1, "title": "Intrathecal opioid trial", "sha256": "ab" * 32}
SESSION = {
    "id": "1b4e28ba-2fa1-4d2e-883f-0016d3cca427",
    "how": "password",
    "began_at": TIME,
    "idle_at": TIME,
    "ends_at": TIME,
    "confirmed_at": TIME,
    "csrf": "bWFkZSB1cA",
}
_SITE = {
    "id": "north",
    "name": "North",
    "zone": "Europe/Berlin",
    "country": "DE",
    "subdivision": "BE",
    "opens": "08:00",
    "closes": "17:00",
}


class TaskOut(Wire):
    """One open task. `late`: its first reminder's time has passed and nobody's promise holds it back.

    `contacts` counts the attempts to reach the outsider it waits on; the ledger tells each of them.
    """

    model_config = example(**_TASK)

    id: str
    episode: str
    code: str
    site: str
    stage: StageOut
    name: str
    label: str
    role: str
    duty: bool
    urgency: str
    assignee: str | None = None
    acknowledged_until: Instant | None = None
    waiting_on: str | None = None
    contacts: int = 0
    offered_to: str | None = None
    opened_at: Instant
    due_at: Instant
    rung: int
    clock: str
    late: bool
    about: str | None = None
    emergency: EmergencyOut | None = None


class TasksOut(Wire):
    """A page of open tasks, the first due first."""

    model_config = example(items=[_TASK], next=None)

    items: tuple[TaskOut, ...]
    next: str | None = None


class AttemptOut(Wire):
    """One attempt to deliver a message."""

    model_config = example(attempt=1, at=TIME, result="sent: handed over")

    attempt: int
    at: Instant
    result: str


class MessageOut(Wire):
    """One message to one person on one channel, and what became of it."""

    model_config = example(**_MESSAGE)

    id: str
    episode: str
    code: str
    site: str
    task: str
    label: str
    rung: int
    recipient: str
    channel: str
    urgency: str
    due_at: Instant
    created_at: Instant
    state: str
    settled_at: Instant | None = None
    reason: str | None = None
    attempts: tuple[AttemptOut, ...]


class MessagesOut(Wire):
    """A page of the delivery log, the newest first."""

    model_config = example(items=[_MESSAGE], next=None)

    items: tuple[MessageOut, ...]
    next: str | None = None


class PrintedOut(Wire):
    """One published protocol version."""

    model_config = example(**_PRINTED)

    key: str
    number: int
    title: str
    sha256: str


class ProtocolsOut(Wire):
    """Every published version, newest first per protocol."""

    model_config = example(items=[_PRINTED])

    items: tuple[PrintedOut, ...]


class ProtocolOut(Wire):
    """One version: its exact text (YAML), and a drawing of it (SVG)."""

    model_config = example(**_PRINTED, definition="protocol: opioid_trial\nversion: 1\n…", drawing="<svg …></svg>")

    key: str
    number: int
    title: str
    sha256: str
    definition: str
    drawing: str


class SiteOut(Wire):
    """A site, and when it works (wall clock of its zone)."""

    model_config = example(**_SITE)

    id: str
    name: str
    zone: str
    country: str
    subdivision: str
    opens: str
    closes: str


class SitesOut(Wire):
    """The sites you work at."""

    model_config = example(items=[_SITE])

    items: tuple[SiteOut, ...]


class HeldOut(Wire):
    """One role at one site, from a day to a day."""

    model_config = example(site="north", role="nurse", starts_on="2026-01-01", ends_on=None)

    site: str
    role: str
    starts_on: str
    ends_on: str | None = None


class StaffOut(Wire):
    """One person, and the roles they hold today at your sites."""

    model_config = example(
        id="nurse-1", name="N. Urse", roles=[{"site": "north", "role": "nurse", "starts_on": "2026-01-01"}]
    )

    id: str
    name: str
    roles: tuple[HeldOut, ...]


class StaffListOut(Wire):
    """Everybody who works at your sites today."""

    model_config = example(items=[{"id": "nurse-1", "name": "N. Urse", "roles": []}])

    items: tuple[StaffOut, ...]


class ClosureOut(Wire):
    """A day a site is closed, by its own decision."""

    model_config = example(day="2026-12-24", label="Staff day")

    day: str
    label: str


class CalendarOut(Wire):
    """When a site works: weekdays (0 is Monday), its own closures, and every day it is closed this and next year."""

    model_config = example(
        site="north",
        zone="Europe/Berlin",
        opens="08:00",
        closes="17:00",
        weekdays=[0, 1, 2, 3, 4],
        closures=[{"day": "2026-12-24", "label": "Staff day"}],
        closed_days=["2026-12-24", "2026-12-25"],
    )

    site: str
    zone: str
    opens: str
    closes: str
    weekdays: tuple[int, ...]
    closures: tuple[ClosureOut, ...]
    closed_days: tuple[str, ...]


class CalendarsOut(Wire):
    """The working time of your sites."""

    model_config = example(items=[])

    items: tuple[CalendarOut, ...]


class SessionOut(Wire):
    """Your session: until when it lasts if you do nothing, and in any case; and the token its requests carry.

    `how`: by `password`, by `pin` (to record and no more) or by `oidc` (a single sign-on provider).
    """

    model_config = example(**SESSION)

    id: str
    how: str
    began_at: Instant
    idle_at: Instant
    ends_at: Instant
    confirmed_at: Instant
    csrf: str
    tablet: str | None = None


class MeOut(Wire):
    """Who you are, the roles you hold today by site, the verbs they carry there, and your session if you have one."""

    model_config = example(id="nurse-1", name="N. Urse", roles={"north": ["nurse"]}, may={"north": ["read", "record"]})

    id: str
    name: str
    roles: dict[str, tuple[str, ...]]
    may: dict[str, tuple[str, ...]]
    session: SessionOut | None = None
