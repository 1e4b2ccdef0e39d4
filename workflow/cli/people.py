"""theca staff, token: people, and how they sign in. Done on the machine, as theca_migrate."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import ground, plainly, write_private
from workflow.service import notify, passwords, people, single_sign_on

staffs = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
tokens = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@staffs.callback()
@tokens.callback()
def _group() -> None:
    """Add one; adding it again changes it."""


@staffs.command("add")
def add_person(person: str, name: str, email: str = "") -> None:
    """Add a person; what they may do comes with `theca roster add`."""
    with plainly(), ground() as here:
        people.add_person(here.admin(), person=person, name=name, email=email)
        print(f"person {person}")


@staffs.command("channel")
def set_channel(
    person: str,
    kind: Annotated[str, typer.Argument(help="webhook or apprise")] = "",
    url: Annotated[str, typer.Argument(help="where it is")] = "",
    remove: Annotated[str, typer.Option(help="forget this one instead")] = "",
) -> None:
    """Let messages reach a person by webhook or apprise too; a webhook's secret is printed once."""
    if bool(remove) == bool(kind and url):
        raise typer.BadParameter("a kind and a URL, or --remove and a kind")
    with plainly(), ground() as here, closing(here.admin()) as store:
        if remove:
            notify.remove_channel(store, person=person, kind=remove)
            print(f"{person}: no {remove} any more")
            return
        loopback = here.now.webhook_allow_loopback
        secret = notify.set_channel(store, person=person, kind=kind, url=url, allow_loopback=loopback)
        print(secret or f"{person}: {kind}")


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


@staffs.command("password")
def set_password(person: str) -> None:
    """Set a person's password, typed twice or read from one line of input; their sessions end."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        passwords.set_password(store, person, _typed())
        print(f"{person}: password set; their sessions ended")


@staffs.command("invite")
def invite(person: str) -> None:
    """Prints a code with which a person chooses a password, once, within 72 hours."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        print(passwords.invite(store, person))


@staffs.command("link")
def link(person: str, subject: Annotated[str, typer.Argument(help="the `sub` the provider knows them by")]) -> None:
    """Say who a person is for the single sign-on provider that OIDC_ISSUER names."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        if not here.now.oidc_issuer:
            raise typer.BadParameter("OIDC_ISSUER is not set")
        single_sign_on.link(store, issuer=here.now.oidc_issuer, subject=subject, person=person)
        print(f"{person} is {subject} at {here.now.oidc_issuer}")


@staffs.command("end")
def end_person(
    person: str,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="their last day; else at once")] = None,
) -> None:
    """A person leaves: their roles, sessions and tokens end, at once or after a last day. What they did stays."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        people.end_person(store, person, on=on.date() if on else None)
        print(f"{person} leaves {f'after {on:%Y-%m-%d}' if on else 'now'}")


def _typed() -> str:
    """A password from the terminal, unseen, or the first line of what is piped in; never an argument."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


@tokens.command("add")
def add_token(
    person: str,
    label: str,
    days: int = 90,
    scope: Annotated[
        list[str] | None, typer.Option(help="reading, recording, or a verb; several times for several; else all")
    ] = None,
    site: Annotated[str | None, typer.Option(help="at this site only")] = None,
) -> None:
    """Make a bearer token for a person; it is shown once, kept as a hash, and gives no more than their roles."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        print(people.add_token(store, person=person, label=label, days=days, scopes=scope or (), site=site))


@tokens.command("list")
def list_tokens(
    person: Annotated[str | None, typer.Argument()] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Every token, or a person's: what it leaves them, until when, and when it was last used."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        found = people.list_tokens(store, person)
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2, default=_plain))
        return
    for one in found:
        state = "revoked" if one.revoked_at else f"until {one.expires_at:%Y-%m-%d}"
        used = f"used {one.last_used_at:%Y-%m-%d}" if one.last_used_at else "never used"
        left = f"{one.scopes or 'all'}{f' at {one.site}' if one.site else ''}"
        print(f"{one.id}  {one.person:<20} {one.label:<30} {left}, {state}, {used}")


@tokens.command("revoke")
def revoke_token(token: Annotated[str, typer.Argument(help="its id, from `theca token list`")]) -> None:
    """Let a token open nothing any more."""
    with plainly(), ground() as here, closing(here.admin()) as store:
        found = people.revoke_token(store, token)
        print(f"token {found.id} of {found.person} ({found.label}) opens nothing any more")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
