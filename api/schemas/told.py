"""What is told of an act, of the ways on from here, and of the ledger."""

from typing import Any

from api.schemas.basis import ApprovalOut, BookedOut, ClockOut, PromiseOut, SecondOut, WaitingOut
from api.schemas.episode import EPISODE, STAGE, TIME, DueOut, StageOut
from api.schemas.gates import GateOut
from api.schemas.kinds import Instant, Wire, example
from api.schemas.signed import SignatureOut

_ACT = {
    "outcome": "done",
    "verb": "advance",
    "episode": EPISODE,
    "site": "north",
    "stage": "screening",
    "version": 3,
    "seq": 4,
    "at": TIME,
    "occurred_at": TIME,
    "actor": "coordinator-1",
    "about": {"name": "accept_referral"},
    "made": [],
    "gates": [],
}


class ActOut(Wire):
    """What an act did: the ledger line it left. `made` are the ids of what it added; `gates` what it rested on.

    `outcome` is `done`, or `proposed`: another, second person must ask for the same.
    """

    model_config = example(**_ACT)

    outcome: str
    verb: str
    episode: str
    site: str
    stage: str
    version: int
    seq: int
    at: str
    occurred_at: str
    actor: str
    about: dict[str, Any]
    made: tuple[str, ...]
    gates: tuple[GateOut, ...]


class WantedOut(Wire):
    """The signature a step wants: what it means, and the digest to send back with it.

    The digest is missing while a gate bars the way or a declared reason is to be chosen: then `signing` tells it.
    """

    model_config = example(meaning="I have reviewed the trial and plan an implant.", digest="9f" * 32)

    meaning: str
    digest: str | None = None


class OptionOut(Wire):
    """One transition from here for you, now: its gates, what would open it, and the signature it wants."""

    model_config = example(
        name="accept_referral",
        label="Accept the referral",
        to="screening",
        verdict="unknown",
        opens_when=["Pain origin: to be recorded"],
        second_person=False,
        reasons=[],
        gates=[],
    )

    name: str
    label: str
    to: str | None = None
    verdict: str
    opens_when: tuple[str, ...]
    second_person: bool
    reasons: tuple[str, ...]
    signature: WantedOut | None = None
    gates: tuple[GateOut, ...]


class OptionsOut(Wire):
    """Every way out of the present stage."""

    model_config = example(episode=EPISODE, version=2, stage=STAGE, options=[])

    episode: str
    version: int
    stage: StageOut
    options: tuple[OptionOut, ...]


class WhyOut(Wire):
    """Why the candidate is not moving: one sentence, and what it rests on.

    `late_since` is when the stay's own ladder first told of it; `review_at` when a hold is looked at again.
    """

    model_config = example(
        sentence="C-7KQ2MB stands in Screening since Friday 20 November 09:00 (day 3): Complete screening waits for"
        " Capacity to consent confirmed: yes and 3 more; Complete the work-up waits on cardiology, to be chased"
        " tomorrow 09:00 (2 attempts so far); next, tomorrow 09:00, coordinator will be told of Complete the work-up.",
        stage=STAGE,
        since=TIME,
        day_in_stage=3,
        way="complete_screening",
        blockers=[],
        opens_when=["Capacity to consent confirmed: yes"],
        held_by=["coordinator"],
    )

    sentence: str
    stage: StageOut
    since: Instant
    day_in_stage: int
    way: str | None = None
    blockers: tuple[GateOut, ...]
    opens_when: tuple[str, ...]
    held_by: tuple[str, ...]
    next_due: DueOut | None = None
    late_since: Instant | None = None
    review_at: Instant | None = None
    second_person: SecondOut | None = None
    approval: ApprovalOut | None = None
    waiting: tuple[WaitingOut, ...] = ()
    promises: tuple[PromiseOut, ...] = ()
    offers: tuple[PromiseOut, ...] = ()
    clocks: tuple[ClockOut, ...] = ()
    appointments: tuple[BookedOut, ...] = ()


class LedgerLineOut(Wire):
    """One line of the chain. `payload` is null where its key was destroyed; `sound` tells whether it verifies.

    `signed` are the signatures it put or voided, as it left them.
    """

    model_config = example(
        seq=1,
        at=TIME,
        occurred_at=TIME,
        actor="coordinator-1",
        verb="enrol",
        outcome="done",
        prev="0" * 64,
        hash="5f" * 32,
        head="{…}",
        payload={"about": {}},
        sound=True,
    )

    seq: int
    at: Instant
    occurred_at: Instant
    actor: str
    verb: str
    outcome: str
    prev: str
    hash: str
    head: str
    payload: dict[str, Any] | None
    sound: bool
    signed: tuple[SignatureOut, ...] = ()


class LedgerOut(Wire):
    """A stretch of an episode's ledger; `next` is the seq to ask on `after`, where there may be more."""

    model_config = example(episode=EPISODE, lines=[], next=None)

    episode: str
    lines: tuple[LedgerLineOut, ...]
    next: int | None = None
