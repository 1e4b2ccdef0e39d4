"""Complete: a person says a task is done. A duty ends on its fact, and a stay keeps its last task until it ends."""

from workflow.domain.decide.steps import settle
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import NotFoundError
from workflow.domain.gate import GateReport, closed
from workflow.domain.policy import Relation, Verb, permits
from workflow.domain.protocol import TaskRule
from workflow.domain.situation import Situation
from workflow.domain.task import Scope, Task, TaskState
from workflow.domain.work import end_task


def complete(s: Situation, *, key: str, note: str = "") -> Decision:
    """Mark a task done. Refused, with the because, where only a fact or moving on can end it.

    Raises NotFoundError for no such task.
    """
    task = find(s, key)
    rule = s.protocol.task(task.name)
    about = {"task": key, "note": note}
    bars = _bars(s, task, rule)
    if bars:
        return refuse(s, "complete", occurred_at=s.now, about=about, basis=bars)
    draft = Draft(s)
    end_task(draft, task, state=TaskState.DONE, why=note or "done", at=s.now)
    settle(draft)
    return draft.decide("complete", occurred_at=s.now, about=about)


def find(s: Situation, key: str) -> Task:
    """The task of this key. Raises NotFoundError."""
    task = s.episode.tasks.get(key)
    if task is None:
        raise NotFoundError("there is no such task")
    return task


def ended(task: Task) -> GateReport:
    """The bar that an ended task is."""
    return closed("task", "Still open", f"this task ended already: {task.closing}")


def _bars(s: Situation, task: Task, rule: TaskRule) -> tuple[GateReport, ...]:
    if not task.is_open:
        return (ended(task),)
    if not rule.completable:
        facts = "it ends only on the fact that discharges it"
        return (closed("duty", "A duty", f"{rule.label}: {facts}", "record that fact"),)
    stands_in = task.assignee == s.actor.id or permits(s.actor, Verb.COMPLETE, Relation.OTHERS)
    if not s.actor.holds(rule.role) and (task.is_duty or not stands_in):
        return (closed("role", "Not yours", f"{rule.label} is for {rule.role}", f"done by: {rule.role}"),)
    if task.scope is Scope.PROPOSAL:
        return (closed("second_person", "A second person", "ask for the same, or let it lapse", "ask too"),)
    if task.scope is Scope.HOLD:
        return (closed("hold", "On hold", "the hold is still there", "release the hold"),)
    return _last_of_stay(s, task)


def _last_of_stay(s: Situation, task: Task) -> tuple[GateReport, ...]:
    """The last task of a stay watches over it: it ends by moving on, so that nobody waits unseen."""
    here = f"s{s.episode.stint}."
    others = [t for t in s.episode.open_tasks if t.key.startswith(here) and t.key != task.key]
    if task.scope is not Scope.STINT or others:
        return ()
    bar = "this is the last task of this stay; it ends when the candidate moves on"
    return (closed("stay", "Last of its stay", bar, "move the candidate on, or acknowledge until a time"),)
