"""theca sweep, why, huddle: work one round by hand, and look at one candidate, or at what harms today."""

from contextlib import closing, suppress
from typing import Annotated
from uuid import UUID

import typer

from workflow.cli.ground import asking, ground, plainly
from workflow.cli.standing import basis, for_programs, morning
from workflow.domain.errors import NotFoundError
from workflow.service import look
from workflow.service.act import Desk
from workflow.service.fire import sweep as fire_what_is_due
from workflow.service.huddle import huddle as of_site
from workflow.store.staff import Person
from workflow.store.worklist import EpisodesWanted

sweeps = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
whys = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
huddles = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
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
        with closing(desk.store):
            person = asking(desk, here.now)
            sight, found = look.explain(desk, person, episode_of(desk, person, episode))
    print(for_programs(found) if as_json else "\n".join(basis(found, sight.situation)))


@huddles.command()
def huddle(site: Annotated[str, typer.Argument(help="one of your sites")], *, as_json: _Json = False) -> None:
    """What harms at a site if nobody acts today, gravest first. Acts as the bearer of THECA_TOKEN."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        with closing(desk.store):
            found = of_site(desk, asking(desk, here.now), site)
    print(for_programs(found) if as_json else "\n".join(morning(found)))


def episode_of(desk: Desk, person: Person, text: str) -> str:
    """The id of an episode: as given, or the newest of the candidate with this code. Raises NotFoundError."""
    with suppress(ValueError):
        return str(UUID(text))
    found = look.board(desk, person, EpisodesWanted(most=1, closed=True), search=text)
    if not found:
        raise NotFoundError(f"no episode of {text!r} at your sites", allowed="a candidate's code, or an episode's id")
    return found[0].line.id
