"""What a protocol promises, from the tests that hold it: chapter a file, paragraph a test, read and not run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "tests" / "spec"
_WIDTH = 118


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One file of a specification: its title, and its sentences by the name of the test that holds each."""

    file: Path
    title: str
    sentences: dict[str, str]


def spec_section(protocol: str, *, spec: Path = SPEC) -> str:
    """The section of a protocol's page that says what is tested; empty for a protocol without a specification."""
    told = [*chapters(spec / protocol)]
    if not told:
        return ""
    sentences = sum(len(chapter.sentences) for chapter in told)
    head = (
        f"{_counted(sentences, 'sentence')} in {_counted(len(told), 'chapter')}, each held by a test that walks "
        "invented candidates through this protocol. `make test` runs them all."
    )
    return "\n\n".join(["\n## What is tested", fill(head, _WIDTH), *(_chapter(one) for one in told)]) + "\n"


def chapters(folder: Path) -> Iterator[Chapter]:
    """The files of a specification that hold tests, in order: test_spec_2 before test_spec_10."""
    for file in sorted(folder.glob("test_*.py"), key=_in_order):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        if tests:
            title = _paragraph(tree) or _in_words(file.stem)
            yield Chapter(
                file=file,
                title=title.rstrip("."),
                sentences={test.name: _paragraph(test) or f"{_in_words(test.name)}." for test in tests},
            )


# ----------------------------------------------------------------------------------------------------------------------


def _chapter(told: Chapter) -> str:
    place = told.file.relative_to(ROOT).as_posix() if told.file.is_relative_to(ROOT) else told.file.name
    lines = [f"- {sentence} `{name}`" for name, sentence in told.sentences.items()]
    where = f"{_counted(len(told.sentences), 'sentence')}, in [{told.file.name}](../../{place})."
    return "\n\n".join([f"### {told.title}", where, "\n".join(lines)])


def _paragraph(node: ast.Module | ast.FunctionDef) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())


def _in_words(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]


def _in_order(file: Path) -> list[tuple[int, str]]:
    """Numbers by their size, and before words."""
    parts = re.split(r"([0-9]+)", file.stem)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
