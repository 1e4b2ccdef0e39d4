"""People: who you are, where you work, with whom, and when those places work."""

from itertools import groupby

from api.asks import asks
from api.deps import AnySession, Me, TheDesk
from api.door import resource
from api.schemas.around import (
    CalendarOut,
    CalendarsOut,
    ClosureOut,
    HeldOut,
    MeOut,
    SessionOut,
    SiteOut,
    SitesOut,
    StaffListOut,
    StaffOut,
)
from workflow.domain.calendar import Calendar
from workflow.domain.policy import Verb, permits
from workflow.service import look
from workflow.store.sessions import Session
from workflow.store.staff import Person
from workflow.store.worklist import MemberLine, SiteLine

router = resource("people")


@router.get("/me", summary="Who am I?", response_description="You.")
@asks(Verb.SELF)
def me(me: Me, session: AnySession) -> MeOut:
    """Whom your session or token stands for, your roles today by site, and what is yours to do there.

    With a session: until when it lasts, and the token that its unsafe requests carry in X-CSRF-Token.
    """
    return told_of(me, session)


def told_of(me: Person, session: Session | None = None) -> MeOut:
    """A person, as they are told of themselves."""
    return MeOut(
        id=me.id,
        name=me.name,
        roles={site: tuple(sorted(roles)) for site, roles in me.roles.items()},
        may={site: tuple(verb for verb in Verb if permits(me.at(site), verb)) for site in me.sites},
        session=None if session is None else session_told(session),
    )


def session_told(session: Session) -> SessionOut:
    """A session, as its own person sees it."""
    return SessionOut(
        id=session.id,
        how=session.how,
        began_at=session.began_at,
        idle_at=session.idle_at,
        ends_at=session.ends_at,
        confirmed_at=session.confirmed_at,
        csrf=session.csrf,
        tablet=session.tablet,
    )


@router.get("/sites", summary="List sites", response_description="Your sites.")
@asks(Verb.READ_PEOPLE)
def sites(desk: TheDesk, me: Me) -> SitesOut:
    """The sites you work at."""
    return SitesOut(items=tuple(_site(line) for line, _ in look.sites(desk, me)))


@router.get("/staff", summary="List staff", response_description="Who works at your sites today.")
@asks(Verb.READ_PEOPLE)
def staff(desk: TheDesk, me: Me) -> StaffListOut:
    """Everybody who holds a role at one of your sites today."""
    people = groupby(look.members(desk, me), key=lambda line: (line.staff, line.name))
    return StaffListOut(
        items=tuple(
            StaffOut(id=id_, name=name, roles=tuple(_held(each) for each in held)) for (id_, name), held in people
        )
    )


@router.get("/calendars", summary="See when sites work", response_description="The working time of your sites.")
@asks(Verb.READ_PEOPLE)
def calendars(desk: TheDesk, me: Me) -> CalendarsOut:
    """Hours, closures and public holidays: what working time is counted on."""
    return CalendarsOut(items=tuple(_calendar(line, works) for line, works in look.sites(desk, me)))


def _site(line: SiteLine) -> SiteOut:
    return SiteOut(
        id=line.site,
        name=line.name,
        zone=line.zone,
        country=line.country,
        subdivision=line.subdivision,
        opens=line.opens,
        closes=line.closes,
    )


def _held(line: MemberLine) -> HeldOut:
    return HeldOut(
        site=line.site,
        role=line.role,
        starts_on=line.starts_on.isoformat(),
        ends_on=line.ends_on.isoformat() if line.ends_on else None,
    )


def _calendar(line: SiteLine, works: Calendar) -> CalendarOut:
    shown = sorted(day for day in works.closed if day.year in (line.year, line.year + 1))
    return CalendarOut(
        site=line.site,
        zone=line.zone,
        opens=line.opens,
        closes=line.closes,
        weekdays=tuple(sorted(works.weekdays)),
        closures=tuple(ClosureOut(day=day.isoformat(), label=label) for day, label in line.closures),
        closed_days=tuple(day.isoformat() for day in shown),
    )
