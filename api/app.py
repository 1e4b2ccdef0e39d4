"""The application: every resource behind the door, under /api/v1; only health and signed links are open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from api import (
    administration,
    appointments,
    episodes,
    errors,
    health,
    huddle,
    messages,
    observations,
    overdue,
    people,
    protocols,
    roster,
    sessions,
    signatures,
    single,
    tablets,
    tasks,
    transitions,
    trials,
)
from api.asks import asks, check
from api.document import describe
from api.door import LARGEST_BODY, Door, resource
from api.entrance import Entrance, entrance_of
from api.lately import Lately
from api.shell import Api
from api.web import acknowledge, came_back, paper
from workflow.domain.policy import Verb
from workflow.service import single_sign_on
from workflow.service.act import Desk
from workflow.settings import Settings, settings
from workflow.store.bell import Bell
from workflow.store.session import open_store

PREFIX = "/api/v1"
RESOURCES = (
    episodes,
    transitions,
    observations,
    trials,
    appointments,
    tasks,
    protocols,
    messages,
    people,
    overdue,
    huddle,
    roster,
    sessions,
    single,
    tablets,
    administration,
    signatures,
)
THRESHOLDS = (sessions, tablets, single)


def app() -> FastAPI:
    """The application as the environment sets it.

    `uvicorn --factory api.app:app --no-access-log --no-proxy-headers`: a search holds a name, and an access log would
    keep it; whose word about addresses counts is ours to judge.
    """
    return create_app(settings())


def create_app(source: Settings | Desk) -> FastAPI:
    """The application on a desk, or one opened as settings say. Raises UnnamedVerbError where a route asks for none."""
    desk = source if isinstance(source, Desk) else _opened(source)
    made = Api(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        max_body_size=LARGEST_BODY,
        lifespan=_lifespan,
        # Its records would hold what was sent.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    made.state.desk = desk
    made.state.owns = desk is not source
    made.state.lately = Lately()
    made.state.entrance = entrance_of(source) if isinstance(source, Settings) else Entrance()
    made.state.provider = single_sign_on.provider_of(source) if isinstance(source, Settings) else None
    errors.install(made)
    made.include_router(health.open_router)
    made.include_router(health.router)
    made.include_router(acknowledge.router)
    made.include_router(paper.router)
    made.include_router(came_back.router)
    for each in THRESHOLDS:
        made.include_router(each.open_router, prefix=PREFIX)
    for each in RESOURCES:
        made.include_router(each.router, prefix=PREFIX)
    made.include_router(_description(made), prefix=PREFIX)
    check(made, Door)
    return made


def _opened(source: Settings) -> Desk:
    store = open_store(source.database_url, source.theca_key_file, pooler=source.database_pooler)
    return Desk(store, Bell(source.broker))


@asynccontextmanager
async def _lifespan(made: FastAPI) -> AsyncIterator[None]:
    """Leave no connection open behind a desk of our own."""
    yield
    if made.state.owns:
        made.state.desk.store.close()


def _description(made: FastAPI) -> APIRouter:
    router = resource("description")

    @router.get("/openapi.json", include_in_schema=False)
    @asks(Verb.SELF)
    def openapi() -> JSONResponse:
        """This interface, described."""
        return JSONResponse(describe(made))

    return router
