"""The outermost layer: every answer is counted, kept out of caches and forbidden to do anything in a browser.

A body too large, and a message with two lengths, are not read at all.
"""

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.door import LARGEST_BODY
from api.health import REQUESTS

# What a page may do beside this it says itself (api/web/paper.py).
FORBIDDING = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Api(FastAPI):
    """The application, inside its shell."""

    def build_middleware_stack(self) -> ASGIApp:
        return Shell(super().build_middleware_stack())


class Shell:
    """Stands outside the framework's own error layer, which answers and then raises again what it answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering = _Answering(scope["method"], send)
        if _twofold(scope):
            await errors.of_two_lengths()(scope, receive, answering)
            return
        if _declared(scope) > LARGEST_BODY:
            response = await run_in_threadpool(errors.too_large, Request(scope))
            await response(scope, receive, answering)
            return
        try:
            await self._app(scope, receive, answering)
        except Exception:
            # Answered and logged by its id already; raising it would put its text, and so values, into a server's log.
            if not answering.started:
                raise


class _Answering:
    """What is sent, with the headers every answer has."""

    def __init__(self, method: str, send: Send) -> None:
        self._method = method if method in _METHODS else "other"
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            REQUESTS.labels(self._method, str(message["status"])).inc()
            headers = MutableHeaders(scope=message)
            for name, said in FORBIDDING.items():
                headers.setdefault(name, said)
        await self._send(message)


def _twofold(scope: Scope) -> bool:
    """Whether a message says twice where it ends: a proxy before us may see another request where we see a body."""
    said = {name for name, _ in scope["headers"]}
    return {b"content-length", b"transfer-encoding"} <= said


def _declared(scope: Scope) -> int:
    """How many bytes a body says it has; 0 where it does not say."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(said) if said.isdigit() else 0
