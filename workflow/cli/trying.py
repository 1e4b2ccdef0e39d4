"""`theca protocol try`: replay a written walk against a protocol file, in memory."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from workflow.authoring import parse
from workflow.authoring.finding import Finding
from workflow.authoring.schema import load
from workflow.authoring.walk import load_walk, play
from workflow.authoring.walk.tell import as_json as as_values
from workflow.authoring.walk.tell import told
from workflow.domain.protocol import ProtocolVersion

BROKEN, UNCHECKED = 1, 3


def attempt(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=False, help="A protocol file.")],
    walk: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=False, help="A walk file.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that happened as JSON.")] = False,
) -> None:
    """Walk an invented candidate through a protocol: a written walk, replayed in memory by the real kernel.

    Prints day by day what was asked, moved or refused and why, what opened and ended, and who was told what.

    Exit 0: everything came as the walk expects. 1: something did not, or a file does not read well.
    3: a file could not be read.
    """
    version = protocol_in(file)
    loaded = load_walk(text_of(walk), str(walk), version)
    if loaded.walk is None:
        flawed(loaded.findings)
    account = play(loaded.walk, version)
    if as_json:
        print(json.dumps(as_values(account), indent=2, ensure_ascii=False))
    else:
        print("\n".join(told(account)))
    if account.unmet:
        flawed(account.unmet)


def protocol_in(file: Path) -> ProtocolVersion:
    """The protocol version in a file; ends the verb where it does not read well."""
    loaded = load(text_of(file), str(file))
    if loaded.version is None:
        flawed(loaded.findings)
    return loaded.version


def text_of(file: Path) -> bytes:
    """The bytes of a file, one more than is allowed at most; ends the verb where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(parse.LARGEST + 1)
    except OSError as broken:
        print(f"{file}: cannot be read: {broken.strerror}", file=sys.stderr)
        raise typer.Exit(UNCHECKED) from broken


def flawed(findings: tuple[Finding, ...]) -> NoReturn:
    """Tell findings, a line each, and end the verb."""
    for finding in findings:
        print(finding, file=sys.stderr)
    raise typer.Exit(BROKEN)
