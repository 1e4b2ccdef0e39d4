"""What each route asks for: a verb of the policy, named where the route is declared; or why it is open to all.

A route that names neither is not declared: the application does not start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from workflow.domain.policy import Verb

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_NAME = "__asks__"


@dataclass(frozen=True, slots=True)
class Open:
    """Why nobody has to be known at a route."""

    why: str


class UnnamedVerbError(Exception):
    """A route names no verb of the policy."""


def asks(verb: Verb) -> Callable[[_Endpoint], _Endpoint]:
    """Whoever comes by this route asks for a verb; the door refuses them where no role of theirs carries it."""
    return _named(verb)


def open_to_all(why: str) -> Callable[[_Endpoint], _Endpoint]:
    """A route outside the door, and why it is there."""
    return _named(Open(why))


def named_by(endpoint: Callable[..., Any]) -> Verb | Open:
    """What an endpoint asks for. Raises UnnamedVerbError where it says nothing."""
    found = getattr(endpoint, _NAME, None)
    if not isinstance(found, Verb | Open):
        raise UnnamedVerbError(
            f"{endpoint.__module__}.{endpoint.__name__} names no verb: @asks(Verb.…) under its route"
        )
    return found


def verb_of(endpoint: Callable[..., Any]) -> Verb:
    """The verb of an endpoint behind the door. Raises UnnamedVerbError where it has none."""
    found = named_by(endpoint)
    if isinstance(found, Open):
        raise UnnamedVerbError(f"{endpoint.__module__}.{endpoint.__name__} is behind the door and open to all")
    return found


def check(app: FastAPI, door: type[APIRoute]) -> None:
    """Refuse an application in which a route is neither behind the door nor said to be open to all."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            raise UnnamedVerbError(f"{context.path} is no route of ours")
        if isinstance(named_by(route.endpoint), Verb) is not isinstance(route, door):
            raise UnnamedVerbError(
                f"{context.path} asks for a verb and stands outside the door, or the other way round"
            )


def _named(asked: Verb | Open) -> Callable[[_Endpoint], _Endpoint]:
    def name(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _NAME, asked)
        return endpoint

    return name
