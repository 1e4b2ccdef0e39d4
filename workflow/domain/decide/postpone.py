"""Snooze and wait: a task is put off to a time, with a reason. Then its ladder goes on where it stood."""

from dataclasses import replace
from datetime import datetime, timedelta

from workflow.domain.decide.acknowledge import LONGEST, bars_to_take, check_promise, hold_back, ladder_of
from workflow.domain.decide.complete import find
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.following import counted_from
from workflow.domain.gate import GateReport, closed
from workflow.domain.ladder import Urgency
from workflow.domain.situation import Situation
from workflow.domain.task import Outsider, Task

# How far off a chase date may lie; defaults of this engine, no source was found. Red work waits on nobody.
LONGEST_WAIT = {Urgency.ROUTINE: timedelta(days=30), Urgency.URGENT: timedelta(days=7)}


def snooze(s: Situation, *, key: str, until: datetime, reason: str) -> Decision:
    """Put the first reminder off. No later rung is ever put off, and nothing red.

    Raises NotFoundError; ImpossibleInputError without a reason; ImpossibleTimeError where `until` is past, further
    than its urgency allows (routine 7 days, urgent 24 hours), beyond the second rung, or beyond a promise that runs.
    """
    task = find(s, key)
    about = {"task": key, "until": until, "reason": _said(reason)}
    second = _second_rung(s, task)
    bars = bars_to_take(s, task) or _red(s, task) or _climbed(s, task, second)
    if bars:
        return refuse(s, "snooze", occurred_at=s.now, about=about, basis=bars)
    longest = s.now + LONGEST[ladder_of(s, task).urgency]
    check_promise(s, task, until, most=longest if second is None else min(second, longest))
    draft = Draft(s)
    hold_back(draft, task, until)
    return draft.decide("snooze", occurred_at=s.now, about=about)


def wait(s: Situation, *, key: str, on: Outsider, until: datetime, reason: str) -> Decision:
    """Say that a task waits on an outsider, and when they are chased (`until`). Never for red.

    Whoever takes the task back ends the wait; attempts to reach another outsider are counted anew.
    Raises NotFoundError; ImpossibleInputError without a reason; ImpossibleTimeError where `until` is past, further
    than its urgency allows (routine 30 days, urgent 7 days; a duty no longer than it may be acknowledged), or
    beyond a promise that runs.
    """
    task = find(s, key)
    about = {"task": key, "on": on.value, "until": until, "reason": _said(reason)}
    bars = bars_to_take(s, task) or _red(s, task)
    if bars:
        return refuse(s, "wait", occurred_at=s.now, about=about, basis=bars)
    check_promise(s, task, until, most=s.now + longest_wait(s, task))
    draft = Draft(s)
    anew = task.waiting_on != on.value
    hold_back(draft, replace(task, waiting_on=on.value, contacts=0 if anew else task.contacts), until)
    return draft.decide("wait", occurred_at=s.now, about=about)


def longest_wait(s: Situation, task: Task) -> timedelta:
    """How far off a chase date of this task may lie."""
    longest = LONGEST if task.is_duty else LONGEST_WAIT
    return longest[ladder_of(s, task).urgency]


def _said(reason: str) -> str:
    if not reason.strip():
        raise ImpossibleInputError("putting work off says why", place="reason", allowed="1 to 500 characters")
    return reason.strip()


def _red(s: Situation, task: Task) -> tuple[GateReport, ...]:
    if ladder_of(s, task).urgency is not Urgency.RED:
        return ()
    return (closed("urgency", "Red", "red work is not put off", "do it, or acknowledge it for up to 30 minutes"),)


def _climbed(s: Situation, task: Task, second: datetime | None) -> tuple[GateReport, ...]:
    if s.episode.timers[task.key].rung == 0 and (second is None or second > s.now):
        return ()
    bar = "its first reminder is past; only that can be put off"
    return (closed("rung", "First reminder", bar, "do it, or acknowledge it until a time"),)


def _second_rung(s: Situation, task: Task) -> datetime | None:
    """When the rung after the first is due, where there is one."""
    ladder = ladder_of(s, task)
    if len(ladder.rungs) == 1:
        return None
    return ladder.due(1, counted_from(s.view(s.now), task), s.calendar)
