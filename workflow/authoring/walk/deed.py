"""What a person can do in a walk: each deed is one of the kernel's verbs, with what was asked.

Work is named as the protocol names it, an appointment by its kind, a value by its item: the newest one is meant.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Protocol

from workflow.authoring.walk.signs import signs
from workflow.domain import decide
from workflow.domain.appointment import AppointmentState
from workflow.domain.decide import Dose
from workflow.domain.decision import Decision
from workflow.domain.errors import NotFoundError
from workflow.domain.observation import Reading
from workflow.domain.policy import Verb
from workflow.domain.signature import Matter
from workflow.domain.situation import Situation
from workflow.domain.task import Outsider


class Deed(Protocol):
    """One thing asked of the kernel, and the verb the policy knows it by."""

    verb: ClassVar[Verb]

    def decide(self, s: Situation) -> Decision: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """At this instant this person does this."""

    at: datetime
    by: str
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    verb: ClassVar[Verb] = Verb.ENROL

    def decide(self, s: Situation) -> Decision:
        return decide.enrol(s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    stage: str
    reason: str
    occurred_at: datetime | None = None
    verb: ClassVar[Verb] = Verb.ADOPT

    def decide(self, s: Situation) -> Decision:
        return decide.adopt(s, stage=self.stage, reason=self.reason, occurred_at=self.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    readings: tuple[Reading, ...]
    verb: ClassVar[Verb] = Verb.RECORD

    def decide(self, s: Situation) -> Decision:
        return decide.record(s, readings=self.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """`reading` says what the newest standing value should have said, at its own time unless another is said.

    None voids it.
    """

    item: str
    reason: str
    reading: Reading | None
    observed_at: datetime | None = None
    verb: ClassVar[Verb] = Verb.CORRECT

    def decide(self, s: Situation) -> Decision:
        old = s.view(s.now).latest(self.item)
        if old is None:
            raise NotFoundError(f"no value of {self.item} stands that could be corrected", place="correct")
        right = self.reading
        if right is not None and self.observed_at is None:
            right = replace(right, observed_at=old.observed_at, trial=old.trial)
        return decide.correct(s, key=old.key, reason=self.reason, reading=right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Take a transition, and sign it where it wants that, unless it is `unsigned`."""

    name: str
    reason: str | None = None
    occurred_at: datetime | None = None
    unsigned: bool = False
    verb: ClassVar[Verb] = Verb.ADVANCE

    def decide(self, s: Situation) -> Decision:
        signed = None if self.unsigned or not s.protocol.transition(self.name).signed else signs(s, lambda: self._at(s))
        return decide.advance(s, name=self.name, reason=self.reason, occurred_at=self.occurred_at, signed=signed)

    def _at(self, s: Situation) -> Matter | None:
        return decide.advance_to_sign(s, name=self.name, reason=self.reason, occurred_at=self.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administer:
    dose: Dose
    occurred_at: datetime | None = None
    verb: ClassVar[Verb] = Verb.ADMINISTER

    def decide(self, s: Situation) -> Decision:
        return decide.administer(s, dose=self.dose, given_at=self.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appoint:
    kind: str
    starts_at: datetime
    verb: ClassVar[Verb] = Verb.APPOINT

    def decide(self, s: Situation) -> Decision:
        return decide.appoint(s, kind=self.kind, starts_at=self.starts_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reschedule:
    kind: str
    starts_at: datetime
    verb: ClassVar[Verb] = Verb.APPOINT

    def decide(self, s: Situation) -> Decision:
        return decide.reschedule(s, key=_appointment(s, self.kind), starts_at=self.starts_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude:
    kind: str
    state: AppointmentState
    reason: str | None = None
    verb: ClassVar[Verb] = Verb.APPOINT

    def decide(self, s: Situation) -> Decision:
        return decide.conclude(s, key=_appointment(s, self.kind), state=self.state, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    task: str
    note: str = ""
    verb: ClassVar[Verb] = Verb.COMPLETE

    def decide(self, s: Situation) -> Decision:
        return decide.complete(s, key=_task(s, self.task), note=self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    task: str
    until: datetime
    verb: ClassVar[Verb] = Verb.ACKNOWLEDGE

    def decide(self, s: Situation) -> Decision:
        return decide.acknowledge(s, key=_task(s, self.task), until=self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    task: str
    verb: ClassVar[Verb] = Verb.CLAIM

    def decide(self, s: Situation) -> Decision:
        return decide.claim(s, key=_task(s, self.task))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    task: str
    to: str
    reason: str | None = None
    verb: ClassVar[Verb] = Verb.REASSIGN

    def decide(self, s: Situation) -> Decision:
        return decide.reassign(s, key=_task(s, self.task), to=self.to, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    task: str
    until: datetime
    reason: str
    verb: ClassVar[Verb] = Verb.SNOOZE

    def decide(self, s: Situation) -> Decision:
        return decide.snooze(s, key=_task(s, self.task), until=self.until, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOn:
    """The task waits on somebody outside the team, who is chased at `until`."""

    task: str
    outsider: Outsider
    until: datetime
    reason: str
    verb: ClassVar[Verb] = Verb.WAIT

    def decide(self, s: Situation) -> Decision:
        return decide.wait(s, key=_task(s, self.task), on=self.outsider, until=self.until, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOnHold:
    reason: str
    occurred_at: datetime | None = None
    verb: ClassVar[Verb] = Verb.HOLD

    def decide(self, s: Situation) -> Decision:
        return decide.hold(s, reason=self.reason, occurred_at=self.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    reason: str
    occurred_at: datetime | None = None
    verb: ClassVar[Verb] = Verb.RELEASE

    def decide(self, s: Situation) -> Decision:
        return decide.release(s, reason=self.reason, occurred_at=self.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    gate: str
    reason: str
    verb: ClassVar[Verb] = Verb.OVERRIDE

    def decide(self, s: Situation) -> Decision:
        signed = signs(s, lambda: decide.override_to_sign(s, gate=self.gate, reason=self.reason))
        return decide.override(s, gate=self.gate, reason=self.reason, signed=signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviate:
    act: str
    reason: str
    occurred_at: datetime
    dose: Dose | None = None
    verb: ClassVar[Verb] = Verb.DEVIATE

    def decide(self, s: Situation) -> Decision:
        at, dose = self.occurred_at, self.dose
        signed = signs(s, lambda: decide.deviate_to_sign(s, act=self.act, occurred_at=at, dose=dose))
        return decide.deviate(s, act=self.act, reason=self.reason, occurred_at=at, dose=dose, signed=signed)


# ---------------------------------------------------------------------------------------------------------------


def _task(s: Situation, name: str) -> str:
    """The open task of this name, or the last one there was. Raises NotFoundError."""
    named = [task for task in s.episode.tasks.values() if task.name == name]
    if not named:
        open_now = ", ".join(sorted({task.name for task in s.episode.open_tasks}))
        raise NotFoundError(f"{name} was never opened", place="task", allowed=open_now or "no task is open")
    return next((task.key for task in named if task.is_open), named[-1].key)


def _appointment(s: Situation, kind: str) -> str:
    """The next planned appointment of this kind, or the last one there was. Raises NotFoundError."""
    planned = s.episode.planned(kind)
    if planned is not None:
        return planned.key
    kept = [appointment.key for appointment in s.episode.appointments.values() if appointment.kind == kind]
    if not kept:
        raise NotFoundError(f"no {kind} was ever booked", place="appointment", allowed="appoint it first")
    return kept[-1]
