"""Health: does the process answer, is time kept, and the figures behind that. Only the first two are open to all."""

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api.deps import Me, TheDesk
from api.document import problems
from api.door import resource
from api.errors import RETRY_AFTER, rendered
from api.schemas.health import LookedOut, ReadyOut, UpOut
from api.schemas.problem import Problem
from workflow.domain.policy import Verb
from workflow.service import health, look
from workflow.service.health import Finding, Vitals

# Without these no reminder leaves, or nothing can be trusted to be written; the other findings are to be looked at.
DECISIVE = frozenset({"tick", "oldest due timer", "shape"})

open_router = APIRouter(tags=["health"])
router = resource("health")

REQUESTS = Counter("theca_requests", "Requests answered, by method and status.", ["method", "status"], registry=None)


@open_router.get("/healthz", summary="Is the process up?", response_description="It is.")
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
def readyz(desk: TheDesk) -> Response:
    """Whether somebody ticks and nothing due is left lying for more than a minute; each finding says what to do."""
    found = tuple(_looked(one) for one in health.examine(desk.store, desk.bell))
    wrong = [one.what for one in found if one.what in DECISIVE and not one.well]
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
        "theca_oldest_due_seconds": ("How long the oldest due timer waits.", seen.oldest_due),
        "theca_oldest_unsent_seconds": ("How long the oldest unsent message waits.", seen.oldest_unsent),
    }
    for name, (about, since) in ages.items():
        if since is not None:
            Gauge(name, about, registry=registry).set((seen.now - since).total_seconds())
    counts = {
        "theca_due_timers": ("Timers that are due.", seen.due),
        "theca_unsent_messages": ("Messages that wait.", seen.unsent),
        "theca_dead_messages": ("Messages that will never arrive.", seen.dead),
        "theca_timers_set_aside": ("Timers that failed to fire.", seen.set_aside),
        "theca_bells_missed": ("Doorbells nobody heard, in this process.", missed),
    }
    for name, (about, count) in counts.items():
        Gauge(name, about, registry=registry).set(count)
    return generate_latest(registry)
