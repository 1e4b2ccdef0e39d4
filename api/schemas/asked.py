"""What is asked: the body of every POST. Which names exist is the protocol's to say; here only what can be read."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.kinds import Day, Instant, Name, Note, Number, Reason, Unit, Value, Wire, example, said
from workflow.domain.decide import Means, Via
from workflow.domain.observation import Absence
from workflow.domain.task import Outsider
from workflow.domain.trial import Method, Mode

_TIME = "2026-11-22T14:05:00+01:00"
_Named = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(said)]
Lax = Field(strict=False)  # an enum's value is text on the wire


_CANDIDATE = {"external_id": "4711-08", "family_name": "Adler", "given_name": "Toni", "birth_date": "1961-04-30"}
_DOSE = {"drug": "morphine", "mode": "bolus", "ordered": 0.2, "given": 0.2, "unit": "mg"}


class CandidateIn(Wire):
    """Who is considered. `external_id` is the site's own record number (MRN)."""

    model_config = example(**_CANDIDATE)

    external_id: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(said)]
    family_name: _Named
    given_name: _Named
    birth_date: Day
    phone: Annotated[str, Field(max_length=40)] = ""


class EpisodeIn(Wire):
    """A candidate starts on a protocol: `key`, for its newest version, or `key@number`."""

    model_config = example(candidate=_CANDIDATE, site="north", protocol="opioid_trial@1", occurred_at=_TIME)

    candidate: CandidateIn
    site: Name
    protocol: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}(@[1-9][0-9]{0,5})?$")]
    occurred_at: Instant | None = None


_SIGNATURE = {"digest": "9f" * 32, "password": "three words of your own"}
Secret = Annotated[str, Field(min_length=1, max_length=1024)]


class SignatureIn(Wire):
    """A signature: the digest of what was shown, and the password, or a signing series that one opened.

    Neither, in a session that was signed in anew a moment ago. A token alone does not sign.
    """

    model_config = example(**_SIGNATURE)

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    password: Secret | None = Field(default=None, repr=False)
    series: Secret | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _at_most_one(self) -> "SignatureIn":
        if self.password is not None and self.series is not None:
            raise PydanticCustomError("one_of", "say one of the two", {"allowed": "password or series"})
        return self


class AdvanceIn(Wire):
    """A transition, by its name in the protocol, and when it was so; signed, where it wants that."""

    model_config = example(name="accept_referral", occurred_at=_TIME)

    name: Name
    reason: Reason | None = None
    occurred_at: Instant | None = None
    signature: SignatureIn | None = None


class ObservationIn(Wire):
    """One value as observed, or why there is none. A number item takes a JSON number in its unit (UCUM)."""

    model_config = example(item="nrs", value=7, unit="{score}", observed_at=_TIME)

    item: Name
    observed_at: Instant
    value: Value | None = None
    absent: Annotated[Absence, Lax] | None = None
    unit: Unit = ""
    trial: Annotated[int, Field(ge=1, le=99)] | None = None


class CorrectionIn(Wire):
    """What an observation should have said, or `void`: it should not be there. The old value stays visible."""

    model_config = example(value=6, unit="{score}", reason="typed for the wrong hour")

    reason: Annotated[str, Field(min_length=3, max_length=500)]
    value: Value | None = None
    absent: Annotated[Absence, Lax] | None = None
    void: Literal[True] | None = None
    unit: Unit = ""
    observed_at: Instant | None = None

    @model_validator(mode="after")
    def _one(self) -> "CorrectionIn":
        if sum(each is not None for each in (self.value, self.absent, self.void)) != 1:
            raise PydanticCustomError("one_of", "say one thing", {"allowed": "value, absent or void"})
        return self


class DoseIn(Wire):
    """A dose as ordered and as given, in the unit the protocol writes this drug in."""

    model_config = example(**_DOSE)

    drug: Name
    mode: Annotated[Mode, Lax]
    ordered: Number
    given: Number
    unit: Unit
    reason: Reason | None = None


class AdministrationIn(DoseIn):
    """A dose, and when it was given."""

    model_config = example(**_DOSE, given_at=_TIME)

    given_at: Instant | None = None


class AppointmentIn(Wire):
    """A planned procedure or visit, of a kind the protocol declares."""

    model_config = example(kind="trial_procedure", starts_at="2026-12-03T09:00:00+01:00")

    kind: Name
    starts_at: Instant


class RescheduleIn(Wire):
    """When the appointment is now."""

    model_config = example(starts_at="2026-12-10T09:00:00+01:00")

    starts_at: Instant


class ConcludeIn(Wire):
    """What became of an appointment, and why where that matters."""

    model_config = example(reason="theatre list was full")

    reason: Reason | None = None


class HoldIn(Wire):
    """Why a candidate is put on hold: one of the protocol's reasons."""

    model_config = example(reason="waiting_for_payer")

    reason: Name
    occurred_at: Instant | None = None


class ReleaseIn(Wire):
    """Why the hold ends."""

    model_config = example(reason="the payer has agreed")

    reason: Reason
    occurred_at: Instant | None = None


class OverrideIn(Wire):
    """A gate to be passed though it is not open, for one of its declared reasons."""

    model_config = example(gate="prepared", reason="assessment_waived_by_panel")

    gate: Name
    reason: Name
    signature: SignatureIn | None = None


class DeviationIn(Wire):
    """An act that happened against a shut gate. A puncture or repeat dose brings its dose."""

    model_config = example(
        act="puncture", reason="given before the day's checks were entered", occurred_at=_TIME, dose=_DOSE
    )

    act: Name
    reason: Annotated[str, Field(min_length=10, max_length=500)]
    occurred_at: Instant
    dose: DoseIn | None = None
    signature: SignatureIn | None = None


class PriorTrialIn(Wire):
    """A trial that began before Theca, and where that is written (`source`)."""

    model_config = example(method="catheter", drug="morphine", started_at=_TIME, source="theatre log")

    method: Annotated[Method, Lax]
    drug: Name
    started_at: Instant
    source: Reason
    punctured_at: Instant | None = None
    catheter_out_at: Instant | None = None
    ended_at: Instant | None = None
    outcome: Name | None = None


class RunningDutyIn(Wire):
    """A duty that is open already, and since when."""

    model_config = example(name="catheter_in", since=_TIME)

    name: Name
    since: Instant


class AdoptIn(Wire):
    """Where a candidate really stands, on what record, with the trials and duties that are running."""

    model_config = example(stage="catheter_trial", reason="taken over from the paper board", trials=[], duties=[])

    stage: Name
    reason: Reason
    occurred_at: Instant | None = None
    trials: Annotated[list[PriorTrialIn], Field(max_length=20)] = []  # noqa: RUF012 - pydantic copies it
    duties: Annotated[list[RunningDutyIn], Field(max_length=50)] = []  # noqa: RUF012 - pydantic copies it


class CompleteIn(Wire):
    """That a task is done."""

    model_config = example(note="spoken to the family doctor")

    note: Note = ""


class AcknowledgeIn(Wire):
    """Until when a task is mine; or whose it is (`by`), who has just said so on the phone (`via`)."""

    model_config = example(until="2026-11-23T09:00:00+01:00", by="clinician-2", via="phone", note="on her way")

    until: Instant
    by: Name | None = None
    via: Annotated[Via, Lax] = Via.APP
    note: Note = ""


class ClaimIn(Wire):
    """That a task is mine: nothing more is to be said."""

    model_config = example()


class ReassignIn(Wire):
    """Whose a task is to be (`to`, a person's id), and why where that matters."""

    model_config = example(to="nurse-2", reason="nurse-1 is away until Monday")

    to: Name
    reason: Reason | None = None


class SnoozeIn(Wire):
    """Until when a task's first reminder is put off, and why."""

    model_config = example(until="2026-11-23T09:00:00+01:00", reason="the letter comes with tomorrow's post")

    until: Instant
    reason: Reason


class WaitIn(Wire):
    """On whom outside the team a task waits, when they are chased (`until`), and why."""

    model_config = example(on="cardiology", until="2026-11-30T09:00:00+01:00", reason="asked when to stop clopidogrel")

    on: Annotated[Outsider, Lax]
    until: Instant
    reason: Reason


class ContactIn(Wire):
    """How the outsider a task waits on was tried, whether they were reached, and when they are chased again."""

    model_config = example(how="phone", reached=False, note="engaged", chase_at="2026-12-02T09:00:00+01:00")

    how: Annotated[Means, Lax]
    reached: bool
    note: Note = ""
    chase_at: Instant | None = None
