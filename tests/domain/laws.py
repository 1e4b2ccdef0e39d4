"""What must be so after every decision, whatever was asked by whom and when."""

from collections.abc import Callable
from datetime import timedelta

from oracle import OBSERVE, Chart, Raw
from world import PROTOCOL

from workflow.domain.decide.acknowledge import LONGEST
from workflow.domain.decision import Decision
from workflow.domain.episode import Episode
from workflow.domain.ladder import OnHold, TimerState
from workflow.domain.passage import How, Passage
from workflow.domain.task import Scope, Task

WEIGHTY = ("stage", "hold", "protocol", "closed_at", "trials", "observations", "administrations", "appointments")


def uphold(before: Episode, decision: Decision, raw: Raw) -> None:
    """Every law on one decision. `raw` is what the ledger said before it."""
    after = decision.after
    assert decision.entry.occurred_at <= decision.entry.at
    _refusals_move_nothing(before, decision)
    _version_says_what_changed(before, decision)
    _nothing_vanishes(before, after)
    _scores_belong_to_their_trial(before, after)
    _one_timer_for_each_task(after)
    _no_ladder_is_silent(after, decision)
    _no_rung_that_is_due_is_put_off(before, decision)
    _leaving_a_stage_ends_its_work_and_no_duty(before, after)
    _closed_means_nothing_open(after)
    _bodies_have_their_duties(after)
    _two_people_are_two(before, after)
    _approvals_end_with_what_allowed_them(decision)
    _duties_end_on_their_fact(before, decision)
    _acts_were_right(before, decision, raw)
    _approvals_were_right(before, decision, raw)


def _refusals_move_nothing(before: Episode, decision: Decision) -> None:
    if decision.refused:
        assert not decision.entry.put
        assert not decision.entry.set
        assert decision.after.version == before.version


def _version_says_what_changed(before: Episode, decision: Decision) -> None:
    """A page grows stale on what it decides on, and on nothing else."""
    changed = any(getattr(before, name) != getattr(decision.after, name) for name in WEIGHTY)
    written = {*decision.entry.put, *decision.entry.set} & set(WEIGHTY)
    assert decision.after.version - before.version == bool(written)
    assert written or not changed


def _nothing_vanishes(before: Episode, after: Episode) -> None:
    for name in (
        "trials",
        "observations",
        "administrations",
        "appointments",
        "tasks",
        "timers",
        "passages",
        "overrides",
    ):
        assert getattr(before, name).keys() <= getattr(after, name).keys()
    for key, seen in before.observations.items():
        now = after.observations[key]
        assert (now.number, now.text, now.absent, now.observed_at) == (
            seen.number,
            seen.text,
            seen.absent,
            seen.observed_at,
        )


def _scores_belong_to_their_trial(before: Episode, after: Episode) -> None:
    for key in after.observations.keys() - before.observations.keys():
        seen = after.observations[key]
        trial = after.trials.get(str(seen.trial))
        assert (trial is None) == (seen.trial is None)
        assert trial is None or trial.started_at <= seen.observed_at <= (trial.ended_at or seen.observed_at)


def _one_timer_for_each_task(episode: Episode) -> None:
    assert episode.timers.keys() == episode.tasks.keys()
    for key, task in episode.tasks.items():
        timer = episode.timers[key]
        if not task.is_open:
            assert timer.state is TimerState.ENDED
        elif timer.state is TimerState.PAUSED:
            ladder = PROTOCOL.ladders[PROTOCOL.tasks[task.name].ladder]
            assert ladder.on_hold is OnHold.PAUSE
            assert episode.hold is not None
            assert not task.is_duty
        else:
            assert timer.state is TimerState.LIVE


def _no_ladder_is_silent(episode: Episode, decision: Decision) -> None:
    """A duty's next rung is never further away than its ladder says, or than a promise may reach."""
    for duty in episode.open_duties:
        ladder = PROTOCOL.ladders[PROTOCOL.tasks[duty.name].ladder]
        waits = [rung.after.elapsed for rung in ladder.rungs] + [ladder.repeat.elapsed, LONGEST[ladder.urgency]]
        weekends = timedelta(days=4)
        assert episode.timers[duty.key].due_at <= decision.entry.at + max(waits) + weekends


def _no_rung_that_is_due_is_put_off(before: Episode, decision: Decision) -> None:
    """Only firing moves a rung that is due; a new act of the same kind begins to count anew.

    The first reminder of a task of a stay may be answered before it is told.
    """
    for task in before.open_tasks:
        now, timer, after = decision.after.tasks[task.key], before.timers[task.key], decision.after.timers[task.key]
        fired = decision.entry.verb == "fire" and decision.entry.about["task"] == task.key
        running = timer.state is TimerState.LIVE and after.state is TimerState.LIVE
        due = timer.due_at <= decision.entry.at and (task.is_duty or timer.n > 1)
        if due and running and now.is_open and now.anchor_at == task.anchor_at and not fired:
            assert after.due_at <= decision.entry.at


def _leaving_a_stage_ends_its_work_and_no_duty(before: Episode, after: Episode) -> None:
    if before.stint == after.stint:
        assert before.stage == after.stage
        return
    assert after.stint == before.stint + 1
    left = [
        task
        for task in after.open_tasks
        if task.scope is Scope.STINT and task.opened_at < (after.stint_at or task.opened_at)
    ]
    assert not [task for task in left if task.key in before.tasks]
    for duty in before.open_duties:
        ends = after.stage == "died" and PROTOCOL.tasks[duty.name].ends_at_death
        assert after.tasks[duty.key].is_open or ends


def _closed_means_nothing_open(episode: Episode) -> None:
    if episode.closed_at is not None:
        assert not episode.open_tasks
        assert PROTOCOL.stages[episode.stage].ends


def _bodies_have_their_duties(episode: Episode) -> None:
    """What is in a body, or being watched, has somebody watching over it."""
    if episode.stage in ("", "died"):
        return
    duties = {duty.name for duty in episode.open_duties}
    inside = any(t.method == "catheter" and t.punctured_at and not t.catheter_out_at for t in episode.trials.values())
    assert "catheter_in" in duties or not inside
    for dose in episode.administrations.values():
        over = dose.given_at + OBSERVE[dose.drug]
        gone = [o for o in episode.observations.values() if o.item == "discharged" and o.text == "yes" and o.stands]
        assert "observation" in duties or any(o.observed_at >= over for o in gone)
    status = [o for o in episode.observations.values() if o.item == "anticoagulant_status" and o.stands and o.text]
    newest = max(status, key=lambda o: o.order, default=None)
    assert newest is None or newest.text == "restarted" or "anticoagulant_off" in duties


def _two_people_are_two(before: Episode, after: Episode) -> None:
    for key in after.passages.keys() - before.passages.keys():
        passage = after.passages[key]
        rule = PROTOCOL.transitions.get(passage.name)
        if passage.how is How.DEVIATION or (rule is not None and rule.second_person):
            assert passage.second is not None
        assert passage.second != passage.by
    for override in after.overrides.values():
        assert override.by != override.second


def _approvals_end_with_what_allowed_them(decision: Decision) -> None:
    """No approval stands, unused, where it could not be given: in another stage, or on hold."""
    episode = decision.after
    for passage in episode.passages.values():
        rule = PROTOCOL.transitions.get(passage.name)
        if rule is not None and passage.until is not None and passage.until > decision.entry.at and not passage.used_at:
            assert episode.stage in rule.sources
            assert episode.hold is None or rule.on_hold


def _duties_end_on_their_fact(before: Episode, decision: Decision) -> None:
    after = decision.after
    for duty in before.open_duties:
        if after.tasks[duty.key].is_open or (after.stage == "died" and before.stage != "died"):
            continue
        assert _ENDS[duty.name](before, decision, after.tasks[duty.key]), duty.name


def _new(decision: Decision, item: str, *texts: str) -> bool:
    fresh = [o for key, o in decision.after.observations.items() if key not in decision.before.observations]
    return any(o.item == item and o.absent is None and (not texts or o.text in texts) for o in fresh)


def _observed_to_the_end(before: Episode, decision: Decision, duty: Task) -> bool:
    at = duty.closed_at
    assert at is not None
    over = [d.given_at + OBSERVE[d.drug] for d in before.administrations.values() if d.given_at <= at]
    over += [t.punctured_at + OBSERVE[t.drug] for t in before.trials.values() if t.drug and t.punctured_at]
    return _new(decision, "discharged", "yes") and max(over, default=at) <= at


def _taken_out(before: Episode, decision: Decision, _: Task) -> bool:
    return decision.entry.verb in ("advance", "deviate") and any(
        p.act == "catheter_removal" and p.name == "record_catheter_out"
        for key, p in decision.after.passages.items()
        if key not in before.passages
    )


def _restarted(_: Episode, decision: Decision, __: Task) -> bool:
    return _new(decision, "anticoagulant_status", "restarted") or decision.entry.verb == "correct"


def _taken_over(_: Episode, decision: Decision, __: Task) -> bool:
    return _new(decision, "pump_removed", "yes") or _new(decision, "follow_up_accepted_by")


def _said_done(_: Episode, decision: Decision, __: Task) -> bool:
    return decision.entry.verb == "complete"


_ENDS: dict[str, Callable[[Episode, Decision, Task], bool]] = {
    "observation": _observed_to_the_end,
    "catheter_in": _taken_out,
    "anticoagulant_off": _restarted,
    "pump_in_body": _taken_over,
    "respiratory_alarm": _said_done,
    "safety_review": _said_done,
    "call_after_missed_appointment": _said_done,
}


def _acts_were_right(before: Episode, decision: Decision, raw: Raw) -> None:
    """Whatever was done to the person had its authorisation, and a naive look at the record agrees it was right."""
    done = _acts(before, decision)
    for act in done:
        if decision.entry.verb == "deviate":
            second = decision.entry.about["second"]
            assert second != decision.entry.actor
            assert "safety_review" in {duty.name for duty in decision.after.open_duties}
            continue
        used = [p for key, p in decision.after.passages.items() if p.used_at and key in before.passages]
        used = [p for p in used if not before.passages[p.key].used_at]
        assert len(used) == 1, act
        _authorised(act, used[0], before, decision, raw)
    if not done:
        assert not [p for k, p in before.passages.items() if not p.used_at and decision.after.passages[k].used_at]


def _authorised(act: str, passage: Passage, before: Episode, decision: Decision, raw: Raw) -> None:
    at = decision.entry.occurred_at
    assert passage.act == act
    assert passage.until is not None
    assert passage.at <= at <= passage.until
    assert passage.trial == (before.trial.number if before.trial else None)
    assert before.hold is None or act == "catheter_removal" or at <= before.hold.since
    assert act != "implant" or passage.second not in (None, passage.by)
    rights: dict[str, Callable[[Chart], bool]] = {
        "puncture": Chart.puncture,
        "repeat_dose": Chart.repeat_dose,
        "catheter_removal": Chart.catheter_removal,
        "implant": Chart.implant,
    }
    assert rights[act](Chart(raw, at)), f"{act} at {at}"


def _acts(before: Episode, decision: Decision) -> list[str]:
    """What this decision says was done to the person."""
    after, done = decision.after, []
    done += [d.act for key, d in after.administrations.items() if key not in before.administrations]
    if decision.entry.verb in ("advance", "deviate"):
        fresh = [p for key, p in after.passages.items() if key not in before.passages]
        names = {
            "record_catheter_in": "puncture",
            "record_catheter_out": "catheter_removal",
            "record_implant": "implant",
        }
        done += [names[p.name] for p in fresh if p.name in names]
    if after.stage == "implanted" and before.stage != "implanted" and decision.entry.verb != "adopt":
        assert "implant" in done
        assert "pump_in_body" in {duty.name for duty in after.open_duties}
    return done


def _approvals_were_right(before: Episode, decision: Decision, raw: Raw) -> None:
    """An authorisation given now was right by the naive look, too."""
    rights = {"approve_puncture": Chart.puncture, "approve_repeat_dose": Chart.repeat_dose}
    rights |= {"approve_catheter_removal": Chart.catheter_removal, "approve_implant": Chart.implant}
    for key, passage in decision.after.passages.items():
        if key not in before.passages and passage.name in rights:
            assert rights[passage.name](Chart(raw, passage.at)), passage.name
