"""What is told of an episode: as a line in a list, and whole."""

from api.schemas.kinds import Instant, Wire, example
from api.schemas.signed import SignatureOut

EPISODE = "6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11"
TIME = "2026-11-22T13:05:00Z"
STAGE = {"key": "screening", "label": "Screening"}
_DUE = {"task": f"{EPISODE}~s1.triage_referral.1", "label": "Triage the referral", "due_at": TIME, "rung": 0}
_LINE = {
    "id": EPISODE,
    "code": "C-7KQ2MB",
    "family_name": "Adler",
    "given_name": "Toni",
    "site": "north",
    "protocol": "opioid_trial@1",
    "stage": STAGE,
    "day_in_stage": 3,
    "enrolled_at": TIME,
    "duties": 0,
    "late": False,
    "next_due": {"label": "Triage the referral", "due_at": TIME},
    "version": 2,
}


class StageOut(Wire):
    """A stage of the pathway."""

    model_config = example(**STAGE)

    key: str
    label: str


class NextDueOut(Wire):
    """What is due next, and when."""

    model_config = example(label="Triage the referral", due_at=TIME)

    label: str
    due_at: Instant


class DueOut(Wire):
    """What time will do next: tell these people or roles of this task."""

    model_config = example(**_DUE, tells=["coordinator"])

    task: str
    label: str
    rung: int
    tells: tuple[str, ...]
    due_at: Instant


class HoldOut(Wire):
    """A pause beside the stage, and when somebody must look again."""

    model_config = example(reason="waiting_for_payer", since=TIME, review_at=TIME)

    reason: str
    since: Instant
    review_at: Instant
    by: str | None = None


class EpisodeLineOut(Wire):
    """One episode in a list. `day_in_stage` counts on the site's calendar from 1."""

    model_config = example(**_LINE)

    id: str
    code: str
    family_name: str | None = None
    given_name: str | None = None
    site: str
    protocol: str
    stage: StageOut
    day_in_stage: int
    enrolled_at: Instant
    closed_at: Instant | None = None
    hold: HoldOut | None = None
    duties: int
    late: bool
    next_due: NextDueOut | None = None
    version: int


class EpisodesOut(Wire):
    """A page of episodes, the latest enrolled first; `next` leads to the following page."""

    model_config = example(items=[_LINE], next="WyIyMDI2LTExLTIyIl0")

    items: tuple[EpisodeLineOut, ...]
    next: str | None = None


class IdentityOut(Wire):
    """Who the candidate is: check two identifiers before acting."""

    model_config = example(external_id="4711-08", family_name="Adler", given_name="Toni", birth_date="1961-04-30")

    external_id: str
    family_name: str
    given_name: str
    birth_date: str
    phone: str = ""


class TrialOut(Wire):
    """One attempt. `relief`, in the unit of the protocol's response, is for display: gates compute it anew."""

    model_config = example(number=1, method="single_shot", drug="morphine", started_at=TIME, response="met")

    number: int
    method: str
    drug: str
    started_at: Instant
    punctured_at: Instant | None = None
    catheter_out_at: Instant | None = None
    ended_at: Instant | None = None
    outcome: str | None = None
    response: str | None = None
    relief: str | None = None
    source: str | None = None


class ResponseOut(Wire):
    """Relief in the last trial as it stands, with the worked arithmetic and the observations it rests on.

    `margin` is how far over the line relief is (negative: short of it), in `unit`: percent, or points of the scale.
    """

    model_config = example(
        verdict="met",
        because="baseline 8.00, mean 3.00 in the effect window: 62.50 % relief, 12.50 points above the line",
        relief="62.50",
        unit="%",
        margin="12.50",
        best="2.00",
        worst="4.00",
        asked_for="above 50 %",
        baseline_scores=[f"{EPISODE}~5.0"],
        scores=[f"{EPISODE}~9.0"],
        left_out=0,
    )

    verdict: str
    because: str
    relief: str | None = None
    unit: str
    margin: str | None = None
    best: str | None = None
    worst: str | None = None
    asked_for: str
    baseline_scores: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    left_out: int = 0
    warning: str = ""


class ObservationOut(Wire):
    """One value as recorded, or why there is none. A number is told as text, so that its scale is kept."""

    model_config = example(
        id=f"{EPISODE}~5.0",
        item="nrs",
        label="Pain score (NRS)",
        value="7",
        unit="{score}",
        observed_at=TIME,
        recorded_at=TIME,
        by="nurse-1",
        stands=True,
    )

    id: str
    item: str
    label: str
    value: str | None = None
    absent: str | None = None
    unit: str = ""
    observed_at: Instant
    recorded_at: Instant
    by: str
    trial: int | None = None
    stands: bool
    superseded_by: str | None = None
    reason: str | None = None


class AdministrationOut(Wire):
    """One dose as ordered and as given."""

    model_config = example(
        trial=1,
        drug="morphine",
        mode="bolus",
        ordered="0.2",
        given="0.2",
        unit="mg",
        given_at=TIME,
        by="nurse-1",
        act="puncture",
    )

    trial: int
    drug: str
    mode: str
    ordered: str
    given: str
    unit: str
    given_at: Instant
    by: str
    act: str
    reason: str | None = None


class AppointmentOut(Wire):
    """One appointment and what became of it."""

    model_config = example(
        id=f"{EPISODE}~1",
        kind="trial_procedure",
        label="Trial procedure",
        starts_at=TIME,
        state="planned",
        by="scheduler-1",
    )

    id: str
    kind: str
    label: str
    starts_at: Instant
    state: str
    by: str
    reason: str | None = None


class EmergencyOut(Wire):
    """Whom to call where harm may follow within hours: the number of the site, or none where none is set."""

    model_config = example(call="112", note="Theca is not an emergency channel")

    call: str
    note: str


class OpenTaskOut(Wire):
    """One open task of an episode, or duty, with its clock."""

    model_config = example(
        id=f"{EPISODE}~s1.triage_referral.1",
        name="triage_referral",
        label="Triage the referral",
        role="coordinator",
        duty=False,
        opened_at=TIME,
        due_at=TIME,
        rung=0,
        clock="live",
    )

    id: str
    name: str
    label: str
    role: str
    duty: bool
    assignee: str | None = None
    acknowledged_until: Instant | None = None
    waiting_on: str | None = None
    contacts: int = 0
    offered_to: str | None = None
    opened_at: Instant
    due_at: Instant
    rung: int
    clock: str
    about: str | None = None
    advice: str = ""
    emergency: EmergencyOut | None = None


class RoundOut(Wire):
    """One round of observation after the last dose, and what it still lacks."""

    model_config = example(due_at=TIME, lacks=["breathing_rate"])

    due_at: Instant
    lacks: tuple[str, ...]


class RefillOut(Wire):
    """When the pump is due: reckoned, and as the pump printed it; the earlier counts."""

    model_config = example(reckoned=TIME, due_at=TIME)

    reckoned: Instant | None = None
    printed: Instant | None = None
    due_at: Instant


class EpisodeOut(Wire):
    """One episode, whole. `version` is also the ETag: send it back in If-Match to move the candidate."""

    model_config = example(
        id=EPISODE,
        code="C-7KQ2MB",
        site="north",
        protocol="opioid_trial@1",
        stage=STAGE,
        stint=2,
        stint_at=TIME,
        day_in_stage=3,
        enrolled_at=TIME,
        version=2,
        seq=3,
        trials=[],
        tasks=[],
        duties=[],
        observations=[],
        administrations=[],
        appointments=[],
    )

    id: str
    code: str
    identity: IdentityOut | None = None
    site: str
    protocol: str
    stage: StageOut
    stint: int
    stint_at: Instant
    day_in_stage: int
    enrolled_at: Instant
    closed_at: Instant | None = None
    version: int
    seq: int
    hold: HoldOut | None = None
    response: ResponseOut | None = None
    next_due: DueOut | None = None
    rounds: tuple[RoundOut, ...] = ()
    refill: RefillOut | None = None
    trials: tuple[TrialOut, ...]
    tasks: tuple[OpenTaskOut, ...]
    duties: tuple[OpenTaskOut, ...]
    appointments: tuple[AppointmentOut, ...]
    observations: tuple[ObservationOut, ...]
    administrations: tuple[AdministrationOut, ...]
    signatures: tuple[SignatureOut, ...] = ()
