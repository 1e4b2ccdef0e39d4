"""The authorisation matrix: who asks, which route and method, at whose site; and what the policy says to that.

Made from the interface's own description and the policy table alone: no answer of the application is in here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workflow.domain.actor import Actor, Role
from workflow.domain.policy import Relation, Verb, permits, permits_somehow

V1 = "/api/v1"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NORTH, SOUTH = "north", "south"


class Told(StrEnum):
    """What somebody is answered, as far as authority goes."""

    ALLOWED = "allowed"  # whatever comes then, it is no 401, 403, 404 or 405
    UNKNOWN = "401"
    REFUSED = "403"
    NOTHING = "404"
    NO_METHOD = "405"


class Site(StrEnum):
    """Where a route's site is named."""

    PATH = "path"  # by what its path names
    BODY = "body"
    NOWHERE = "nowhere"  # it is a list over one's sites, or about oneself


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the interface; `verb` is None where it is open to all."""

    method: str
    path: str
    verb: Verb | None
    site: Site

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.removeprefix(V1)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody who asks: their roles by site; `known` is False for whom no token stands."""

    id: str
    kind: str
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    known: bool = True

    def at(self, site: str) -> Actor:
        return Actor(id=self.id, roles=self.roles.get(site, frozenset()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One square of the matrix."""

    who: Who
    route: Route
    site: str  # of what is asked about; empty for lists
    relation: Relation
    told: Told


# Of one's own session: a token, which all of these people have, is none.
SESSIONS = re.compile(r"^POST /(sessions/current/.*|sessions/end|sessions/\{id\}/end|me/password|me/pin)$")
OWN = frozenset({"POST /sites/{id}/absences", "POST /staff/{id}/roles", "POST /staff/{id}/end"})
IN_THE_BODY = frozenset({"POST /episodes", "POST /staff"})


def people() -> list[Who]:
    """Everybody who asks."""
    found = [Who(id=f"{role}-1", kind="one role at north", roles={NORTH: frozenset({role})}) for role in Role]
    everything = frozenset(Role)
    found += [
        Who(
            id=f"{role}-both",
            kind="one role at north, every role at south",
            roles={NORTH: frozenset({role}), SOUTH: everything},
        )
        for role in Role
    ]
    return [
        *found,
        Who(id="without", kind="no role anywhere"),
        Who(id="ended", kind="every role at north until yesterday"),
        Who(id="future", kind="every role at north from tomorrow"),
        Who(id="revoked", kind="a token taken away", known=False),
        Who(id="expired", kind="a token of the past", known=False),
        Who(id="", kind="no token", known=False),
    ]


def routes(described: Mapping[str, Any]) -> list[Route]:
    """Every operation of the interface, its own description among them."""
    found = [
        _route(method.upper(), path, operation.get("x-verb"))
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]
    # Before anybody is known there is nothing to ask the policy; who may come in is another file's to test.
    known = [route for route in found if route.verb is not None or route.method == "GET"]
    return [*known, _route("GET", f"{V1}/openapi.json", str(Verb.SELF))]


def cells(described: Mapping[str, Any]) -> Iterator[Cell]:
    """Every square: each person at each route, at north and south, and about themselves where that is another thing."""
    for route in routes(described):
        for who in people():
            for site in _sites(who, route):
                yield _cell(who, route, site, Relation.HERE)
            if route.name in OWN and who.known:
                yield _cell(who, route, NORTH, Relation.OWN)


def unsupported(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every method a path does not have."""
    known = {path: {method.upper() for method in ways} for path, ways in described["paths"].items()}
    for path, methods in known.items():
        yield from ((method, path) for method in METHODS if method not in methods)


def summary(described: Mapping[str, Any]) -> dict[str, int]:
    """How many squares there are, by what is to be told."""
    found = [cell.told for cell in cells(described)]
    counts = {str(told): found.count(told) for told in Told if told is not Told.NO_METHOD}
    return counts | {str(Told.NO_METHOD): len([*unsupported(described)]) * len(askers_of_methods())}


def askers_of_methods() -> list[Who]:
    """Who tries the methods there are not: one of each role, and nobody."""
    return [who for who in people() if who.kind in ("one role at north", "no token")]


def _sites(who: Who, route: Route) -> tuple[str, ...]:
    """Where somebody asks. One of those who hold every role at south is enough to ask there."""
    if route.site is Site.NOWHERE:
        return ("",)
    everything_there = SOUTH in who.roles and who.roles[NORTH] != {Role.NURSE}
    return (NORTH,) if everything_there else (NORTH, SOUTH)


def _route(method: str, path: str, verb: str | None) -> Route:
    route = Route(method=method, path=path, verb=None if verb is None else Verb(verb), site=Site.NOWHERE)
    if "{id}" in path and not SESSIONS.match(route.name):
        return Route(method=method, path=path, verb=route.verb, site=Site.PATH)
    if route.name in IN_THE_BODY:
        return Route(method=method, path=path, verb=route.verb, site=Site.BODY)
    return route


def _cell(who: Who, route: Route, site: str, relation: Relation) -> Cell:
    return Cell(who=who, route=route, site=site, relation=relation, told=_told(who, route, site, relation))


def _told(who: Who, route: Route, site: str, relation: Relation) -> Told:
    if route.verb is None:
        return Told.ALLOWED
    if not who.known or SESSIONS.match(route.name):
        return Told.UNKNOWN
    if route.verb is Verb.SELF:
        return Told.ALLOWED
    somewhere = any(permits_somehow(who.at(each), route.verb) for each in who.roles)
    if route.site is Site.NOWHERE:
        return Told.ALLOWED if somewhere else Told.REFUSED
    if route.site is Site.BODY and not somewhere:
        return Told.REFUSED  # before the body is read
    if site not in who.roles:
        return Told.NOTHING
    return Told.ALLOWED if permits(who.at(site), route.verb, relation) else Told.REFUSED
