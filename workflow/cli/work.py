"""theca sweep, why, ledger: work one round by hand, and look at one candidate."""

import typer

sweeps = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
whys = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
ledgers = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
