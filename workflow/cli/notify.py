"""theca notify test PERSON: whether letters reach this person."""

import json
from contextlib import closing
from typing import Annotated

import typer

from workflow.cli.ground import REFUSED, ground, plainly
from workflow.service import notify
from workflow.service.outward.ways import ways

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """Whether letters arrive."""


@app.command("test")
def send_tests(
    person: str,
    channel: Annotated[str | None, typer.Option(help=f"only this one: {', '.join(notify.CHANNELS)}")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Send a test letter on each of a person's channels, with the workers' settings; exit 1 where one was not sent."""
    with plainly(), ground(upgrade=False) as here, closing(here.worker()) as store:
        tried = notify.attempt(store, ways(here.now), person, channel=channel)
    if as_json:
        told = [{"channel": one.channel, "sent": one.sent, "because": one.because} for one in tried]
        print(json.dumps({"person": person, "tried": told}, indent=2))
    else:
        for one in tried:
            print(f"{one.channel:<8} {_said(one, printing=here.now.transport == 'console')}")
    if not all(one.sent for one in tried):
        raise typer.Exit(REFUSED)


def _said(one: notify.Tried, *, printing: bool) -> str:
    if not one.sent:
        return f"not sent: {one.because}"
    if one.channel == notify.IN_APP:
        return "always there: messages stand in the app"
    return "printed, not sent: TRANSPORT is console" if printing else "sent"
