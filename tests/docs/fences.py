"""What stands in code fences of our own pages, and what of it can be run or looked up."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.commands import Command

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One fenced block: the page and line it stands at, its language, its text."""

    place: str
    language: str
    text: str


def hand_written() -> list[Path]:
    """Our Markdown pages."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def fences(language: str) -> list[Fence]:
    """Every block of a language on our pages."""
    found = []
    for page in hand_written():
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            place = f"{page.relative_to(ROOT)}:{line}"
            found.append(Fence(place=place, language=match[1], text=match[2]))
    return [fence for fence in found if fence.language == language]


def typed(fence: Fence) -> Iterator[list[str]]:
    """The commands of a console block: lines that begin with `$`, split as a shell would, `VAR=value` left out."""
    for line in fence.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            words = shlex.split(line[2:], comments=True)
            yield [word for at, word in enumerate(words) if "=" not in word or any(words[:at])]


def wrong_with(words: list[str], known: Mapping[str, Command]) -> str:
    """What `theca` would not understand of a command line; empty where it would."""
    named = next((" ".join(words[1:count]) for count in (3, 2) if " ".join(words[1:count]) in known), "")
    if words[1:2] in (["--help"], ["--version"]) or words[2:3] == ["--help"]:
        return ""
    if not named:
        return f"no verb {' '.join(words[1:3])!r}"
    command, rest = known[named], words[1 + len(named.split()) :]
    options = {name: word for word in command.words for name in word.names}
    used, given, at = set[str](), 0, 0
    while at < len(rest):
        name = rest[at].partition("=")[0]
        if not name.startswith("--"):
            given += 1
        elif name not in options:
            return f"{named} has no option {name}"
        else:
            used.add(options[name].typed)
            at += options[name].takes_value and "=" not in rest[at]
        at += 1
    missing = [word.typed for word in command.words if word.names and word.required and word.typed not in used]
    arguments = [word for word in command.words if not word.names]
    least, most = sum(word.required for word in arguments), len(arguments) if not any(w.many for w in arguments) else 99
    if missing or not least <= given <= most:
        return f"{named}: missing {missing or 'arguments'}; {given} arguments given, {least} to {most} taken"
    return ""
