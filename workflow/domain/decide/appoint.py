"""Appoint: plan a procedure or visit, move it, and say what became of it."""

from dataclasses import replace
from datetime import datetime, timedelta

from workflow.domain.appointment import Appointment, AppointmentState
from workflow.domain.decide.steps import settle
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import (
    ImpossibleInputError,
    ImpossibleNowError,
    ImpossibleTimeError,
    NotFoundError,
    UnknownNameError,
)
from workflow.domain.situation import Situation
from workflow.domain.task import Scope
from workflow.domain.work import Fact, end_tasks, happened, open_task, project

FURTHEST = timedelta(days=3 * 366)


def appoint(s: Situation, *, kind: str, starts_at: datetime) -> Decision:
    """Plan an appointment of a declared kind; the work counted back from it opens with it.

    Raises UnknownNameError, ImpossibleTimeError (more than three years from now), ImpossibleNowError.
    """
    if kind not in s.protocol.appointments:
        allowed = ", ".join(sorted(s.protocol.appointments))
        raise UnknownNameError("no such kind of appointment", said=kind, place="kind", allowed=allowed)
    if s.protocol.stage(s.episode.stage).ends:
        raise ImpossibleNowError("the pathway of this candidate is over")
    draft = Draft(s)
    key = str(len(s.episode.appointments) + 1)
    planned = Appointment(key=key, kind=kind, starts_at=_time(s, starts_at), by=s.actor.id)
    draft.put("appointments", key, planned)
    happened(draft, Fact(at=planned.starts_at, appointment=kind, about=key))
    settle(draft)
    about = {"kind": kind, "appointment": key, "starts_at": planned.starts_at}
    return draft.decide("appoint", occurred_at=s.now, about=about)


def reschedule(s: Situation, *, key: str, starts_at: datetime) -> Decision:
    """Move an appointment; everything that hangs on it is projected anew in the same decision."""
    old = _planned(s, key)
    draft = Draft(s)
    moved = replace(old, starts_at=_time(s, starts_at))
    draft.put("appointments", key, moved)
    for task in draft.episode.open_tasks:
        if task.scope is Scope.APPOINTMENT and task.about == key:
            anew = replace(task, anchor_at=moved.starts_at, acknowledged_by=None, acknowledged_until=None)
            draft.put("tasks", task.key, anew)
            project(draft, anew, rung=0)
    settle(draft)
    about = {"appointment": key, "from": old.starts_at, "to": moved.starts_at}
    return draft.decide("reschedule", occurred_at=s.now, about=about)


def conclude(s: Situation, *, key: str, state: AppointmentState, reason: str | None = None) -> Decision:
    """Say what became of an appointment: attended, missed or cancelled. Missed opens a call."""
    old = _planned(s, key)
    if state is AppointmentState.PLANNED:
        raise ImpossibleInputError("it is planned already", place="state", allowed="attended, missed, cancelled")
    if state is AppointmentState.ATTENDED and old.starts_at > s.now:
        raise ImpossibleTimeError("it has not begun yet", place="starts_at", allowed="an appointment that has begun")
    draft = Draft(s)
    draft.put("appointments", key, replace(old, state=state, reason=reason))
    end_tasks(draft, lambda t: t.scope is Scope.APPOINTMENT and t.about == key, why=str(state), at=s.now)
    if state is AppointmentState.MISSED:
        missed = s.protocol.appointments[old.kind].missed or s.protocol.missed_task
        open_task(draft, s.protocol.task(missed), anchor=s.now)
    if state is AppointmentState.CANCELLED:
        happened(draft, Fact(at=s.now, cancelled=old.kind, about=key))
    settle(draft)
    return draft.decide(str(state), occurred_at=s.now, about={"appointment": key, "kind": old.kind, "reason": reason})


def _planned(s: Situation, key: str) -> Appointment:
    found = s.episode.appointments.get(key)
    if found is None:
        raise NotFoundError("there is no such appointment")
    if found.state is not AppointmentState.PLANNED:
        raise ImpossibleNowError(f"this appointment was {found.state} already")
    return found


def _time(s: Situation, at: datetime) -> datetime:
    if at.tzinfo is None or abs(at - s.now) > FURTHEST:
        raise ImpossibleTimeError(
            "an appointment lies within three years, with an offset", place="starts_at", allowed="within three years"
        )
    return at
