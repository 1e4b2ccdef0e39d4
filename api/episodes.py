"""Episodes: enrolling, listing, looking at one, and everything that can be done to it as a whole."""

from typing import Annotated

from fastapi import Query, Response

from api import present
from api.asks import asks
from api.basis import why_out
from api.deps import EpisodeId, Headed, Me, TheDesk, TheSigner, proof
from api.document import ACTED, BODY, Responses, problems
from api.door import resource
from api.ids import after, cursor
from api.schemas.asked import AdoptIn, DeviationIn, DoseIn, EpisodeIn, HoldIn, OverrideIn, ReleaseIn
from api.schemas.episode import EpisodeLineOut, EpisodeOut, EpisodesOut, HoldOut, NextDueOut
from api.schemas.told import ActOut, LedgerLineOut, LedgerOut, OptionOut, OptionsOut, WantedOut, WhyOut
from api.schemas.wanted import EpisodesQuery, LedgerQuery
from workflow.domain.calendar import Calendar
from workflow.domain.decide import Dose, Option, PriorTrial, RunningDuty, survey
from workflow.domain.policy import Verb
from workflow.domain.signature import signatures_in
from workflow.service import act, look, signing
from workflow.service.enrol import enrol
from workflow.service.look import Listed
from workflow.store.candidates import Identity
from workflow.store.ledger import Read
from workflow.store.worklist import EpisodeLine, EpisodesWanted

router = resource("episodes")
PROPOSED: Responses = {202: {"model": ActOut, "description": "Proposed: another person must ask for the same."}}


@router.post(
    "/episodes",
    status_code=201,
    response_model=ActOut,
    response_description="Enrolled. `Location` leads to the episode.",
    responses=BODY | problems(_409="The record number is known with another birth date, or an episode is open."),
    summary="Enrol a candidate",
)
@asks(Verb.ENROL)
def start(asked: EpisodeIn, desk: TheDesk, heading: Headed) -> Response:
    """Registers the candidate if their record number is new at this site, and starts them on the protocol."""
    told = enrol(
        desk,
        heading.person,
        site=asked.site,
        identity=Identity(**asked.candidate.model_dump()),
        protocol=asked.protocol,
        occurred_at=asked.occurred_at,
        command=heading.command,
    )
    response = present.answer(told, done=201)
    response.headers["Location"] = f"/api/v1/episodes/{told.episode}"
    return response


@router.get("/episodes", summary="List episodes", response_description="A page of episodes.")
@asks(Verb.READ)
def board(desk: TheDesk, me: Me, wanted: Annotated[EpisodesQuery, Query()]) -> EpisodesOut:
    """The episodes of your sites, the latest enrolled first. Those that are over come with `stage` or `q` only."""
    at, (last,) = after(wanted.cursor, 1)
    found = look.board(
        desk,
        me,
        EpisodesWanted(
            most=wanted.limit,
            stage=wanted.stage,
            closed=wanted.stage is not None or wanted.q is not None,
            late=wanted.late,
            assignee=wanted.assignee,
            after_at=at,
            after_id=last,
        ),
        site=wanted.site,
        search=wanted.q,
    )
    more = cursor(found[-1].line.enrolled_at, found[-1].line.id) if len(found) == wanted.limit else None
    return EpisodesOut(items=tuple(_line(one) for one in found), next=more)


@router.get("/episodes/{id}", summary="Look at one episode", response_description="The episode; `ETag` its version.")
@asks(Verb.READ)
def whole(episode: EpisodeId, desk: TheDesk, me: Me, response: Response) -> EpisodeOut:
    """Everything recorded of one episode, with the candidate's identity. That you looked is noted."""
    sight = look.one(desk, me, episode)
    response.headers["ETag"] = f'"{sight.situation.episode.version}"'
    return present.episode(sight)


@router.get("/episodes/{id}/options", summary="See every way on", response_description="Each transition from here.")
@asks(Verb.READ)
def options(episode: EpisodeId, desk: TheDesk, me: Me, response: Response) -> OptionsOut:
    """Each transition from here as it stands for you now: its gates' answers, and what would open them."""
    s = look.one(desk, me, episode, page="options").situation
    response.headers["ETag"] = f'"{s.episode.version}"'
    return OptionsOut(
        episode=s.episode.id,
        version=s.episode.version,
        stage=present.stage(s.protocol, s.episode.stage),
        options=tuple(_option(one) for one in survey(s).options),
    )


@router.get("/episodes/{id}/why", summary="Why is this candidate not moving?", response_description="One sentence.")
@asks(Verb.READ)
def why(episode: EpisodeId, desk: TheDesk, me: Me) -> WhyOut:
    """One sentence, and its basis: since when, what bars the way, who holds the next step, what time does next.

    Beside it every clock that runs, what is waited for, and how ready the appointments ahead are.
    """
    return why_out(*look.explain(desk, me, episode))


@router.get("/episodes/{id}/ledger", summary="Read the ledger", response_description="A stretch of the chain.")
@asks(Verb.READ_LEDGER)
def ledger(
    episode: EpisodeId,
    desk: TheDesk,
    me: Me,
    wanted: Annotated[LedgerQuery, Query()],
) -> LedgerOut:
    """Who did what, when and on what ground, line by line; each line chained to the one before it."""
    lines, calendar = look.chain(desk, me, episode, after=wanted.after, most=wanted.limit)
    more = lines[-1].seq if len(lines) == wanted.limit else None
    return LedgerOut(episode=episode, lines=tuple(_ledger_line(one, calendar) for one in lines), next=more)


@router.post(
    "/episodes/{id}/hold",
    response_model=ActOut,
    responses=ACTED,
    summary="Put on hold",
    response_description="On hold.",
)
@asks(Verb.HOLD)
def hold(episode: EpisodeId, asked: HoldIn, desk: TheDesk, heading: Headed) -> Response:
    """A pause beside the stage, for a declared reason. It pauses only clocks declared pausable."""
    return present.answer(act.hold(desk, heading.on(episode), reason=asked.reason, occurred_at=asked.occurred_at))


@router.post(
    "/episodes/{id}/release", response_model=ActOut, responses=ACTED, summary="End a hold", response_description="Free."
)
@asks(Verb.RELEASE)
def release(episode: EpisodeId, asked: ReleaseIn, desk: TheDesk, heading: Headed) -> Response:
    """Ends the hold. Paused clocks run on with the time they had left."""
    return present.answer(act.release(desk, heading.on(episode), reason=asked.reason, occurred_at=asked.occurred_at))


@router.post(
    "/episodes/{id}/overrides",
    response_model=ActOut,
    responses=ACTED | PROPOSED,
    summary="Let a gate be passed",
    response_description="Agreed by two people.",
)
@asks(Verb.OVERRIDE)
def override(episode: EpisodeId, asked: OverrideIn, desk: TheDesk, heading: Headed, signer: TheSigner) -> Response:
    """Asks for a gate to be passed though it is not open, where the protocol declares that. Two people sign it."""
    signed = signing.confirmed(desk.store, signer, proof(asked.signature))
    told = act.override(desk, heading.on(episode), gate=asked.gate, reason=asked.reason, signed=signed)
    return present.answer(told)


@router.post(
    "/episodes/{id}/deviations",
    response_model=ActOut,
    responses=ACTED | PROPOSED,
    summary="Record what happened against a shut gate",
    response_description="Recorded by two people.",
)
@asks(Verb.DEVIATE)
def deviate(episode: EpisodeId, asked: DeviationIn, desk: TheDesk, heading: Headed, signer: TheSigner) -> Response:
    """Reality is recorded even where a gate was shut: two people sign it, with a reason, and an urgent task opens."""
    told = act.deviate(
        desk,
        heading.on(episode),
        act=asked.act,
        reason=asked.reason,
        occurred_at=asked.occurred_at,
        dose=dose(asked.dose) if asked.dose else None,
        signed=signing.confirmed(desk.store, signer, proof(asked.signature)),
    )
    return present.answer(told)


@router.post(
    "/episodes/{id}/adopt",
    response_model=ActOut,
    responses=ACTED,
    summary="Take over a candidate midway",
    response_description="Adopted.",
)
@asks(Verb.ADOPT)
def adopt(episode: EpisodeId, asked: AdoptIn, desk: TheDesk, heading: Headed) -> Response:
    """Puts a newly enrolled candidate where they really stand. No gate counts as passed by that."""
    told = act.adopt(
        desk,
        heading.on(episode),
        stage=asked.stage,
        reason=asked.reason,
        occurred_at=asked.occurred_at,
        trials=tuple(PriorTrial(**each.model_dump()) for each in asked.trials),
        duties=tuple(RunningDuty(**each.model_dump()) for each in asked.duties),
    )
    return present.answer(told)


def dose(asked: DoseIn) -> Dose:
    return Dose(
        drug=asked.drug,
        mode=asked.mode,
        ordered=asked.ordered,
        given=asked.given,
        unit=asked.unit,
        reason=asked.reason,
    )


def _line(one: Listed) -> EpisodeLineOut:
    it, named = one.line, one.identity
    local = Calendar(zone=it.zone).local
    return EpisodeLineOut(
        id=it.id,
        code=it.code,
        family_name=named.family_name if named else None,
        given_name=named.given_name if named else None,
        site=it.site,
        protocol=it.protocol,
        stage=present.stage(one.protocol, it.stage),
        day_in_stage=(local(it.now).date() - local(it.stint_at).date()).days + 1,
        enrolled_at=it.enrolled_at,
        closed_at=it.closed_at,
        hold=_hold(it),
        duties=it.duties,
        late=it.late,
        next_due=_next(one),
        version=it.version,
    )


def _hold(it: EpisodeLine) -> HoldOut | None:
    if it.hold_reason is None or it.hold_since is None or it.hold_review_at is None:
        return None
    return HoldOut(reason=it.hold_reason, since=it.hold_since, review_at=it.hold_review_at)


def _next(one: Listed) -> NextDueOut | None:
    task, due_at = one.line.next_task, one.line.next_due_at
    if task is None or due_at is None:
        return None
    return NextDueOut(label=one.protocol.task(task).label, due_at=due_at)


def _option(one: Option) -> OptionOut:
    return OptionOut(
        name=one.name,
        label=one.label,
        to=one.to or None,
        verdict=one.verdict,
        opens_when=one.opens_when,
        second_person=one.second_person,
        reasons=one.reasons,
        signature=_wanted(one),
        gates=present.gates(one.reports),
    )


def _wanted(one: Option) -> WantedOut | None:
    if not one.signed:
        return None
    return WantedOut(meaning=one.signed, digest=None if one.to_sign is None else one.to_sign.digest)


def _ledger_line(one: Read, calendar: Calendar) -> LedgerLineOut:
    return LedgerLineOut(
        seq=one.seq,
        at=one.at,
        occurred_at=one.occurred_at,
        actor=one.actor,
        verb=one.verb,
        outcome=one.outcome,
        prev=one.prev,
        hash=one.hash,
        head=one.head.decode(),
        payload=one.payload,
        sound=one.sound,
        signed=tuple(present.signature(each, calendar) for each in signatures_in(one.payload)),
    )
