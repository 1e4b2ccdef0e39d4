"""Rules on ladders and duties: no ladder falls silent, and no duty is left behind."""

from collections.abc import Iterator

from workflow.authoring.reach import onward, reachable, reached
from workflow.authoring.rule import Rule, Said, work_path
from workflow.domain.actor import Role
from workflow.domain.calendar import Duration, TimeKind
from workflow.domain.ladder import SHORTEST_REPEAT, AfterOutage, OnHold, Urgency
from workflow.domain.protocol import UNDELIVERED, ProtocolVersion, TaskRule, Transition, Trigger
from workflow.domain.task import Scope


def not_ascending(version: ProtocolVersion) -> Iterator[Said]:
    """Ladders whose rungs do not surely come one after another."""
    for key, ladder in version.ladders.items():
        waits = [(rung.after, ladder.kind(at)) for at, rung in enumerate(ladder.rungs)]
        for at, (later, earlier) in enumerate(zip(waits[1:], waits, strict=False), start=1):
            if not _follows(later, earlier):
                yield f"ladders.{key}.rungs.{at}", f"{_told(later)} does not surely come after {_told(earlier)}"


def without_lead(version: ProtocolVersion) -> Iterator[Said]:
    """Ladders whose last rung, the one that repeats, does not tell the lead."""
    for key, ladder in version.ladders.items():
        if Role.LEAD not in ladder.rungs[-1].tell:
            yield (
                f"ladders.{key}.rungs.{len(ladder.rungs) - 1}",
                f"the last rung tells {', '.join(ladder.rungs[-1].tell)}",
            )


def hasty_repeats(version: ProtocolVersion) -> Iterator[Said]:
    """Ladders whose last rung repeats too often, or not at all."""
    for key, ladder in version.ladders.items():
        if ladder.repeat.elapsed < SHORTEST_REPEAT:
            yield f"ladders.{key}.repeat", f"{ladder.repeat} is shorter than {SHORTEST_REPEAT.seconds // 60}min"


def pausable_clocks(version: ProtocolVersion) -> Iterator[Said]:
    """Work that outlives a stage, on a ladder that a hold would silence."""
    for key, task in version.tasks.items():
        goes_on = task.scope is not Scope.STINT or task.follows
        if goes_on and version.ladders[task.ladder].on_hold is OnHold.PAUSE:
            yield f"{work_path(key, task)}.ladder", f"a hold would pause {task.ladder}, and with it {key}"


def left_behind(version: ProtocolVersion) -> Iterator[Said]:
    """Duties that can be open where nothing can discharge them."""
    for key, duty in version.tasks.items():
        if duty.scope is not Scope.EPISODE:
            continue
        path = f"duties.{key}"
        if not duty.closes and not duty.completable:
            yield path, f"nothing closes {key}"
            continue
        stuck = [
            stage
            for stage in version.stages
            if stage in _open_in(version, duty) and not _closes_in(version, duty, stage)
        ]
        if stuck:
            yield f"{path}.closes", f"{key} can be open and cannot be discharged, also on hold, in: {', '.join(stuck)}"


def late_for_complications(version: ProtocolVersion) -> Iterator[Said]:
    """Complications whose ladder tells nobody within the time in which somebody must act."""
    for key, one in version.complications.items():
        ladder = version.ladders[version.tasks[one.duty].ladder]
        first = ladder.rungs[0].after
        if ladder.kind(0) is not TimeKind.CLOCK or first.minutes > one.act_within.minutes:
            yield (
                f"complications.{key}.ladder",
                f"{ladder.key} first tells somebody after {first}, in {ladder.kind(0)} time",
            )


def skips_what_matters(version: ProtocolVersion) -> Iterator[Said]:
    """Ladders that would leave reminders out after an outage, where harm may follow from one that is left out."""
    kept = {task.ladder: key for key, task in version.tasks.items() if task.scope is Scope.EPISODE}
    for key, ladder in version.ladders.items():
        if ladder.after_outage is not AfterOutage.SKIP:
            continue
        if ladder.urgency is not Urgency.ROUTINE:
            yield f"ladders.{key}.after_outage", f"an outage would silence what is {ladder.urgency}"
        elif key in kept:
            yield f"ladders.{key}.after_outage", f"an outage would silence the duty {kept[key]}"


def never_opened(version: ProtocolVersion) -> Iterator[Said]:
    """Work that nothing opens, or that something other than its scope would open."""
    named = {version.hold.task, version.second_person_task, version.safety_task, version.missed_task}
    named |= {duty for stage in version.stages.values() for duty in stage.duties}
    named |= {kind.missed for kind in version.appointments.values()}
    named |= {UNDELIVERED} | {task.chase.opens for task in version.tasks.values() if task.chase is not None}
    for key, task in version.tasks.items():
        if not task.opens and key not in named:
            yield work_path(key, task), f"nothing opens {key}"
        for at, trigger in enumerate(task.opens):
            if not _opens(trigger, task.scope):
                yield f"{work_path(key, task)}.opens.{at}", f"this does not open work of scope {task.scope}"


REMINDING = (
    Rule(
        code="T401",
        title="Ladder not ascending",
        why="A later rung that is due earlier never comes, or comes in the wrong order. How far off the end of working "
        "time lies is the calendar's affair, so no clock is surely later than it.",
        remedy="write the rungs from the earliest to the latest, each later than the one before; those in working time "
        "after those in clock time",
        check=not_ascending,
    ),
    Rule(
        code="T402",
        title="Ladder that does not reach the lead",
        why="The last rung is the one that repeats. If it does not tell the lead, nobody is told when nobody answers.",
        remedy="add lead to the last rung",
        check=without_lead,
    ),
    Rule(
        code="T403",
        title="Repeat too short",
        why="A message every minute is read by nobody, and fills the outbox.",
        remedy=f"at least {SHORTEST_REPEAT.seconds // 60}min",
        check=hasty_repeats,
    ),
    Rule(
        code="T404",
        title="Pausable clock on work that must go on",
        why="A hold pauses waiting, not a catheter in a back. Only tasks of a stage may stand still.",
        remedy="use a ladder with on_hold: run",
        check=pausable_clocks,
    ),
    Rule(
        code="T405",
        title="Ladder too slow for a complication",
        why="A complication says within how long somebody must act. Whoever is told later, or only in working hours, "
        "cannot.",
        remedy="a ladder in clock time whose first rung is no later than act_within",
        check=late_for_complications,
    ),
    Rule(
        code="T406",
        title="Reminders left out where they matter",
        why="After an outage, skip tells nobody of what was due meanwhile. A duty, and urgent or red work, is rather "
        "told late than never.",
        remedy="after_outage: fire or collapse",
        check=skips_what_matters,
    ),
    Rule(
        code="T501",
        title="Duty that can be left behind",
        why="A duty outlives stages, holds and endings. Wherever it can be open, the fact that discharges it must be "
        "recordable; otherwise it alarms for ever, or somebody works around it.",
        remedy='close it on an item or on done; or approve and record the closing act from: any, with on_hold: "yes"',
        check=left_behind,
    ),
    Rule(
        code="T502",
        title="Work nothing opens",
        why="A task that never opens reads as a safeguard and is none.",
        remedy="stint: a stage, act, transition or item; appointment: an appointment; hold and proposal: named by the "
        "protocol, without opens",
        check=never_opened,
    ),
)


# ---------------------------------------------------------------------------------------------------------------


# How long a working day can be, in minutes: what a site's own hours cannot turn round is in order everywhere. A site is
# open for at least four hours (workflow/store/calendars.py); an hour more or less is for the night the clocks change.
_SHORTEST_DAY, _LONGEST_DAY = 3 * 60, 25 * 60
_CHANGE = 2 * 60  # minutes by which clocks change at most

_Wait = tuple[Duration, TimeKind]


def _told(wait: _Wait) -> str:
    after, kind = wait
    return f"{after} of {kind} time"


def _follows(later: _Wait, earlier: _Wait) -> bool:
    """Whether one wait ends after another, on every site's calendar."""
    if later[1] is TimeKind.WORKING and earlier[1] is TimeKind.WORKING:
        return _works_longer(later[0], earlier[0])
    soonest, latest = _bounds(later)[0], _bounds(earlier)[1]
    return soonest is not None and latest is not None and soonest > latest


def _works_longer(later: Duration, earlier: Duration) -> bool:
    one, other = _working_days(earlier), _working_days(later)
    if one is not None and other is not None:
        return other > one
    return min(_working_minutes(later)) > max(_working_minutes(earlier))


def _bounds(wait: _Wait) -> tuple[int | None, int | None]:
    """The fewest and the most minutes a wait lasts by the clock; None where a calendar alone can say."""
    after, kind = wait
    if kind is TimeKind.CLOCK:
        return after.minutes, after.minutes
    days = _working_days(after)
    if days == 0:
        return 0, 0
    least = abs(after.minutes) if days is None else abs(days) * 24 * 60 - _CHANGE
    return (least, None) if after.amount >= 0 else (None, -least)


def _working_days(wait: Duration) -> int | None:
    """A wait in working days, five to the week; None where it is in hours."""
    return {"d": wait.amount, "w": wait.amount * 5}.get(wait.unit)


def _working_minutes(wait: Duration) -> tuple[int, int]:
    days = _working_days(wait)
    return (wait.minutes, wait.minutes) if days is None else (days * _SHORTEST_DAY, days * _LONGEST_DAY)


def _opens(trigger: Trigger, scope: Scope) -> bool:
    match scope:
        case Scope.APPOINTMENT:
            return bool(trigger.appointment)
        case Scope.HOLD | Scope.PROPOSAL:
            return False
        case Scope.STINT:
            return not trigger.appointment
        case Scope.EPISODE:
            return True


def _open_in(version: ProtocolVersion, duty: TaskRule) -> frozenset[str]:
    """Every stage in which a candidate with this duty can stand: where it opens, and all that follows."""
    starts = {key for key, stage in version.stages.items() if duty.key in stage.duties}
    for trigger in duty.opens:
        starts |= _starts(version, trigger)
    missed = {kind.missed for kind in version.appointments.values()}
    chased = {task.chase.opens for task in version.tasks.values() if task.chase is not None}
    if duty.key in (version.safety_task, version.missed_task, *missed, *chased):
        starts |= reachable(version)
    return reached(onward(version), starts)


def _starts(version: ProtocolVersion, trigger: Trigger) -> frozenset[str]:
    """Where a candidate can stand just after this fact."""
    if trigger.stage:
        return frozenset((trigger.stage,))
    if trigger.transition:
        return _after(version.transitions[trigger.transition])
    if trigger.act:
        ways = [t for t in version.transitions.values() if trigger.act in (t.authorises, t.records)]
        return frozenset().union(*map(_after, ways))
    return reachable(version)


def _after(transition: Transition) -> frozenset[str]:
    return frozenset((transition.to,) if transition.to else transition.sources)


def _closes_in(version: ProtocolVersion, duty: TaskRule, stage: str) -> bool:
    """Whether some discharging fact can be recorded from this stage, and also while on hold."""
    return duty.completable or any(_recordable(version, trigger, stage) for trigger in duty.closes)


def _recordable(version: ProtocolVersion, trigger: Trigger, stage: str) -> bool:
    ways = version.transitions.values()
    if trigger.transition:
        return _can_take(version.transitions[trigger.transition], stage)
    if trigger.act:
        approved = any(t.authorises == trigger.act and _can_take(t, stage) for t in ways)
        return approved and any(t.records == trigger.act and _can_take(t, stage) for t in ways)
    return trigger.test is not None or bool(trigger.appointment or trigger.cancelled)


def _can_take(transition: Transition, stage: str) -> bool:
    return stage in transition.sources and transition.on_hold
