"""theca backlog and outages: what an import brought overdue, and what an outage delayed."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from workflow.cli.ground import asking, ground, plainly
from workflow.cli.work import episode_of
from workflow.service import backlog
from workflow.service.outages import Missed, Outage, report

backlogs = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
outages = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_Json = Annotated[bool, typer.Option("--json", help="for programs")]
_Site = Annotated[str, typer.Argument(help="the site's id")]


@backlogs.command("list")
def waiting(site: _Site, *, as_json: _Json = False) -> None:
    """What waits at a site for a release, the oldest work first. Acts as the bearer of THECA_TOKEN."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        found = backlog.waiting(desk, asking(desk, here.now), site)
    if as_json:
        told = [asdict(one.line) | {"label": one.protocol.task(one.line.name).label} for one in found]
        print(json.dumps(told, indent=2, default=str))
        return
    for one in found:
        it, label = one.line, one.protocol.task(one.line.name).label
        print(f"{it.code}  {label}  since {it.since:%Y-%m-%d}  for {it.role}; by itself {it.until:%Y-%m-%d %H:%M} UTC")
    print(f"{len(found)} waiting at {site}")


@backlogs.command("release")
def release(
    site: _Site,
    candidates: Annotated[
        list[str] | None, typer.Argument(help="codes or episodes; none means everybody who waits there")
    ] = None,
) -> None:
    """Let withheld reminders go now. Acts as the bearer of THECA_TOKEN."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        person = asking(desk, here.now)
        wanted = [episode_of(desk, person, text) for text in candidates] if candidates else None
        done = backlog.release(desk, person, site, wanted)
    print(f"{done.released} released, {done.waiting} still waiting at {site}")


@outages.command()
def listed(*, as_json: _Json = False) -> None:
    """The latest outages, what fell due meanwhile, and what became of it. Acts as the bearer of THECA_TOKEN."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        found = report(desk, asking(desk, here.now))
    if as_json:
        print(json.dumps([_plain(one) for one in found], indent=2, default=str))
        return
    for one in found:
        line = one.line
        minutes = (line.until_at - line.from_at).total_seconds() / 60
        print(f"{line.from_at:%Y-%m-%d %H:%M} UTC, {minutes:.0f} min: {line.timers} reminders fell due")
        for each in one.missed:
            print(f"  {_told(each)}")
    if not found:
        print("no outage")


def _plain(one: Outage) -> dict[str, object]:
    missed = [asdict(each.line) | {"label": _label(each), "fate": each.fate} for each in one.missed]
    return asdict(one.line) | {"missed": missed}


def _told(one: Missed) -> str:
    it = one.line
    at = f" at {it.told_at:%Y-%m-%d %H:%M} UTC" if it.told_at else ""
    why = f": {it.ended}" if it.ended and not at else ""
    due = f"due {it.due_at:%Y-%m-%d %H:%M} UTC"
    return f"{it.site}  {it.code}  {_label(one)}  rung {it.rung + 1}  {due}: {one.fate}{at}{why}"


def _label(one: Missed) -> str:
    return one.protocol.task(one.line.name).label
