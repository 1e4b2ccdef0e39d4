"""Everything anybody may ask of an episode, at random: a deed takes the walker and a way to pick from a list.

Some deeds are helpful (they satisfy a gate, or press on along the pathway), so that random walks get deep; most
are not. The same deeds serve the property machine and the seeded driver.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeVar

from laws import uphold
from laws_of_signing import uphold_signing
from naive import predicted
from route import AWAKE, DAY, IMPLANT, INPUTS, REFERRAL, SCREENING, WORKUP
from world import CARLA, CEM, CLARA, EVERYONE, INES, NILS, PROTOCOL, Value, Walker

from workflow.domain import decide
from workflow.domain.actor import Actor, Role
from workflow.domain.appointment import AppointmentState
from workflow.domain.decide import Dose, Means, PriorTrial, RunningDuty, Via
from workflow.domain.decision import Decision
from workflow.domain.errors import TroubleError
from workflow.domain.item import Item, Kind
from workflow.domain.observation import Absence, Reading
from workflow.domain.protocol import ProtocolVersion, Transition
from workflow.domain.signature import Confirmed, Signing
from workflow.domain.task import Outsider
from workflow.domain.trial import Method, Mode

T = TypeVar("T")
BOTH = Actor(id="bea", roles=frozenset({Role.CLINICIAN, Role.IMPLANTER, Role.COORDINATOR, Role.NURSE}))
ANYBODY = (*EVERYONE, BOTH, Actor(id="ada", roles=frozenset({Role.AUDITOR})), Actor(id="system:timers"))
DECIDERS = (CLARA, CEM, INES, BOTH)
WAITS = (1, 5, 20, 60, 61, 120, 240, 720, 1441, 1500, 4400, 10100, 44000)
AGO = (0, 0, 0, 0, 1, 10, 59, 130, 700, 1500, 4500, 15000)


class Pick(Protocol):
    """One of these; a shrinking machine and a seeded one pick differently."""

    def __call__(self, of: Sequence[T], /) -> T: ...


class Watched(Walker):
    """A walker whose every decision is held against the laws, and whose every failure must change nothing."""

    def __init__(self, protocol: ProtocolVersion = PROTOCOL) -> None:
        super().__init__(protocol)
        self.raw: dict[str, dict[str, dict[str, str]]] = {}
        self.seen: set[str] = set()

    def take(self, decision: Decision) -> Decision:
        before = self.episode
        super().take(decision)
        uphold(before, decision, self.raw)
        uphold_signing(self.protocol, before, decision)
        for name, things in json.loads(self.lines[-1].payload)["put"].items():
            self.raw.setdefault(name, {}).update(things)
        self._note(decision)
        return decision

    def attempt(self, deed: Callable[[], object]) -> None:
        """Do something that may be impossible; then nothing has changed."""
        before, lines = self.episode, len(self.lines)
        try:
            deed()
        except TroubleError:
            assert self.episode is before
            assert len(self.lines) == lines

    def _note(self, decision: Decision) -> None:
        entry, after = decision.entry, decision.after
        self.seen |= {f"{entry.verb}:{entry.outcome}", f"stage:{after.stage}", f"trials:{len(after.trials)}"}
        if entry.verb == "advance" and entry.outcome == "done":
            self.seen.add(f"advance:{entry.about['name']}")
        if "signatures" in entry.put:
            self.seen |= {"signed" if one.stands else "voided" for one in entry.put["signatures"].values()}


# -- picking


def past(walker: Walker, pick: Pick) -> datetime:
    return walker.now - timedelta(minutes=pick(AGO))


def late(walker: Walker, pick: Pick) -> datetime | None:
    minutes = pick(AGO)
    return walker.now - timedelta(minutes=minutes) if minutes else None


def value(item: Item, pick: Pick) -> Value:
    if pick((0, 0, 0, 0, 0, 1)):
        return pick(tuple(Absence))
    match item.kind:
        case Kind.YES_NO:
            return pick(("yes", "no"))
        case Kind.CHOICE:
            return pick(item.choices)
        case Kind.TEXT:
            return pick(("somebody named", "caf\u00e9", "cafe\u0301", " "))
        case Kind.DATE:
            return pick(("2026-02-28", "2026-02-29"))
        case Kind.NUMBER:
            return pick(_NUMBERS.get(item.key, ("0", "1", "3", "7")))


_NUMBERS = {
    "inr": ("1.0", "1.4", "1.41", "2.5"),
    "platelets": ("60", "99", "100", "250"),
    "nrs": ("0", "2", "4", "7", "8", "10", "11"),
    "sedation_score": ("1", "2", "3", "4"),
    "breathing_rate": ("6", "9", "10", "14"),
    "life_expectancy_months": ("3", "6", "7", "60"),
}


def say(walker: Walker, actor: Actor, at: datetime, **values: Value) -> None:
    walker.attempt(lambda: walker.record(actor, at=at, **values))


# -- deeds


def wait(walker: Watched, pick: Pick) -> None:
    walker.now += timedelta(minutes=pick(WAITS))


def fire_due(walker: Watched, pick: Pick) -> None:
    """Some of what is due, each once and never twice."""
    for timer in walker.due()[:4]:
        fired = walker.fire(timer.key, timer.n)
        assert fired is None or walker.fire(timer.key, timer.n) is None


def fire_nonsense(walker: Watched, pick: Pick) -> None:
    """A projection that never was, or was long ago."""
    key = pick(sorted(walker.episode.timers) or ["none"])
    timer = walker.episode.timers.get(key)
    n = pick((0, 1, 2, 99))
    live = timer is not None and timer.n == n and timer in walker.due()
    assert (walker.fire(key, n) is not None) == live


def record_some(walker: Watched, pick: Pick) -> None:
    items = tuple(walker.protocol.items.values())
    names = {pick(items).key for _ in range(pick((1, 1, 2, 4)))}
    readings: list[Reading] = []
    for name in sorted(names):
        said = walker.reading(name, value(walker.protocol.item(name), pick), at=past(walker, pick))
        readings.append(said)
    trial = pick((None, None, None, 1, 2))
    readings = [Reading(**{**_fields(r), "trial": trial}) for r in readings]
    walker.attempt(lambda: walker.take_readings(pick(ANYBODY), tuple(readings)))


def record_well(walker: Watched, pick: Pick) -> None:
    """A whole set of good answers."""
    good = pick((REFERRAL, SCREENING, WORKUP, DAY, DAY, AWAKE, INPUTS, IMPLANT))
    say(walker, NILS, past(walker, pick), **good)


def record_score(walker: Watched, pick: Pick) -> None:
    score = pick(("1", "2", "3", "4", "8", Absence.ASLEEP))
    for ago in (6, 4, 2) if pick((True, False)) else (0,):
        say(walker, NILS, walker.now - timedelta(hours=ago), nrs=score)


def record_duty_facts(walker: Watched, pick: Pick) -> None:
    item, text = pick(
        (
            ("discharged", "yes"),
            ("discharged", "yes"),
            ("anticoagulant_status", "stopped"),
            ("anticoagulant_status", "restarted"),
            ("sedation_score", "3"),
            ("pump_removed", "yes"),
            ("follow_up_accepted_by", "Team North"),
        )
    )
    say(walker, NILS, past(walker, pick), **{item: text})


def correct(walker: Watched, pick: Pick) -> None:
    if not walker.episode.observations:
        return
    old = walker.episode.observations[pick(sorted(walker.episode.observations))]
    said = None
    if pick((True, True, False)):
        item = pick((old.item, old.item, old.item, "nrs"))
        at = pick((old.observed_at, past(walker, pick)))
        said = walker.reading(item, value(walker.protocol.item(item), pick), at=at)
    walker.attempt(lambda: walker.do(decide.correct, pick(ANYBODY), key=old.key, reason="typed wrongly", reading=said))


def advance(walker: Watched, pick: Pick) -> None:
    """Any transition, by anybody, at any time; where it is asked now, the naive interpreter agrees."""
    here = [rule for rule in walker.protocol.transitions.values() if walker.stage in rule.sources]
    rule = pick(here if pick((True, True, True, False)) else tuple(walker.protocol.transitions.values()))
    actor = pick(_whose(rule) if pick((True, True, False)) else ANYBODY)
    step(walker, rule, actor, pick, at=late(walker, pick))


def step(walker: Watched, rule: Transition, actor: Actor, pick: Pick, *, at: datetime | None = None) -> None:
    reason = pick((*rule.reasons, None)) if rule.reasons else pick((None, "entered late"))
    expected = predicted(walker, rule, actor, reason) if at is None and (reason or not rule.reasons) else None
    before = len(walker.lines)
    walker.attempt(lambda: walker.advance(rule.name, actor, at=at, reason=reason))
    if expected is not None and len(walker.lines) > before:
        entry = walker.last.entry
        assert (entry.outcome, walker.stage) == expected, rule.name


def sign_oddly(walker: Watched, pick: Pick) -> None:
    """A step with no signature, with the right one, or with one for something else; by anybody."""
    here = [rule for rule in walker.protocol.transitions.values() if walker.stage in rule.sources]
    rule, actor = pick(here), pick(ANYBODY)
    reason = pick(rule.reasons) if rule.reasons else None
    digests = [None, "0" * 64, *(one.digest for one in walker.episode.signatures.values())]
    for way in pick((here, [rule])):
        walker.attempt(lambda way=way: digests.append(_shown(walker, way, actor)))
    digest = pick(digests)
    signed = digest and Signing(printed=actor.id, digest=digest, confirmed=Confirmed.WITH_PASSWORD)
    walker.attempt(lambda: walker.do(decide.advance, actor, name=rule.name, reason=reason, signed=signed))


def _shown(walker: Watched, rule: Transition, actor: Actor) -> str | None:
    reason = rule.reasons[0] if rule.reasons else None
    found = decide.advance_to_sign(walker.situation(actor), name=rule.name, reason=reason)
    return None if found is None else found.digest


def advance_together(walker: Watched, pick: Pick) -> None:
    here = [r for r in walker.protocol.transitions.values() if walker.stage in r.sources and r.second_person]
    if not here:
        return
    rule = pick(here)
    reason = pick(rule.reasons) if rule.reasons else None
    for actor in pick(list(pairwise(_whose(rule)))):
        walker.attempt(lambda actor=actor: walker.advance(rule.name, actor, reason=reason))


def _whose(rule: Transition) -> tuple[Actor, ...]:
    return tuple(actor for actor in ANYBODY if actor.holds(*rule.by))


def dose(walker: Watched, pick: Pick) -> Dose:
    drug = pick(("morphine", "morphine", "fentanyl"))
    amount = Decimal(pick({"morphine": ("0.2", "0.5", "1.5", "5000"), "fentanyl": ("25", "75", "400")}[drug]))
    unit = pick(("", "", "", "mcg"))
    return walker.dose(str(amount), mode=pick(tuple(Mode)), drug=drug, unit=unit, reason=pick((None, "as ordered")))


def administer(walker: Watched, pick: Pick) -> None:
    given, at = dose(walker, pick), late(walker, pick)
    walker.attempt(lambda: walker.do(decide.administer, pick(ANYBODY), dose=given, given_at=at))


def authorise_and_act(walker: Watched, pick: Pick) -> None:
    """Approve whatever can be approved here, and do it, perhaps a little later, perhaps after a change of mind."""
    approvals = [r for r in walker.protocol.transitions.values() if r.authorises and walker.stage in r.sources]
    rule = pick(approvals)
    approved_at = pick((None, None, past(walker, pick)))
    for actor in pick(list(pairwise(_whose(rule)))) if rule.second_person else (pick(_whose(rule)),):
        step(walker, rule, actor, pick, at=approved_at)
    walker.now += timedelta(minutes=pick((0, 1, 60, 800)))
    if pick((True, False, False)):
        pick((record_some, hold_or_release, correct))(walker, pick)
    acts = [r for r in walker.protocol.transitions.values() if r.records == rule.authorises]
    acts = [r for r in acts if walker.stage in r.sources]
    if acts:
        step(walker, pick(acts), pick(_whose(acts[0])), pick, at=approved_at or late(walker, pick))
    else:
        trial = walker.episode.trial
        drug = trial.drug if trial and trial.drug else "morphine"
        amount = {"morphine": "0.2", "fentanyl": "25"}[drug]
        walker.attempt(lambda: walker.give(amount, drug=drug, at=approved_at or late(walker, pick)))


def plan(walker: Watched, pick: Pick) -> None:
    at = walker.now + timedelta(days=pick((-1, 0, 1, 9, 30, 2000)))
    key = pick(sorted(walker.episode.appointments) or ["1"])
    deeds: tuple[Callable[[], object], ...] = (
        lambda: walker.appoint(pick((*walker.protocol.appointments, "party")), at),
        lambda: walker.reschedule(key, at),
        lambda: walker.conclude(key, pick(tuple(AppointmentState))),
    )
    walker.attempt(pick(deeds))


def handle_task(walker: Watched, pick: Pick) -> None:
    tasks = (
        sorted(task.key for task in walker.episode.open_tasks)
        if pick((True, True, False))
        else sorted(walker.episode.tasks)
    )
    key, actor = pick([*tasks, "none"]), pick(ANYBODY)
    if key != "none" and pick((True, True, False)):
        actor = pick([one for one in ANYBODY if one.holds(walker.episode.tasks[key].role)])
    until = walker.now + timedelta(minutes=pick((-5, 1, 20, 31, 600, 9000, 20000)))
    deeds: tuple[Callable[[], object], ...] = (
        lambda: walker.do(decide.complete, actor, key=key, note=""),
        lambda: walker.do(decide.acknowledge, actor, key=key, until=until),
        lambda: walker.do(decide.claim, actor, key=key),
        lambda: walker.do(decide.reassign, actor, key=key, to=pick(EVERYONE).id),
        lambda: walker.do(decide.snooze, actor, key=key, until=until, reason="tomorrow"),
        lambda: walker.do(decide.wait, actor, key=key, on=pick(tuple(Outsider)), until=until, reason="asked"),
        lambda: _try_an_outsider(walker, pick, actor, chase_at=pick((None, until))),
        lambda: walker.do(decide.acknowledge, actor, key=key, until=until, by=pick(EVERYONE).id, via=Via.PHONE),
    )
    walker.attempt(pick(deeds))


def _try_an_outsider(walker: Watched, pick: Pick, actor: Actor, *, chase_at: datetime | None) -> None:
    key = pick(sorted(task.key for task in walker.episode.open_tasks if task.waiting_on) or ["none"])
    who = pick((actor, BOTH))
    walker.do(decide.contact, who, key=key, how=Means.PHONE, reached=False, chase_at=chase_at)


def hold_or_release(walker: Watched, pick: Pick) -> None:
    actor, at = pick(ANYBODY), late(walker, pick)
    if walker.episode.hold is None:
        walker.attempt(lambda: walker.hold(pick((*walker.protocol.hold.reasons, "no")), actor, at=at))
    else:
        walker.attempt(lambda: walker.release(actor, at=at))


def override(walker: Watched, pick: Pick) -> None:
    gates = tuple(g for g in walker.protocol.gates.values() if g.dispensation) if pick((1, 1, 0)) else ()
    gate = pick(gates or tuple(walker.protocol.gates.values()))
    reason = pick((*(gate.dispensation.reasons if gate.dispensation else ()), "because"))
    for actor in pick(((CLARA, CEM), (CLARA, CEM), (CLARA, CLARA), (pick(ANYBODY),))):
        walker.attempt(lambda actor=actor: walker.override(gate.key, reason, actor))


def deviate(walker: Watched, pick: Pick) -> None:
    act, at = pick((*walker.protocol.acts, "walk")), past(walker, pick)
    given = dose(walker, pick) if act in ("puncture", "repeat_dose") and pick((1, 1, 0)) else None
    for actor in pick(((CLARA, CEM), (CLARA, CLARA), (INES,))):
        walker.attempt(lambda actor=actor: walker.deviate(act, actor, at=at, dose=given))


def adopt(walker: Watched, pick: Pick) -> None:
    method, began = pick(tuple(Method)), walker.now - timedelta(days=pick((1, 5, 400)))
    times = {
        name: pick((None, began, began + timedelta(hours=3)))
        for name in ("punctured_at", "catheter_out_at", "ended_at")
    }
    trial = PriorTrial(method=method, drug=pick(("morphine", "fentanyl")), started_at=began, source="letter", **times)
    duties = [
        RunningDuty(name=pick(tuple(walker.protocol.tasks)), since=past(walker, pick)) for _ in range(pick((0, 1, 2)))
    ]
    if pick((True, True, False)):
        duties.append(RunningDuty(name="catheter_in", since=began))
    trials = (trial,) * pick((0, 1, 1, 2))
    if pick((True, True, False)):
        duties, trials = duties[-1:], tuple(t for t in trials[:1] if t.punctured_at and not t.catheter_out_at)
    walker.attempt(
        lambda: walker.adopt(
            pick(tuple(walker.protocol.stages)), at=late(walker, pick), trials=trials, duties=tuple(duties)
        )
    )


def look(walker: Watched, pick: Pick) -> None:
    """Looking changes nothing."""
    before = walker.episode
    decide.survey(walker.situation(pick(ANYBODY)))
    assert walker.episode is before


def enrol_again(walker: Watched, pick: Pick) -> None:
    before = walker.episode
    walker.attempt(lambda: walker.enrol(pick(ANYBODY), at=late(walker, pick)))
    assert walker.episode is before


def _fields(reading: Reading) -> dict[str, object]:
    return {name: getattr(reading, name) for name in Reading.__slots__}


FIRST_HAND = (CARLA, NILS)
