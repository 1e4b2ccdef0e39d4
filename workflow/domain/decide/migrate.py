"""Migrate: this episode goes on under another version of its protocol. One line; nobody is moved and nothing is lost.

trials, values, doses, appointments, passed gates    stay as they are; a renamed step goes by its new name
approvals and overrides not used yet, requests       lapse: they were given under the old gates
tasks and duties of the same name                    stay, each with its clock; see `reclock`
tasks the new version does not have                  end, with that as the reason
work the new version asks for here                   opens: a task from now on, a duty from its fact
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from workflow.domain.appointment import AppointmentState
from workflow.domain.decide.acknowledge import LONGEST
from workflow.domain.decide.postpone import LONGEST_WAIT
from workflow.domain.decide.record import reassess
from workflow.domain.decide.steps import settle, settle_unseconded
from workflow.domain.decide.unmappable import successor, unmappable
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.following import counted_from
from workflow.domain.gate import report
from workflow.domain.ladder import Ladder
from workflow.domain.protocol import ProtocolVersion, TaskRule
from workflow.domain.reclock import Pace, reclock
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, Task, TaskState
from workflow.domain.work import Fact, end_task, matches, open_task, pause_clocks

SAME_NAMES: Mapping[str, str] = MappingProxyType({})


def migrate(s: Situation, *, to: ProtocolVersion, reason: str, names: Mapping[str, str] = SAME_NAMES) -> Decision:
    """Pin the episode to another version of its protocol. `names` gives the successor of each renamed stage or step.

    Refused, with every because, where something under way has no counterpart there; see `unmappable`.
    Raises ImpossibleInputError without a reason.
    """
    if not reason.strip():
        raise ImpossibleInputError("a migration says why", place="reason", allowed="1 to 500 characters")
    about: dict[str, object] = {"from": s.protocol.name, "to": to.name, "sha256": to.sha256, "reason": reason.strip()}
    bars = unmappable(s, to, names)
    if bars:
        return refuse(s, "migrate", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(replace(s, protocol=to))
    draft.set(protocol=to.name, stage=names.get(s.episode.stage, s.episode.stage))
    _rename(draft, s.protocol, names)
    lapsed = [*_lapse(draft)]
    for task in draft.episode.open_tasks:
        _carry(draft, task, s)
    _open_here(draft)
    _open_duties(draft, s.protocol)
    if draft.episode.hold is not None:
        pause_clocks(draft)
    shown = reassess(draft)
    settle(draft)
    return draft.decide("migrate", occurred_at=s.now, about={**about, "names": names, "lapsed": lapsed, **shown})


def _rename(draft: Draft, old: ProtocolVersion, names: Mapping[str, str]) -> None:
    for key, passage in draft.episode.passages.items():
        name = successor(passage.name, old, draft.s.protocol, names)
        if name and name != passage.name and passage.name in old.transitions:
            draft.put("passages", key, replace(passage, name=name))


def _lapse(draft: Draft) -> Iterator[str]:
    """What two people or one approved and nobody used ends now, and so does what waits for a second person."""
    now, episode = draft.s.now, draft.episode
    for key, passage in episode.passages.items():
        if passage.until is not None and passage.until > now and passage.used_at is None:
            draft.put("passages", key, replace(passage, until=now))
            yield passage.name
    for key, override in episode.overrides.items():
        if override.until > now:
            draft.put("overrides", key, replace(override, until=now))
            yield f"override:{override.gate}"
    for key, asked in episode.proposals.items():
        if asked.settled_at is None:
            settle_unseconded(draft, asked, "the protocol's version changed before a second person agreed")
            yield key


def _carry(draft: Draft, task: Task, s: Situation) -> None:
    """Take an open task along, or end it where the new version has none like it."""
    to, old = draft.s.protocol, s.protocol
    rule = to.tasks.get(task.name)
    if rule is None or rule.scope is not task.scope or (task.scope is Scope.HOLD and task.name != to.hold.task):
        end_task(draft, task, state=TaskState.CANCELLED, why=f"{to.name} has no such task", at=draft.s.now)
    elif task.scope is Scope.PROPOSAL:
        why = f"lapsed: {to.name} asks for it anew"
        end_task(draft, task, state=TaskState.CANCELLED, why=why, at=draft.s.now)
    else:
        if rule.role is not task.role:
            task = replace(task, role=rule.role)
            draft.put("tasks", task.key, task)
        before, after = old.ladders[old.tasks[task.name].ladder], to.ladders[rule.ladder]
        was = Pace(before, counted_from(s.view(s.now), task))
        now = Pace(after, counted_from(draft.view(s.now), task))
        reclock(draft, task, was, now, longest=_longest(task, after))


def _longest(task: Task, ladder: Ladder) -> timedelta:
    """How far off a promise may lie under this ladder."""
    waits = task.waiting_on is not None and not task.is_duty
    longest = LONGEST_WAIT if waits else LONGEST
    return longest.get(ladder.urgency, LONGEST[ladder.urgency])


def _open_here(draft: Draft) -> None:
    """The tasks of this stay, its hold and its appointments that the new version asks for and nobody has been given.

    A stay is never left without an open task: where its last one ended, those of the stage open once more.
    """
    to, episode, now = draft.s.protocol, draft.episode, draft.s.now
    here = f"s{episode.stint}."
    rules = [rule for rule in to.tasks.values() if any(trigger.stage == episode.stage for trigger in rule.opens)]
    stint = [rule for rule in rules if rule.scope is Scope.STINT]
    given = {task.name for task in episode.tasks.values() if task.key.startswith(here)}
    for rule in stint:
        if rule.key not in given:
            open_task(draft, rule, anchor=now)
    if not any(task.key.startswith(here) for task in draft.episode.open_tasks):
        for rule in stint:
            open_task(draft, rule, anchor=now)
    if episode.hold is not None and not any(task.scope is Scope.HOLD for task in draft.episode.open_tasks):
        open_task(draft, to.task(to.hold.task), anchor=episode.hold.since)
    _open_for_appointments(draft)


def _open_for_appointments(draft: Draft) -> None:
    """The work counted back from a planned appointment; repeats open by themselves."""
    for key, planned in draft.episode.appointments.items():
        if planned.state is not AppointmentState.PLANNED:
            continue
        given = {task.name for task in draft.episode.tasks.values() if task.about == key}
        for rule in draft.s.protocol.tasks.values():
            wanted = any(trigger.appointment == planned.kind for trigger in rule.opens)
            if rule.scope is Scope.APPOINTMENT and wanted and not rule.repeats and rule.key not in given:
                open_task(draft, rule, anchor=planned.starts_at, about=key)


def _open_duties(draft: Draft, old: ProtocolVersion) -> None:
    """The duties of the stage, and every new duty whose fact stands: a catheter that is in is watched from now on.

    A duty that only a person ends is not opened for what was long ago: nobody can say whether it was seen to.
    """
    to, episode = draft.s.protocol, draft.episode
    had = {task.name for task in episode.tasks.values() if task.is_duty}
    for name in to.stage(episode.stage).duties:
        if name not in had:
            open_task(draft, to.task(name), anchor=episode.stint_at or draft.s.now)
    for rule in to.tasks.values():
        known = rule.key in had or (rule.key in old.tasks and old.tasks[rule.key].scope is Scope.EPISODE)
        if rule.scope is Scope.EPISODE and rule.closes and not known:
            fact = _standing(draft, rule)
            if fact is not None:
                open_task(draft, rule, anchor=fact.at, fact=fact)


def _standing(draft: Draft, rule: TaskRule) -> Fact | None:
    """The newest fact that opens a duty and that nothing has discharged since."""
    found: Fact | None = None
    for fact in sorted(_facts(draft), key=lambda fact: fact.at):
        view = draft.view(fact.at)
        counts = all(report(draft.s.protocol.gate(gate), view).passes for gate in rule.gates)
        if any(matches(draft, trigger, fact) for trigger in rule.closes) and counts:
            found = None
        if any(matches(draft, trigger, fact) for trigger in rule.opens):
            found = fact
    return found


def _facts(draft: Draft) -> Iterator[Fact]:
    """What is on record that can open or close work: values, doses, transitions with their acts, this stay."""
    episode, ways = draft.episode, draft.s.protocol.transitions
    for seen in episode.observations.values():
        if seen.stands:
            yield Fact(at=seen.observed_at, observation=seen)
    for dose in episode.administrations.values():
        yield Fact(at=dose.given_at, act=dose.act)
    for passage in episode.passages.values():
        if passage.name in ways:
            yield Fact(at=passage.at, act=ways[passage.name].records, transition=passage.name)
    if episode.stint_at is not None:
        yield Fact(at=episode.stint_at, stage=episode.stage)
