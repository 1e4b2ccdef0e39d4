"""Tasks, duties and their clocks: how work opens, moves and ends inside a decision.

a fact ──► closes what it discharges ──► opens what it creates
a stint ends ──► its ordinary tasks end with it; a duty never does
every open task ──► exactly one timer, live or declared-paused
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from workflow.domain.calendar import Duration
from workflow.domain.canonical import instant
from workflow.domain.criterion import Known, Missing, Subject, Test, Verdict, judge
from workflow.domain.decision import Draft
from workflow.domain.following import counted_from
from workflow.domain.gate import report
from workflow.domain.item import moment_of
from workflow.domain.ladder import AfterOutage, Ladder, OnHold, Timer, TimerState
from workflow.domain.observation import Observation
from workflow.domain.protocol import ProtocolVersion, TaskRule, Trigger
from workflow.domain.task import Scope, Task, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that became true: a stage entered, an act done, an appointment made, a value recorded."""

    at: datetime
    stage: str = ""
    act: str = ""
    transition: str = ""
    appointment: str = ""  # its kind
    cancelled: str = ""  # the kind of an appointment that was cancelled
    about: str = ""  # its key
    observation: Observation | None = None


def happened(draft: Draft, fact: Fact) -> None:
    """Let a fact close what it discharges and open what it creates."""
    rules = _told_of(draft.s.protocol, fact)
    for rule in rules:
        if any(matches(draft, trigger, fact) for trigger in rule.closes):
            _discharge(draft, rule, fact)
    for rule in rules:
        if not rule.repeats and any(matches(draft, trigger, fact) for trigger in rule.opens):
            open_task(draft, rule, anchor=fact.at, fact=fact)


def _told_of(protocol: ProtocolVersion, fact: Fact) -> tuple[TaskRule, ...]:
    """The work that a fact of this kind could open or close, in the order of the file."""
    known, names = _listening(protocol), _names(fact)
    found = {rule.key: rule for name in names for rule in known.get(name, ())}
    return tuple(found.values()) if len(names) == 1 else tuple(r for r in protocol.tasks.values() if r.key in found)


def _names(fact: Fact) -> list[tuple[str, str]]:
    said = {
        "stage": fact.stage,
        "act": fact.act,
        "transition": fact.transition,
        "appointment": fact.appointment,
        "cancelled": fact.cancelled,
        "item": fact.observation.item if fact.observation is not None else "",
    }
    return [(kind, name) for kind, name in said.items() if name]


@lru_cache(maxsize=64)
def _listening(protocol: ProtocolVersion) -> Mapping[tuple[str, str], tuple[TaskRule, ...]]:
    """Which work listens to what, worked out once per version."""
    found: dict[tuple[str, str], dict[str, TaskRule]] = {}
    for rule in protocol.tasks.values():
        for trigger in (*rule.opens, *rule.closes):
            said = {
                "stage": trigger.stage,
                "act": trigger.act,
                "transition": trigger.transition,
                "appointment": trigger.appointment,
                "cancelled": trigger.cancelled,
                "item": trigger.test.subject.item if trigger.test is not None else "",
            }
            for kind, name in said.items():
                if name:
                    found.setdefault((kind, name), {})[rule.key] = rule
    return {name: tuple(rules.values()) for name, rules in found.items()}


def asked_for_by(draft: Draft, rule: TaskRule) -> Observation | None:
    """The newest standing value that opens or discharges this work, where it is one that opens it."""
    newest: Observation | None = None
    asks = False
    for seen in draft.episode.observations.values():
        if not seen.stands or (newest is not None and _order(seen) < _order(newest)):
            continue
        fact = Fact(at=seen.observed_at, observation=seen)
        opens = any(_told_by(trigger, fact) for trigger in rule.opens)
        if opens or any(_told_by(trigger, fact) for trigger in rule.closes):
            newest, asks = seen, opens
    return newest if asks else None


def _order(seen: Observation) -> tuple[datetime, tuple[object, ...]]:
    """Which of two values tells of the later: by the moment a value names, else by when it was observed."""
    named = moment_of(seen.text) if seen.text is not None else None
    return named or seen.observed_at, seen.order


def open_task(draft: Draft, rule: TaskRule, *, anchor: datetime, fact: Fact | None = None, about: str = "") -> Task:
    """Open a task with its timer; where it is open already, it is not doubled but told of the new fact."""
    scope_key = _scope_key(draft, rule, about or (fact.about if fact else ""))
    already = _open_like(draft, rule, scope_key)
    if already is not None:
        return _again(draft, already, fact)
    prefix = f"{scope_key}.{rule.key}"
    count = sum(1 for key in draft.episode.tasks if key.rpartition(".")[0] == prefix)
    task = Task(
        key=f"{prefix}.{count + 1}",
        name=rule.key,
        scope=rule.scope,
        role=rule.role,
        opened_at=draft.s.now,
        anchor_at=anchor,
        opened_on=fact.observation.key if fact and fact.observation else None,
        about=about or (fact.about if fact and fact.about else None),
    )
    draft.put("tasks", task.key, task)
    project(draft, task, rung=0)
    if draft.episode.closed_at is not None:
        draft.set(closed_at=None)
    return task


def project(draft: Draft, task: Task, *, rung: int) -> None:
    """Set the task's one timer to a rung, counted from its anchor."""
    ladder = draft.s.protocol.ladders[draft.s.protocol.tasks[task.name].ladder]
    anchor = counted_from(draft.view(draft.s.now), task)
    due = ladder.due(rung, anchor, draft.s.calendar)
    if ladder.after_outage is AfterOutage.SKIP:
        due = max(due, draft.s.now)  # what is overdue as it opens is no outage: it is told
    known = draft.episode.tasks[task.key]
    if known.withheld_until is not None:  # it counts from something new, and is no backlog any more
        draft.put("tasks", task.key, replace(known, withheld_until=None))
    if task.key in draft.episode.timers:
        draft.recall(task.key)
    set_timer(draft, task.key, rung=rung, due_at=due)
    answered(draft, task.key)  # whom an earlier climb found says nothing of this one
    if draft.episode.hold is not None:
        _pause(draft, task)


def set_timer(draft: Draft, key: str, *, rung: int, due_at: datetime, reached: int | None = None) -> None:
    """Put the one timer of a task to a rung and a time; `n` counts how often that was done."""
    before = draft.episode.timers.get(key)
    n, last = (1, None) if before is None else (before.n + 1, before.reached)
    told = last if reached is None else reached
    draft.put("timers", key, Timer(key=key, n=n, rung=rung, due_at=due_at, state=TimerState.LIVE, reached=told))


def answered(draft: Draft, key: str) -> None:
    """Somebody has taken a task, or it is climbed anew: whom its last rung reached no longer matters."""
    timer = draft.episode.timers[key]
    if timer.reached is not None:
        draft.put("timers", key, replace(timer, reached=None))


def end_task(
    draft: Draft, task: Task, *, state: TaskState, why: str, at: datetime, closed_on: str | None = None
) -> None:
    """End a task and its timer."""
    ended = replace(task, state=state, closing=why, closed_at=at, closed_by=draft.s.actor.id, closed_on=closed_on)
    draft.put("tasks", task.key, ended)
    timer = draft.episode.timers[task.key]
    draft.put("timers", task.key, replace(timer, state=TimerState.ENDED, remaining=None, reached=None))


def end_tasks(draft: Draft, wanted: Callable[[Task], bool], *, why: str, at: datetime) -> None:
    """Cancel every open task that is wanted gone, by a declared event."""
    for task in draft.episode.open_tasks:
        if wanted(task):
            end_task(draft, task, state=TaskState.CANCELLED, why=why, at=at)


def pause_clocks(draft: Draft) -> None:
    """Stop the clocks declared pausable, keeping the time left in the kind of time of the rung that is next."""
    for task in draft.episode.open_tasks:
        _pause(draft, task)


def resume_clocks(draft: Draft) -> None:
    """Let paused clocks run on from now, with the time they had left, and no promise broken that still runs."""
    for task in draft.episode.open_tasks:
        ladder, timer = _clock(draft, task)
        if timer.state is TimerState.PAUSED:
            due = draft.s.calendar.later(draft.s.now, timer.remaining or 0, ladder.kind(timer.rung))
            set_timer(draft, task.key, rung=timer.rung, due_at=max(due, task.acknowledged_until or due))


def _pause(draft: Draft, task: Task) -> None:
    """Stop a clock. A promise goes on meanwhile: what it adds to the rung's own time is not kept."""
    ladder, timer = _clock(draft, task)
    if ladder.on_hold is OnHold.PAUSE and timer.state is TimerState.LIVE:
        due = timer.due_at
        if due == task.acknowledged_until:
            due = min(due, ladder.due(timer.rung, counted_from(draft.view(draft.s.now), task), draft.s.calendar))
        left = draft.s.calendar.between(draft.s.now, due, ladder.kind(timer.rung))
        draft.put("timers", task.key, replace(timer, n=timer.n + 1, state=TimerState.PAUSED, remaining=left))


def _clock(draft: Draft, task: Task) -> tuple[Ladder, Timer]:
    ladder = draft.s.protocol.ladders[draft.s.protocol.tasks[task.name].ladder]
    return ladder, draft.episode.timers[task.key]


def _discharge(draft: Draft, rule: TaskRule, fact: Fact) -> None:
    """Close the open tasks of a rule, where the fact is not older than they are and the rule's gates are open.

    A value entered late ends nothing while a newer one asks for it.
    """
    if fact.observation is not None and asked_for_by(draft, rule) is not None:
        return
    view = draft.view(fact.at)
    for task in draft.episode.open_tasks:
        if task.name != rule.key or fact.at < task.anchor_at:  # the fact that opened it, whatever its ladder follows
            continue
        if all(report(draft.s.protocol.gate(gate), view).passes for gate in rule.gates):
            seen = fact.observation
            why = f"{rule.label}: discharged by {_named(fact)} at {instant(fact.at)}"
            end_task(draft, task, state=TaskState.DONE, why=why, at=fact.at, closed_on=seen.key if seen else None)


def matches(draft: Draft, trigger: Trigger, fact: Fact) -> bool:
    """Whether a fact is the one a trigger waits for, at a moment it counts."""
    if not _told_by(trigger, fact) or (trigger.during and not _goes_on(draft, trigger.during, fact)):
        return False
    if trigger.rise_over is not None:
        return _has_risen(draft, trigger, fact)
    return trigger.times == 1 or _in_a_row(draft, trigger, fact)


def _told_by(trigger: Trigger, fact: Fact) -> bool:
    """Whether the fact by itself is the trigger's."""
    if trigger.test is not None:
        seen = fact.observation
        if seen is None or seen.item != trigger.test.subject.item:
            return False
        return trigger.rise_over is not None or judge(trigger.test, _OneValue(seen)).verdict is Verdict.OPEN
    pairs = (
        (trigger.stage, fact.stage),
        (trigger.act, fact.act),
        (trigger.transition, fact.transition),
        (trigger.appointment, fact.appointment),
        (trigger.cancelled, fact.cancelled),
    )
    return any(declared and declared == given for declared, given in pairs)


def _goes_on(draft: Draft, what: str, fact: Fact) -> bool:
    """Whether the candidate stands in this stage, or this duty is open, or was when what is told now happened."""
    seen = fact.observation
    at = fact.at if seen is None else min(fact.at, _order(seen)[0])
    duties = [task for task in draft.episode.tasks.values() if task.is_duty and task.name == what]
    return draft.episode.stage == what or any(
        duty.is_open or (duty.anchor_at <= at and duty.closed_at is not None and at <= duty.closed_at)
        for duty in duties
    )


def _in_a_row(draft: Draft, trigger: Trigger, fact: Fact) -> bool:
    """Whether the newest `times` values up to this one, or up to the newest of all, meet the test."""
    assert trigger.test is not None
    assert fact.observation is not None
    for newest in _ends(draft, fact.observation):
        last = _up_to(draft, newest)[-trigger.times :]
        met = [judge(trigger.test, _OneValue(one)).verdict is Verdict.OPEN for one in last]
        if met == [True] * trigger.times and fact.observation in last:
            return True
    return False


def _has_risen(draft: Draft, trigger: Trigger, fact: Fact) -> bool:
    """Whether the value rose by as many percent as the test asks, from what was in force a span ago, or first known."""
    assert trigger.test is not None
    assert trigger.rise_over is not None
    assert fact.observation is not None
    seen = fact.observation
    return any(_rose(draft, trigger.test, trigger.rise_over, end, told=seen) for end in _ends(draft, seen))


def _rose(draft: Draft, test: Test, over: Duration, newest: Observation, *, told: Observation) -> bool:
    """Whether the newest value is a rise from its base, and the one told now is one of the two."""
    earlier = [o for o in _up_to(draft, newest) if o is not newest and o.number is not None]
    start = newest.observed_at - over.elapsed
    base = next((o for o in reversed(earlier) if o.observed_at <= start), earlier[0] if earlier else None)
    if base is None or not base.number or newest.number is None or told not in (base, newest):
        return False
    rise = replace(newest, number=(newest.number - base.number) * 100 / base.number)
    return judge(test, _OneValue(rise)).verdict is Verdict.OPEN


def _ends(draft: Draft, seen: Observation) -> list[Observation]:
    """This value, and the newest of its item: a value entered late can be what makes the newest one count."""
    same = [o for o in draft.episode.observations.values() if o.item == seen.item and o.stands]
    return [seen, max(same, key=lambda o: o.order, default=seen)]


def _up_to(draft: Draft, newest: Observation) -> list[Observation]:
    """The standing values of the same item up to this one, oldest first."""
    values = draft.episode.observations.values()
    seen = [o for o in values if o.item == newest.item and o.stands and o.order <= newest.order]
    return sorted(seen, key=lambda o: o.order)


@dataclass(frozen=True, slots=True)
class _OneValue:
    """Just the value that was recorded, so that a trigger answers to it and to nothing older."""

    seen: Observation

    def look(self, _subject: Subject) -> Known | Missing:
        if self.seen.absent is not None:
            return Missing(because="was not obtained")
        return Known(shown=self.seen.shown, number=self.seen.number, text=self.seen.text)

    def label(self, _subject: Subject) -> str:
        return self.seen.item

    def parameter(self, name: str) -> Decimal:
        raise KeyError(name)  # a trigger compares with a number of the file


def _again(draft: Draft, task: Task, fact: Fact | None) -> Task:
    """The same fact once more. A new act counts anew; anything else never sets a climb back, and ends a pause in it."""
    unpaused = replace(task, acknowledged_by=None, acknowledged_until=None)
    if fact is not None and fact.observation is None and fact.at > task.anchor_at:
        task = replace(unpaused, anchor_at=fact.at)
        draft.put("tasks", task.key, task)
        project(draft, task, rung=0)
    elif task.acknowledged_until is not None:
        task = unpaused
        draft.put("tasks", task.key, task)
        timer = draft.episode.timers[task.key]
        if timer.state is TimerState.LIVE:
            set_timer(draft, task.key, rung=timer.rung, due_at=draft.s.now)
    return task


def _scope_key(draft: Draft, rule: TaskRule, about: str) -> str:
    match rule.scope:
        case Scope.STINT:
            return f"s{draft.episode.stint}"
        case Scope.EPISODE:
            return "e"
        case Scope.APPOINTMENT:
            return f"a{about}"
        case Scope.HOLD:
            return f"h{draft.episode.seq + 1}"
        case Scope.PROPOSAL:
            return f"p{draft.episode.seq + 1}"


def _open_like(draft: Draft, rule: TaskRule, scope_key: str) -> Task | None:
    prefix = f"{scope_key}.{rule.key}"
    for task in draft.episode.open_tasks:
        if task.key.rpartition(".")[0] == prefix:
            return task
    return None


def _named(fact: Fact) -> str:
    if fact.observation is not None:
        return f"{fact.observation.item} = {fact.observation.shown}"
    return fact.act or fact.transition or fact.appointment or fact.cancelled or fact.stage


def follow(draft: Draft) -> None:
    """Set the ladders anew whose moment this decision has moved."""
    for task in draft.episode.open_tasks:
        if draft.s.protocol.tasks[task.name].follows:
            now = draft.s.now
            before, after = counted_from(draft.s.view(now), task), counted_from(draft.view(now), task)
            if before != after and draft.episode.timers[task.key].state is TimerState.LIVE:
                draft.put("tasks", task.key, replace(task, acknowledged_by=None, acknowledged_until=None))
                project(draft, task, rung=0)
