"""Correct: nothing is edited. A new observation supersedes the old one visibly, and everything is judged again.

When a gate somebody passed no longer holds on what is now known, an urgent safety duty opens; nobody is moved back.
"""

from dataclasses import replace

from workflow.domain.decide.record import observed, reassess
from workflow.domain.decide.steps import settle
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError
from workflow.domain.machine import reports_of
from workflow.domain.observation import Observation, Reading
from workflow.domain.passage import How, Passage
from workflow.domain.situation import Situation
from workflow.domain.task import Task, TaskState
from workflow.domain.view import View
from workflow.domain.work import Fact, end_task, happened, open_task


def correct(s: Situation, *, key: str, reason: str, reading: Reading | None) -> Decision:
    """Replace an observation, or void it (`reading` None). `reason` says why, in 3 to 500 characters.

    Raises NotFoundError, ImpossibleNowError for one already superseded, and what recording raises.
    """
    old = s.episode.observations.get(key)
    if old is None:
        raise NotFoundError("there is no such observation")
    if not old.stands:
        raise ImpossibleNowError(f"{old.item} was superseded already; correct the one that stands")
    if not 3 <= len(reason.strip()) <= 500:
        raise ImpossibleInputError("a correction says why", place="reason", allowed="3 to 500 characters")
    draft = Draft(s)
    new = None if reading is None else observed(s, reading, key=f"{s.episode.seq + 1}.0", place="value")
    by = "void" if new is None else new.key
    draft.put("observations", key, replace(old, superseded_by=by, reason=reason.strip()))
    if new is not None:
        draft.put("observations", new.key, new)
    _take_back(draft, old, new)
    if new is not None:
        happened(draft, Fact(at=new.observed_at, observation=new))
    shown = reassess(draft)
    undone = _undone(draft)
    if undone:
        open_task(draft, s.protocol.task(s.protocol.safety_task), anchor=s.now)
    settle(draft)
    about = {"observation": key, "item": old.item, "by": by, "reason": reason.strip(), "undone": undone, **shown}
    return draft.decide("correct", occurred_at=old.observed_at, about=about)


def _take_back(draft: Draft, old: Observation, new: Observation | None) -> None:
    """Undo what the old value opened or discharged: a duty closed on it runs again, one opened on it ends."""
    for task in tuple(draft.episode.tasks.values()):
        rule = draft.s.protocol.tasks[task.name]
        if task.is_duty and task.closed_on == old.key and not _open_now(draft, task):
            open_task(draft, rule, anchor=task.anchor_at)
        elif task.is_duty and task.is_open and task.opened_on == old.key and not rule.completable:
            why = f"the {old.item} it rests on was {'voided' if new is None else 'corrected'}"
            end_task(draft, task, state=TaskState.CANCELLED, why=why, at=draft.s.now)


def _open_now(draft: Draft, like: Task) -> bool:
    return any(task.name == like.name for task in draft.episode.open_duties)


def _undone(draft: Draft) -> list[str]:
    """The passages whose gates held before this correction and no longer do."""
    s = draft.s
    passed = [p for p in s.episode.passages.values() if p.how is not How.DEVIATION]
    held = [p for p in passed if _held(s.view(p.at), p)]
    return [p.name for p in held if not _held(draft.view(p.at), p)]


def _held(view: View, passage: Passage) -> bool:
    rule = view.protocol.transition(passage.name)
    then = replace(view, of_trial=passage.trial)
    return all(seen.passes for seen in reports_of(rule, then))
