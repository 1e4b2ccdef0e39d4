"""Hold and release: a pause beside the stage. It pauses only clocks declared pausable and never ends by itself."""

from datetime import datetime

from workflow.domain.decide.steps import lapse
from workflow.domain.decision import Decision, Draft
from workflow.domain.episode import Hold
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError
from workflow.domain.situation import Situation
from workflow.domain.task import Scope
from workflow.domain.work import end_tasks, open_task, pause_clocks, resume_clocks


def hold(s: Situation, *, reason: str, occurred_at: datetime | None = None) -> Decision:
    """Put a candidate on hold for a declared reason; a review task with its own ladder opens.

    What was approved before lapses with it, unless it may be approved on hold too.

    Raises ImpossibleInputError for another reason, ImpossibleNowError where already on hold or at an end.
    """
    rule = s.protocol.hold
    at = s.moment_in_stint(occurred_at)
    if reason not in rule.reasons:
        raise ImpossibleInputError("no such reason", said=reason, place="reason", allowed=", ".join(rule.reasons))
    if s.episode.hold is not None:
        raise ImpossibleNowError(f"on hold already: {s.episode.hold.reason}")
    if s.protocol.stage(s.episode.stage).ends:
        raise ImpossibleNowError("the pathway of this candidate is over")
    draft = Draft(s)
    pause_clocks(draft)
    review_at = at + rule.review_after.elapsed
    draft.set(hold=Hold(reason=reason, since=at, review_at=review_at, by=s.actor.id))
    lapse(draft, at=at)
    open_task(draft, s.protocol.task(rule.task), anchor=at)
    return draft.decide("hold", occurred_at=at, about={"reason": reason, "review_at": review_at})


def release(s: Situation, *, reason: str, occurred_at: datetime | None = None) -> Decision:
    """End a hold. Paused clocks run on with the time they had left.

    Raises ImpossibleNowError where nobody is on hold, ImpossibleInputError without a reason.
    """
    if s.episode.hold is None:
        raise ImpossibleNowError("not on hold")
    at = s.moment_since(s.episode.hold.since, occurred_at)
    if not reason.strip():
        raise ImpossibleInputError("a release says why", place="reason", allowed="1 to 500 characters")
    draft = Draft(s)
    resume_clocks(draft)
    end_tasks(draft, lambda task: task.scope is Scope.HOLD, why="released", at=at)
    draft.set(hold=None)
    return draft.decide("release", occurred_at=at, about={"reason": reason, "held": s.episode.hold.reason})
