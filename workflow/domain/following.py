"""Ladders that follow a derived moment: the next round, the next filling, the day an anticoagulant must stop.

The moment is worked out from what is recorded and nothing else, so it is the same whenever it is asked for; where
it is not known, the ladder counts from the fact that opened its task.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from workflow.domain.derived_plans import next_round, refill, restart_from, stop_before
from workflow.domain.task import Task
from workflow.domain.view import View

FOLLOWED: Mapping[str, Callable[[View, Task], datetime | None]] = MappingProxyType(
    {
        "observation.next_round": lambda view, _: next_round(view),
        "refill.due": lambda view, _: refill(view).due_at,
        "anticoagulant.restart": lambda view, _: restart_from(view),
        "anticoagulant.stop": lambda view, task: stop_before(view, _starts_at(view, task)),
    }
)


def counted_from(view: View, task: Task) -> datetime:
    """What a task's ladder counts from: the moment it follows, or the fact that opened it."""
    follows = view.protocol.tasks[task.name].follows
    found = FOLLOWED[follows](view, task) if follows else None
    return task.anchor_at if found is None else found


def _starts_at(view: View, task: Task) -> datetime:
    """When the appointment of a task begins."""
    planned = view.episode.appointments.get(task.about or "")
    return task.anchor_at if planned is None else planned.starts_at
