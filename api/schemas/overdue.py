"""What is told of work that came too late: backlogs that wait for a release, and what an outage delayed."""

from typing import Annotated

from pydantic import Field

from api.schemas.episode import EPISODE, TIME
from api.schemas.kinds import Instant, Wire, example

_WITHHELD = {
    "task": f"{EPISODE}~s1.triage_referral.1",
    "episode": EPISODE,
    "code": "C-7KQ2MB",
    "label": "Triage the referral",
    "role": "coordinator",
    "since": TIME,
    "until": TIME,
}
_MISSED = {
    "site": "north",
    "task": f"{EPISODE}~s1.triage_referral.1",
    "episode": EPISODE,
    "code": "C-7KQ2MB",
    "label": "Triage the referral",
    "rung": 0,
    "due_at": TIME,
    "fate": "told",
    "told_at": TIME,
}
_OUTAGE = {"id": 1, "from_at": TIME, "until_at": TIME, "count": 1, "missed": [_MISSED]}


class WithheldOut(Wire):
    """One task that arrived overdue. Nobody is reminded of it before it is released, or `until` has come."""

    model_config = example(**_WITHHELD)

    task: str
    episode: str
    code: str
    label: str
    role: str
    since: Instant
    until: Instant


class BacklogOut(Wire):
    """What waits at a site for a release, the oldest work first."""

    model_config = example(items=[_WITHHELD])

    items: tuple[WithheldOut, ...]


class BacklogReleaseIn(Wire):
    """Whose work is let go: these episodes', or with none named, everybody's."""

    model_config = example(episodes=[EPISODE])

    episodes: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=500)] | None = None


class BacklogReleasedOut(Wire):
    """How many candidates' work was let go, and how many candidates still wait."""

    model_config = example(released=1, waiting=0)

    released: int
    waiting: int


class MissedOut(Wire):
    """One reminder that fell due in an outage, and its `fate`.

    It waits, was told, collapsed into a later rung, was skipped as declared, found nobody, ended with its task, or
    was moved.
    """

    model_config = example(**_MISSED)

    site: str
    task: str
    episode: str
    code: str
    label: str
    rung: int
    due_at: Instant
    fate: str
    told_at: Instant | None = None
    ended: str | None = None


class OutageOut(Wire):
    """A while in which nobody looked what was due. `count` is of your sites; at most 500 of them are listed."""

    model_config = example(**_OUTAGE)

    id: int
    from_at: Instant
    until_at: Instant
    count: int
    missed: tuple[MissedOut, ...]


class OutagesOut(Wire):
    """The latest outages, the newest first."""

    model_config = example(items=[_OUTAGE])

    items: tuple[OutageOut, ...]
