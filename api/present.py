"""From values to the wire: an episode whole, a gate's report, and the answer to an act."""

from collections.abc import Iterable
from fractions import Fraction

from fastapi import Response
from pydantic import TypeAdapter

from api.errors import rendered
from api.ids import name
from api.schemas.episode import (
    AdministrationOut,
    AppointmentOut,
    DueOut,
    EmergencyOut,
    EpisodeOut,
    HoldOut,
    IdentityOut,
    ObservationOut,
    OpenTaskOut,
    RefillOut,
    ResponseOut,
    RoundOut,
    StageOut,
    TrialOut,
)
from api.schemas.gates import GateOut
from api.schemas.problem import Problem
from api.schemas.signed import SignatureOut
from api.schemas.told import ActOut
from workflow.domain.calendar import Calendar
from workflow.domain.canonical import plain
from workflow.domain.decision import Outcome
from workflow.domain.derived_plans import refill, rounds_of
from workflow.domain.episode import Episode, Hold
from workflow.domain.gate import GateReport
from workflow.domain.ladder import Urgency
from workflow.domain.observation import Observation
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.reckoning import floor
from workflow.domain.response import Response as Relief
from workflow.domain.signature import Signature
from workflow.domain.situation import Situation
from workflow.domain.task import Task
from workflow.domain.trial import Administration, Trial
from workflow.service.answer import Answer
from workflow.service.look import Sight
from workflow.service.why import Due, day_of, next_due

_GATES = TypeAdapter(tuple[GateOut, ...])
NO_EMERGENCY_CHANNEL = "Theca is not an emergency channel"


def answer(told: Answer, *, done: int = 200, made: tuple[str, ...] = ()) -> Response:
    """The answer to an act: `done`, 202 where a second person is needed, 409 with every gate where refused."""
    headers = {"ETag": f'"{told.version}"'}
    if told.replayed:
        headers["Idempotency-Replayed"] = "true"
    if told.outcome is Outcome.REFUSED:
        return rendered(_refusal(told), headers=headers)
    out = ActOut(
        outcome=told.outcome,
        verb=told.verb,
        episode=told.episode,
        site=told.site,
        stage=told.stage,
        version=told.version,
        seq=told.seq,
        at=told.at,
        occurred_at=told.occurred_at,
        actor=told.actor,
        about=dict(told.about),
        made=tuple(name(told.episode, key) for key in made) if told.outcome is Outcome.DONE else (),
        gates=_GATES.validate_python(told.basis, strict=False),
    )
    status = done if told.outcome is Outcome.DONE else 202
    return Response(out.model_dump_json(), status_code=status, media_type="application/json", headers=headers)


def gates(reports: Iterable[GateReport]) -> tuple[GateOut, ...]:
    return _GATES.validate_python([plain(report) for report in reports], strict=False)


def stage(protocol: ProtocolVersion, key: str) -> StageOut:
    return StageOut(key=key, label=protocol.stage(key).label)


def due(episode: str, coming: Due | None) -> DueOut | None:
    if coming is None:
        return None
    return DueOut(
        task=name(episode, coming.task),
        label=coming.label,
        rung=coming.rung,
        tells=coming.tells,
        due_at=coming.due_at,
    )


def episode(sight: Sight) -> EpisodeOut:
    """One episode, whole."""
    s = sight.situation
    it = s.episode
    assert it.stint_at is not None
    assert it.enrolled_at is not None
    named = sight.identity
    return EpisodeOut(
        id=it.id,
        code=sight.code,
        identity=None if named is None else IdentityOut(**{f: getattr(named, f) for f in IdentityOut.model_fields}),
        site=it.site,
        protocol=it.protocol,
        stage=stage(s.protocol, it.stage),
        stint=it.stint,
        stint_at=it.stint_at,
        day_in_stage=day_of(s, it.stint_at),
        enrolled_at=it.enrolled_at,
        closed_at=it.closed_at,
        version=it.version,
        seq=it.seq,
        hold=_hold(it.hold),
        response=_response(s, s.view(s.now).response()),
        next_due=due(it.id, next_due(s)),
        rounds=_rounds(s),
        refill=_refill(s),
        trials=tuple(_trial(one) for one in it.trials.values()),
        tasks=tuple(_task(sight, one) for one in it.open_tasks if not one.is_duty),
        duties=tuple(_task(sight, one) for one in it.open_duties),
        appointments=_appointments(s),
        observations=tuple(_observation(s, one) for one in sorted(it.observations.values(), key=lambda o: o.order)),
        administrations=tuple(_dose(one) for one in it.administrations.values()),
        signatures=tuple(signature(one, s.calendar) for one in it.signatures.values()),
    )


def signature(one: Signature, calendar: Calendar) -> SignatureOut:
    """A signature with its time as the site's own clock told it."""
    return SignatureOut(
        about=one.about,
        printed=one.printed,
        by=one.by,
        meaning=one.meaning,
        at=one.at,
        at_site=calendar.local(one.at).isoformat(timespec="seconds"),
        zone=calendar.zone,
        digest=one.digest,
        confirmed=one.confirmed,
        series=one.series,
        line=one.key,
        stands=one.stands,
        voided_at=one.voided_at,
        voided_by=one.voided_by,
        voided_on=one.voided_on,
        void_reason=one.void_reason,
    )


def _refusal(told: Answer) -> Problem:
    barred = [str(report["because"]) for report in told.basis if report["verdict"] in ("shut", "unknown")]
    return Problem(
        title="Conflict",
        status=409,
        code="refused",
        detail="; ".join(barred),
        episode=told.episode,
        version=told.version,
        seq=told.seq,
        gates=_GATES.validate_python(told.basis, strict=False),
    )


def _hold(hold: Hold | None) -> HoldOut | None:
    if hold is None:
        return None
    return HoldOut(reason=hold.reason, since=hold.since, review_at=hold.review_at, by=hold.by)


def _response(s: Situation, relief: Relief | None) -> ResponseOut | None:
    if relief is None:
        return None
    shown = relief.relief_shown
    return ResponseOut(
        verdict=relief.verdict,
        because=relief.because,
        relief=None if shown is None else format(shown, "f"),
        unit=relief.unit,
        margin=_cents(relief.margin),
        best=_cents(relief.best),
        worst=_cents(relief.worst),
        asked_for=relief.asked,
        baseline_scores=tuple(name(s.episode.id, key) for key in relief.baseline_scores),
        scores=tuple(name(s.episode.id, key) for key in relief.scores),
        left_out=relief.left_out,
        warning=relief.warning,
    )


def _trial(one: Trial) -> TrialOut:
    return TrialOut(
        number=one.number,
        method=one.method,
        drug=one.drug,
        started_at=one.started_at,
        punctured_at=one.punctured_at,
        catheter_out_at=one.catheter_out_at,
        ended_at=one.ended_at,
        outcome=one.outcome,
        response=one.response,
        relief=None if one.relief is None else format(one.relief, "f"),
        source=one.prior,
    )


def emergency(protocol: ProtocolVersion, work: str, number: str) -> EmergencyOut | None:
    """Whom to call, shown with red work and complications: this is no way to call for help."""
    red = protocol.ladders[protocol.task(work).ladder].urgency is Urgency.RED
    if not red and not any(one.duty == work for one in protocol.complications.values()):
        return None
    return EmergencyOut(call=number, note=NO_EMERGENCY_CHANNEL)


def _task(sight: Sight, one: Task) -> OpenTaskOut:
    s = sight.situation
    timer = s.episode.timers[one.key]
    return OpenTaskOut(
        id=name(s.episode.id, one.key),
        name=one.name,
        label=s.protocol.task(one.name).label,
        role=one.role,
        duty=one.is_duty,
        assignee=one.assignee,
        acknowledged_until=one.acknowledged_until,
        waiting_on=one.waiting_on,
        contacts=one.contacts,
        offered_to=one.offered_to,
        emergency=emergency(s.protocol, one.name, sight.emergency_number),
        opened_at=one.opened_at,
        due_at=timer.due_at,
        rung=timer.rung,
        clock=timer.state,
        about=one.about,
        advice=s.protocol.task(one.name).advice,
    )


def _rounds(s: Situation) -> tuple[RoundOut, ...]:
    return tuple(RoundOut(due_at=one.due_at, lacks=one.lacks) for one in rounds_of(s.view(s.now)))


def _refill(s: Situation) -> RefillOut | None:
    found = refill(s.view(s.now))
    if found.due_at is None:
        return None
    return RefillOut(reckoned=found.reckoned, printed=found.printed, due_at=found.due_at)


def _cents(value: Fraction | None) -> str | None:
    return None if value is None else format(floor(value), "f")


def _appointments(s: Situation) -> tuple[AppointmentOut, ...]:
    return tuple(
        AppointmentOut(
            id=name(s.episode.id, one.key),
            kind=one.kind,
            label=kind.label if (kind := s.protocol.appointments.get(one.kind)) else one.kind,
            starts_at=one.starts_at,
            state=one.state,
            by=one.by,
            reason=one.reason,
        )
        for one in s.episode.appointments.values()
    )


def _observation(s: Situation, one: Observation) -> ObservationOut:
    return ObservationOut(
        id=name(s.episode.id, one.key),
        item=one.item,
        label=item.label if (item := s.protocol.items.get(one.item)) else one.item,
        value=one.text if one.number is None else format(one.number, "f"),
        absent=one.absent,
        unit=one.unit,
        observed_at=one.observed_at,
        recorded_at=one.recorded_at,
        by=one.by,
        trial=one.trial,
        stands=one.stands,
        superseded_by=_successor(s.episode, one),
        reason=one.reason,
    )


def _successor(it: Episode, one: Observation) -> str | None:
    by = one.superseded_by
    return by if by in (None, "void") else name(it.id, by)


def _dose(one: Administration) -> AdministrationOut:
    return AdministrationOut(
        trial=one.trial,
        drug=one.drug,
        mode=one.mode,
        ordered=format(one.ordered, "f"),
        given=format(one.given, "f"),
        unit=one.unit,
        given_at=one.given_at,
        by=one.by,
        act=one.act,
        reason=one.reason,
    )
