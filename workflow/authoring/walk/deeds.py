"""From what is written in a step to what is asked of the kernel."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from workflow.authoring.walk.deed import (
    Acknowledge,
    Administer,
    Adopt,
    Advance,
    Appoint,
    Claim,
    Complete,
    Conclude,
    Correct,
    Deed,
    Deviate,
    Override,
    PutOnHold,
    Reassign,
    Record,
    Release,
    Reschedule,
    Snooze,
    Step,
    WaitOn,
)
from workflow.authoring.walk.moments import Days, When
from workflow.authoring.walk.shape import WrittenStep, WrittenValue, WrittenWalk
from workflow.domain.actor import Role
from workflow.domain.appointment import AppointmentState
from workflow.domain.decide import Dose
from workflow.domain.item import Kind
from workflow.domain.observation import Reading
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.task import Outsider


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a step is read in: the protocol, the walk's days and its people."""

    version: ProtocolVersion
    days: Days
    people: Mapping[str, tuple[Role, ...]]

    def person(self, name: str) -> str:
        """Who is meant: a person, or the first one who holds the role of this name."""
        if name in self.people:
            return name
        return next(person for person, roles in self.people.items() if name in roles)


def people_of(file: WrittenWalk, version: ProtocolVersion) -> dict[str, tuple[Role, ...]]:
    """The people of a walk; for a role nobody was given there is one person, called like it."""
    said = dict(file.people or {})
    held = {role for roles in said.values() for role in roles}
    return said | {str(role): (role,) for role in version.roles if role not in held}


def steps_of(step: WrittenStep, scene: Scene, at: datetime) -> tuple[Step, ...]:
    """What is asked in one step: nothing, one deed, or the same deed by two people."""
    if step.by is None:
        return ()
    deed = _DEEDS[step.deed](_Asked(step, scene, at))
    who = [step.by] if step.and_by is None else [step.by, step.and_by]
    return tuple(Step(at=at, by=scene.person(name), deed=deed) for name in who)


def reading_of(version: ProtocolVersion, item: str, value: str, *, observed_at: datetime) -> Reading:
    """A value as it is written, in the item's own unit."""
    rule = version.items[item]
    if rule.kind is Kind.NUMBER:
        return Reading(item=item, observed_at=observed_at, number=Decimal(value), unit=rule.unit)
    return Reading(item=item, observed_at=observed_at, text=value)


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """A written step with the scene it is read in."""

    step: WrittenStep
    scene: Scene
    at: datetime

    @property
    def reason(self) -> str:
        return self.step.reason or ""

    @property
    def occurred(self) -> datetime | None:
        return None if self.step.occurred_at is None else self.moment(self.step.occurred_at)

    def moment(self, when: When | None) -> datetime:
        return self.at if when is None else self.scene.days.moment(when, near=self.at)

    def concluded(self, kind: str | None, state: AppointmentState) -> Conclude:
        return Conclude(kind=str(kind), state=state, reason=self.step.reason)


_DEEDS: Mapping[str, Callable[[_Asked], Deed]] = {
    "adopt": lambda a: Adopt(stage=str(a.step.adopt), reason=a.reason, occurred_at=a.occurred),
    "record": lambda a: Record(readings=tuple(_readings(a.step, a.scene, a.occurred or a.at))),
    "correct": lambda a: Correct(item=str(a.step.correct), reason=a.reason, reading=_right(a), observed_at=a.occurred),
    "advance": lambda a: Advance(
        name=str(a.step.advance), reason=a.step.reason, occurred_at=a.occurred, unsigned=bool(a.step.unsigned)
    ),
    "administer": lambda a: Administer(dose=_dose(a, str(a.step.administer)), occurred_at=a.occurred),
    "appoint": lambda a: Appoint(kind=str(a.step.appoint), starts_at=a.moment(a.step.starts_at)),
    "reschedule": lambda a: Reschedule(kind=str(a.step.reschedule), starts_at=a.moment(a.step.starts_at)),
    "attend": lambda a: a.concluded(a.step.attend, AppointmentState.ATTENDED),
    "miss": lambda a: a.concluded(a.step.miss, AppointmentState.MISSED),
    "cancel": lambda a: a.concluded(a.step.cancel, AppointmentState.CANCELLED),
    "hold": lambda a: PutOnHold(reason=str(a.step.hold), occurred_at=a.occurred),
    "release": lambda a: Release(reason=a.reason, occurred_at=a.occurred),
    "override": lambda a: Override(gate=str(a.step.override), reason=a.reason),
    "deviate": lambda a: Deviate(
        act=str(a.step.deviate),
        reason=a.reason,
        occurred_at=a.moment(a.step.occurred_at),
        dose=_dose(a, a.step.drug) if a.step.drug else None,
    ),
    "complete": lambda a: Complete(task=str(a.step.complete), note=a.reason),
    "acknowledge": lambda a: Acknowledge(task=str(a.step.acknowledge), until=a.moment(a.step.until)),
    "claim": lambda a: Claim(task=str(a.step.claim)),
    "reassign": lambda a: Reassign(task=str(a.step.reassign), to=a.scene.person(str(a.step.to)), reason=a.step.reason),
    "snooze": lambda a: Snooze(task=str(a.step.snooze), until=a.moment(a.step.until), reason=a.reason),
    "wait": lambda a: WaitOn(
        task=str(a.step.wait),
        outsider=a.step.waits_on or Outsider.OTHER,
        until=a.moment(a.step.until),
        reason=a.reason,
    ),
}


def _readings(step: WrittenStep, scene: Scene, at: datetime) -> Iterator[Reading]:
    """Every value of the step; those of a list lie `every` so long apart, the last one at the step's own time."""
    apart = timedelta() if step.every is None else step.every.elapsed
    for item, values in (step.record or {}).items():
        for before, said in zip(reversed(range(len(values))), values, strict=True):
            yield _reading(said, item, scene, at - apart * before, trial=step.trial)


def _reading(said: WrittenValue, item: str, scene: Scene, near: datetime, *, trial: int | None) -> Reading:
    seen = near if said.observed_at is None else scene.days.moment(said.observed_at, near=near)
    if said.value is None:
        return Reading(item=item, observed_at=seen, absent=said.absent, trial=trial)
    plain = reading_of(scene.version, item, said.value, observed_at=seen)
    unit = plain.unit if said.unit is None else said.unit
    return Reading(item=item, observed_at=seen, number=plain.number, text=plain.text, unit=unit, trial=trial)


def _right(asked: _Asked) -> Reading | None:
    step = asked.step
    if step.void:
        return None
    said = WrittenValue(value=step.value, absent=step.absent, unit=step.unit)
    return _reading(said, str(step.correct), asked.scene, asked.occurred or asked.at, trial=None)


def _dose(asked: _Asked, drug: str) -> Dose:
    step = asked.step
    assert step.given is not None
    return Dose(
        drug=drug,
        mode=step.mode,
        ordered=step.given if step.ordered is None else step.ordered,
        given=step.given,
        unit=asked.scene.version.drugs[drug].unit if step.unit is None else step.unit,
        reason=step.reason,
    )
