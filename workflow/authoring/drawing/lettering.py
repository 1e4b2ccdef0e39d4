"""How wide words are when drawn, and where lines of them break. A drawing cannot ask the screen, so it estimates."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

# Widths of Helvetica and its metric twins in thousandths of the letter size; what is not listed is taken as wide.
_WIDTHS = {
    222: "ijl'|",
    278: " \u00a0.,:;!/It[]f",
    333: "-()r·`",
    500: "ckszvxyJ",
    556: "abdeghnopqu0123456789_?L+<>=#",
    611: "FTZ",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    778: "GOQ",
    833: "mM",
    889: "%",
    944: "W",
}
_WIDTH_OF = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_WIDEST = 1000
_LEEWAY = 1.05  # other sans-serif faces run a little wider
_BOLD = 1.07


@dataclass(frozen=True, slots=True)
class Run:
    """A few words in one tone: plain, strong or muted."""

    text: str
    tone: str = "plain"


Line = tuple[Run, ...]

SEPARATOR = "\u00b7\u00a0"  # between what is told on one line


def width(text: str, size: float, *, tone: str = "plain") -> float:
    """The estimated width of a text in letters of this size."""
    units = sum(_WIDTH_OF.get(letter, _WIDEST) for letter in text)
    return units / 1000 * size * _LEEWAY * (_BOLD if tone == "strong" else 1)


def wrap(runs: Iterable[Run], *, size: float, room: float) -> tuple[Line, ...]:
    """The runs as lines no wider than `room`, broken between words; a separator never begins a line."""
    lines: list[list[Run]] = [[]]
    left = room
    for word in (Run(word, run.tone) for run in runs for word in run.text.split(" ") if word):
        wide = width(f" {word.text}", size, tone=word.tone)
        if lines[-1] and wide > left:
            lines.append([])
            left = room
        lines[-1].append(word if lines[-1] else Run(word.text.removeprefix(SEPARATOR), word.tone))
        left -= wide
    return tuple(_joined(line) for line in lines if line)


def held(text: str) -> str:
    """The text as one word that no line breaks."""
    return text.replace(" ", "\u00a0")


def _joined(line: list[Run]) -> Line:
    return tuple(
        Run(" ".join(word.text for word in words), tone) for tone, words in groupby(line, lambda run: run.tone)
    )
