"""How the demo talks: chapters, steps and becauses; with colour on a terminal and plain everywhere else."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.text import Text

PLAIN_WIDTH = 100
PASSES = ("open", "waived", "overridden")
_WHEN, _WHO = 13, 29  # columns
_COLUMN = 46  # the widest a column of a table gets


class Mark(StrEnum):
    """What became of a step."""

    DONE = "ok"
    ASKED = ".."  # a second person is needed
    REFUSED = "no"


_COLOUR = {Mark.DONE: "green", Mark.ASKED: "yellow", Mark.REFUSED: "bold red"}
_VERDICT = {"open": "green", "shut": "red", "unknown": "yellow", "waived": "magenta", "overridden": "magenta"}


@dataclass(slots=True)
class Telling:
    """Everything the demo prints goes through here; what was expected and whether it held is kept."""

    console: Console
    kept: list[tuple[str, bool]] = field(default_factory=list)
    chapters: int = 0

    @property
    def sound(self) -> bool:
        """Whether everything expected so far held."""
        return all(held for _, held in self.kept)

    def chapter(self, title: str, *notes: str) -> None:
        """Begin a numbered part."""
        self.chapters += 1
        self.console.print()
        self.console.rule(Text(f"{self.chapters}  {title}", style="bold"), align="left", characters="-")
        for note in notes:
            self.line(note, style="dim", indent=1)

    def line(self, text: str | Text, *, style: str = "", indent: int = 3, hanging: str = "") -> None:
        """One paragraph; lines that go on begin with `hanging`."""
        given = text if isinstance(text, Text) else Text(text, style=style)
        wide = self.console.width - indent - len(hanging)
        first, *others = given.wrap(self.console, wide) or [Text("")]
        self._print(" " * indent, first)
        for other in others:
            self._print(" " * indent + hanging, other)

    def verbatim(self, text: str) -> None:
        """A line to be copied: never broken, however long."""
        self._print("   ", Text(text))

    def command(self, typed: str, said: str, *, most: int = 40) -> None:
        """A command as typed, and what it said."""
        self.line(f"$ {typed}", style="bold cyan", indent=1, hanging="  ")
        lines = said.strip().splitlines()
        for one in lines[:most]:
            self.line(one, hanging="  ")
        if len(lines) > most:
            self.line(f"... and {len(lines) - most} lines more", style="dim")

    def step(self, when: str, who: str, what: str, *, mark: Mark = Mark.DONE, answer: str = "") -> None:
        """One thing somebody did, and what the service answered."""
        text = Text(what)
        if answer:
            text.append(f"  {answer}", style="dim")
        first, *others = text.wrap(self.console, self.console.width - _WHEN - _WHO - 6)
        head = Text(f" {when:<{_WHEN}}", style="dim")
        head.append(f"{mark} ", style=_COLOUR[mark])
        first.pad_right(max(0, self.console.width - len(head) - _WHO - first.cell_len))
        name = Text(who, style="dim")
        name.truncate(_WHO, overflow="ellipsis")
        name.pad_left(_WHO - name.cell_len)
        self._print("", Text.assemble(head, first, name))
        for other in others:
            self._print(" " * len(head), other)

    def reports(self, gates: Iterable[Mapping[str, Any]]) -> None:
        """Why a way was barred: each gate that did not let through, its because, and what would open it."""
        for gate in barring(gates):
            head = Text(f"{gate['label']}: ")
            head.append(str(gate["verdict"]), style=_VERDICT.get(gate["verdict"], ""))
            self.line(head, indent=_WHEN + 4)
            self.line(f"because {gate['because']}", indent=_WHEN + 6, hanging="  ")
            if gate.get("opens_when"):
                self.line(f"opens when {gate['opens_when']}", style="dim", indent=_WHEN + 6, hanging="  ")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Columns as wide as they need to be, up to a limit; the last takes what is left."""
        shown = [[*(_cut(str(cell)) for cell in row[:-1]), str(row[-1])] for row in rows]
        widths = [max(len(row[n]) for row in [list(heads), *shown]) + 2 for n in range(len(heads) - 1)]
        for number, row in enumerate([list(heads), *shown]):
            style = "" if number else "bold"
            cells = "".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
            for last in Text(row[-1], style=style).wrap(self.console, max(20, self.console.width - 3 - sum(widths))):
                self._print("   ", Text(cells, style=style) + last)
                cells = " " * sum(widths)

    def expect(self, what: str, *, held: bool) -> None:
        """Note something that must be so, and say whether it is."""
        self.kept.append((what, held))
        self.line(f"{'checked' if held else 'NOT SO'}: {what}", style="green" if held else "bold red", indent=1)

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """A moving sign on a terminal while something takes its time; nothing elsewhere."""
        return self.console.status(what) if self.console.is_terminal else nullcontext()

    def _print(self, indent: str, text: Text) -> None:
        text.rstrip()
        self.console.print(Text(indent) + text, soft_wrap=True)


def _cut(text: str) -> str:
    """What fits into a column; a longer text says that it goes on."""
    return text if len(text) <= _COLUMN else text[: _COLUMN - 4].rstrip() + " ..."


def barring(gates: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The gates that did not let through, each said once."""
    barred: dict[tuple[str, str], Mapping[str, Any]] = {}
    for gate in gates:
        if gate["verdict"] not in PASSES:
            barred.setdefault((gate["gate"], gate["because"]), gate)
    return list(barred.values())


def telling() -> Telling:
    """To standard output: as wide as the terminal, or 100 columns where there is none."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=PLAIN_WIDTH)
    return Telling(console)
