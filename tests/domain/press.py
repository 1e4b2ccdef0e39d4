"""Pressing on: the next sensible thing on the way to an implant, so that random walks get that far."""

from datetime import timedelta

from deeds import Pick, Watched, correct, hold_or_release, record_some, say, wait
from route import AWAKE, DAY, IMPLANT, INPUTS, REFERRAL, SCREENING, WORKUP
from world import CEM, CLARA, INES, NILS, Value, who_may

from workflow.domain.actor import Actor

PLAN = "palliative_with_haematology_plan"


def press_on(walker: Watched, pick: Pick) -> None:
    """One step further from wherever the candidate stands; it may still be refused for what else is on record."""
    if walker.episode.hold is not None and pick((True, True, False)):
        walker.attempt(walker.release)
        return
    match walker.stage:
        case "referred":
            _say(walker, REFERRAL)
            _take(walker, "accept_referral")
        case "screening":
            _say(walker, SCREENING)
            _take(walker, "complete_screening")
        case "contraindication_check":
            _begin_trial(walker, pick)
        case "single_shot_trial":
            _single_shot(walker, pick)
        case "catheter_trial":
            _catheter(walker, pick)
        case "response_assessment":
            _say(walker, INPUTS)
            _take(walker, "send_to_case_review")
        case "case_review":
            _review(walker, pick)
        case "implant_planning":
            _implant(walker, pick)
        case "implanted":
            _say(walker, {"wound_healed": "yes"})
            _take(walker, "start_follow_up")
        case "follow_up":
            _say(walker, {"follow_up_accepted_by": "Team North"})
            _take(walker, "close_follow_up")
        case _:
            return


def _begin_trial(walker: Watched, pick: Pick) -> None:
    for days in (6, 5, 4, 3, 2):
        say(walker, NILS, walker.now - timedelta(days=days), nrs="8")
    _say(walker, WORKUP)
    names = (
        "approve_single_shot_trial",
        "approve_single_shot_trial",
        "approve_catheter_trial",
        "approve_catheter_trial",
        "waive_trial",
    )
    name = pick(names)
    if name == "waive_trial":
        _both(walker, name, reason="trial_done_elsewhere")
    else:
        _take(walker, name)


def _single_shot(walker: Watched, pick: Pick) -> None:
    trial = walker.episode.trial
    if trial is not None and trial.punctured_at is None:
        _approve(walker, pick, "approve_puncture", DAY)
        _give(walker, pick)
    else:
        _finish(walker, pick)


def _catheter(walker: Watched, pick: Pick) -> None:
    trial = walker.episode.trial
    if trial is not None and trial.punctured_at is None:
        _approve(walker, pick, "approve_puncture", DAY)
        _take(walker, "record_catheter_in")
    elif trial is not None and not [d for d in walker.episode.administrations.values() if d.trial == trial.number]:
        _approve(walker, pick, "approve_repeat_dose", DAY | AWAKE)
        _give(walker, pick)
    elif trial is not None and trial.catheter_out_at is None:
        clear: dict[str, Value] = {"identity_confirmed": "yes", "inr": "1.0", "anticoagulant": "none"}
        _approve(walker, pick, "approve_catheter_removal", clear)
        _take(walker, "record_catheter_out")
    else:
        _finish(walker, pick)


def _give(walker: Watched, pick: Pick) -> None:
    trial = walker.episode.trial
    drug = trial.drug if trial is not None else "morphine"
    amount = {"morphine": "0.2", "fentanyl": "25"}.get(drug, "0.2")
    walker.attempt(lambda: walker.give(amount, drug=drug))
    step = {"fentanyl": 1}.get(drug, 2)
    for score in pick((("2", "3", "2"), ("4", "4", "4"), ("1", "4", "8"), ("8", "7", "8"))):
        walker.now += timedelta(hours=step)
        say(walker, NILS, walker.now, nrs=score)


def _finish(walker: Watched, pick: Pick) -> None:
    walker.now += timedelta(hours=25)
    _say(walker, {"discharged": "yes"})
    _take(walker, "assess_response")


def _review(walker: Watched, pick: Pick) -> None:
    outcome = pick(("implant", "implant", "repeat", "non_responder"))
    _say(walker, {"review_outcome": outcome, "life_expectancy_months": 60}, CLARA)
    match outcome:
        case "repeat":
            _take(walker, "repeat_trial")
        case "non_responder":
            _both(walker, "sign_non_responder")
        case _:
            reason = "trial_done_elsewhere"
            for gate in ("responded", "trial_tolerated"):
                for actor in (CLARA, CEM):
                    walker.attempt(lambda gate=gate, actor=actor: walker.override(gate, reason, actor))
            _both(walker, "decide_implant")


def _implant(walker: Watched, pick: Pick) -> None:
    good: dict[str, Value] = DAY | IMPLANT | {"platelets": 200, "inr": "1.1", "anticoagulant": "none"}
    _approve(walker, pick, "approve_implant", good)
    walker.now += timedelta(minutes=pick((5, 60, 600)))
    _take(walker, "record_implant")


def _approve(walker: Watched, pick: Pick, name: str, good: dict[str, Value]) -> None:
    """Say what the gates ask for, approve, and let something happen before the act; sometimes dated too early."""
    _say(walker, good)
    if pick((True, False, False, False)):
        _say(walker, {"platelets": 60})
        for actor in (CLARA, CEM):
            walker.attempt(lambda actor=actor: walker.override("bleeding_risk_today", PLAN, actor))
    at = walker.now - timedelta(minutes=30) if pick((False, False, False, True)) else None
    for actor in (INES, CEM) if name == "approve_implant" else (CLARA,):
        walker.attempt(lambda actor=actor: walker.advance(name, actor, at=at, reason="entered late" if at else None))
    if pick((True, False, False, False)):
        pick((_worsen, _worsen, hold_or_release, correct, record_some, wait))(walker, pick)


def _worsen(walker: Watched, pick: Pick) -> None:
    _say(
        walker,
        pick(({"platelets": 20}, {"fever_or_infection_today": "yes"}, {"sedation_score": 3}, {"tolerated": "no"})),
    )


def _say(walker: Watched, values: dict[str, Value], actor: Actor = NILS) -> None:
    say(walker, actor, walker.now, **values)


def _take(walker: Watched, name: str) -> None:
    walker.attempt(lambda: walker.advance(name, who_may(walker.protocol, name)))


def _both(walker: Watched, name: str, *, first: Actor = CLARA, reason: str | None = None) -> None:
    for actor in (first, CEM):
        walker.attempt(lambda actor=actor: walker.advance(name, actor, reason=reason))
