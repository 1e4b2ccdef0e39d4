"""theca erase: everything known of a candidate, for good. One person proposes it, another agrees."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer

from workflow.cli.ground import asking, ground, plainly
from workflow.service import erase
from workflow.store.session import Store
from workflow.store.staff import Person

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_Code = Annotated[str, typer.Argument(help="the candidate's code, as in messages")]


@app.callback()
def _erase() -> None:
    """Erase everything known of a candidate, for good. Acts as the bearer of THECA_TOKEN."""


@app.command()
def propose(
    site: str, code: _Code, reason: Annotated[str, typer.Option(help="requested, retention_over, registered_in_error")]
) -> None:
    """Ask for it. Nothing is erased before somebody else agrees; exit 1 where something must still be kept."""
    with _as_somebody() as (store, person):
        candidate = erase.propose(store, person, site=site, code=code, reason=reason)
        print(f"{code} ({candidate}) is erased once somebody else agrees: theca erase agree {site} {code}")


@app.command()
def agree(site: str, code: _Code) -> None:
    """Agree with what somebody else proposed: key, identity, names and every row are gone at once, for good."""
    with _as_somebody() as (store, person):
        candidate = erase.agree(store, person, site=site, code=code)
        print(f"{code} ({candidate}) is erased; backups from before still hold it, see docs/operations.md")


@app.command("list")
def show(site: str, *, as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False) -> None:
    """What was proposed and what was done at a site, by ids."""
    with _as_somebody() as (store, person):
        found = erase.listed(store, person, site=site)
    if as_json:
        keys = ("candidate", "code", "reason", "proposed_by", "agreed_by")
        told = [{key: getattr(one, key) for key in keys} | {"erased_at": str(one.erased_at or "")} for one in found]
        print(json.dumps(told, indent=2))
        return
    for one in found:
        done = f"erased {one.erased_at:%Y-%m-%d}, agreed by {one.agreed_by}" if one.erased_at else "waits for a second"
        print(f"{one.candidate}  {one.code:<9} {one.reason:<20} proposed by {one.proposed_by}; {done}")


@contextmanager
def _as_somebody() -> Iterator[tuple[Store, Person]]:
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        with closing(desk.store):
            yield desk.store, asking(desk, here.now)
