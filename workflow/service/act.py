"""People act. Each verb is one transaction of at most five round trips.

    BEGIN ► lock the episode, see the actor's sites ► policy ► load it whole ► decide, pure ► apply ► COMMIT ► ring

What is said of a task takes a sixth, to see who works at the site today, who is away and who stands in.
A repeated command key is answered from the ledger; a stale page is refused before anything is decided.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from workflow.domain import decide
from workflow.domain.appointment import AppointmentState
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, KeyReusedError, NotFoundError, StaleError
from workflow.domain.observation import Absence, Observation, Reading
from workflow.domain.policy import Verb, require, who_may
from workflow.domain.signature import Signing
from workflow.domain.situation import Situation
from workflow.domain.task import Outsider
from workflow.failpoints import failpoint
from workflow.service.answer import Answer, retold, told
from workflow.store import candidates, episodes, ledger, links, protocols, staff
from workflow.store.bell import Bell
from workflow.store.episodes import Answered, Command, Loaded, Locked
from workflow.store.session import Store
from workflow.store.staff import Person

Deciding = Callable[[Situation], Decision]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people's requests are worked: the store, and the bell that calls the workers."""

    store: Store
    bell: Bell


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks about which episode; with a command key (and its body's fingerprint), and the version they saw."""

    person: Person
    episode: str
    key: str | None = None
    body: str = ""
    version: int | None = None
    once: str = ""  # the link that asks, where one does; it is used up with the decision

    @property
    def command(self) -> Command | None:
        return Command(actor=self.person.id, key=self.key, body=self.body) if self.key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What an observation should have said. Exactly one of `number`, `text`, `absent`; `unit` in UCUM."""

    number: Decimal | None = None
    text: str | None = None
    absent: Absence | None = None
    unit: str = ""
    observed_at: datetime | None = None  # None: the time stands

    def reading_of(self, old: Observation) -> Reading:
        """The reading that takes the old one's place."""
        return Reading(
            item=old.item,
            observed_at=self.observed_at or old.observed_at,
            number=self.number,
            text=self.text,
            absent=self.absent,
            unit=self.unit,
            trial=old.trial if self.observed_at is None else None,
        )


def advance(
    desk: Desk,
    asked: Asked,
    *,
    name: str,
    occurred_at: datetime | None = None,
    reason: str | None = None,
    signed: Signing | None = None,
) -> Answer:
    """Take a transition."""

    def deciding(s: Situation) -> Decision:
        return decide.advance(s, name=name, occurred_at=occurred_at, reason=reason, signed=signed)

    return perform(desk, asked, Verb.ADVANCE, deciding)


def record(desk: Desk, asked: Asked, *, readings: tuple[Reading, ...]) -> Answer:
    """Record readings: all of them, or none."""
    return perform(desk, asked, Verb.RECORD, lambda s: decide.record(s, readings=readings))


def correct(desk: Desk, asked: Asked, *, observation: str, reason: str, reading: Reading | None) -> Answer:
    """Supersede or void an observation."""
    return perform(
        desk, asked, Verb.CORRECT, lambda s: decide.correct(s, key=observation, reason=reason, reading=reading)
    )


def amend(desk: Desk, asked: Asked, *, observation: str, reason: str, amendment: Amendment) -> Answer:
    """Supersede an observation by another value of the same item, made at the same time unless another is said."""

    def deciding(s: Situation) -> Decision:
        old = s.episode.observations.get(observation)
        reading = None if old is None else amendment.reading_of(old)
        return decide.correct(s, key=observation, reason=reason, reading=reading)

    return perform(desk, asked, Verb.CORRECT, deciding)


def administer(
    desk: Desk, asked: Asked, *, dose: decide.Dose, given_at: datetime | None = None, trial: int | None = None
) -> Answer:
    """Record a dose as ordered and as given, in the last trial; `trial` says which one is meant."""

    def deciding(s: Situation) -> Decision:
        _meant(s, trial)
        return decide.administer(s, dose=dose, given_at=given_at)

    return perform(desk, asked, Verb.ADMINISTER, deciding)


def appoint(desk: Desk, asked: Asked, *, kind: str, starts_at: datetime) -> Answer:
    """Plan an appointment."""
    return perform(desk, asked, Verb.APPOINT, lambda s: decide.appoint(s, kind=kind, starts_at=starts_at))


def reschedule(desk: Desk, asked: Asked, *, appointment: str, starts_at: datetime) -> Answer:
    """Move an appointment, and all that hangs on it."""
    return perform(desk, asked, Verb.APPOINT, lambda s: decide.reschedule(s, key=appointment, starts_at=starts_at))


def conclude(
    desk: Desk, asked: Asked, *, appointment: str, state: AppointmentState, reason: str | None = None
) -> Answer:
    """Say what became of an appointment."""
    return perform(desk, asked, Verb.APPOINT, lambda s: decide.conclude(s, key=appointment, state=state, reason=reason))


def complete(desk: Desk, asked: Asked, *, task: str, note: str = "") -> Answer:
    """Say a task is done."""
    return perform(desk, asked, Verb.COMPLETE, lambda s: decide.complete(s, key=task, note=note))


def acknowledge(
    desk: Desk,
    asked: Asked,
    *,
    task: str,
    until: datetime,
    by: str | None = None,
    via: decide.Via = decide.Via.APP,
    note: str = "",
) -> Answer:
    """Take a task on until a time; or log that `by` said so on the phone."""

    def deciding(s: Situation) -> Decision:
        return decide.acknowledge(s, key=task, until=until, by=by, via=via, note=note)

    return perform(desk, asked, Verb.ACKNOWLEDGE, deciding, with_roster=True)


def claim(desk: Desk, asked: Asked, *, task: str) -> Answer:
    """Make a task mine."""
    return perform(desk, asked, Verb.CLAIM, lambda s: decide.claim(s, key=task), with_roster=True)


def reassign(desk: Desk, asked: Asked, *, task: str, to: str, reason: str | None = None) -> Answer:
    """Give or offer a task to somebody who works at the site today. Raises ImpossibleInputError for anybody else."""

    def deciding(s: Situation) -> Decision:
        _works_here(s, task, to)
        return decide.reassign(s, key=task, to=to, reason=reason)

    return perform(desk, asked, Verb.REASSIGN, deciding, with_roster=True)


def snooze(desk: Desk, asked: Asked, *, task: str, until: datetime, reason: str) -> Answer:
    """Put a task's first reminder off."""

    def deciding(s: Situation) -> Decision:
        return decide.snooze(s, key=task, until=until, reason=reason)

    return perform(desk, asked, Verb.SNOOZE, deciding, with_roster=True)


def wait(desk: Desk, asked: Asked, *, task: str, on: Outsider, until: datetime, reason: str) -> Answer:
    """Say that a task waits on an outsider, and when they are chased."""

    def deciding(s: Situation) -> Decision:
        return decide.wait(s, key=task, on=on, until=until, reason=reason)

    return perform(desk, asked, Verb.WAIT, deciding, with_roster=True)


def contact(
    desk: Desk,
    asked: Asked,
    *,
    task: str,
    how: decide.Means,
    reached: bool,
    note: str = "",
    chase_at: datetime | None = None,
) -> Answer:
    """Log an attempt to reach the outsider a task waits on."""

    def deciding(s: Situation) -> Decision:
        return decide.contact(s, key=task, how=how, reached=reached, note=note, chase_at=chase_at)

    return perform(desk, asked, Verb.CONTACT, deciding, with_roster=True)


def hold(desk: Desk, asked: Asked, *, reason: str, occurred_at: datetime | None = None) -> Answer:
    """Put a candidate on hold."""
    return perform(desk, asked, Verb.HOLD, lambda s: decide.hold(s, reason=reason, occurred_at=occurred_at))


def release(desk: Desk, asked: Asked, *, reason: str, occurred_at: datetime | None = None) -> Answer:
    """End a hold."""
    return perform(desk, asked, Verb.RELEASE, lambda s: decide.release(s, reason=reason, occurred_at=occurred_at))


def override(desk: Desk, asked: Asked, *, gate: str, reason: str, signed: Signing | None = None) -> Answer:
    """Ask for a gate to be passed; the second person makes it stand."""
    return perform(desk, asked, Verb.OVERRIDE, lambda s: decide.override(s, gate=gate, reason=reason, signed=signed))


def deviate(
    desk: Desk,
    asked: Asked,
    *,
    act: str,
    reason: str,
    occurred_at: datetime,
    dose: decide.Dose | None = None,
    signed: Signing | None = None,
) -> Answer:
    """Record an act that went against a shut gate; the second person makes it stand."""

    def deciding(s: Situation) -> Decision:
        return decide.deviate(s, act=act, reason=reason, occurred_at=occurred_at, dose=dose, signed=signed)

    return perform(desk, asked, Verb.DEVIATE, deciding)


def adopt(
    desk: Desk,
    asked: Asked,
    *,
    stage: str,
    reason: str,
    occurred_at: datetime | None = None,
    trials: tuple[decide.PriorTrial, ...] = (),
    duties: tuple[decide.RunningDuty, ...] = (),
) -> Answer:
    """Take over a candidate where they really stand."""
    return perform(
        desk,
        asked,
        Verb.ADOPT,
        lambda s: decide.adopt(s, stage=stage, reason=reason, occurred_at=occurred_at, trials=trials, duties=duties),
    )


def perform(desk: Desk, asked: Asked, verb: Verb, deciding: Deciding, *, with_roster: bool = False) -> Answer:
    """Do one verb on one episode. Everything a person changes in an episode comes through here.

    `with_roster` lets the situation know who works at the site today; most decisions do not ask.

    Raises NotFoundError, NotPermittedError, StaleError, KeyReusedError, UnavailableError, and what deciding raises.
    """
    failpoint("T0")
    try:
        answer = _perform(desk, asked, verb, deciding, with_roster=with_roster)
    except IntegrityError:
        # The same key was used on another episode meanwhile: look again, once.
        answer = _perform(desk, asked, verb, deciding, with_roster=with_roster)
    if not answer.replayed:
        desk.bell.ring()
    failpoint("T11")
    return answer


def _perform(desk: Desk, asked: Asked, verb: Verb, deciding: Deciding, *, with_roster: bool) -> Answer:
    with desk.store.transaction() as connection:
        failpoint("T2")
        locked = episodes.lock(connection, asked.episode, sites=asked.person.sites)
        failpoint("T3")
        require(asked.person.at(locked.site), verb)
        failpoint("T1")
        loaded = episodes.load(connection, locked.site, [locked.id], command=asked.command)[locked.id]
        if loaded.answered is not None:
            return _answered(desk.store, connection, locked, loaded, loaded.answered, asked.body)
        _fresh(loaded, asked.version)
        situation = _situation(desk.store, connection, asked.person, locked, loaded)
        if with_roster:
            situation = replace(situation, roster=staff.roster(connection, locked.site))
        decision = deciding(situation)
        failpoint("T4")
        if asked.once and not links.use(connection, site=locked.site, link=asked.once):
            raise ImpossibleNowError("this link was used", place="link")
        keys = episodes.keys_of(desk.store.vault, {locked.id: loaded})
        episodes.apply(connection, [decision], heads={locked.id: loaded.head}, keys=keys, command=asked.command)
        failpoint("T9")
    failpoint("T10")
    return told(decision)


def _meant(s: Situation, trial: int | None) -> None:
    """Refuse a dose for a trial that is not the last one."""
    last = s.episode.trial
    if trial is None or (last is not None and last.number == trial):
        return
    if str(trial) not in s.episode.trials:
        raise NotFoundError(f"there is no trial {trial}", place="trial")
    raise ImpossibleNowError(f"trial {trial} is over", place="trial", allowed=str(len(s.episode.trials)))


def _works_here(s: Situation, task: str, to: str) -> None:
    """Refuse to give a task to somebody who does not work there today, or in no role that could do it."""
    found = s.episode.tasks.get(task)
    able = who_may(Verb.REASSIGN) | ({found.role} if found else set())
    if not any(member.id == to and member.roles & able for member in s.roster.members):
        raise ImpossibleInputError(
            "nobody of this name cares for candidates here today", place="to", allowed="the id of somebody who does"
        )


def _fresh(loaded: Loaded, seen: int | None) -> None:
    """Refuse to decide on a page that is no longer how things are."""
    if seen is not None and seen != loaded.episode.version:
        raise StaleError(
            f"you saw version {seen}; it is now version {loaded.episode.version}", allowed=f'"{loaded.episode.version}"'
        )


def _situation(store: Store, connection: Connection, person: Person, locked: Locked, loaded: Loaded) -> Situation:
    identity = None
    if loaded.identity is not None:
        key = store.vault.key(loaded.episode.candidate, loaded.wrapped)
        identity = candidates.opened(key, loaded.episode.candidate, loaded.identity)
    return Situation(
        protocol=protocols.cached(connection, loaded.episode.protocol),
        episode=loaded.episode,
        calendar=loaded.calendar,
        actor=person.at(locked.site),
        now=locked.now,
        born_on=identity.born_on if identity else None,
        settings=loaded.settings,
    )


def _answered(  # noqa: PLR0917 - one look-up
    store: Store, connection: Connection, locked: Locked, loaded: Loaded, answered: Answered, body: str
) -> Answer:
    """The answer this key had. Raises KeyReusedError where it came with another body or for another candidate."""
    if answered.body != body or answered.episode != locked.id:
        raise KeyReusedError
    key = store.vault.key(loaded.episode.candidate, loaded.wrapped)
    lines = ledger.read(connection, locked.site, locked.id, key, after=answered.seq - 1, most=1)
    return retold(lines[0], episode=locked.id, site=locked.site)
