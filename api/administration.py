"""Administration: people and their roles, tokens of programs, hours and closures. Nobody manages themselves."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import Path, Query

from api.asks import asks
from api.deps import Me, TheDesk
from api.document import BODY, Responses, problems
from api.door import resource
from api.schemas.administration import (
    ClosureIn,
    ClosureQuery,
    EndedOut,
    EndIn,
    GivenOut,
    HabitsIn,
    KnownOut,
    MovedOut,
    RoleIn,
    StaffIn,
    TokenIn,
    TokenOut,
    TokensQuery,
)
from workflow.domain.policy import Verb
from workflow.service import administration
from workflow.service.act import Desk
from workflow.service.administration import Post
from workflow.store.administration import Known
from workflow.store.sites import Habits
from workflow.store.staff import Person

router = resource("administration")
StaffId = Annotated[str, Path(alias="id", description="A person's id.", examples=["n.adler"], max_length=80)]
SiteId = Annotated[str, Path(alias="id", description="A site you administer.", examples=["north"], max_length=80)]
KNOWN = "The person, with every role at your sites."
MOVED = "How many clocks moved."
CHANGED: Responses = BODY | problems(_409="The id is taken, or a program would be a person or a person a program.")


@router.get("/staff/{id}", summary="Look at one person", response_description=KNOWN)
@asks(Verb.MANAGE)
def person(staff: StaffId, desk: TheDesk, me: Me) -> KnownOut:
    """Every role of a person at your sites: past, present and to come."""
    return _known(administration.look_at(_post(desk, me), staff))


@router.post("/staff", status_code=201, responses=CHANGED, summary="Add a person", response_description=KNOWN)
@asks(Verb.MANAGE)
def employ(asked: StaffIn, desk: TheDesk, me: Me) -> KnownOut:
    """Adds a person with their first role. How they sign in is set up apart from this."""
    given = asked.given()
    post = _post(desk, me, asked.site)
    return _known(administration.employ(post, asked.id, name=asked.name, email=asked.email, given=given))


@router.post("/staff/{id}/roles", status_code=201, responses=CHANGED, summary="Give a role", response_description=KNOWN)
@asks(Verb.MANAGE)
def give_role(staff: StaffId, asked: RoleIn, desk: TheDesk, me: Me) -> KnownOut:
    """Gives somebody at one of your sites a role there. Your own roles are another administrator's to give."""
    given = asked.given()
    return _known(administration.give_role(_post(desk, me, asked.site), staff, given))


@router.post("/staff/{id}/end", responses=BODY, summary="End a role, or all", response_description=KNOWN)
@asks(Verb.MANAGE)
def end_roles(staff: StaffId, asked: EndIn, desk: TheDesk, me: Me) -> KnownOut:
    """Ends roles at one of your sites at once. What was done in them stays as it is."""
    return _known(administration.end_roles(_post(desk, me, asked.site), staff, asked.role))


@router.post(
    "/staff/{id}/tokens", status_code=201, responses=BODY, summary="Make a program's token", response_description="It."
)
@asks(Verb.MANAGE)
def give_token(staff: StaffId, asked: TokenIn, desk: TheDesk, me: Me) -> TokenOut:
    """Makes a bearer token for a program that works at your sites alone. It is shown once and kept as a hash.

    A person's token is never made here: whoever held it could act in their name.
    """
    post = _post(desk, me, asked.site)
    made = administration.give_token(post, staff, label=asked.label, days=asked.days)
    return TokenOut(token=made.token, expires_at=made.until)


@router.delete("/staff/{id}/tokens", summary="Take tokens away", response_description="How many.")
@asks(Verb.MANAGE)
def end_tokens(staff: StaffId, which: Annotated[TokensQuery, Query()], desk: TheDesk, me: Me) -> EndedOut:
    """Takes somebody's tokens away at once: all of them, or those of one label."""
    return EndedOut(ended=administration.end_tokens(_post(desk, me, which.site), staff, label=which.label))


@router.post("/sites/{id}/settings", responses=BODY, summary="Set a site's hours", response_description=MOVED)
@asks(Verb.MANAGE)
def set_habits(site: SiteId, asked: HabitsIn, desk: TheDesk, me: Me) -> MovedOut:
    """Sets when a site works and how its people are told. Clocks in working time move with it."""
    habits = Habits(**asked.model_dump())
    return MovedOut(site=site, moved=administration.set_habits(_post(desk, me, site), habits))


@router.post(
    "/sites/{id}/closures",
    status_code=201,
    responses=BODY,
    summary="Close a site for a day",
    response_description=MOVED,
)
@asks(Verb.MANAGE)
def add_closure(site: SiteId, asked: ClosureIn, desk: TheDesk, me: Me) -> MovedOut:
    """A day the site is closed. Clocks in working time move with it."""
    day = date.fromisoformat(asked.day)
    return MovedOut(site=site, moved=administration.add_closure(_post(desk, me, site), day=day, label=asked.label))


@router.delete("/sites/{id}/closures", summary="Open a site after all", response_description=MOVED)
@asks(Verb.MANAGE)
def remove_closure(site: SiteId, which: Annotated[ClosureQuery, Query()], desk: TheDesk, me: Me) -> MovedOut:
    """Takes a closure out. Clocks in working time move with it."""
    day = date.fromisoformat(which.day)
    return MovedOut(site=site, moved=administration.remove_closure(_post(desk, me, site), day=day))


def _post(desk: Desk, me: Person, site: str = "") -> Post:
    return Post(store=desk.store, person=me, site=site)


def _known(found: Known) -> KnownOut:
    return KnownOut(
        id=found.id,
        name=found.name,
        roles=tuple(
            GivenOut(
                **{name: str(value) for name, value in asdict(one).items() if value is not None},
            )
            for one in found.roles
        ),
    )
