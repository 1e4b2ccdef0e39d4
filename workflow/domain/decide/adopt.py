"""Adopt: a candidate is already somewhere on the pathway. Theca takes over there, and claims nothing it did not see.

No gate counts as passed by adoption: an implant still asks for its own approval, on recorded values, that day.
"""

from dataclasses import dataclass
from datetime import datetime

from workflow.domain.backlog import withhold
from workflow.domain.decide.steps import enter
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError
from workflow.domain.situation import Situation
from workflow.domain.task import Scope
from workflow.domain.trial import Method, Trial
from workflow.domain.work import open_task


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorTrial:
    """A trial that began before Theca: what is known of it, and from where (`source`)."""

    method: Method
    drug: str
    started_at: datetime
    source: str
    punctured_at: datetime | None = None
    catheter_out_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDuty:
    """A duty that is open already, and since when."""

    name: str
    since: datetime


def adopt(
    s: Situation,
    *,
    stage: str,
    reason: str,
    occurred_at: datetime | None = None,
    trials: tuple[PriorTrial, ...] = (),
    duties: tuple[RunningDuty, ...] = (),
) -> Decision:
    """Put a newly enrolled candidate where they really stand since `occurred_at`.

    What is overdue there already waits for a release, but for duties and what is red.

    Raises UnknownNameError; ImpossibleNowError where the candidate has moved already; ImpossibleInputError for an
    end stage, more trials than the protocol allows, or a catheter in the body without its duty.
    """
    rule = s.protocol.stage(stage)
    at = s.moment(occurred_at)
    if s.episode.stint != 1 or s.episode.trials or s.episode.passages:
        raise ImpossibleNowError("only a candidate who has not moved yet can be adopted")
    if rule.ends or stage == s.protocol.begins:
        raise ImpossibleInputError(f"nobody is adopted into {rule.label}", place="stage", allowed="a stage on the way")
    if not reason.strip():
        raise ImpossibleInputError("an adoption says on what record it rests", place="reason")
    _check_trials(s, stage, trials, duties)
    draft = Draft(s)
    for number, prior in enumerate(trials, start=1):
        draft.put("trials", str(number), _trial(s, number, prior))
    for duty in duties:
        open_task(draft, s.protocol.task(duty.name), anchor=s.moment(duty.since, place="duties.since"))
    enter(draft, stage, at=at)
    about: dict[str, object] = {"stage": stage, "reason": reason, "trials": trials, "duties": duties}
    if waiting := withhold(draft):
        about["withheld"] = waiting
    return draft.decide("adopt", occurred_at=at, about=about)


def _trial(s: Situation, number: int, prior: PriorTrial) -> Trial:
    place = f"trials[{number - 1}]"
    out, ended = prior.catheter_out_at, prior.ended_at
    trial = Trial(
        key=str(number),
        method=prior.method,
        drug=s.protocol.drug(prior.drug).key,
        started_at=s.moment(prior.started_at, place=f"{place}.started_at"),
        punctured_at=s.moment(prior.punctured_at, place=f"{place}.punctured_at") if prior.punctured_at else None,
        catheter_out_at=s.moment(out, place=f"{place}.catheter_out_at") if out else None,
        ended_at=s.moment(ended, place=f"{place}.ended_at") if ended else None,
        outcome=prior.outcome,
        prior=prior.source,
    )
    _check_order(trial, place=place)
    return trial


def _check_trials(s: Situation, stage: str, trials: tuple[PriorTrial, ...], duties: tuple[RunningDuty, ...]) -> None:
    if len(trials) > s.protocol.max_trials:
        raise ImpossibleInputError("more trials than the protocol allows", allowed=f"at most {s.protocol.max_trials}")
    if any(prior.ended_at is None for prior in trials[:-1]):
        raise ImpossibleInputError("only the last trial can still run", place="trials")
    begins = {rule.to: rule.begins_trial for rule in s.protocol.transitions.values() if rule.begins_trial}
    method = begins.get(stage, Method.WAIVED)
    running = trials[-1].method if trials and trials[-1].ended_at is None else None
    if method is not Method.WAIVED and running is not method:
        raise ImpossibleInputError(f"this stage needs the {method} trial that is running", place="trials")
    if running is not None and running not in begins.values():
        raise ImpossibleInputError(f"no {running} trial runs here", place="trials", allowed="say when it ended")
    _check_duties(s, stage, trials, {duty.name for duty in duties})


def _check_order(trial: Trial, *, place: str) -> None:
    """A trial begins, is punctured, and is over, in this order; a catheter that came out went in."""
    if trial.catheter_out_at is not None and trial.punctured_at is None:
        raise ImpossibleInputError("a catheter that came out went in before", place=f"{place}.punctured_at")
    known = [at for at in (trial.started_at, trial.punctured_at, trial.catheter_out_at) if at is not None]
    over = trial.ended_at is not None and trial.ended_at < max(known[:2])
    if known != sorted(known) or over:
        raise ImpossibleInputError("a trial runs forward in time", place=place, allowed="begun, punctured, out, ended")


def _check_duties(s: Situation, stage: str, trials: tuple[PriorTrial, ...], named: set[str]) -> None:
    for name in named:
        rule = s.protocol.task(name)
        known = rule.opens or name in s.protocol.stage(stage).duties
        if rule.scope is not Scope.EPISODE or not known:
            raise ImpossibleInputError(f"{name} is not a duty one is adopted with", place="duties")
        if any(t.act == "puncture" for t in rule.opens) and not (trials and trials[-1].punctured_at):
            raise ImpossibleInputError(f"{rule.label} counts from a puncture", place="trials", allowed="when it was")
    inside = any(
        prior.method is Method.CATHETER and prior.punctured_at is not None and prior.catheter_out_at is None
        for prior in trials
    )
    keepers = {rule.key for rule in s.protocol.tasks.values() if any(t.act == "catheter_removal" for t in rule.closes)}
    if inside and not named & keepers:
        raise ImpossibleInputError(
            "a catheter in the body needs its duty", place="duties", allowed=", ".join(sorted(keepers))
        )
