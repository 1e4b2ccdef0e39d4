"""Advance: take a declared transition, if every gate lets this candidate through at that instant.

ask the table ─► reports ─┬─ a gate not passed ───────────────► refused, with every because
                          ├─ an act without its authorisation ► refused: approve it, or record a deviation
                          ├─ a signature wanted and not there ► refused: sign what it shows
                          ├─ a second person still missing ───► proposed, and a task to find one
                          └─ otherwise ───────────────────────► moved
"""

from dataclasses import replace
from datetime import datetime

from workflow.domain.canonical import instant
from workflow.domain.coded import asked_for, is_coded
from workflow.domain.criterion import Verdict
from workflow.domain.decide.steps import go, ground, propose, second_asked, settle_proposal
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.gate import GateReport, closed
from workflow.domain.machine import reports_of, table
from workflow.domain.passage import Passage
from workflow.domain.protocol import Transition
from workflow.domain.signature import Matter, Signing
from workflow.domain.signing import matter, recorded, refuse_unasked, sign, unsigned
from workflow.domain.situation import Situation


def advance(
    s: Situation,
    *,
    name: str,
    occurred_at: datetime | None = None,
    reason: str | None = None,
    signed: Signing | None = None,
) -> Decision:
    """Take the transition `name` as of `occurred_at` (default now; not before this stay began).

    `signed` is the signature it wants, on the digest of `advance_to_sign`. Raises UnknownNameError,
    ImpossibleTimeError, StaleError where the digest no longer fits, and ImpossibleInputError for a reason that is not
    declared or a signature nobody asked for.
    """
    rule = s.protocol.transition(name)
    at = s.moment_in_stint(occurred_at)
    _check_reason(s, rule, reason, at)
    if not rule.signed:
        refuse_unasked(signed)
    about = {"name": name, "reason": reason}
    reports, authorised = _judged(s, rule, at)
    if not all(seen.passes for seen in reports):
        return refuse(s, "advance", occurred_at=at, about=about, basis=reports)
    wanted = _wanted(s, rule, reports, reason, occurred_at)
    if wanted is not None and (bar := unsigned(s, wanted, signed)) is not None:
        return refuse(s, "advance", occurred_at=at, about=about, basis=(*reports, bar))
    key = f"advance:{name}" + (f":{reason}" if rule.reasons else "") + (f"@{instant(at)}" if occurred_at else "")
    under = None if wanted is None else wanted.digest
    asked = second_asked(s, key, reports, signed=under) if rule.second_person else None
    if rule.second_person and asked is None:
        return propose(
            s,
            "advance",
            key,
            reports=reports,
            about=about,
            occurred_at=at,
            reason=reason or "",
            wanted=wanted,
            signed=signed,
        )
    draft = Draft(s)
    if asked is not None:
        settle_proposal(draft, asked.key)
    if authorised is not None:
        use(draft, authorised, at)
    second = asked.by if asked is not None else None
    digest = sign(draft, wanted, signed)
    go(draft, rule, at=at, how=ground(reports), second=second, reason=reason, signed=digest)
    told = {**about, "second": second, **recorded(wanted)}
    return draft.decide("advance", occurred_at=at, about=told, basis=reports)


def advance_to_sign(
    s: Situation, *, name: str, occurred_at: datetime | None = None, reason: str | None = None
) -> Matter | None:
    """What would be signed to take a transition; None where it wants no signature. Raises what `advance` raises."""
    rule = s.protocol.transition(name)
    at = s.moment_in_stint(occurred_at)
    _check_reason(s, rule, reason, at)
    return _wanted(s, rule, _judged(s, rule, at)[0], reason, occurred_at)


def matter_of(
    s: Situation,
    rule: Transition,
    reports: tuple[GateReport, ...],
    reason: str | None,
    occurred_at: datetime | None = None,
) -> Matter:
    """The record of a transition as it would be signed on these reports; as of a time of its own, where one is said."""
    own = {} if occurred_at is None else {"at": occurred_at}
    asked = {"name": rule.name, "to": rule.to or None, "reason": reason if rule.reasons else None, **own}
    return matter(s, f"advance:{rule.name}", meaning=rule.signed, reports=reports, asked=asked)


def live_authorisation(s: Situation, act: str, at: datetime) -> Passage | None:
    """The authorisation of an act that stands at `at`: not used, not lapsed, of this trial."""
    trial = s.episode.trial
    number = trial.number if trial else None
    for passage in s.episode.passages.values():
        stands = passage.until is not None and passage.at <= at <= passage.until and passage.used_at is None
        if stands and passage.act == act and passage.trial == number:
            return passage
    return None


def act_reports(s: Situation, act: str, authorised: Passage | None, at: datetime) -> tuple[GateReport, ...]:
    """What an act must find: an authorisation that stands, and its gates still open at that very instant."""
    label = s.protocol.acts[act].label
    if authorised is None:
        return (
            closed(
                "authorisation",
                "Authorised today",
                f"{label}: no authorisation stands at {s.calendar.local(at):%Y-%m-%d %H:%M}",
                "approve it first; if it has happened already, record a deviation",
            ),
        )
    return reports_of(s.protocol.transition(authorised.name), s.view(at))


def use(draft: Draft, authorised: Passage, at: datetime) -> None:
    """An authorisation is good for one act."""
    draft.put("passages", authorised.key, replace(authorised, used_at=at))


def _judged(s: Situation, rule: Transition, at: datetime) -> tuple[tuple[GateReport, ...], Passage | None]:
    """Everything that speaks for or against a transition at `at`, and the authorisation its act would use up."""
    reports = table(s.protocol).ask(rule, s.view(at), s.actor).reports
    reports = (*reports, *_known_by_now(s, rule, at, told=reports))
    authorised = live_authorisation(s, rule.records, at) if rule.records else None
    if rule.records:
        reports = (*reports, *act_reports(s, rule.records, authorised, at))
    return reports, authorised


def _wanted(
    s: Situation,
    rule: Transition,
    reports: tuple[GateReport, ...],
    reason: str | None,
    occurred_at: datetime | None,
) -> Matter | None:
    return matter_of(s, rule, reports, reason, occurred_at) if rule.signed else None


def _known_by_now(
    s: Situation, rule: Transition, at: datetime, *, told: tuple[GateReport, ...]
) -> tuple[GateReport, ...]:
    """What speaks against a step entered late, though it was not known at its own time: nobody dates around a fever."""
    if at >= s.now:
        return ()
    barred = {seen.gate for seen in told if not seen.passes}
    now = reports_of(rule, s.view(s.now))
    return tuple(seen for seen in now if not seen.passes and seen.verdict is Verdict.SHUT and seen.gate not in barred)


def _check_reason(s: Situation, rule: Transition, reason: str | None, at: datetime) -> None:
    if rule.reasons and reason not in rule.reasons:
        allowed = ", ".join(rule.reasons)
        raise ImpossibleInputError(f"{rule.label} asks for a declared reason", place="reason", allowed=allowed)
    late = bool(rule.authorises) and s.now - at > s.protocol.late_after.elapsed
    codes = rule.reasons or s.protocol.late_reasons
    if late and not is_coded(reason, codes):
        allowed = asked_for(codes, plainly="a reason for the late entry")
        raise ImpossibleInputError(f"{rule.label} is entered late: say why", place="reason", allowed=allowed)
