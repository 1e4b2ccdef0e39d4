"""A trial as people carry it out: the diary before it, the day's checks, each dose, and the scores it is judged by."""

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from workflow.authoring.simulate import work
from workflow.authoring.simulate.candidate import Candidate
from workflow.authoring.simulate.chance import happens
from workflow.authoring.simulate.values import value_for
from workflow.authoring.simulate.ways import Wanted, apart_by
from workflow.authoring.walk.deed import Administer, Record
from workflow.domain.decide import Dose
from workflow.domain.policy import Verb
from workflow.domain.protocol import Drug
from workflow.domain.response import Judgement
from workflow.domain.trial import Method, Mode, Trial

Going: TypeAlias = Generator[datetime, None, bool]  # whether it could be done

_SCORES = 3  # at least, so that they span the effect
_NEXT_DAY = timedelta(hours=24)


def treat(c: Candidate) -> Going:
    """Puncture, place a catheter where the trial has one, give each dose, score it. False where a gate barred it."""
    c.treating = True
    try:
        return (yield from _treat(c))
    finally:
        c.treating = False


# ---------------------------------------------------------------------------------------------------------------


def _treat(c: Candidate) -> Going:
    trial, stint = c.episode.trial, c.episode.stint
    assert trial is not None
    _diary(c, trial.number)
    drug = c.clinic.version.drug(trial.drug)
    for turn, amount in enumerate(drug.steps or (drug.minimum,)):
        if turn:
            yield from _wait_for_next(c, drug)
        if c.episode.stint != stint or not (yield from _dose(c, drug, amount)):
            return turn > 0
        yield from _watch(c, drug, trial, stint)
        if c.episode.stint == stint:
            _context(c)
        if turn + 1 == len(drug.steps) or _passed(c):
            break
    return c.episode.stint == stint


def _passed(c: Candidate) -> bool:
    return c.episode.trial is not None and c.episode.trial.response in (Judgement.MET, Judgement.NOT_TOLERATED)


def _wait_for_next(c: Candidate, drug: Drug) -> Generator[datetime, None, None]:
    """Until nobody watches any more and the next dose may be thought of, in opening hours."""
    acts = [way for act in ("puncture", "repeat_dose") for way in c.clinic.granting.get(act, ())]
    apart = max((apart_by(way.rule.gates, c.clinic.version) for way in acts), default=_NEXT_DAY)
    last = max(dose.given_at for dose in c.episode.administrations.values())
    yield max(c.now, last + max(apart, drug.observe.elapsed, _NEXT_DAY)) + timedelta(minutes=10)
    yield c.at_work()


def _dose(c: Candidate, drug: Drug, amount: Decimal) -> Going:
    """One dose, with the puncture or through the catheter."""
    trial = c.episode.trial
    assert trial is not None
    if not trial.holds_catheter(c.now):
        if not (yield from _granted(c, "puncture")):
            return False
        yield c.soon(20)
    if trial.method is Method.CATHETER and not (yield from _place(c)):
        return False
    dose = Dose(drug=drug.key, mode=Mode.BOLUS, ordered=amount, given=amount, unit=drug.unit)
    given = c.do(c.able(Verb.ADMINISTER), Administer(dose=dose))
    work.look_again(c, given)
    return not given.refused


def _place(c: Candidate) -> Going:
    """The catheter in, where it is not yet, and a dose through it approved."""
    assert c.episode.trial is not None
    if not c.episode.trial.holds_catheter(c.now):
        placed = next((way for way in c.clinic.recording["puncture"] if c.episode.stage in way.rule.sources), None)
        if placed is None or (yield from work.take(c, placed)).refused:
            return False
        yield c.soon(30)
    if not (yield from _granted(c, "repeat_dose")):
        return False
    yield c.soon(10)
    return True


def _granted(c: Candidate, act: str) -> Going:
    for way in c.clinic.granting[act]:
        if c.episode.stage in way.rule.sources:
            work.prepare(c, way)
            decision = yield from work.take(c, way)
            if not decision.refused:
                return True
            work.look_again(c, decision)
    return False


def _diary(c: Candidate, number: int) -> None:
    """The scores before the trial, each of the last days, entered together; drawn once for each trial."""
    if number in c.shown:
        return
    passing = happens(c.chance, c.clinic.cohort.passing)
    c.shown[number] = c.clinic.scores.draw(c.chance, passing=passing)
    days = range(c.clinic.version.response.baseline.days, 0, -1)
    readings = tuple(
        c.reading(instrument, base, c.now - timedelta(days=day) + timedelta(minutes=10))
        for day in days
        for instrument, (base, _) in c.shown[number].items()
    )
    c.do(c.able(Verb.RECORD), Record(readings=readings))


def _watch(c: Candidate, drug: Drug, trial: Trial, stint: int) -> Generator[datetime, None, None]:
    """The rounds after a dose, as its plan asks, and scores spread over the time in which it can be felt."""
    given, plan = c.now, c.clinic.version.plan(drug.key, trial.method)
    rounds = set(plan.times(given)) if plan is not None else set()
    scored = set(_score_times(given, drug, max(_SCORES, c.clinic.version.response.scores)))
    shown = c.shown[trial.number]
    for at in sorted(rounds | scored):
        yield at
        if c.episode.stint != stint:
            return
        items = [*(plan.items if plan is not None and at in rounds else ()), *(shown if at in scored else ())]
        values = {item: shown[item][1] if item in shown else _calm(c, item) for item in items}
        readings = tuple(c.reading(item, value, c.now) for item, value in values.items())
        c.do(c.able(Verb.RECORD), Record(readings=readings))


def _score_times(given: datetime, drug: Drug, count: int) -> Iterator[datetime]:
    opens, lasts = given + drug.onset.elapsed, drug.lasts.minutes - drug.onset.minutes
    for turn in range(count):
        yield opens + timedelta(minutes=lasts * turn // max(1, count - 1))


def _calm(c: Candidate, item: str) -> str:
    return value_for([], c.clinic.version.items[item], c.clinic.version)


def _context(c: Candidate) -> None:
    """What the responses ask for beside their scores."""
    version = c.clinic.version
    rules = (version.response, *version.responses.values())
    tests = [test for rule in rules for test in (rule.function, rule.tolerance) if test is not None]
    items = dict.fromkeys((*(i for rule in rules for i in rule.context), *(test.subject.item for test in tests)))
    asked = {item: [test for test in tests if test.subject.item == item] for item in items if item}
    work.record(
        c,
        *(
            Wanted(item=item, value=value_for(of, version.items[item], version), this_trial=True)
            for item, of in asked.items()
        ),
    )
