"""Correct: nothing is edited. A new observation supersedes the old one visibly, and everything is judged again.

When a gate somebody passed no longer holds on what is now known, an urgent safety duty opens; nobody is moved back.
"""

from dataclasses import replace

from workflow.domain.decide.record import happened_at, observed, reassess
from workflow.domain.decide.steps import settle, watch
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError
from workflow.domain.observation import Observation, Reading
from workflow.domain.passage import Passage
from workflow.domain.situation import Situation
from workflow.domain.task import Task, TaskState
from workflow.domain.work import Fact, asked_for_by, end_task, happened, matches, open_task


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
    if reading is not None and reading.item != old.item:
        raise ImpossibleInputError(f"this is {old.item}; another item is recorded, not corrected", place="value.item")
    draft = Draft(s)
    new = None if reading is None else observed(s, reading, key=f"{s.episode.seq + 1}.0", place="value")
    by = "void" if new is None else new.key
    draft.put("observations", key, replace(old, superseded_by=by, reason=reason.strip()))
    if new is not None:
        draft.put("observations", new.key, new)
    _take_back(draft, old, new)
    if new is not None:
        happened(draft, Fact(at=new.observed_at, observation=new))
    _ask_anew(draft, old.item)
    shown = reassess(draft)
    undone = watch(draft, since=min(happened_at(seen) for seen in (old, new or old)))
    voided = _void_signed(draft, old, undone, reason=reason.strip(), void=new is None)
    settle(draft)
    about = {
        "observation": key,
        "item": old.item,
        "by": by,
        "reason": reason.strip(),
        "undone": [passage.name for passage in undone],
        "voided": voided,
        **shown,
    }
    return draft.decide("correct", occurred_at=old.observed_at, about=about)


def _void_signed(draft: Draft, old: Observation, undone: list[Passage], *, reason: str, void: bool) -> list[str]:
    """Void what was signed on the old value, or for a step that no longer holds; answers what was signed.

    An approval that nobody has used yet and whose signature is gone is gone with it.
    """
    digests = {passage.signed for passage in undone}
    why = f"the {old.item} it rests on was {'voided' if void else 'corrected'}: {reason}"
    before = draft.episode.signatures
    gone = draft.void(lambda one: old.key in one.rests_on or one.digest in digests, why=why)
    now = draft.s.now
    for key, passage in draft.episode.passages.items():
        live = passage.until is not None and passage.until > now and passage.used_at is None
        if live and passage.signed in gone:
            draft.put("passages", key, replace(passage, until=max(now, passage.at)))
    return sorted({one.about for one in before.values() if one.stands and one.digest in gone})


def _take_back(draft: Draft, old: Observation, new: Observation | None) -> None:
    """Undo what the old value opened or discharged: a duty closed on it runs again, one opened on it ends.

    Where another standing value asks for the duty it goes on resting on that, and its climb is not set back.
    """
    for task in tuple(draft.episode.tasks.values()):
        rule = draft.s.protocol.tasks.get(task.name)
        if rule is None:  # it ended under an earlier version, which alone declared it
            continue
        if task.is_duty and task.closed_on == old.key and not _open_now(draft, task):
            again = open_task(draft, rule, anchor=task.anchor_at)
            draft.put("tasks", again.key, replace(again, opened_on=task.opened_on))
        elif task.is_duty and task.is_open and task.opened_on == old.key and not rule.completable:
            if (other := asked_for_by(draft, rule)) is not None:
                draft.put("tasks", task.key, replace(task, opened_on=other.key))
                continue
            why = f"the {old.item} it rests on was {'voided' if new is None else 'corrected'}"
            end_task(draft, task, state=TaskState.CANCELLED, why=why, at=draft.s.now)


def _ask_anew(draft: Draft, item: str) -> None:
    """A value that is gone may bring together those around it: what several in a row open is asked once more."""
    standing = [seen for seen in draft.episode.observations.values() if seen.item == item and seen.stands]
    newest = max(standing, key=lambda seen: seen.order, default=None)
    if newest is None or newest.key not in draft.s.episode.observations:
        return
    fact, before = Fact(at=newest.observed_at, observation=newest), Draft(draft.s)
    for rule in draft.s.protocol.tasks.values():
        told = [one for one in rule.opens if matches(draft, one, fact) and not matches(before, one, fact)]
        if told and not rule.repeats:
            open_task(draft, rule, anchor=fact.at, fact=fact)


def _open_now(draft: Draft, like: Task) -> bool:
    return any(task.name == like.name for task in draft.episode.open_duties)
