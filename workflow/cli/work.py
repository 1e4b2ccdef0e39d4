"""theca sweep, why, ledger: work one round by hand, and look at one candidate."""

import json
import sys
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import typer

from workflow.cli.ground import asking, ground, plainly
from workflow.domain.canonical import plain
from workflow.domain.errors import NotFoundError
from workflow.service import look
from workflow.service.act import Desk
from workflow.service.fire import sweep as fire_what_is_due
from workflow.store.staff import Person
from workflow.store.worklist import EpisodesWanted

sweeps = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
whys = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
ledgers = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_Json = Annotated[bool, typer.Option("--json", help="for programs")]
_Episode = Annotated[str, typer.Argument(help="the candidate's code, as in messages, or the episode's id")]


@sweeps.command()
def sweep() -> None:
    """Fire what is due now, once. Messages wait for a worker, which sends them."""
    with plainly(), ground(upgrade=False) as here:
        print(f"{fire_what_is_due(here.worker())} timers fired")


@whys.command()
def why(episode: _Episode, *, as_json: _Json = False) -> None:
    """Why is this candidate not moving: one sentence, and what it rests on. Acts as the bearer of THECA_TOKEN."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        person = asking(desk, here.now)
        _, found = look.explain(desk, person, _episode(desk, person, episode))
    if as_json:
        print(json.dumps(plain(found), indent=2))
        return
    print(found.sentence)
    for seen in found.way.bars if found.way else ():
        print(f"  {seen.verdict}: {seen.label}: {seen.because}")
    for opening in found.way.opens_when if found.way else ():
        print(f"  opens when: {opening}")


@ledgers.command()
def show(
    episode: _Episode,
    *,
    after: Annotated[int, typer.Option(help="only lines after this one")] = 0,
    as_json: _Json = False,
) -> None:
    """Print an episode's ledger, a line each; exit 1 where a line is not what it claims."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        person = asking(desk, here.now)
        lines = look.chain(desk, person, _episode(desk, person, episode), after=after, most=10_000)
    for line in lines:
        if as_json:
            print(json.dumps({"hash": line.hash, "payload": line.payload, **json.loads(line.head)}))
        else:
            print(f"{line.seq:>4}  {line.occurred_at:%Y-%m-%d %H:%M}  {line.verb:<12} {line.outcome:<9} {line.actor}")
    if not all(line.sound for line in lines):
        print("theca: a line is not what it claims", file=sys.stderr)
        raise typer.Exit(1)


def _episode(desk: Desk, person: Person, text: str) -> str:
    """The id of an episode: as given, or the newest of the candidate with this code. Raises NotFoundError."""
    with suppress(ValueError):
        return str(UUID(text))
    found = look.board(desk, person, EpisodesWanted(most=1, closed=True), search=text)
    if not found:
        raise NotFoundError(f"no episode of {text!r} at your sites", allowed="a candidate's code, or an episode's id")
    return found[0].line.id
