"""What is told in a huddle: one line a thing, gravest first."""

from api.schemas.episode import EPISODE, TIME
from api.schemas.kinds import Instant, Wire, example

_LINE = {
    "harm": "red",
    "urgency": "red",
    "episode": EPISODE,
    "code": "C-7KQ2MB",
    "family_name": "Adler",
    "given_name": "Toni",
    "stage": "Follow-up",
    "about": f"{EPISODE}~e.refill_missed.1",
    "what": "Refill missed: call, book, or set the emergency plan going",
    "because": "late since today 08:00",
    "to_do": "Call within the hour.",
    "held_by": ["nurse"],
    "since": TIME,
    "due_at": TIME,
    "lacks": [],
    "on_the_day": [],
    "call": "+49 30 555 0100",
}


class HuddleLineOut(Wire):
    """One thing that harms if nobody acts today. `call` is the site's emergency number, told with what is red.

    `lacks` is what a procedure still needs; `on_the_day` the gates that only its day can answer.
    """

    model_config = example(**_LINE)

    harm: str
    urgency: str
    episode: str
    code: str
    family_name: str | None = None
    given_name: str | None = None
    stage: str
    about: str | None = None
    what: str
    because: str
    to_do: str
    held_by: tuple[str, ...]
    since: Instant | None = None
    due_at: Instant | None = None
    lacks: tuple[str, ...] = ()
    on_the_day: tuple[str, ...] = ()
    call: str | None = None


class HuddleOut(Wire):
    """A site's huddle list, the gravest first; `counts` tells how many there are of each harm, shown or not.

    `withheld` is the backlog that waits for a release, `unseen` how many more candidates were not looked at.
    """

    model_config = example(
        site="north",
        at=TIME,
        emergency_number="+49 30 555 0100",
        lines=[_LINE],
        counts={"red": 1, "duty": 0, "procedure": 0, "priority": 0, "chase": 0, "unheard": 0, "late": 0},
        withheld=0,
        unseen=0,
    )

    site: str
    at: Instant
    emergency_number: str
    lines: tuple[HuddleLineOut, ...]
    counts: dict[str, int]
    withheld: int
    unseen: int
