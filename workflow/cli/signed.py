"""theca session, tablet: who is signed in, and the ward's tablets. Done on the machine, as theca_migrate."""

import json
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from workflow.cli.ground import ground, plainly
from workflow.domain.errors import NotFoundError
from workflow.service import own_sessions, shift

sessions = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
tablets = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@sessions.callback()
def _sessions() -> None:
    """Who is signed in with a browser. Tokens are `theca token`."""


@tablets.callback()
def _tablets() -> None:
    """Tablets on which a PIN wakes a session to record."""


@sessions.command("list")
def list_sessions(person: Annotated[str | None, typer.Argument()] = None, *, as_json: _Json = False) -> None:
    """The sessions that last, the newest first."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        found = own_sessions.everybodys(store, person)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2, default=_plain))
        return
    for one in found:
        where = f" on tablet {one.tablet}" if one.tablet else ""
        print(f"{one.id}  {one.person:<20} {one.how:<8} since {one.began_at:%Y-%m-%d %H:%M} UTC{where}")


@sessions.command("end")
def end_sessions(
    person: str,
    session: Annotated[str | None, typer.Option(help="only this one, by its id")] = None,
) -> None:
    """Sign a person out, everywhere or at one browser."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        ended = own_sessions.end_for(store, person, session)
        if session is not None and not ended:
            raise NotFoundError(f"{person} has no session {session!r}", allowed="theca session list")
        print(f"{person}: {ended} session{'' if ended == 1 else 's'} ended")


@tablets.command("add")
def add_tablet(site: str, label: str) -> None:
    """Prints a code, once: within the hour it makes one browser this tablet."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        _, code = shift.add(store, None, site=site, label=label)
        print(code)


@tablets.command("list")
def list_tablets(site: str, *, as_json: _Json = False) -> None:
    """A site's tablets, the newest first."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        found = shift.of(store, None, site)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2, default=_plain))
        return
    for one in found:
        state = "revoked" if one.revoked_at else "enrolled" if one.enrolled_at else "not enrolled"
        print(f"{one.id}  {one.label:<40} {state}, added by {one.added_by} {one.added_at:%Y-%m-%d}")


@tablets.command("revoke")
def revoke_tablet(site: str, tablet: str) -> None:
    """Let a tablet be none any more; sessions on it end."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        shift.revoke(store, None, site=site, tablet=tablet)
        print(f"tablet {tablet} is none any more")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
