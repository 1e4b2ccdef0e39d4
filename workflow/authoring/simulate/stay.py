"""The work of one stay in a stage: what it waits for, what it records, which way it takes, and what if it is barred."""

from collections.abc import Callable
from datetime import timedelta

from workflow.authoring.simulate import work
from workflow.authoring.simulate.candidate import Candidate, Thread
from workflow.authoring.simulate.chance import happens
from workflow.authoring.simulate.cohort import Booked, Chosen
from workflow.authoring.simulate.treat import Going, treat
from workflow.authoring.simulate.ways import Way, may_open
from workflow.authoring.walk.deed import Appoint, Conclude, PutOnHold, Release
from workflow.domain.appointment import AppointmentState
from workflow.domain.policy import Verb

_FULL = 100.0  # the weight of a way nobody said anything of
_POLL = 120  # minutes until somebody looks whether what is waited for has come; doubled each time, to two days


def stay(c: Candidate) -> Thread:
    """Everything that happens because a candidate entered a stage."""
    stage, stint = c.episode.stage, c.episode.stint
    if c.clinic.version.stages[stage].ends:
        return
    for way, left in c.clinic.leaves[stage]:
        if happens(c.chance, left.percent):
            c.start(_leave(c, way, stint))
    for reason, held in c.clinic.cohort.holds.items():
        if happens(c.chance, held.percent):
            c.start(_hold(c, reason, stint))
    if stage in c.clinic.booked:
        yield from _appointment(c, *c.clinic.booked[stage], stint)
    else:
        yield c.after(c.clinic.paces[stage])
    yield from _work(c, stage, stint)


# ---------------------------------------------------------------------------------------------------------------


def _work(c: Candidate, stage: str, stint: int) -> Thread:
    for _ in range(c.clinic.cohort.tries):
        yield from _until(c, lambda: c.episode.hold is None or c.episode.stint != stint)
        way = _choose(c, stage) if c.episode.stint == stint else None
        if way is None:
            break
        if (yield from _ready(c, way, stint)):
            decision = yield from work.take(c, way)
            if not decision.refused:
                return
            work.look_again(c, decision)
        yield c.after(c.clinic.paces[stage])
    if c.episode.stint == stint:
        yield from _give_up(c, stage)


def _ready(c: Candidate, way: Way, stint: int) -> Going:
    """Do what a way asks for first: a trial, waiting until it is over, an act's approval, its items."""
    trial = c.episode.trial
    given = trial is not None and any(d.trial == trial.number for d in c.episode.administrations.values())
    if way.doses and trial is not None and not given and not (yield from treat(c)):
        return False
    yield from _until(c, lambda: c.episode.stint != stint or not _running(c, way))
    yield c.at_work()
    if c.episode.stint != stint:
        return False
    if way.rule.records:
        granting = next((one for one in c.clinic.granting[way.rule.records] if _here(c, one)), None)
        if granting is None:
            return False
        work.prepare(c, granting)
        granted = yield from work.take(c, granting)
        if granted.refused:
            work.look_again(c, granted)
            return False
        yield c.soon(20)
    work.prepare(c, way)
    return c.episode.stint == stint


def _running(c: Candidate, way: Way) -> bool:
    """Whether something still runs that a way waits for."""
    episode = c.episode
    open_now = {task.name for task in episode.open_duties}
    if any(not duty or duty in open_now for duty in way.duties) and open_now:
        return True
    return way.doses and episode.trial is not None and episode.trial.holds_catheter(c.now)


def _choose(c: Candidate, stage: str) -> Way | None:
    """A way on, by weight among those that nothing settled bars; any of them where all are barred."""
    view = c.view()
    trial = c.episode.trial
    shown = trial.response if trial is not None else None
    open_now = [(way, said) for way, said in c.clinic.onward[stage] if all(may_open(gate, view) for gate in way.gates)]
    able = open_now or list(c.clinic.onward[stage])
    by_response = any(way.on_response for way, _ in open_now)
    weights = [_weight(way, said, shown, by_response=by_response) for way, said in able]
    if not able:
        return None
    return c.chance.choices([way for way, _ in able], weights)[0] if sum(weights) else able[0][0]


def _weight(way: Way, said: Chosen | None, shown: str | None, *, by_response: bool) -> float:
    """Where the response opens a way, people take that one unless the cohort says otherwise."""
    if said is not None:
        return said.weight if said.response in (None, shown) else 0.0
    return _FULL if way.on_response or not by_response else 0.0


def _here(c: Candidate, way: Way) -> bool:
    return c.episode.stage in way.rule.sources


def _appointment(c: Candidate, kind: str, booked: Booked, stint: int) -> Thread:
    """Book, come or not come, and book again."""
    for _ in range(5):
        starts = c.after(c.clinic.paces[c.episode.stage])
        yield c.at_work(5)
        if c.episode.stint != stint:
            return
        c.do(c.able(Verb.APPOINT), Appoint(kind=kind, starts_at=max(starts, c.soon(60))))
        yield max(starts, c.soon(60)) + timedelta(minutes=10)
        if c.episode.stint != stint:
            return
        missed = happens(c.chance, booked.missed)
        state = AppointmentState.MISSED if missed else AppointmentState.ATTENDED
        c.do(c.able(Verb.APPOINT), Conclude(kind=kind, state=state))
        if not missed:
            return
        yield c.after(c.clinic.cohort.pace[c.clinic.version.missed_task])


def _leave(c: Candidate, way: Way, stint: int) -> Thread:
    """Leave the pathway somewhere in this stay, before its work is done."""
    yield c.at_work(max(1, round(c.clinic.paces[c.episode.stage].median * c.chance.random() / 2)))
    if c.episode.stint == stint:
        work.prepare(c, way)
        yield from work.take(c, way)


def _hold(c: Candidate, reason: str, stint: int) -> Thread:
    yield c.at_work(30)
    if c.episode.stint != stint or c.episode.hold is not None:
        return
    c.do(c.able(Verb.HOLD), PutOnHold(reason=reason))
    yield c.after(c.clinic.cohort.holds[reason].lasts)
    if c.episode.hold is not None:
        c.do(c.able(Verb.RELEASE), Release(reason="settled"))


def _give_up(c: Candidate, stage: str) -> Thread:
    name = c.clinic.cohort.gives_up
    if name is not None and stage in c.clinic.ways[name].rule.sources:
        way = c.clinic.ways[name]
        work.prepare(c, way)
        yield from work.take(c, way)


def _until(c: Candidate, come: Callable[[], bool]) -> Thread:
    wait = _POLL
    while not come():
        yield c.soon(wait)
        wait = min(wait * 2, 48 * 60)
