"""The few pieces of Markdown a protocol's page is made of."""

from collections.abc import Iterator


def head_row(*names: str) -> Iterator[str]:
    """The first two lines of a table."""
    yield row(*names)
    yield "|" + "---|" * len(names)


def row(*cells: str) -> str:
    """One line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def link(label: str) -> str:
    """A link to the heading of this label on the same page."""
    anchor = "".join(letter for letter in label.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
    return f"[{label}](#{anchor})"
