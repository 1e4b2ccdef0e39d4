"""Health: does the process answer, is time kept, and the figures behind that. Only the first two are open to all."""

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api.asks import asks, open_to_all
from api.deps import Me, TheDesk, TheLately
from api.document import problems
from api.door import resource
from api.errors import RETRY_AFTER, rendered
from api.schemas.health import LookedOut, ReadyOut, UpOut
from api.schemas.problem import Problem
from workflow.domain.policy import Verb
from workflow.service import health, look
from workflow.service.health import Finding, Vitals

open_router = APIRouter(tags=["health"])
router = resource("health")

REQUESTS = Counter("theca_requests", "Requests answered, by method and status.", ["method", "status"], registry=None)


@open_router.get("/healthz", summary="Is the process up?", response_description="It is.")
@open_to_all("it says that the process answers, and nothing else")
def healthz() -> UpOut:
    """Always 200 while the process answers; it asks nothing of the database. For whoever restarts processes."""
    return UpOut(status="up")


@open_router.get(
    "/readyz",
    response_model=ReadyOut,
    summary="Is time kept?",
    response_description="Ready.",
    responses=problems(_503="Reminders do not flow, or the database has another shape or does not answer."),
)
@open_to_all("it says whether time is kept, over all sites and naming none")
def readyz(desk: TheDesk, lately: TheLately) -> Response:
    """Whether somebody ticks and nothing due is left lying for more than a minute; each finding says what to do.

    It is open to all, and so looked up at most once a second, whoever asks however often.
    """
    seen = lately.findings(desk)
    found = tuple(_looked(one) for one in seen)
    wrong = [one.what for one in seen if one.decisive and not one.well]
    if not wrong:
        return Response(ReadyOut(status="ready", findings=found).model_dump_json(), media_type="application/json")
    told = Problem(
        title="Service Unavailable",
        status=503,
        code="not_ready",
        detail=f"not well: {', '.join(wrong)}",
        findings=found,
    )
    return rendered(told, headers={"Retry-After": RETRY_AFTER})


@router.get(
    "/metrics",
    summary="Read the figures",
    response_class=Response,
    response_description="Prometheus text.",
)
@asks(Verb.READ_PEOPLE)
def metrics(desk: TheDesk, me: Me) -> Response:
    """How well time is kept over all sites, as Prometheus text; it names no site and no candidate."""
    look.where(me, Verb.READ_PEOPLE)
    return Response(_figures(health.vitals(desk.store), missed=desk.bell.missed), media_type=CONTENT_TYPE_LATEST)


def _looked(one: Finding) -> LookedOut:
    return LookedOut(what=one.what, well=one.well, shown=one.shown, remedy="" if one.well else one.remedy)


def _figures(seen: Vitals, *, missed: int) -> bytes:
    registry = CollectorRegistry()
    registry.register(REQUESTS)
    ages = {
        "theca_tick_age_seconds": ("Since somebody last looked what is due.", seen.ticked_at),
        "theca_last_outage_seconds": ("Since the last outage ended.", seen.outage_until),
        "theca_oldest_due_seconds": ("How long the oldest due timer waits.", seen.oldest_due),
        "theca_oldest_unsent_seconds": ("How long the oldest message waits that could leave.", seen.oldest_unsent),
    }
    for name, (about, since) in ages.items():
        if since is not None:
            Gauge(name, about, registry=registry).set((seen.now - since).total_seconds())
    counts = {
        "theca_due_timers": ("Timers that are due.", seen.due),
        "theca_expected_minus_fired": ("Timers due for more than a minute.", seen.late),
        "theca_unsent_messages": ("Messages that wait.", seen.unsent),
        "theca_dead_messages": ("Messages that will never arrive.", seen.dead),
        "theca_dead_without_task": ("Messages that will never arrive, of which nobody was told.", seen.dead_untold),
        "theca_rungs_reached_nobody": ("Ladders whose last rung found nobody to tell.", seen.reached_nobody),
        "theca_withheld_backlog": ("Tasks that arrived overdue and wait for a release.", seen.withheld),
        "theca_timers_set_aside": ("Timers that failed to fire.", seen.set_aside),
        "theca_bells_missed": ("Doorbells nobody heard, in this process.", missed),
    }
    for name, (about, count) in counts.items():
        Gauge(name, about, registry=registry).set(count)
    return generate_latest(registry)
