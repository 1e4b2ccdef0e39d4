"""`theca simulate`: many invented candidates through a protocol file, in memory."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from workflow.authoring.simulate import Asked, Cohort, load_cohort, plain_cohort, simulate
from workflow.authoring.simulate.run import live_one
from workflow.authoring.simulate.tell import as_json as as_values
from workflow.authoring.simulate.tell import told
from workflow.authoring.walk.write import written
from workflow.cli.trying import flawed, protocol_in, text_of
from workflow.domain.protocol import ProtocolVersion

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_FILE = typer.Argument(exists=True, dir_okay=False, readable=False, help="A protocol file.")
_COHORT = typer.Option(
    exists=True, dir_okay=False, readable=False, help="A cohort file: who comes, how fast, how likely."
)


@app.command("simulate")
def run(
    file: Annotated[Path, _FILE],
    cohort: Annotated[Path | None, _COHORT] = None,
    candidates: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many are referred.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 1,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How long each is followed from the referral.")] = 52,
    walk: Annotated[int | None, typer.Option(min=1, help="Print this candidate's walk, to be tried.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Let a cohort of invented candidates walk a protocol on a virtual clock, decided by the real kernel.

    Prints who is trialled and implanted, how long each stage takes, what each role is asked and told in a week, and
    what was refused. Nothing is stored; chance comes from the seed alone.

    Exit 0: done. 1: a file does not read well. 3: a file could not be read.
    """
    version = protocol_in(file)
    fed = plain_cohort(version) if cohort is None else _cohort_in(cohort, version)
    asked = Asked(candidates=candidates, seed=seed, weeks=weeks)
    if walk is not None:
        print(_walk(version, fed, asked, walk), end="")
        return
    with _progress(candidates) as each:
        simulated = simulate(version, fed, asked, each=each)
    if as_json:
        print(json.dumps(as_values(simulated), indent=2, ensure_ascii=False))
    else:
        print("\n".join(told(simulated)))


# ---------------------------------------------------------------------------------------------------------------


def _cohort_in(file: Path, version: ProtocolVersion) -> Cohort:
    loaded = load_cohort(text_of(file), str(file), version)
    if loaded.cohort is None:
        flawed(loaded.findings)
    return loaded.cohort


def _walk(version: ProtocolVersion, cohort: Cohort, asked: Asked, number: int) -> str:
    if number > asked.candidates:
        raise typer.BadParameter(f"there are {asked.candidates} candidates", param_hint="--walk")
    lived = live_one(version, cohort, asked, number=number)
    title = f"Candidate {number} of {cohort.title}, seed {asked.seed}"
    return written(
        title,
        version,
        cohort.crew,
        lived.steps,
        starts=lived.arrived,
        born_on=lived.born_on,
        settings=cohort.settings,
    )


@contextmanager
def _progress(candidates: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, silence anywhere else."""
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("candidates", total=candidates)
        yield lambda: bar.advance(task)
