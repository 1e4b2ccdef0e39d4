"""Every answer that is not a success, as application/problem+json: a stable code, where it lies, what is allowed.

A problem never repeats a text that was sent, shows a stack, or another site's existence. What is malformed or
unauthorised is counted in the security log; what nobody foresaw is logged by its id, its type and its place in the
code.
"""

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.refused import CsrfError, NotSignedInError, NoVersionError, TooLargeError, TooSlowError, WrongTypeError
from api.schemas.problem import FlawOut, Problem
from api.strict import place_of
from workflow.domain import errors as trouble
from workflow.domain.errors import ImpossibleInputError, TroubleError
from workflow.service import look
from workflow.service.sign_in import NotConfirmedError, SignInRefusedError, TooManyTriesError
from workflow.store.session import UnavailableError

MEDIA_TYPE = "application/problem+json"
NOBODY = "nobody"
RETRY_AFTER = "2"  # seconds

log = logging.getLogger(__name__)


STATUS: Mapping[type[TroubleError], int] = {
    NotSignedInError: 401,
    SignInRefusedError: 401,
    CsrfError: 403,
    NotConfirmedError: 403,
    trouble.NotPermittedError: 403,
    trouble.NotFoundError: 404,
    TooSlowError: 408,
    trouble.IdentityConflictError: 409,
    trouble.ImpossibleNowError: 409,
    trouble.StaleError: 412,
    TooLargeError: 413,
    WrongTypeError: 415,
    ImpossibleInputError: 422,
    trouble.KeyReusedError: 422,
    NoVersionError: 428,
    TooManyTriesError: 429,
    trouble.UnsoundError: 503,
    UnavailableError: 503,
}

# Refusals that say something about whoever asks; the others are the ordinary course of work.
_COUNTED = frozenset({400, 401, 403, 404, 408, 413, 415, 422, 429})


def install(app: FastAPI) -> None:
    """Let every error leave as a problem."""
    app.add_exception_handler(TroubleError, _troubled)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    place: str = "",
    allowed: str = "",
    flaws: tuple[FlawOut, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as it leaves."""
    told = Problem(
        status=status,
        title=HTTPStatus(status).phrase,
        code=code,
        detail=detail,
        place=place or None,
        allowed=allowed or None,
        flaws=flaws or None,
    )
    return rendered(told, headers=headers)


def rendered(told: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    content = told.model_dump_json(exclude_none=True)
    return Response(content, status_code=told.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def status_of(error: TroubleError) -> int:
    """The status of an error of ours: its own, or that of the nearest class above it."""
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return 500


def too_large(request: Request) -> Response:
    """What a body that says it is too large is answered, before a byte of it is read."""
    return _troubled(request, TooLargeError())


def of_two_lengths() -> Response:
    """What a message with two lengths is answered. The line is closed: what follows on it may be anybody's."""
    said = "a length and chunks: this message ends in two places"
    return problem(400, "unreadable", said, headers={"Connection": "close"})


def _troubled(request: Request, error: Exception) -> Response:
    assert isinstance(error, TroubleError)
    status = status_of(error)
    if status == 500:
        return _unforeseen(request, error)
    _count(request, status, error.code)
    headers = _headers(status, error)
    return problem(status, error.code, error.plain, place=error.place, allowed=error.allowed, headers=headers)


def _invalid(request: Request, error: Exception) -> Response:
    """What pydantic refused: where, and what kind of thing was expected; never what was sent."""
    assert isinstance(error, RequestValidationError)
    flaws = tuple(_flaw(each) for each in error.errors()[:20])
    _count(request, 422, "invalid")
    first = flaws[0]
    return problem(422, "invalid", first.because, place=first.place, allowed=first.allowed or "", flaws=flaws)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    code = codes.get(error.status_code, "unreadable")
    if error.status_code != 404:
        _count(request, error.status_code, code)
    return problem(
        error.status_code, code, HTTPStatus(error.status_code).phrase.lower(), headers=dict(error.headers or {})
    )


def _unforeseen(_request: Request, error: Exception) -> Response:
    number = uuid4().hex[:12]
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    log.error("request failed", extra={"error": number, "kind": type(error).__name__, "at": frames})
    return problem(500, "unexpected", f"something went wrong on our side; it is logged as {number}")


def _flaw(error: Mapping[str, object]) -> FlawOut:
    where = error["loc"]
    assert isinstance(where, tuple)
    context = error.get("ctx")
    allowed = context.get("allowed") if isinstance(context, Mapping) else None
    place = place_of(tuple(part for part in where[1:] if part != "__key__")) or str(where[0])
    return FlawOut(place=place, because=str(error["msg"]), allowed=None if allowed is None else str(allowed))


def _headers(status: int, error: TroubleError) -> dict[str, str]:
    if isinstance(error, TooManyTriesError):
        return {"Retry-After": str(error.seconds)}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status == 408:
        return {"Connection": "close"}
    return {"Retry-After": RETRY_AFTER} if status == 503 else {}


def _count(request: Request, status: int, code: str) -> None:
    if status in _COUNTED:
        person = getattr(request.state, "person", None)
        look.turned_away(request.app.state.desk, actor=person.id if person else NOBODY, kind=code)
