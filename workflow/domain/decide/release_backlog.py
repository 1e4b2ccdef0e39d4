"""Release the backlog: what arrived overdue and was withheld is told now, one message a task and person."""

from dataclasses import replace

from workflow.domain.backlog import withheld
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleNowError
from workflow.domain.situation import Situation
from workflow.domain.work import set_timer


def release_backlog(s: Situation) -> Decision:
    """Let every withheld task of a candidate go on now; the next sweep tells of it and ends its withholding.

    Raises ImpossibleNowError where nothing of this candidate is withheld.
    """
    waiting = [task for task in withheld(s.episode) if task.withheld_until and task.withheld_until > s.now]
    if not waiting:
        raise ImpossibleNowError("nothing of this candidate waits for a release")
    draft = Draft(s)
    for task in waiting:
        draft.put("tasks", task.key, replace(task, withheld_until=s.now))
        set_timer(draft, task.key, rung=s.episode.timers[task.key].rung, due_at=s.now)
    about = {"tasks": [task.key for task in waiting]}
    return draft.decide("release_backlog", occurred_at=s.now, about=about)
