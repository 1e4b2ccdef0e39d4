"""A candidate walking through the kernel, decision by decision, as the store would carry them.

Every decision is written as canonical bytes, chained, read back and folded; the walker goes on from what was
folded, so that nothing a test sees was only ever in memory.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from workflow.authoring.schema import read
from workflow.authoring.walk.signs import signs
from workflow.domain import decide
from workflow.domain.actor import Actor, Role
from workflow.domain.appointment import AppointmentState
from workflow.domain.calendar import Calendar, Duration
from workflow.domain.canonical import canonical
from workflow.domain.decide import Dose, Option
from workflow.domain.decision import Decision, fold
from workflow.domain.episode import Episode
from workflow.domain.item import Kind
from workflow.domain.ladder import Timer, TimerState
from workflow.domain.ledger import GENESIS, Line, chain, digest
from workflow.domain.observation import Absence, Observation, Reading
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response import Response
from workflow.domain.roster import Member, Roster
from workflow.domain.signature import Matter, Signing
from workflow.domain.situation import Situation
from workflow.domain.task import Outsider, Task
from workflow.domain.trial import Mode

FILE = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml"
PROTOCOL: ProtocolVersion = read(FILE.read_bytes(), name="v1.yaml")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
LONDON = Calendar(zone="Europe/London")

CARLA = Actor(id="carla", roles=frozenset({Role.COORDINATOR}))
NILS = Actor(id="nils", roles=frozenset({Role.NURSE}))
CLARA = Actor(id="clara", roles=frozenset({Role.CLINICIAN}))
CEM = Actor(id="cem", roles=frozenset({Role.CLINICIAN}))
INES = Actor(id="ines", roles=frozenset({Role.IMPLANTER}))
PAUL = Actor(id="paul", roles=frozenset({Role.PHARMACIST}))
SAM = Actor(id="sam", roles=frozenset({Role.SCHEDULER}))
LENA = Actor(id="lena", roles=frozenset({Role.LEAD}))
EVERYONE = (CARLA, NILS, CLARA, CEM, INES, PAUL, SAM, LENA)
ROSTER = Roster(members=tuple(Member(id=actor.id, roles=actor.roles) for actor in EVERYONE))

Value = str | int | Decimal | Absence


class Walker:
    """One episode, a virtual clock, and the people of one site."""

    def __init__(
        self,
        protocol: ProtocolVersion = PROTOCOL,
        *,
        now: datetime = START,
        born_on: date | None = None,
        settings: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.protocol = protocol
        self.now = now
        self.born_on = born_on
        self.settings = settings or {}
        self.roster = ROSTER
        self.episode = Episode(id="e-1", site="s-1", candidate="c-1")
        self.lines: list[Line] = []
        self.last: Decision | None = None

    # -- time

    def later(self, wait: str) -> "Walker":
        """Let time pass without any timer firing."""
        self.now += Duration.parse(wait).elapsed
        return self

    def ago(self, wait: str) -> datetime:
        return self.now - Duration.parse(wait).elapsed

    def due(self) -> list[Timer]:
        live = [t for t in self.episode.timers.values() if t.state is TimerState.LIVE and t.due_at <= self.now]
        return sorted(live, key=lambda t: (t.due_at, t.key))

    def tick(self) -> list[Decision]:
        """Fire whatever is due, in order, until nothing is."""
        fired = []
        while due := self.due():
            fired.append(self.fire(due[0].key, due[0].n))
        return fired

    def fire(self, key: str, n: int) -> Decision | None:
        decision = decide.fire(self.situation(Actor(id="system:timers")), key=key, n=n)
        return None if decision is None else self.take(decision)

    # -- verbs

    def situation(self, actor: Actor) -> Situation:
        return Situation(
            protocol=self.protocol,
            episode=self.episode,
            calendar=LONDON,
            actor=actor,
            now=self.now,
            roster=self.roster,
            born_on=self.born_on,
            settings=self.settings,
        )

    def enrol(self, actor: Actor = CARLA, *, at: datetime | None = None) -> Decision:
        return self.do(decide.enrol, actor, occurred_at=at)

    def adopt(
        self, stage: str, *, at: datetime | None = None, reason: str = "paper record", **known: object
    ) -> Decision:
        return self.do(decide.adopt, CARLA, stage=stage, reason=reason, occurred_at=at, **known)

    def advance(
        self, name: str, actor: Actor | None = None, *, at: datetime | None = None, reason: str | None = None
    ) -> Decision:
        """Take a transition as the first person it is for, or as `actor`, who signs it where it wants that."""
        who = actor or who_may(self.protocol, name)
        asked = {"name": name, "occurred_at": at, "reason": reason}
        wanted = name in self.protocol.transitions and self.protocol.transition(name).signed
        signed = self.signs(who, decide.advance_to_sign, **asked) if wanted else None
        return self.do(decide.advance, who, **asked, signed=signed)

    def signs(self, actor: Actor, shown: Callable[..., Matter | None], **asked: object) -> Signing | None:
        """What somebody signs who is shown a step: exactly that."""
        s = self.situation(actor)
        return signs(s, lambda: shown(s, **asked))

    def together(self, name: str, *, at: datetime | None = None, reason: str | None = None) -> Decision:
        """Two different people take one transition."""
        self.advance(name, CLARA, at=at, reason=reason)
        return self.advance(name, CEM, at=at, reason=reason)

    def record(
        self, actor: Actor = NILS, *, at: datetime | None = None, trial: int | None = None, **values: Value
    ) -> Decision:
        return self.take_readings(
            actor, tuple(self.reading(item, value, at=at, trial=trial) for item, value in values.items())
        )

    def take_readings(self, actor: Actor, readings: tuple[Reading, ...]) -> Decision:
        return self.do(decide.record, actor, readings=readings)

    def reading(self, item: str, value: Value, *, at: datetime | None = None, trial: int | None = None) -> Reading:
        rule = self.protocol.item(item)
        base = Reading(item=item, observed_at=at or self.now, trial=trial)
        if isinstance(value, Absence):
            return replace(base, absent=value)
        if rule.kind is Kind.NUMBER:
            return replace(base, number=Decimal(str(value)), unit=rule.unit)
        return replace(base, text=str(value))

    def correct(
        self, item: str, value: Value | None, *, at: datetime | None = None, key: str = "", actor: Actor = NILS
    ) -> Decision:
        """Correct the newest standing value of an item (or the one of this key); None voids it."""
        old = self.episode.observations[key] if key else self.newest(item)
        reading = None if value is None else self.reading(item, value, at=at or old.observed_at)
        return self.do(decide.correct, actor, key=old.key, reason="typed wrongly", reading=reading)

    def give(
        self,
        amount: str = "0.2",
        *,
        at: datetime | None = None,
        mode: Mode = Mode.BOLUS,
        drug: str = "morphine",
        unit: str = "",
        reason: str | None = None,
        actor: Actor = NILS,
    ) -> Decision:
        dose = self.dose(amount, mode=mode, drug=drug, unit=unit, reason=reason)
        return self.do(decide.administer, actor, dose=dose, given_at=at)

    def dose(
        self, amount: str, *, mode: Mode = Mode.BOLUS, drug: str = "morphine", unit: str = "", reason: str | None = None
    ) -> Dose:
        real = unit or self.protocol.drug(drug).unit
        return Dose(drug=drug, mode=mode, ordered=Decimal(amount), given=Decimal(amount), unit=real, reason=reason)

    def appoint(self, kind: str, starts_at: datetime, actor: Actor = SAM) -> Decision:
        return self.do(decide.appoint, actor, kind=kind, starts_at=starts_at)

    def reschedule(self, key: str, starts_at: datetime, actor: Actor = SAM) -> Decision:
        return self.do(decide.reschedule, actor, key=key, starts_at=starts_at)

    def conclude(self, key: str, state: AppointmentState, actor: Actor = SAM) -> Decision:
        return self.do(decide.conclude, actor, key=key, state=state)

    def complete(self, name: str, actor: Actor, *, note: str = "") -> Decision:
        return self.do(decide.complete, actor, key=self.task(name).key, note=note)

    def acknowledge(self, name: str, actor: Actor, *, wait: str) -> Decision:
        until = self.now + Duration.parse(wait).elapsed
        return self.do(decide.acknowledge, actor, key=self.task(name).key, until=until)

    def claim(self, name: str, actor: Actor) -> Decision:
        return self.do(decide.claim, actor, key=self.task(name).key)

    def reassign(self, name: str, to: Actor, *, by: Actor) -> Decision:
        return self.do(decide.reassign, by, key=self.task(name).key, to=to.id, reason="going home")

    def snooze(self, name: str, actor: Actor, *, wait: str) -> Decision:
        until = self.now + Duration.parse(wait).elapsed
        return self.do(decide.snooze, actor, key=self.task(name).key, until=until, reason="not today")

    def wait(self, name: str, actor: Actor, *, wait: str) -> Decision:
        until = self.now + Duration.parse(wait).elapsed
        return self.do(
            decide.wait, actor, key=self.task(name).key, on=Outsider.CARDIOLOGY, until=until, reason="letter sent"
        )

    def hold(self, reason: str = "waiting_for_payer", actor: Actor = CARLA, *, at: datetime | None = None) -> Decision:
        return self.do(decide.hold, actor, reason=reason, occurred_at=at)

    def release(self, actor: Actor = CARLA, *, at: datetime | None = None) -> Decision:
        return self.do(decide.release, actor, reason="settled", occurred_at=at)

    def override(self, gate: str, reason: str, actor: Actor) -> Decision:
        asked = {"gate": gate, "reason": reason}
        return self.do(decide.override, actor, **asked, signed=self.signs(actor, decide.override_to_sign, **asked))

    def dispense(self, gate: str, reason: str) -> Decision:
        """Two different clinicians let a gate be passed."""
        self.override(gate, reason, CLARA)
        return self.override(gate, reason, CEM)

    def deviate(self, act: str, actor: Actor, *, at: datetime | None = None, dose: Dose | None = None) -> Decision:
        asked = {"act": act, "occurred_at": at or self.now, "dose": dose}
        signed = self.signs(actor, decide.deviate_to_sign, **asked)
        return self.do(decide.deviate, actor, reason="it happened before anyone looked", **asked, signed=signed)

    def deviate_together(self, act: str, *, at: datetime | None = None, dose: Dose | None = None) -> Decision:
        self.deviate(act, CLARA, at=at, dose=dose)
        return self.deviate(act, CEM, at=at, dose=dose)

    # -- what stands

    @property
    def stage(self) -> str:
        return self.episode.stage

    def open(self) -> set[str]:
        """The names of everything open."""
        return {task.name for task in self.episode.open_tasks}

    def duties(self) -> set[str]:
        return {task.name for task in self.episode.open_duties}

    def task(self, name: str) -> Task:
        """The open task of this name, or the last one there was."""
        named = [task for task in self.episode.tasks.values() if task.name == name]
        return next((task for task in named if task.is_open), named[-1])

    def timer(self, name: str) -> Timer:
        return self.episode.timers[self.task(name).key]

    def newest(self, item: str) -> Observation:
        found = self.situation(NILS).view(self.now).latest(item)
        assert found is not None
        return found

    def stood(self, item: str) -> list[str]:
        """The keys of the values of an item that stand, in the order they were recorded."""
        return [o.key for o in self.episode.observations.values() if o.item == item and o.stands]

    def newest_in(self, trial: int, item: str) -> Observation:
        found = self.situation(NILS).view(self.now).latest(item, of=self.episode.trials[str(trial)])
        assert found is not None
        return found

    def option(self, name: str, actor: Actor = CLARA) -> Option:
        return next(o for o in decide.survey(self.situation(actor)).options if o.name == name)

    def response(self) -> Response:
        found = self.situation(CLARA).view(self.now).response()
        assert found is not None
        return found

    # -- carrying decisions

    def do(self, verb: Callable[..., Decision], actor: Actor, /, **asked: object) -> Decision:
        return self.take(verb(self.situation(actor), **asked))

    def take(self, decision: Decision) -> Decision:
        """Write a decision, read it back, fold it, and go on from there."""
        prev = self.lines[-1].hash if self.lines else GENESIS
        salt = hashlib.sha256(f"{decision.entry.seq}".encode()).digest()
        line = chain(decision.entry, episode=decision.after, prev=prev, salt=salt, engine="test")
        folded = fold(self.episode, json.loads(line.payload), seq=line.seq)
        assert folded == decision.after or canonical(folded) == canonical(decision.after)
        self.lines.append(line)
        self.episode, self.last = folded, decision
        return decision

    def verify(self) -> None:
        """Whether every line follows the one before it and hashes to what it says."""
        prev = GENESIS
        for seq, line in enumerate(self.lines, start=1):
            head = json.loads(line.head)
            assert (line.seq, head["seq"], line.prev, head["prev"]) == (seq, seq, prev, prev)
            assert line.hash == digest(line.head)
            assert head["payload"] == hashlib.sha256(line.salt + line.payload).hexdigest()
            prev = line.hash


def who_may(protocol: ProtocolVersion, name: str) -> Actor:
    """The first person here whom a transition is for."""
    return next(actor for actor in EVERYONE if actor.holds(*protocol.transition(name).by))


def barred(decision: Decision) -> str:
    """Everything that barred the way, in words; empty where nothing did."""
    shut = [f"{seen.gate}: {seen.because}" for seen in decision.entry.basis if not seen.passes]
    return "; ".join(shut) if decision.refused else ""


def every(start: datetime, step: str, times: int) -> Iterator[datetime]:
    """So many moments, a step apart, the first one a step after `start`."""
    gap: timedelta = Duration.parse(step).elapsed
    return (start + gap * number for number in range(1, times + 1))
