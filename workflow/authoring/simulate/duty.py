"""Single tasks and duties: each is done after its own time, on the fact that ends it."""

from datetime import datetime, timedelta

from workflow.authoring.simulate import work
from workflow.authoring.simulate.candidate import Candidate, Thread
from workflow.authoring.simulate.values import value_for
from workflow.authoring.simulate.ways import Wanted, Way
from workflow.authoring.walk.deed import Complete
from workflow.domain.protocol import TaskRule, Trigger
from workflow.domain.task import Scope, Task

_TRIES = 30
_WAIT, _LONGEST_WAIT = 30, 48 * 60  # minutes until a duty that could not be ended is tried again


def opened(c: Candidate, task: Task) -> Thread | None:
    """What somebody will do about a task that was just opened; nothing where the stay itself ends it."""
    match task.scope:
        case Scope.EPISODE:
            return _duty(c, task.key)
        case Scope.APPOINTMENT:
            return _single(c, task.key)
        case _:
            return None


# ---------------------------------------------------------------------------------------------------------------


def _single(c: Candidate, key: str) -> Thread:
    """A task counted from an appointment: done some time after its first reminder."""
    reminded = max(c.now, c.episode.timers[key].due_at)
    yield reminded + (c.after(c.clinic.cohort.pace[c.episode.tasks[key].name]) - c.now)
    task = c.episode.tasks[key]
    if task.is_open:
        c.do(c.somebody(task.role) or "", Complete(task=task.name))


def _duty(c: Candidate, key: str) -> Thread:
    rule = c.clinic.version.tasks[c.episode.tasks[key].name]
    pace = c.clinic.cohort.pace[rule.key]
    wait = _WAIT
    yield c.after(pace)
    for _ in range(_TRIES):
        if not c.episode.tasks[key].is_open:
            return
        if rule.completable:
            c.do(c.somebody(rule.role) or "", Complete(task=rule.key))
        else:
            yield from _discharge(c, rule)
        if c.episode.tasks[key].is_open:
            wait = min(wait * 2, _LONGEST_WAIT)
            yield max(c.after(pace), c.soon(wait))


def _discharge(c: Candidate, rule: TaskRule) -> Thread:
    """Bring about the fact that ends a duty, once the drug's observation time has passed."""
    fact = _fact(c, rule)
    if fact is None:
        return
    if fact.act:
        while c.treating:
            yield c.soon(60)
        yield from _act(c, fact.act)
    elif fact.test is not None:
        version, (wants, apart) = c.clinic.version, c.clinic.discharge[rule.key]
        while rule.gates and (over := _watched_until(c, apart)) > c.now:
            yield over
        item = version.items[fact.test.subject.item]
        work.record_missing(c, wants)
        work.record(c, Wanted(item=item.key, value=value_for([fact.test], item, version)))


def _watched_until(c: Candidate, apart: timedelta) -> datetime:
    """When the last dose was long enough ago: as the gates ask, or as its drug and its plan do."""
    doses = c.episode.administrations.values()
    if not doses:
        return c.now
    last = max(doses, key=lambda dose: dose.given_at)
    trial = c.episode.trials[str(last.trial)]
    plan = c.clinic.version.plan(last.drug, trial.method)
    watched = plan.lasts.elapsed if plan is not None else c.clinic.version.drug(last.drug).observe.elapsed
    return last.given_at + (apart or watched)


def _fact(c: Candidate, rule: TaskRule) -> Trigger | None:
    """The fact the cohort names, or the last one the protocol lists."""
    said = c.clinic.cohort.discharged_by.get(rule.key)
    fitting = [fact for fact in rule.closes if fact.test is not None and fact.test.subject.item == said]
    return next(iter(fitting), rule.closes[-1] if rule.closes else None)


def _act(c: Candidate, act: str) -> Thread:
    for granting in c.clinic.granting[act]:
        if c.episode.stage not in granting.rule.sources:
            continue
        yield from _granted(c, granting, act)
        return


def _granted(c: Candidate, granting: Way, act: str) -> Thread:
    work.prepare(c, granting)
    decision = yield from work.take(c, granting)
    if decision.refused:
        work.look_again(c, decision)
        return
    yield c.soon(20)
    for way in c.clinic.recording[act]:
        if c.episode.stage in way.rule.sources:
            yield from work.take(c, way)
            return
