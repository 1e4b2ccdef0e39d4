"""A trial as people carry it out: the diary before it, the day's checks, the dose, and the scores it is judged by."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import TypeAlias

from workflow.authoring.simulate import work
from workflow.authoring.simulate.candidate import Candidate
from workflow.authoring.simulate.chance import happens
from workflow.authoring.simulate.ways import Wanted, value_for
from workflow.authoring.walk.deed import Administer, Record
from workflow.domain.decide import Dose
from workflow.domain.policy import Verb
from workflow.domain.protocol import Drug
from workflow.domain.trial import Method, Mode

Going: TypeAlias = Generator[datetime, None, bool]  # whether it could be done

_SCORES = 3  # at least, so that they span the effect


def treat(c: Candidate) -> Going:
    """Puncture, place a catheter where the trial has one, give the dose, and score it. False where a gate barred it."""
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
    if not trial.holds_catheter(c.now):
        if not (yield from _granted(c, "puncture")):
            return False
        yield c.soon(20)
    if trial.method is Method.CATHETER and not (yield from _place(c)):
        return False
    if c.episode.stint != stint:
        return False
    drug = c.clinic.version.drug(trial.drug)
    given = c.do(c.able(Verb.ADMINISTER), Administer(dose=_dose(drug)))
    if given.refused:
        work.look_again(c, given)
        return False
    yield from _score(c, drug, trial.number, stint)
    if c.episode.stint == stint:
        _context(c)
    return True


def _place(c: Candidate) -> Going:
    """The catheter in, where it is not yet, and the first dose through it approved."""
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


def _dose(drug: Drug) -> Dose:
    """The smallest dose the protocol calls plausible: how much is given decides nothing here."""
    return Dose(drug=drug.key, mode=Mode.BOLUS, ordered=drug.minimum, given=drug.minimum, unit=drug.unit)


def _diary(c: Candidate, number: int) -> None:
    """The scores before the trial, each of the last days, entered together; drawn once for each trial."""
    rule = c.clinic.version.response
    if number in c.shown:
        return
    passing = happens(c.chance, c.clinic.cohort.passing)
    base, score = c.clinic.scores.draw(c.chance, passing=passing)
    c.shown[number] = base, score
    days = range(rule.baseline.days, 0, -1)
    readings = tuple(c.reading(rule.instrument, base, c.now - timedelta(days=day)) for day in days)
    c.do(c.able(Verb.RECORD), Record(readings=readings))


def _score(c: Candidate, drug: Drug, number: int, stint: int) -> Generator[datetime, None, None]:
    """Scores spread over the time in which the drug can be felt."""
    rule, given = c.clinic.version.response, c.now
    opens, closes = given + drug.onset.elapsed, given + drug.lasts.elapsed
    count = max(_SCORES, rule.scores)
    for turn in range(count):
        minutes = int((closes - opens) / timedelta(minutes=1)) * turn // max(1, count - 1)
        yield opens + timedelta(minutes=minutes)
        if c.episode.stint != stint:
            return
        reading = c.reading(rule.instrument, c.shown[number][1], c.now)
        c.do(c.able(Verb.RECORD), Record(readings=(reading,)))


def _context(c: Candidate) -> None:
    """What the response asks for beside its scores."""
    version, rule = c.clinic.version, c.clinic.version.response
    beside = [test for test in (rule.function, rule.tolerance) if test is not None and test.subject.item]
    asked = dict.fromkeys((*rule.context, *(test.subject.item for test in beside)))
    for item in asked:
        tests = [test for test in beside if test.subject.item == item]
        value = value_for(tests, version.items[item], version)
        work.record(c, Wanted(item=item, value=value, within=None, this_trial=True))
