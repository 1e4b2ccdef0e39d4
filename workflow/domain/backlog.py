"""Backlogs: work that arrives overdue, with an import or an adoption, waits as one list until somebody releases it.

A duty is never withheld, nor anything red. What nobody releases is told by itself on the next working day.
"""

from dataclasses import replace

from workflow.domain.calendar import Duration, TimeKind
from workflow.domain.decision import Draft
from workflow.domain.episode import Episode
from workflow.domain.ladder import Timer, TimerState, Urgency
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.work import set_timer

WITHHELD = Duration(1, "d")  # of working time; a default of this engine, no source was found


def withhold(draft: Draft) -> int:
    """Let what this decision has opened and what is due already wait for a release. Answers how many tasks."""
    s = draft.s
    until = s.calendar.after(s.now, WITHHELD, TimeKind.WORKING)
    opened = [task for task in draft.episode.open_tasks if task.key not in s.episode.tasks]
    late = [task for task in opened if _may_wait(s, task) and _due(draft.episode.timers[task.key], s)]
    for task in late:
        draft.put("tasks", task.key, replace(task, withheld_until=until))
        set_timer(draft, task.key, rung=draft.episode.timers[task.key].rung, due_at=until)
    return len(late)


def withheld(episode: Episode) -> tuple[Task, ...]:
    """The open tasks whose reminders wait for a release."""
    live = {key for key, timer in episode.timers.items() if timer.state is TimerState.LIVE}
    return tuple(task for task in episode.open_tasks if task.withheld_until is not None and task.key in live)


# ---------------------------------------------------------------------------------------------------------------


def _may_wait(s: Situation, task: Task) -> bool:
    ladder = s.protocol.ladders[s.protocol.task(task.name).ladder]
    return not task.is_duty and ladder.urgency is not Urgency.RED


def _due(timer: Timer, s: Situation) -> bool:
    return timer.state is TimerState.LIVE and timer.due_at <= s.now
