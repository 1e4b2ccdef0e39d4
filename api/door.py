"""The door every route stands behind: who asks, whether they may, whether the body can be read, then what is asked.

token or session ─► person ─► the route's verb ─► content type ─► body, at most 256 KB ─► strict JSON ─► the route

Whoever could use the verb at some site of theirs is let in, and asked again by the service, on locked data, whether
they may there. Whoever could nowhere is refused before a byte of the body is read: 403, and 404 for what is elsewhere.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api import entrance
from api.asks import verb_of
from api.auth import recognise, signed_in
from api.document import COMMON
from api.refused import TooSlowError, UnreadableError, WrongTypeError
from api.sight import in_sight
from api.strict import parse
from workflow.domain.errors import NotFoundError
from workflow.domain.policy import Verb, permits_somehow, refusal

LARGEST_BODY = 262_144
_SECRET = frozenset({"password", "series"})
PATIENCE = 30.0  # seconds for a body to arrive; HOUSE (D)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_JSON = re.compile(r"^application/json(\s*;\s*charset=\"?utf-?8\"?)?\s*\Z", re.ASCII | re.IGNORECASE)


class Heard(Request):
    """A request whose body was read strictly already."""

    heard: object = None

    async def json(self) -> object:
        return self.heard


class Door(APIRoute):
    """A route that lets nobody in unknown, and nobody who may nowhere do what it is for."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **declared: Any) -> None:
        declared["openapi_extra"] = {**(declared.get("openapi_extra") or {}), "x-verb": str(verb_of(endpoint))}
        super().__init__(path, endpoint, **declared)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner, verb = super().get_route_handler(), verb_of(self.endpoint)

        async def enter(request: Request) -> Response:
            request.state.person = await run_in_threadpool(recognise, request)
            await run_in_threadpool(let_in, request, verb)
            return await inner(await _hear(request) if request.method in _WITH_BODY else request)

        return enter


class Threshold(APIRoute):
    """A route for people who are to be recognised yet: open to all, and to no page of another site."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def enter(request: Request) -> Response:
            if request.method in entrance.UNSAFE:
                entrance.check_origin(request)
            return await inner(await _hear(request) if request.method in _WITH_BODY else request)

        return enter


def threshold(tag: str) -> APIRouter:
    """A router for what comes before the door. Whoever adds a route here lets everybody ask."""
    return APIRouter(route_class=Threshold, tags=[tag], responses=COMMON)


def resource(tag: str) -> APIRouter:
    """A router for one resource. Its routes stand behind the door; one that did not would answer nobody."""
    return APIRouter(route_class=Door, tags=[tag], dependencies=[Depends(signed_in)], responses=COMMON)


def let_in(request: Request, verb: Verb) -> None:
    """Let in whoever may use the verb at one of their sites. Raises NotPermittedError, NotFoundError."""
    person = request.state.person
    if verb is Verb.SELF or any(permits_somehow(person.at(site), verb) for site in person.sites):
        return
    if not in_sight(request, person):
        raise NotFoundError
    raise refusal(verb)


async def _hear(request: Request) -> Heard:
    _check_type(request)
    heard = Heard(request.scope, request.receive)
    try:
        async with asyncio.timeout(PATIENCE):
            body = await heard.body()
    except TimeoutError:
        raise TooSlowError from None
    except ClientDisconnect:
        raise UnreadableError("the connection ended inside the body") from None
    if body:
        heard.heard = parse(body)
    told = _without_secrets(heard.heard, body)
    request.state.fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + told).hexdigest()
    return heard


def _without_secrets(heard: object, body: bytes) -> bytes:
    """The body as its fingerprint is kept: nobody could try out a password on that."""
    signature = heard.get("signature") if isinstance(heard, dict) else None
    if not isinstance(heard, dict) or not isinstance(signature, dict):
        return body
    kept = {name: value for name, value in signature.items() if name not in _SECRET}
    return json.dumps({**heard, "signature": kept}, sort_keys=True, default=str).encode()


def _check_type(request: Request) -> None:
    coding = request.headers.get("content-encoding", "identity").lower()
    if not _JSON.match(request.headers.get("content-type", "")) or coding != "identity":
        raise WrongTypeError(allowed="application/json in UTF-8, not compressed")
