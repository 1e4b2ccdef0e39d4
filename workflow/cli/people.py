"""theca site, staff, calendar, roster, token: who works where. Done on the machine, as theca_migrate."""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
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


@sites.command("set")
def set_parameter(
    site: str,
    protocol: str,
    parameter: str,
    value: str,
    by: Annotated[str, typer.Option(help="the clinician or lead who decided so")],
    reason: Annotated[str, typer.Option(help="why")],
) -> None:
    """Set a site's own value of a protocol's parameter, inside its bounds."""
    with plainly(), ground() as here:
        before = people.set_parameter(
            here.admin(), site=site, protocol=protocol, name=parameter, value=_number(value), person=by, reason=reason
        )
        print(f"{parameter} at {site}: {before} -> {value}")


@sites.command("parameters")
def parameters(
    site: str, protocol: str, *, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False
) -> None:
    """What a protocol lets a site set, what it has set, and who did when and why."""
    with plainly(), ground() as here:
        version, made = people.site_parameters(here.admin(), site=site, protocol=protocol)
    newest = {one.name: one for one in reversed(made)}
    if as_json:
        told = {
            name: str(newest[name].value if name in newest else rule.default)
            for name, rule in version.parameters.items()
        }
        print(json.dumps({"protocol": version.name, "site": site, "parameters": told}, indent=2))
        return
    for name, rule in version.parameters.items():
        here_now = newest.get(name)
        who = (
            f"set by {here_now.set_by} on {here_now.set_at:%Y-%m-%d}: {here_now.reason}" if here_now else "the default"
        )
        value = here_now.value if here_now else rule.default
        print(f"{name:<28} {value} {rule.unit}  ({who}; {rule.minimum} to {rule.maximum}, {rule.basis})")


def _number(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation as broken:
        raise typer.BadParameter(f"{value!r} is no number") from broken


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
