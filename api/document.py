"""The interface's own description: every problem as application/problem+json, and no address outside."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.schemas.problem import Problem
from workflow import __version__

TITLE = "Theca"
ABOUT = """Carries each pump candidate through the trial phase of intrathecal drug delivery.

Every act leaves one line in the candidate's ledger. Send `Idempotency-Key` so that a repeated request is answered,
not done again; send the ETag of what you saw in `If-Match`. Decimals are JSON numbers in and text out, so that
their scale is kept. Things inside an episode are named `{episode}~{key}`. Times carry an offset.
Theca records doses as ordered and given. It computes none, and it is not an emergency channel."""

Responses = dict[int | str, dict[str, Any]]


def problems(**told: str) -> Responses:
    """Problem responses by status: `problems(_409="refused, with every gate's report")`."""
    return {int(status[1:]): {"model": Problem, "description": text} for status, text in told.items()}


COMMON = problems(
    _401="No token, or none that stands.",
    _403="Your roles do not carry this verb here.",
    _404="No such thing, or not at one of your sites.",
    _422="It cannot be true or cannot be read: which place, and what is allowed.",
    _503="The database does not answer, or a record is unsound. Nothing was written; try again.",
)
BODY = problems(
    _408="The body did not arrive within half a minute.",
    _413="More than 256 KB.",
    _415="Not application/json in UTF-8.",
)
ACTED = BODY | problems(
    _409="Refused, with every gate's report (`refused`), or it does not fit what already stands.",
    _412="The record has changed since the version in If-Match.",
)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=TITLE, version=__version__, description=ABOUT, routes=app.routes)
        for operations in made["paths"].values():
            for operation in operations.values():
                _as_problems(operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _as_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {"application/problem+json": response["content"]["application/json"]}
