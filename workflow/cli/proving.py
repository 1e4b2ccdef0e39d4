"""`theca protocol prove`: search everything that can happen under a protocol, and refuse it with a walk."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

import protocols
from workflow.authoring import parse
from workflow.authoring.finding import Finding, FlawedProtocolError
from workflow.authoring.lint import examine
from workflow.authoring.printings import printings
from workflow.authoring.prove import Proof, prove

PROVEN, REFUSED, UNCHECKED = 0, 1, 3


def proof(
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, readable=False, help="A protocol file.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every protocol file that comes with Theca.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was searched and found as JSON.")] = False,
) -> None:
    """Search every state a candidate can come to under a protocol, and hold every obligation against it.

    Lint errors are told first. What does not hold is told with a numbered walk to it; so is every transition the
    software takes by itself.

    Exit 0: proven. 1: refused. 2: no such file. 3: a file could not be read.
    """
    asked = [*(files or ()), *(_shipped() if every else ())]
    if not asked:
        raise typer.BadParameter("name a protocol file, or say --all", param_hint="FILES")
    answers = [_answer(file) for file in asked]
    if as_json:
        print(json.dumps([_as_json(answer) for answer in answers], indent=2, ensure_ascii=False))
    else:
        for answer in answers:
            print("\n".join(_told(answer)), file=sys.stdout if answer.readable else sys.stderr)
    raise typer.Exit(_code(answers))


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came of one file: what keeps it from being searched, or its proof and how long that took."""

    file: Path
    broken: tuple[Finding, ...] = ()
    proof: Proof | None = None
    seconds: float = 0
    unread: str = ""

    @property
    def readable(self) -> bool:
        return not self.unread


def _shipped() -> list[Path]:
    """The protocol files beside the package that carries them."""
    return sorted(Path(protocols.__path__[0]).glob("*/v*.yaml"))


def _answer(file: Path) -> _Answer:
    try:
        with file.open("rb") as opened:
            text = opened.read(parse.LARGEST + 1)
        examined = examine(text, str(file), printed=printings(file))
    except OSError as broken:
        return _Answer(file=file, unread=f"{file}: cannot be read: {broken.strerror}")
    except FlawedProtocolError as flawed:
        return _Answer(file=file, broken=flawed.findings)
    errors = tuple(finding for finding in examined.findings if finding.is_error)
    if errors or examined.version is None:
        return _Answer(file=file, broken=errors)
    began = time.monotonic()
    found = prove(examined.version, examined.where)
    return _Answer(file=file, proof=found, seconds=time.monotonic() - began)


def _code(answers: Sequence[_Answer]) -> int:
    if not all(answer.readable for answer in answers):
        return UNCHECKED
    return PROVEN if all(answer.proof is not None and answer.proof.holds for answer in answers) else REFUSED


def _told(answer: _Answer) -> list[str]:
    if answer.proof is None:
        return [answer.unread] if answer.unread else [str(finding) for finding in answer.broken]
    found = answer.proof
    lines = []
    for refutation in found.refutations:
        lines += [str(refutation.finding), *(f"    {line}" for line in refutation.walk)]
    verdict = "proven" if found.holds else f"refused, {len(found.refutations)} findings"
    searched = f"{found.states} states, {found.steps} steps, {found.combinations} combinations of gates"
    lines.append(f"{answer.file}: {found.version} {verdict} ({searched}, {answer.seconds:.1f} s)")
    lines += [f"  held on every path: {label}" for label in found.invariants if found.holds]
    lines += [f"  the software takes by itself: {one}" for one in found.automatic or ("nothing",)]
    return lines


def _as_json(answer: _Answer) -> dict[str, object]:
    found = answer.proof
    told: dict[str, object] = {"file": str(answer.file), "proven": found is not None and found.holds}
    if answer.unread:
        return told | {"unread": answer.unread}
    if found is None:
        return told | {"lint": [_finding(finding) for finding in answer.broken]}
    return told | {
        "version": found.version,
        "states": found.states,
        "steps": found.steps,
        "combinations": found.combinations,
        "seconds": round(answer.seconds, 3),
        "automatic": list(found.automatic),
        "invariants": list(found.invariants),
        "refutations": [{**_finding(one.finding), "walk": list(one.walk)} for one in found.refutations],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "line": finding.place.line,
        "path": finding.place.path,
        "message": finding.message,
        "remedy": finding.remedy,
    }
