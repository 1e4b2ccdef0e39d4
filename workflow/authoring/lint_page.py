"""The page of the lint's codes, written from the rules and their examples so that it cannot say anything else."""

from collections.abc import Iterator
from textwrap import fill

from workflow.authoring import parse, printings, schema
from workflow.authoring.finding import Severity
from workflow.authoring.lint import RULES
from workflow.authoring.lint_examples import Example, examples, smallest

_WIDTH = 118

READING = (
    (
        parse.CODE,
        "Not plain text, or not plain YAML",
        (
            "Keys that stand twice, anchors, tags, merge keys and invisible characters let a file say something else "
            "than what a reader sees. All values are read as the letters they are."
        ),
        "write every value once, where it is used, in UTF-8",
    ),
    (
        schema.CODE,
        "Not the shape of a protocol",
        (
            "Every key is known here or refused, and every value has one way to be written. A misspelt key would "
            "otherwise be a rule that is not there."
        ),
        "the finding names what is allowed in that place",
    ),
    (
        printings.CODE,
        "Published, and edited since",
        (
            "People were enrolled on the text that was published, and their record is read with it. `published.txt` "
            "beside the files, or one folder above, names each published version with its sum; where there is no such "
            "list nothing is claimed. The list of these examples names printed@1."
        ),
        printings.REMEDY,
    ),
)

_HEAD = """\
# What the lint says

`theca protocol lint FILE...` reads a protocol file and tells everything that is wrong with it, one finding a line:
where it stands, its code, how much it matters, what is wrong, and what to do. An **error** keeps a file from being
published. A **notice** is something to look at once. A code never changes its meaning.

T0 is about reading the file, T1 about names, T2 about the pathway, T3 about what gates rest on, T4 about ladders, T5
about tasks and duties.

This page is generated from the rules. Its examples are changes to the
[smallest sound protocol](#the-smallest-sound-protocol): maps are merged, everything else is replaced. A test runs every
wrong one and sees exactly its code, and every right one and sees none.
"""


def lint_page() -> str:
    """The page as Markdown."""
    shown = examples()
    rows = [*READING, *((rule.code, rule.title, rule.why, rule.remedy) for rule in RULES)]
    parts = [_HEAD, *_table()]
    parts += [_section(code, title, why, remedy, shown[code]) for code, title, why, remedy in rows]
    parts.append(f"## The smallest sound protocol\n\n```yaml\n{smallest()}```\n")
    return "\n".join(parts)


# ---------------------------------------------------------------------------------------------------------------


def _table() -> Iterator[str]:
    yield "| code | | what |\n|---|---|---|"
    for code, title, _, _ in READING:
        yield _row(code, title, Severity.ERROR)
    for rule in RULES:
        yield _row(rule.code, rule.title, rule.severity)
    yield ""


def _row(code: str, title: str, severity: Severity) -> str:
    return f"| [{code}](#{_anchor(code, title)}) | {severity} | {title} |"


def _anchor(code: str, title: str) -> str:
    words = f"{code} {title}".lower().replace(" ", "-")
    return "".join(letter for letter in words if letter.isalnum() or letter == "-")


def _section(code: str, title: str, why: str, remedy: str, example: Example) -> str:
    return (
        f"## {code} {title}\n\n{fill(why, _WIDTH)}\n\n{fill(f'What to do: {remedy}.', _WIDTH)}\n\n"
        f"Wrong:\n\n```yaml\n{example.wrong}```\n\nRight:\n\n```yaml\n{example.right}```\n"
    )
