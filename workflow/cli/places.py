"""theca site, calendar: where and when a site works. Done on the machine, as theca_migrate."""

import json
from contextlib import closing
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from workflow.cli.ground import ground, plainly
from workflow.domain.errors import NotFoundError
from workflow.service import people, recalendar
from workflow.service.recalendar import Shown
from workflow.store.sites import Habits

sites = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
calendars = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])]
_Dry = Annotated[bool, typer.Option("--dry-run", help="only say how many clocks would move")]
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@sites.callback()
def _sites() -> None:
    """Add a site; adding it again changes it."""


@calendars.callback()
def _calendars() -> None:
    """The days a site is closed. Clocks in working time move with them, each with its line in the ledger."""


@sites.command("add")
def add_site(
    site: str,
    name: str,
    zone: Annotated[str, typer.Option(help="an IANA zone, like Europe/Berlin")],
    country: Annotated[str, typer.Option(help="ISO 3166, for public holidays")],
    subdivision: Annotated[str | None, typer.Option(help="ISO 3166, for public holidays")] = None,
    opens: Annotated[str | None, typer.Option(help="HH:MM; 08:00 at first")] = None,
    closes: Annotated[
        str | None, typer.Option(help="HH:MM, no later than it opens: the next day; 24:00; 17:00 at first")
    ] = None,
    weekdays: Annotated[str | None, typer.Option(help="Monday is 0; 01234 at first")] = None,
    quiet_from: Annotated[str | None, typer.Option(help="HH:MM; routine letters wait from then")] = None,
    quiet_until: Annotated[str | None, typer.Option(help="HH:MM; the same as --quiet-from: no quiet hours")] = None,
    routine: Annotated[str | None, typer.Option(help="digest: one letter in the morning; or at_once")] = None,
    urgent_per_hour: Annotated[int | None, typer.Option(help="urgent letters to one person before a summary")] = None,
    emergency_number: Annotated[str | None, typer.Option(help="what to call in an emergency")] = None,
    retention_years: Annotated[
        int | None, typer.Option(help="after an episode closed, before its candidate may be erased; 10 at first")
    ] = None,
    *,
    dry_run: _Dry = False,
) -> None:
    """Add a site, or change it; what is left out stays as it is."""
    habits = Habits(
        opens=opens,
        closes=closes,
        weekdays=weekdays,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        routine=routine,
        urgent_per_hour=urgent_per_hour,
        emergency_number=emergency_number,
        retention_years=retention_years,
    )
    with plainly(), ground() as here, closing(here.admin()) as store:
        moved = people.add_site(
            store,
            site=site,
            name=name,
            zone=zone,
            country=country,
            subdivision=subdivision,
            habits=habits,
            dry=dry_run,
        )
        print(f"site {site}: {_clocks(moved, dry=dry_run)}")


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
    with plainly(), ground() as here, closing(here.admin()) as store:
        before = people.set_parameter(
            store, site=site, protocol=protocol, name=parameter, value=_number(value), person=by, reason=reason
        )
        print(f"{parameter} at {site}: {before} -> {value}")


@sites.command("parameters")
def parameters(
    site: str, protocol: str, *, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False
) -> None:
    """What a protocol lets a site set, what it has set, and who did when and why."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        version, made = people.site_parameters(store, site=site, protocol=protocol)
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


@calendars.command("add")
def add_closure(site: str, day: _Day, label: str, *, dry_run: _Dry = False) -> None:
    """A day the site is closed beside weekends and public holidays."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        moved = people.add_closure(store, site=site, day=day.date(), label=label, dry=dry_run)
        print(f"{site} is closed on {day:%Y-%m-%d}: {label}; {_clocks(moved, dry=dry_run)}")


@calendars.command("remove")
def remove_closure(site: str, day: _Day, *, dry_run: _Dry = False) -> None:
    """The site is open on that day after all."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        moved = people.remove_closure(store, site=site, day=day.date(), dry=dry_run)
        print(f"{site} is open on {day:%Y-%m-%d} after all; {_clocks(moved, dry=dry_run)}")


@calendars.command("show")
def show(site: str, *, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """When a site works, the days it is closed from today on, and the next public holidays."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        shown = recalendar.shown(store, site)
        if shown is None:
            raise NotFoundError(f"no site {site!r}")
    if as_json:
        print(json.dumps(_as_json(site, shown), indent=2))
        return
    place = shown.place
    days = ", ".join(_WEEK[int(day)] for day in place.weekdays)
    print(f"{site}: {place.opens} to {place.closes}, {days} ({place.zone})")
    for day, label in sorted(shown.closures.items()):
        if day >= shown.today:
            print(f"{day}  {label}")
    for when, label in _next_holidays(shown):
        print(f"{when}  {label} (public holiday)")
    if shown.waiting:
        print(f"{shown.waiting} candidates wait for a change of the calendar: make it once more")


def _next_holidays(shown: Shown) -> list[tuple[str, str]]:
    return [(day.isoformat(), label) for day, label in sorted(shown.holidays.items()) if day >= shown.today][:10]


def _as_json(site: str, shown: Shown) -> dict[str, object]:
    place = shown.place
    return {
        "site": site,
        "zone": place.zone,
        "opens": place.opens,
        "closes": place.closes,
        "weekdays": [int(day) for day in place.weekdays],
        "closures": {day.isoformat(): label for day, label in shown.closures.items() if day >= shown.today},
        "holidays": dict(_next_holidays(shown)),
        "waiting": shown.waiting,
    }


def _clocks(moved: int, *, dry: bool) -> str:
    clocks = f"{moved} clock{'' if moved == 1 else 's'}"
    return f"{clocks} would move; nothing was changed" if dry else f"{clocks} moved"
