"""theca staff, token: people, and how they sign in. Done on the machine, as theca_migrate."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import ground, plainly, write_private
from workflow.service import notify, people

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


@tokens.command("add")
def add_token(person: str, label: str, days: int = 90) -> None:
    """Make a bearer token for a person; it is shown once and kept as a hash."""
    with plainly(), ground() as here:
        print(people.add_token(here.admin(), person=person, label=label, days=days))
