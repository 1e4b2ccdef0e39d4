"""`theca protocol`: read a protocol file and say what is wrong with it, draw it, freeze it, or publish it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from workflow.authoring import parse
from workflow.authoring.draw import draw as drawing_of
from workflow.authoring.editor_schema import schema_text
from workflow.authoring.finding import Finding, FlawedProtocolError, Where
from workflow.authoring.lint import examine, publishable
from workflow.authoring.outline import outline as outline_of
from workflow.authoring.printings import freeze as put_on_list
from workflow.authoring.printings import printings
from workflow.authoring.schema import Loaded, load
from workflow.cli.changing import diff, migrate
from workflow.cli.ground import ground, plainly
from workflow.cli.proving import proof
from workflow.cli.trying import attempt
from workflow.service import people

SOUND, BROKEN, UNCHECKED = 0, 1, 3

app = typer.Typer(
    name="protocol",
    help="Check and draw protocol files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("prove")(proof)
app.command("try")(attempt)
app.command()(diff)
app.command()(migrate)

# What exists and cannot be read is ours to tell (3); what does not exist is bad usage (2).
_FILE = typer.Argument(exists=True, dir_okay=False, readable=False, help="A protocol file.")


@app.command()
def lint(
    files: Annotated[list[Path], _FILE],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Tell everything that is wrong with protocol files, one finding a line.

    Exit 0: sound. 1: something must change. 2: no such file. 3: a file could not be read.
    """
    checked = [_checked(file) for file in files]
    findings = [finding for seen in checked for finding in seen.findings]
    if as_json:
        print(json.dumps([_as_json(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(finding)
    raise typer.Exit(_code(checked))


@app.command()
def draw(
    file: Annotated[Path, _FILE],
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of printing.")] = None,
    *,
    outline: Annotated[bool, typer.Option("--outline", help="A Markdown page instead of a drawing.")] = False,
) -> None:
    """Draw a protocol as SVG, or write it out as a page. Exit 1: the file does not read well. 3: cannot be read."""
    loaded = _loaded(file)
    if loaded.version is None:
        for finding in loaded.findings:
            print(finding, file=sys.stderr)
        raise typer.Exit(BROKEN)
    text = outline_of(loaded.version) if outline else drawing_of(loaded.version)
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as broken:
        raise typer.BadParameter(f"{out} cannot be written: {broken.strerror}", param_hint="--out") from broken


@app.command()
def publish(file: Annotated[Path, _FILE]) -> None:
    """Publish a version for good: candidates can be enrolled on it, and its text can never change.

    Exit 1: it does not lint, or this number is published with another text.
    """
    with plainly():
        text = _text(file)
        publishable(text, name=str(file), printed=printings(file))
        with ground() as here:
            version = people.publish(here.admin(), text.decode("utf-8"))
        print(f"{version.name} is published ({version.sha256[:12]})")


@app.command()
def freeze(file: Annotated[Path, _FILE]) -> None:
    """Put a version and its SHA-256 on published.txt beside its file, or one folder above where that exists.

    From then on an edited text does not load under this number. Exit 1: it does not lint, or this number is on the
    list with another text.
    """
    with plainly():
        version = publishable(_text(file), name=str(file), printed=printings(file))
        print(f"{version.name} is frozen ({version.sha256[:12]}) in {put_on_list(version, file)}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of protocol files, for editors."""
    print(schema_text(), end="")


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    findings: tuple[Finding, ...] = ()
    readable: bool = True


def _checked(file: Path) -> _Checked:
    try:
        return _Checked(findings=examine(_text(file), str(file), printed=printings(file)).findings)
    except FlawedProtocolError as flawed:
        return _Checked(findings=flawed.findings)
    except OSError as broken:
        print(f"{file}: cannot be read: {broken.strerror}", file=sys.stderr)
        return _Checked(readable=False)


def _loaded(file: Path) -> Loaded:
    try:
        return load(_text(file), str(file), printed=printings(file))
    except FlawedProtocolError as flawed:
        return Loaded(where=Where(file=str(file)), findings=flawed.findings)
    except OSError as broken:
        print(f"{file}: cannot be read: {broken.strerror}", file=sys.stderr)
        raise typer.Exit(UNCHECKED) from broken


def _text(file: Path) -> bytes:
    """The bytes of a file; one more than is allowed at most, so that an endless one ends."""
    with file.open("rb") as opened:
        return opened.read(parse.LARGEST + 1)


def _code(checked: list[_Checked]) -> int:
    if not all(seen.readable for seen in checked):
        return UNCHECKED
    return BROKEN if any(finding.is_error for seen in checked for finding in seen.findings) else SOUND


def _as_json(finding: Finding) -> dict[str, str | int]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": finding.place.file,
        "line": finding.place.line,
        "path": finding.place.path,
        "message": finding.message,
        "remedy": finding.remedy,
    }
