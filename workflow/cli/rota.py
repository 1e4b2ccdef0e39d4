"""theca roster: who works where, who is away and who stands in, who is on call. Done on the machine."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from workflow.cli.ground import ground, plainly
from workflow.domain.actor import Role
from workflow.domain.errors import ImpossibleInputError
from workflow.service import people, rota
from workflow.service.rota import Office, Shown
from workflow.store.rota import Absence, Deputy, Shift

rosters = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_WRITTEN = ("%Y-%m-%d", "%Y-%m-%dT%H:%M")
_From = Annotated[
    str, typer.Argument(metavar="FROM", help="a day, or a time like 2026-11-23T14:00, in the site's zone")
]
_Until = Annotated[str, typer.Argument(metavar="UNTIL", help="the last day, or a time")]


@rosters.callback()
def _group() -> None:
    """Who works at a site, and who is told when they are not there."""


@rosters.command("add")
def add_role(
    site: str,
    person: str,
    role: Role,
    starts: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    ends: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
) -> None:
    """Give a person a role at a site, from today or a day, until a day or further notice."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        first = (starts or datetime.now(UTC)).date()
        last = ends.date() if ends else None
        people.add_role(store, site=site, person=person, role=role, starts_on=first, ends_on=last)
        print(f"{person} is {role} at {site} from {first}")


@rosters.command("show")
def show(site: str, *, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Who works at a site today, who is there now, and what is entered for later."""
    with _office(site) as office:
        shown = rota.show(office)
    print(json.dumps(_plain(shown), indent=2) if as_json else "\n".join(_lines(shown)))


@rosters.command("absence")
def add_absence(
    site: str,
    person: str,
    begins: _From,
    ends: _Until,
    substitute: Annotated[str | None, typer.Option(help="who is told meanwhile")] = None,
) -> None:
    """Somebody is away: their substitute is told, or their deputy, or else everybody of the role."""
    with _office(site) as office:
        starts_at, ends_at = _stretch(office, begins, ends)
        rota.add_absence(office, Absence(person=person, starts_at=starts_at, ends_at=ends_at, substitute=substitute))
        print(f"{person} is away from {site} from {begins} until {ends}")


@rosters.command("back")
def remove_absence(site: str, person: str, begins: _From) -> None:
    """Take out the absence that begins then, or end it now where it has begun."""
    with _office(site) as office:
        rota.remove_absence(office, person=person, starts_at=_moment(office, begins))
        print(f"{person} is not away from {site} from {begins} any more")


@rosters.command("deputy")
def add_deputy(site: str, person: str, deputy: str) -> None:
    """Let a rung that calls a person's deputy tell this one."""
    with _office(site) as office:
        rota.add_deputy(office, Deputy(person=person, deputy=deputy))
        print(f"{deputy} is deputy of {person} at {site}")


@rosters.command("no-deputy")
def remove_deputy(site: str, person: str, deputy: str) -> None:
    """Let somebody be a person's deputy no longer."""
    with _office(site) as office:
        rota.remove_deputy(office, person=person, deputy=deputy)
        print(f"{deputy} is no deputy of {person} at {site} any more")


@rosters.command("on-call")
def add_on_call(site: str, person: str, begins: _From, ends: _Until) -> None:
    """Somebody is on call: rungs that call on_call tell them meanwhile."""
    with _office(site) as office:
        starts_at, ends_at = _stretch(office, begins, ends)
        rota.add_on_call(office, Shift(person=person, starts_at=starts_at, ends_at=ends_at))
        print(f"{person} is on call at {site} from {begins} until {ends}")


@rosters.command("off-call")
def remove_on_call(site: str, person: str, begins: _From) -> None:
    """Take out the duty on call that begins then, or end it now where it has begun."""
    with _office(site) as office:
        rota.remove_on_call(office, person=person, starts_at=_moment(office, begins))
        print(f"{person} is not on call at {site} from {begins} any more")


@contextmanager
def _office(site: str) -> Iterator[Office]:
    with plainly(), ground() as here, closing(here.admin()) as store:
        yield Office(store=store, site=site)


def _stretch(office: Office, begins: str, ends: str) -> tuple[datetime, datetime]:
    return _moment(office, begins), _moment(office, ends, last=True)


def _moment(office: Office, written: str, *, last: bool = False) -> datetime:
    """A day or time as the site's clocks show it; a last day counts to its end. Raises ImpossibleInputError."""
    zone = ZoneInfo(rota.zone(office))
    for form in _WRITTEN:
        try:
            read = datetime.strptime(written, form).replace(tzinfo=zone)
        except ValueError:
            continue
        whole_day = last and form == _WRITTEN[0]
        return datetime.combine(read.date() + timedelta(days=1), time(), zone) if whole_day else read
    raise ImpossibleInputError(f"{written!r} is no time", place="time", allowed="2026-11-23 or 2026-11-23T14:00")


def _plain(shown: Shown) -> dict[str, object]:
    entered = shown.rota
    return {
        "people": [
            {"id": member.id, "roles": sorted(member.roles), "there": shown.roster.is_there(member.id)}
            for member in shown.roster.members
        ],
        "absences": [{"person": one.person, **_times(one), "substitute": one.substitute} for one in entered.absences],
        "deputies": [{"person": one.person, "deputy": one.deputy} for one in entered.deputies],
        "on_call": [{"person": one.person, **_times(one)} for one in entered.on_call],
    }


def _times(one: Absence | Shift) -> dict[str, str]:
    return {"starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}


def _lines(shown: Shown) -> Iterator[str]:
    entered, roster = shown.rota, shown.roster
    for member in roster.members:
        now = "on call" if member.id in roster.on_call else "" if roster.is_there(member.id) else "away"
        yield f"{member.id:<20} {', '.join(sorted(member.roles)):<40} {now}".rstrip()
    for absence in entered.absences:
        instead = f", {absence.substitute} stands in" if absence.substitute else ""
        yield f"away     {absence.person:<20} {_said(absence, entered.zone)}{instead}"
    for deputy in entered.deputies:
        yield f"deputy   {deputy.person:<20} {deputy.deputy}"
    for shift in entered.on_call:
        yield f"on call  {shift.person:<20} {_said(shift, entered.zone)}"


def _said(one: Absence | Shift, zone: str) -> str:
    begins, ends = (at.astimezone(ZoneInfo(zone)) for at in (one.starts_at, one.ends_at))
    return f"{begins:%Y-%m-%dT%H:%M} to {ends:%Y-%m-%dT%H:%M}"
