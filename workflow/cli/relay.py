"""theca relay: after a restore, what may leave again, and what waits for a person."""

import json
from contextlib import closing
from typing import Annotated

import typer

from workflow.cli.ground import asking, ground, plainly
from workflow.service import relay
from workflow.service.relay import Word

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _relay() -> None:
    """Letters after a restore."""


@app.command()
def resume() -> None:
    """Let letters go again. What the journal says had left is marked sent; what else was due waits for a review."""
    with plainly(), ground(upgrade=False) as here, closing(here.admin()) as store:
        found = relay.resume(store)
        print(f"letters leave again; {found.sent} had left before, {found.held} wait for a person: theca relay review")


@app.command()
def review(
    site: str,
    keys: Annotated[list[str] | None, typer.Argument(help="messages; all that wait unless said")] = None,
    *,
    release: Annotated[bool, typer.Option("--release", help="let them leave")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="never send them")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """What may have left before the database was lost; release or drop it. Acts as the bearer of THECA_TOKEN."""
    if release and drop:
        raise typer.BadParameter("either --release or --drop")
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        with closing(desk.store):
            person = asking(desk, here.now)
            if release or drop:
                word = Word.RELEASE if release else Word.DROP
                count = relay.decide(desk.store, person, site=site, keys=keys or (), word=word)
                print(f"{count} {'released' if release else 'dropped'}")
                return
            found = relay.held(desk.store, person, site=site)
    if as_json:
        names = ("episode", "code", "key", "recipient", "channel", "urgency")
        print(json.dumps([{name: getattr(one, name) for name in names} for one in found], indent=2))
        return
    for one in found:
        to = f"to {one.recipient} by {one.channel}"
        print(f"{one.due_at:%Y-%m-%d %H:%M}  {one.urgency:<8} {one.code:<9} {to}  {one.key}")
