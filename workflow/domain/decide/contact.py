"""Contact: somebody tried to reach the outsider a task waits on. After so many attempts its next step opens."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from workflow.domain.decide.acknowledge import bars_to_take, check_promise, hold_back
from workflow.domain.decide.complete import find
from workflow.domain.decide.postpone import longest_wait
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.gate import GateReport, closed
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import open_task


class Means(StrEnum):
    """How an outsider was tried."""

    PHONE = "phone"
    LETTER = "letter"
    EMAIL = "email"
    PORTAL = "portal"
    IN_PERSON = "in_person"


def contact(
    s: Situation, *, key: str, how: Means, reached: bool, note: str = "", chase_at: datetime | None = None
) -> Decision:
    """Log an attempt to reach the outsider, and when they are chased again where that is said.

    The task goes on waiting: whoever has its answer takes it back. With every so many attempts that its `chase`
    declares, its next step opens in this decision. Raises NotFoundError; ImpossibleTimeError where `chase_at` is
    past, further than a wait may reach, or beyond a chase date that is still ahead.
    """
    task = find(s, key)
    count = task.contacts + 1
    about: dict[str, object] = {
        "task": key,
        "on": task.waiting_on,
        "how": how.value,
        "reached": "yes" if reached else "no",
        "note": note.strip(),
        "chase_at": chase_at,
        "attempt": count,
    }
    bars = bars_to_take(s, task) or _waits_on_nobody(task)
    if bars:
        return refuse(s, "contact", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(s)
    tried = replace(task, contacts=count)
    if chase_at is None:
        draft.put("tasks", key, tried)
    else:
        check_promise(s, task, chase_at, most=s.now + longest_wait(s, task), place="chase_at")
        hold_back(draft, tried, chase_at)
    return draft.decide("contact", occurred_at=s.now, about=about | _next_step(draft, tried))


def _waits_on_nobody(task: Task) -> tuple[GateReport, ...]:
    if task.waiting_on is not None:
        return ()
    return (closed("waiting", "Waiting on an outsider", "it waits on nobody", "say on whom it waits first"),)


def _next_step(draft: Draft, task: Task) -> dict[str, str]:
    """Open what comes after so many attempts; answers which work that is."""
    chase = draft.s.protocol.task(task.name).chase
    if chase is None or task.contacts % chase.attempts:
        return {}
    opened = open_task(draft, draft.s.protocol.task(chase.opens), anchor=draft.s.now)
    return {"opens": opened.key}
