"""What every decision looks after before it ends: clocks that follow a moment, and repeats of what will expire.

An item that will have expired when an appointment begins does not keep anybody from booking it: it opens work to
repeat it in time. The gates of the act itself look again on the day.
"""

from workflow.domain.appointment import Appointment, AppointmentState
from workflow.domain.decision import Draft
from workflow.domain.protocol import TaskRule
from workflow.domain.task import TaskState
from workflow.domain.work import end_task, follow, open_task


def look_after(draft: Draft) -> None:
    """Follow moved moments; open or end the repeats of what an appointment needs."""
    follow(draft)
    repeaters = [rule for rule in draft.s.protocol.tasks.values() if rule.repeats]
    if repeaters:
        for planned in draft.episode.appointments.values():
            if planned.state is AppointmentState.PLANNED:
                _repeat(draft, planned, repeaters)


def expired_by(draft: Draft, planned: Appointment) -> list[str]:
    """The items an appointment needs that are not recorded, or will have expired when it begins."""
    view = draft.view(draft.s.now)
    found = []
    for item in draft.s.protocol.appointments[planned.kind].needs:
        seen, valid = view.latest(item), draft.s.protocol.items[item].valid_for
        fresh = seen is not None and seen.absent is None
        lasts = fresh and seen is not None and (valid is None or planned.starts_at - seen.observed_at <= valid.elapsed)
        if not lasts:
            found.append(item)
    return found


def _repeat(draft: Draft, planned: Appointment, repeaters: list[TaskRule]) -> None:
    expired = expired_by(draft, planned)
    for rule in repeaters:
        if not any(trigger.appointment == planned.kind for trigger in rule.opens):
            continue
        running = [t for t in draft.episode.open_tasks if t.name == rule.key and t.about == planned.key]
        if expired and not running:
            open_task(draft, rule, anchor=planned.starts_at, about=planned.key)
        elif running and not expired:
            end_task(draft, running[0], state=TaskState.DONE, why="all it needs will be valid", at=draft.s.now)
