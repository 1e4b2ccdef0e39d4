"""theca site, staff, calendar, roster, token: who works where. Done on the machine, as theca_migrate."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import ground, plainly, write_private
from workflow.domain.actor import Role
from workflow.service import people

sites = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
staffs = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
calendars = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
rosters = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
tokens = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])]


@sites.callback()
@staffs.callback()
@calendars.callback()
@rosters.callback()
@tokens.callback()
def _group() -> None:
    """Add one; adding it again changes it."""


@sites.command("add")
def add_site(
    site: str,
    name: str,
    zone: Annotated[str, typer.Option(help="an IANA zone, like Europe/Berlin")],
    country: Annotated[str, typer.Option(help="ISO 3166, for public holidays")],
    subdivision: str = "",
) -> None:
    """Add a site."""
    with plainly(), ground() as here:
        store = here.admin()
        people.add_site(store, site=site, name=name, zone=zone, country=country, subdivision=subdivision)
        print(f"site {site}")


@staffs.command("add")
def add_person(person: str, name: str, email: str = "") -> None:
    """Add a person; what they may do comes with `theca roster add`."""
    with plainly(), ground() as here:
        people.add_person(here.admin(), person=person, name=name, email=email)
        print(f"person {person}")


@staffs.command("load")
def load_people(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    tokens: Annotated[Path | None, typer.Option(help="also make each a token, into this file (0600)")] = None,
    days: int = 90,
) -> None:
    """Add people and their roles from CSV: person, name, email, site, role."""
    with plainly(), ground() as here:
        store = here.admin()
        names = people.load(store, file.read_bytes(), today=datetime.now(UTC).date())
        if tokens is not None:
            made = {name: people.add_token(store, person=name, label=f"from {file.name}", days=days) for name in names}
            write_private(tokens, json.dumps(made, indent=2))
        print(f"{len(names)} people")


@calendars.command("add")
def add_closure(site: str, day: _Day, label: str) -> None:
    """A day the site is closed beside weekends and public holidays."""
    with plainly(), ground() as here:
        people.add_closure(here.admin(), site=site, day=day.date(), label=label)
        print(f"{site} is closed on {day:%Y-%m-%d}: {label}")


@rosters.command("add")
def add_role(
    site: str,
    person: str,
    role: Role,
    starts: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    ends: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
) -> None:
    """Give a person a role at a site, from today or a day, until a day or further notice."""
    with plainly(), ground() as here:
        first = (starts or datetime.now(UTC)).date()
        last = ends.date() if ends else None
        people.add_role(here.admin(), site=site, person=person, role=role, starts_on=first, ends_on=last)
        print(f"{person} is {role} at {site} from {first}")


@tokens.command("add")
def add_token(person: str, label: str, days: int = 90) -> None:
    """Make a bearer token for a person; it is shown once and kept as a hash."""
    with plainly(), ground() as here:
        print(people.add_token(here.admin(), person=person, label=label, days=days))
