"""Who asks: a token or a session is looked up before a byte of the body is read. Without a person nothing is answered.

A bearer token is sent by a program that means to. A cookie is sent by a browser whoever made the page, so that it
vouches for an unsafe request only together with the token of its session.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from api import entrance
from api.refused import NotSignedInError
from workflow.store import sessions
from workflow.store.sessions import Session
from workflow.store.staff import Person, who_is

# A page that looks by itself whether something is new says so, and keeps nobody signed in by it.
BACKGROUND = "X-Background"
_LONGEST_TOKEN = 200
_bearer = HTTPBearer(auto_error=False, description="A token made with `theca token add`.")
_cookie = APIKeyCookie(
    name="__Host-theca",
    scheme_name="Session",
    description="A session's cookie, from POST /api/v1/sessions; unsafe requests send its token in X-CSRF-Token too.",
    auto_error=False,
)


def recognise(request: Request) -> Person:
    """The person a request's token or session stands for. Raises NotSignedInError, CsrfError."""
    if "authorization" in request.headers:
        return _by_token(request)
    secret = entrance.kept(request, entrance.SESSION)
    if secret is None:
        raise NotSignedInError
    with request.app.state.desk.store.transaction() as connection:
        found = sessions.signed_in(connection, secret, active=BACKGROUND not in request.headers)
    if found is None:
        raise NotSignedInError
    request.state.person = found.person  # so that a forged request is counted as theirs
    entrance.check_token(request, found)
    request.state.session = found
    return found.person


def _by_token(request: Request) -> Person:
    scheme, _, token = request.headers["authorization"].partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
        raise NotSignedInError
    with request.app.state.desk.store.transaction() as connection:
        person = who_is(connection, token)
    if person is None:
        raise NotSignedInError
    return person


def signed_in(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    __: Annotated[str | None, Depends(_cookie)],
) -> Person:
    """The person a route's door recognised. A route without that door answers nobody."""
    person = getattr(request.state, "person", None)
    if not isinstance(person, Person):
        raise NotSignedInError
    return person


def session_if_any(request: Request) -> Session | None:
    """The session a request was recognised by; None where it was a token."""
    found = getattr(request.state, "session", None)
    return found if isinstance(found, Session) else None


def own_session(request: Request) -> Session:
    """The session a request was recognised by. Raises NotSignedInError where it was a token."""
    found = session_if_any(request)
    if found is None:
        raise NotSignedInError("a session is needed here, and a token is none", allowed="POST /api/v1/sessions")
    return found
