"""The steps several verbs share: entering a stage, going through a gate, asking a second person."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from workflow.domain.appointment import AppointmentState
from workflow.domain.criterion import Finding, Verdict
from workflow.domain.decide.upkeep import look_after
from workflow.domain.decision import Decision, Draft, Outcome
from workflow.domain.episode import Episode
from workflow.domain.errors import ImpossibleNowError
from workflow.domain.gate import GateReport, closed, evidence
from workflow.domain.machine import reports_of
from workflow.domain.passage import How, Passage, Proposal
from workflow.domain.policy import Relation, Verb, permits
from workflow.domain.protocol import Transition
from workflow.domain.signature import Matter, Signing
from workflow.domain.signing import recorded, sign
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, TaskState
from workflow.domain.trial import Trial
from workflow.domain.view import View
from workflow.domain.work import Fact, end_task, end_tasks, happened, open_task, resume_clocks


def enter(draft: Draft, stage: str, *, at: datetime, death: bool = False) -> None:
    """Leave one stay and begin the next: ordinary tasks end, duties stay, the new stage's work opens."""
    s, rule = draft.s, draft.s.protocol.stage(stage)
    label = rule.label
    end_tasks(draft, lambda t: t.scope in (Scope.STINT, Scope.PROPOSAL), why=f"moved on to {label}", at=at)
    _settle_proposals(draft)
    draft.set(stage=stage, stint=draft.episode.stint + 1, stint_at=at)
    lapse(draft, at=at)
    if rule.ends:
        _wind_up(draft, at=at, why=label, death=death)
    happened(draft, Fact(at=at, stage=stage))
    for name in rule.duties:
        if not any(task.name == name for task in draft.episode.open_duties):
            open_task(draft, s.protocol.task(name), anchor=at)
    settle(draft)


def settle(draft: Draft) -> None:
    """Look after clocks and repeats; close the episode once its pathway is over and nothing of it is open any more."""
    look_after(draft)
    episode = draft.episode
    asked = any(task.scope is Scope.PROPOSAL for task in episode.open_tasks)
    over = draft.s.protocol.stage(episode.stage).ends and not episode.open_duties and not asked
    if over and episode.closed_at is None:
        end_tasks(draft, lambda _: True, why="the episode is closed", at=draft.s.now)
        draft.set(closed_at=draft.s.now)


def go(
    draft: Draft,
    rule: Transition,
    *,
    at: datetime,
    how: How,
    second: str | None,
    reason: str | None,
    signed: str | None = None,
) -> None:
    """Take a transition that may be taken: trial, passage, act, stage. `signed` is the digest of what was signed."""
    if rule.ends_trial:
        end_trial(draft, outcome=rule.ends_trial, at=at)
    if rule.begins_trial is not None:
        _begin_trial(draft, rule, at=at)
    pass_gate(draft, rule, at=at, how=how, second=second, reason=reason, signed=signed)
    if rule.records:
        act_done(draft, rule.records, at=at, transition=rule.name)
    if rule.to:
        enter(draft, rule.to, at=at, death=rule.death)
    if not rule.records:
        happened(draft, Fact(at=at, transition=rule.name))
    settle(draft)


def act_done(draft: Draft, act: str, *, at: datetime, transition: str = "") -> None:
    """An act was done to the person: what it opens and discharges, and what it means for the trial."""
    trial = draft.episode.trial
    if act == "puncture" and trial is not None and trial.under_way(at):
        latest = max(at, trial.punctured_at or at)
        draft.put("trials", trial.key, replace(trial, punctured_at=latest, catheter_out_at=None))
    if act == "catheter_removal":
        _take_out(draft, act, at=at)
    happened(draft, Fact(at=at, act=act, transition=transition))


def lapse(draft: Draft, *, at: datetime) -> None:
    """What could not be approved from here and now is no longer approved either: a hold, or another stage, ends it."""
    episode = draft.episode
    for key, passage in episode.passages.items():
        if passage.until is None or passage.until <= at or passage.used_at is not None:
            continue
        rule = draft.s.protocol.transition(passage.name)
        if episode.stage not in rule.sources or (episode.hold is not None and not rule.on_hold):
            draft.put("passages", key, replace(passage, until=max(at, passage.at)))


def pass_gate(
    draft: Draft,
    rule: Transition,
    *,
    at: datetime,
    how: How,
    second: str | None,
    reason: str | None,
    signed: str | None,
) -> None:
    """Note who went through which gate on what ground; with an act, this is its authorisation."""
    trial, key = draft.episode.trial, f"{draft.episode.seq + 1}"
    until = at + draft.s.protocol.acts[rule.authorises].valid_for.elapsed if rule.authorises else None
    passage = Passage(
        key=key,
        name=rule.name,
        how=how,
        at=at,
        by=draft.s.actor.id,
        second=second,
        act=rule.authorises or rule.records or None,
        until=until,
        trial=trial.number if trial else None,
        reason=reason,
        signed=signed,
    )
    draft.put("passages", key, passage)


def watch(draft: Draft, *, since: datetime) -> list[Passage]:
    """Open a safety review where a gate passed at `since` or later held before, and does not on what is known by now.

    Answers those passages. Nobody is moved back.
    """
    s = draft.s
    passed = [p for p in s.episode.passages.values() if p.how is not How.DEVIATION and (p.used_at or p.at) >= since]
    undone = [p for p in passed if _undone(s.view(s.now), draft.view(s.now), p)]
    if undone:
        open_task(draft, s.protocol.task(s.protocol.safety_task), anchor=s.now)
    return undone


def end_trial(draft: Draft, *, outcome: str, at: datetime) -> None:
    """End the trial under way, if there is one."""
    trial = draft.episode.trial
    if trial is not None and trial.ended_at is None:
        draft.put("trials", trial.key, replace(trial, ended_at=at, outcome=outcome))


def ground(reports: tuple[GateReport, ...]) -> How:
    """On what ground a set of passing gates was passed: the weakest of them."""
    verdicts = {str(seen.verdict) for seen in reports if not seen.warns}
    return How.OVERRIDDEN if "overridden" in verdicts else How.WAIVED if "waived" in verdicts else How.OPEN


def second_asked(
    s: Situation, key: str, reports: tuple[GateReport, ...], *, signed: str | None = None
) -> Proposal | None:
    """What another person has asked for already, on the same evidence, and not too long ago; `signed` as they did."""
    asked = s.episode.proposals.get(key)
    if asked is None or asked.settled_at is not None or asked.until < s.now:
        return None
    same = asked.evidence == seen_by(s.episode.version, key, reports) and asked.signed == signed
    return asked if same and (asked.by != s.actor.id or _may_second_themselves(s, key)) else None


def _may_second_themselves(s: Situation, key: str) -> bool:
    """Whether the table lets somebody be their own second person; it lets nobody."""
    return permits(s.actor, Verb(key.partition(":")[0]), Relation.AGAIN)


def seen_by(version: int, key: str, reports: tuple[GateReport, ...]) -> str:
    """What a person has in front of them who asks at this version of the episode; a new fact makes it another."""
    return f"{key}@{version}:{evidence(*reports)}"


def propose(
    s: Situation,
    verb: str,
    key: str,
    *,
    reports: tuple[GateReport, ...],
    about: Mapping[str, object],
    occurred_at: datetime,
    reason: str,
    wanted: Matter | None = None,
    signed: Signing | None = None,
) -> Decision:
    """Note that one person asks, and open the task that finds the second. Asking twice oneself is refused.

    Where both sign (`wanted`), the first signature is put here; one under an earlier asking is voided.
    """
    asked = s.episode.proposals.get(key)
    evidence_now = seen_by(s.episode.version, key, reports)
    live = asked is not None and asked.settled_at is None and asked.until >= s.now
    if asked is not None and live and asked.by == s.actor.id and asked.evidence == evidence_now:
        bar = closed("second_person", "A second person", "you have asked already; another person must ask too")
        return Draft(s).decide(
            verb, occurred_at=occurred_at, about=about, basis=(*reports, bar), outcome=Outcome.REFUSED
        )
    draft = Draft(s)
    if asked is not None and asked.signed is not None and asked.settled_at is None:
        _void_asked(draft, asked, "asked anew")
    digest = sign(draft, wanted, signed)
    until = s.now + s.protocol.second_person_lapses.elapsed
    _end_proposal_task(draft, key, "asked again on new evidence")
    open_task(draft, s.protocol.task(s.protocol.second_person_task), anchor=s.now, about=key)
    seen = seen_by(draft.version, key, reports)  # as it stands once this is asked: asking may open a closed episode
    asked_now = Proposal(key=key, by=s.actor.id, at=s.now, until=until, evidence=seen, reason=reason, signed=digest)
    draft.put("proposals", key, asked_now)
    told = {**about, **recorded(wanted)}
    return draft.decide(verb, occurred_at=occurred_at, about=told, basis=reports, outcome=Outcome.PROPOSED)


def settle_proposal(draft: Draft, key: str) -> None:
    """A second person has asked too: the proposal and its task are done."""
    draft.put("proposals", key, replace(draft.episode.proposals[key], settled_at=draft.s.now))
    _end_proposal_task(draft, key, "a second person agreed")


def _end_proposal_task(draft: Draft, key: str, why: str) -> None:
    for task in draft.episode.open_tasks:
        if task.scope is Scope.PROPOSAL and task.about == key:
            end_task(draft, task, state=TaskState.DONE, why=why, at=draft.s.now)


def _settle_proposals(draft: Draft) -> None:
    """What was asked for from a stage lapses with the stay in it."""
    for asked in draft.episode.proposals.values():
        if asked.settled_at is None:
            settle_unseconded(draft, asked, "the candidate moved on before a second person agreed")


def settle_unseconded(draft: Draft, asked: Proposal, why: str) -> None:
    """What one person asked for is over, and nobody agreed: what they signed for it is good for nothing more."""
    draft.put("proposals", asked.key, replace(asked, settled_at=draft.s.now))
    _void_asked(draft, asked, why)


def _void_asked(draft: Draft, asked: Proposal, why: str) -> None:
    """Void what the first person signed."""
    draft.void(lambda one: one.digest == asked.signed and one.by == asked.by, why=why)


def _undone(before: View, after: View, passage: Passage) -> bool:
    """Whether a gate of a passage, or what one rested on, held at its instant or its act's before, and does not now.

    A gate that did not hold before is looked at test by test: a later version may ask more than the one it was
    passed under, and what was true then can still be lost.
    """
    rule = after.protocol.transition(passage.name)
    once, now = (replace(view, episode=_before_its_act(view, passage)) for view in (before, after))
    for at in {passage.at, passage.used_at or passage.at}:
        held = {seen.gate: seen for seen in reports_of(rule, replace(once, at=at, of_trial=passage.trial))}
        for seen in reports_of(rule, replace(now, at=at, of_trial=passage.trial)):
            was = held.get(seen.gate)
            if was is not None and not seen.passes and (was.passes or _lost(was.finding, seen.finding)):
                return True
    return False


def _lost(was: Finding | None, now: Finding | None) -> bool:
    """Whether a single test that was open is open no more."""
    if was is None or now is None:
        return False
    if was.join is None:
        return was.verdict is Verdict.OPEN and now.verdict is not Verdict.OPEN
    return any(_lost(one, other) for one, other in zip(was.parts, now.parts, strict=False))


def _before_its_act(view: View, passage: Passage) -> Episode:
    """The episode without the duties that the approved act opened: they do not speak against its own approval."""
    rules = view.protocol.tasks.values()
    own = {rule.key for rule in rules if any(t.act and t.act == passage.act for t in rule.opens)}
    tasks = {
        key: task
        for key, task in view.episode.tasks.items()
        if task.name not in own or min(task.anchor_at, task.opened_at) < passage.at
    }
    return replace(view.episode, tasks=tasks)


def _take_out(draft: Draft, act: str, *, at: datetime) -> None:
    """Note in its trial that the catheter is out. Raises ImpossibleNowError where none was in at that time."""
    inside = [trial for trial in draft.episode.trials.values() if trial.holds_catheter(at)]
    for trial in inside:
        draft.put("trials", trial.key, replace(trial, catheter_out_at=at))
    keepers = [key for key, rule in draft.s.protocol.tasks.items() if any(t.act == act for t in rule.closes)]
    kept = any(duty.name in keepers and duty.anchor_at <= at for duty in draft.episode.open_duties)
    if not inside and not kept:
        raise ImpossibleNowError("no catheter was in at that time")


def _begin_trial(draft: Draft, rule: Transition, *, at: datetime) -> None:
    assert rule.begins_trial is not None
    named = draft.s.view(at).latest(draft.s.protocol.drug_item)
    key = str(len(draft.episode.trials) + 1)
    drug = named.text if named is not None and named.text else ""
    draft.put("trials", key, Trial(key=key, method=rule.begins_trial, drug=drug, started_at=at))


def _wind_up(draft: Draft, *, at: datetime, why: str, death: bool) -> None:
    """The pathway ends: the trial, the hold, the plans end with it. Duties do not, but for those death ends."""
    end_trial(draft, outcome=draft.episode.stage, at=at)
    for key, planned in draft.episode.appointments.items():
        if planned.state is AppointmentState.PLANNED:
            draft.put("appointments", key, replace(planned, state=AppointmentState.CANCELLED, reason=why))
            if not death:
                happened(draft, Fact(at=at, cancelled=planned.kind, about=key))
    end_tasks(draft, lambda t: t.scope in (Scope.APPOINTMENT, Scope.HOLD), why=why, at=at)
    if draft.episode.hold is not None:
        resume_clocks(draft)
        draft.set(hold=None)
    if death:
        tasks = draft.s.protocol.tasks
        end_tasks(draft, lambda t: t.is_duty and tasks[t.name].ends_at_death, why=why, at=at)
