"""Administer: a dose as ordered and as given. Theca records it, checks unit and plausibility, and computes none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from workflow.domain.coded import asked_for, is_coded
from workflow.domain.decide.advance import act_reports, live_authorisation, use
from workflow.domain.decide.record import reassess
from workflow.domain.decide.steps import act_done, watch
from workflow.domain.decide.upkeep import look_after
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, ImpossibleValueError
from workflow.domain.gate import GateReport, closed
from workflow.domain.protocol import Drug
from workflow.domain.situation import Situation
from workflow.domain.trial import Administration, Method, Mode, Trial

_SLIP = 1000  # a thousandfold of the hard maximum is a unit error, whatever else is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """What was ordered and what was given, in the drug's own unit, spelled out; no unit is ever assumed."""

    drug: str
    mode: Mode
    ordered: Decimal
    given: Decimal
    unit: str
    reason: str | None = None


def administer(s: Situation, *, dose: Dose, given_at: datetime | None = None) -> Decision:
    """Record a dose of the trial under way. It needs the authorisation of its act, standing when it was given.

    Raises ImpossibleValueError (unit, range, hard maximum), ImpossibleNowError where no trial can take a dose.
    """
    at = s.moment(given_at, place="given_at")
    trial, drug = open_trial(s, at), s.protocol.drug(dose.drug)
    check_mode(trial, dose)
    _check_amount(drug, dose, limit=drug.hard_maximum, codes=s.protocol.soft_reasons)
    _check_step(s, drug, dose, trial)
    act = act_of(trial)
    about = {"act": act, "drug": dose.drug, "given": dose.given, "unit": dose.unit, "trial": trial.number}
    authorised = live_authorisation(s, act, at)
    reports = (*_on_hold(s, at), *act_reports(s, act, authorised, at))
    if trial.drug != dose.drug:
        raise ImpossibleNowError(f"trial {trial.number} is of {trial.drug}", place="drug", allowed=trial.drug)
    if authorised is None or not all(seen.passes for seen in reports):
        return refuse(s, "administer", occurred_at=at, about=about, basis=reports)
    draft = Draft(s)
    use(draft, authorised, at)
    shown = give(draft, dose, trial=trial, act=act, at=at)
    return draft.decide("administer", occurred_at=at, about={**about, **shown}, basis=reports)


def _on_hold(s: Situation, at: datetime) -> tuple[GateReport, ...]:
    """A hold stops doses too; one that was given all the same is a deviation."""
    if s.episode.hold is None or at < s.episode.hold.since:
        return ()
    return (closed("hold", "On hold", f"on hold: {s.episode.hold.reason}", "release the hold"),)


def give(draft: Draft, dose: Dose, *, trial: Trial, act: str, at: datetime) -> dict[str, object]:
    """Put the dose on the record, with what the act opens; answers what it did to the response."""
    key = f"{draft.episode.seq + 1}"
    given = Administration(
        key=key,
        trial=trial.number,
        drug=dose.drug,
        mode=dose.mode,
        ordered=dose.ordered,
        given=dose.given,
        unit=dose.unit,
        given_at=at,
        by=draft.s.actor.id,
        act=act,
        reason=dose.reason,
    )
    draft.put("administrations", key, given)
    act_done(draft, act, at=at)
    shown = {**reassess(draft), "undone": [passage.name for passage in watch(draft, since=at)]}
    look_after(draft)
    return shown


def act_of(trial: Trial) -> str:
    """Which act the next dose is: a repeat dose runs through a catheter; without one every dose is a puncture."""
    if trial.method is not Method.CATHETER:
        return "puncture"
    if trial.punctured_at is None:
        raise ImpossibleNowError("record the catheter as in before a dose through it")
    return "repeat_dose"


def open_trial(s: Situation, at: datetime) -> Trial:
    """The trial that can take a dose at this time. Raises ImpossibleNowError where there is none."""
    trial = s.episode.trial
    if trial is None or trial.method is Method.WAIVED or not trial.under_way(at):
        raise ImpossibleNowError("no trial was under way at that time")
    if trial.catheter_out_at is not None and at > trial.catheter_out_at:
        raise ImpossibleNowError("the trial catheter was out by then")
    return trial


def check_mode(trial: Trial, dose: Dose) -> None:
    """An infusion runs through a catheter; its effect window is read from that catheter's removal."""
    if dose.mode is Mode.INFUSION and trial.method is not Method.CATHETER:
        raise ImpossibleNowError("an infusion needs a trial catheter", place="mode", allowed=Mode.BOLUS)


def check_reality(drug: Drug, dose: Dose) -> None:
    """What really happened is recorded even above the hard maximum; only a unit slip is refused."""
    _check_amount(drug, dose, limit=drug.hard_maximum * _SLIP)


def _check_step(s: Situation, drug: Drug, dose: Dose, trial: Trial) -> None:
    """A drug that is tried in steps climbs one at a time; another dose wants its reason."""
    codes = s.protocol.soft_reasons
    if not drug.steps or is_coded(dose.reason, codes):
        return
    given = [d.given for d in s.episode.administrations.values() if d.trial == trial.number and d.drug == drug.key]
    reached = max((at for at, step in enumerate(drug.steps) if step in given), default=-1)
    allowed = drug.steps[: reached + 2]
    if dose.given not in allowed:
        raise ImpossibleInputError(
            f"{drug.label}: {dose.given} {dose.unit} is not a step that is due: say why",
            place="reason",
            allowed=f"{', '.join(str(step) for step in allowed)} {drug.unit}, or"
            f" {asked_for(codes, plainly='a named reason')}",
        )


def _check_amount(drug: Drug, dose: Dose, *, limit: Decimal, codes: Sequence[str] = ()) -> None:
    if dose.unit != drug.unit:
        raise ImpossibleInputError(f"{drug.label} is written in {drug.unit}", place="unit", allowed=drug.unit)
    for name, amount in (("ordered", dose.ordered), ("given", dose.given)):
        if not amount.is_finite() or amount <= 0 or amount > limit:
            raise ImpossibleValueError(
                f"{drug.label}: {amount} {dose.unit} {name} is refused; if it was given, record a deviation",
                place=name,
                allowed=f"above 0, at most {limit} {drug.unit} ({drug.basis})",
            )
        plausible = drug.minimum <= amount <= drug.maximum
        if not plausible and not is_coded(dose.reason, codes):
            raise ImpossibleInputError(
                f"{drug.label}: {amount} {dose.unit} {name} lies outside {drug.minimum} to {drug.maximum}: say why",
                place="reason",
                allowed=asked_for(codes, plainly="a named reason"),
            )
