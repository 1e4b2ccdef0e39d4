"""A site's roster: who is there now, and entering who is away, who stands in, who is a deputy and who is on call."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from typing import Annotated

from fastapi import Path, Query

from api.asks import asks
from api.deps import Me, TheDesk
from api.document import BODY, problems
from api.door import resource
from api.schemas.roster import (
    AbsenceIn,
    AbsenceOut,
    DeputyIn,
    DeputyQuery,
    OnCallIn,
    OnCallOut,
    RosterOut,
    StretchQuery,
    ThereOut,
)
from workflow.domain.policy import Verb
from workflow.service import rota
from workflow.service.act import Desk
from workflow.service.rota import Office, Shown
from workflow.store.rota import Absence, Deputy, Shift
from workflow.store.staff import Person
from workflow.store.worklist import MemberLine

router = resource("roster")
SiteId = Annotated[str, Path(alias="id", description="A site of yours.", examples=["north"], max_length=80)]
ENTERED = BODY | problems(_409="It does not fit what is entered already.")
NOW = "The roster as it is now."


@router.get("/sites/{id}/roster", summary="See a site's roster", response_description=NOW)
@asks(Verb.READ_PEOPLE)
def show(site: SiteId, desk: TheDesk, me: Me) -> RosterOut:
    """Who works at the site today and is there now, who stands in for whom, and what is entered for later."""
    return _shown(_office(desk, me, site))


@router.post(
    "/sites/{id}/absences",
    status_code=201,
    responses=ENTERED,
    summary="Enter an absence",
    response_description=NOW,
)
@asks(Verb.ROSTER)
def add_absence(site: SiteId, asked: AbsenceIn, desk: TheDesk, me: Me) -> RosterOut:
    """Somebody is away: reminders reach whoever stands in, or their deputy. Anybody may enter their own."""
    office = _office(desk, me, site)
    rota.add_absence(office, Absence(**asked.model_dump()))
    return _shown(office)


@router.delete("/sites/{id}/absences", summary="Take an absence out", response_description=NOW)
@asks(Verb.ROSTER)
def remove_absence(site: SiteId, which: Annotated[StretchQuery, Query()], desk: TheDesk, me: Me) -> RosterOut:
    """Takes out an absence that is ahead; one that has begun ends now."""
    office = _office(desk, me, site)
    rota.remove_absence(office, person=which.person, starts_at=which.starts_at)
    return _shown(office)


@router.post(
    "/sites/{id}/deputies", status_code=201, responses=BODY, summary="Enter a deputy", response_description=NOW
)
@asks(Verb.ROSTER)
def add_deputy(site: SiteId, asked: DeputyIn, desk: TheDesk, me: Me) -> RosterOut:
    """Lets a rung that calls a person's deputy tell this one, and whoever cannot be told themselves."""
    office = _office(desk, me, site)
    rota.add_deputy(office, Deputy(**asked.model_dump()))
    return _shown(office)


@router.delete("/sites/{id}/deputies", summary="Take a deputy out", response_description=NOW)
@asks(Verb.ROSTER)
def remove_deputy(site: SiteId, which: Annotated[DeputyQuery, Query()], desk: TheDesk, me: Me) -> RosterOut:
    """Lets somebody be a person's deputy no longer."""
    office = _office(desk, me, site)
    rota.remove_deputy(office, person=which.person, deputy=which.deputy)
    return _shown(office)


@router.post(
    "/sites/{id}/on-call", status_code=201, responses=ENTERED, summary="Enter who is on call", response_description=NOW
)
@asks(Verb.ROSTER)
def add_on_call(site: SiteId, asked: OnCallIn, desk: TheDesk, me: Me) -> RosterOut:
    """Somebody is on call: rungs that call `on_call` tell them meanwhile."""
    office = _office(desk, me, site)
    rota.add_on_call(office, Shift(**asked.model_dump()))
    return _shown(office)


@router.delete("/sites/{id}/on-call", summary="Take a duty on call out", response_description=NOW)
@asks(Verb.ROSTER)
def remove_on_call(site: SiteId, which: Annotated[StretchQuery, Query()], desk: TheDesk, me: Me) -> RosterOut:
    """Takes out a duty on call that is ahead; one that has begun ends now."""
    office = _office(desk, me, site)
    rota.remove_on_call(office, person=which.person, starts_at=which.starts_at)
    return _shown(office)


def _office(desk: Desk, me: Person, site: str) -> Office:
    return Office(store=desk.store, site=site, person=me)


def _shown(office: Office) -> RosterOut:
    shown = rota.show(office)
    return RosterOut(
        site=office.site,
        people=tuple(_there(shown, lines) for _, lines in groupby(shown.members, key=lambda line: line.staff)),
        absences=tuple(AbsenceOut(**asdict(one)) for one in shown.rota.absences),
        on_call=tuple(OnCallOut(**asdict(one)) for one in shown.rota.on_call),
    )


def _there(shown: Shown, lines: Iterable[MemberLine]) -> ThereOut:
    first, *others = lines
    roster = shown.roster
    return ThereOut(
        id=first.staff,
        name=first.name,
        roles=tuple(sorted({line.role for line in (first, *others)})),
        there=roster.is_there(first.staff),
        on_call=first.staff in roster.on_call,
        substitute=roster.away.get(first.staff),
        deputies=roster.deputies.get(first.staff, ()),
    )
