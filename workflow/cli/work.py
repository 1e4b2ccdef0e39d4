"""theca sweep, why, ledger: work one round by hand, and look at one candidate."""

import typer

sweeps = typer.Typer(add_completion=False)
whys = typer.Typer(add_completion=False)
ledgers = typer.Typer(add_completion=False)
