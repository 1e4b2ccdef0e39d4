"""Who asks: a bearer token is looked up before a byte of the body is read. Without a person nothing is answered."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from api.refused import NotSignedInError
from workflow.store.staff import Person, who_is

_LONGEST_TOKEN = 200
_bearer = HTTPBearer(auto_error=False, description="A token made with `theca token add`.")


def recognise(request: Request) -> Person:
    """The person the token of a request stands for. Raises NotSignedInError."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
        raise NotSignedInError
    with request.app.state.desk.store.transaction() as connection:
        person = who_is(connection, token)
    if person is None:
        raise NotSignedInError
    return person


def signed_in(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Person:
    """The person a route's door recognised. A route without that door answers nobody."""
    person = getattr(request.state, "person", None)
    if not isinstance(person, Person):
        raise NotSignedInError
    return person
