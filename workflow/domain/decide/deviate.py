"""Deviate: an act happened against a shut gate. Reality is recorded, by two people, with a reason, and loudly."""

from datetime import datetime

from workflow.domain.canonical import canonical
from workflow.domain.decide.administer import Dose, act_of, check_mode, check_reality, give, open_trial
from workflow.domain.decide.steps import go, propose, second_asked, settle_proposal
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, UnknownNameError
from workflow.domain.ledger import digest
from workflow.domain.passage import How, Passage
from workflow.domain.protocol import Transition
from workflow.domain.signature import Matter, Signing
from workflow.domain.signing import matter, recorded, sign, unsigned
from workflow.domain.situation import Situation
from workflow.domain.work import open_task

DOSES = ("puncture", "repeat_dose")


def deviate(
    s: Situation,
    *,
    act: str,
    reason: str,
    occurred_at: datetime,
    dose: Dose | None = None,
    signed: Signing | None = None,
) -> Decision:
    """Record an act that had no open gate: the first person proposes, a second, other person makes it stand; both sign.

    A puncture or repeat dose brings its `dose`; placing a catheter, removing it and implanting bring none.
    Raises UnknownNameError, ImpossibleTimeError, StaleError where the signed digest no longer fits, and
    ImpossibleInputError (reason of 10 to 500 characters). Refused without a signature.
    """
    if not 10 <= len(reason.strip()) <= 500:
        raise ImpossibleInputError("a deviation says what happened", place="reason", allowed="10 to 500 characters")
    at, rule = _checked(s, act, dose, occurred_at)
    about = {"act": act, "reason": reason.strip(), "dose": dose, "at": at}
    wanted = _to_sign(s, act, dose, at)
    if (bar := unsigned(s, wanted, signed)) is not None:
        return refuse(s, "deviate", occurred_at=at, about=about, basis=(bar,))
    key = f"deviate:{act}:{digest(canonical([at, dose or []]))[:16]}"  # both must report the same event
    asked = second_asked(s, key, (), signed=wanted.digest)
    if asked is None:
        return propose(
            s,
            "deviate",
            key,
            reports=(),
            about=about,
            occurred_at=at,
            reason=reason.strip(),
            wanted=wanted,
            signed=signed,
        )
    draft = Draft(s)
    settle_proposal(draft, key)
    open_task(draft, s.protocol.task(s.protocol.safety_task), anchor=s.now)
    under = sign(draft, wanted, signed)
    if dose is not None:
        _dose_anyway(draft, dose, at=at, second=asked.by, reason=reason, signed=under)
    elif rule is not None:
        go(draft, rule, at=at, how=How.DEVIATION, second=asked.by, reason=reason.strip(), signed=under)
    return draft.decide("deviate", occurred_at=at, about={**about, "second": asked.by, **recorded(wanted)})


def deviate_to_sign(s: Situation, *, act: str, occurred_at: datetime, dose: Dose | None = None) -> Matter:
    """What would be signed to record an act that had no open gate. Raises what `deviate` raises."""
    at, _ = _checked(s, act, dose, occurred_at)
    return _to_sign(s, act, dose, at)


def _to_sign(s: Situation, act: str, dose: Dose | None, at: datetime) -> Matter:
    meaning = f"This was done and no gate was open for it: {s.protocol.acts[act].label}. I report it as it was."
    return matter(s, f"deviate:{act}", meaning=meaning, reports=(), asked={"act": act, "at": at, "dose": dose})


def _checked(s: Situation, act: str, dose: Dose | None, occurred_at: datetime) -> tuple[datetime, Transition | None]:
    """When the act happened, and the transition that records it. Raises where it cannot have happened so."""
    if act not in s.protocol.acts:
        raise UnknownNameError("no such act", said=act, place="act", allowed=", ".join(sorted(s.protocol.acts)))
    at = s.moment_since(s.episode.enrolled_at, occurred_at)
    return at, _check(s, act, dose, at)


def _check(s: Situation, act: str, dose: Dose | None, at: datetime) -> Transition | None:
    """The transition that records the act, or None for a dose. Raises where the act cannot have happened so."""
    if dose is not None:
        if act not in DOSES or act_of(open_trial(s, at)) != act:
            raise ImpossibleNowError(f"a dose now is not {act}", place="act")
        check_mode(open_trial(s, at), dose)
        check_reality(s.protocol.drug(dose.drug), dose)
        return None
    rules = [rule for rule in s.protocol.transitions.values() if rule.records == act]
    if not rules:
        raise ImpossibleInputError(f"{act} brings its dose", place="dose", allowed="the dose as given")
    if s.protocol.stage(s.episode.stage).ends and rules[0].to:
        raise ImpossibleNowError("the pathway of this candidate is over")
    return rules[0]


def _dose_anyway(draft: Draft, dose: Dose, *, at: datetime, second: str, reason: str, signed: str | None) -> None:
    trial = open_trial(draft.s, at)
    act = act_of(trial)
    give(draft, dose, trial=trial, act=act, at=at)
    key = f"{draft.s.episode.seq + 1}"
    passage = Passage(
        key=key,
        name=act,
        how=How.DEVIATION,
        at=at,
        by=draft.s.actor.id,
        second=second,
        act=act,
        used_at=at,
        trial=trial.number,
        reason=reason.strip(),
        signed=signed,
    )
    draft.put("passages", key, passage)
