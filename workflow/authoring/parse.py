"""Protocol text to a plain tree of strings, lists and maps. Whatever YAML would guess is refused.

No scalar is interpreted (`on`, `4:30` and `.nan` stay the letters they are), and nothing in the text can refer to
something else in it: what stands in a file is what a reader sees there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Never, TypeAlias

import yaml

from workflow.authoring.finding import FlawedProtocolError, Place, Where, error

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

LARGEST = 256 * 1024  # bytes
DEEPEST = 20
CODE = "T001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A file's top-level map, and where each of its paths stands."""

    tree: dict[str, Tree]
    where: Where


def parse(text: str | bytes, *, name: str = "protocol", begins: str = "protocol") -> Parsed:
    """Read a file's text (UTF-8, at most 256 KB, at most 20 levels deep). Raises FlawedProtocolError."""
    reader = _Reader(file=name, begins=begins)
    decoded = reader.decode(text)
    try:
        tree = reader.document(yaml.parse(decoded, Loader=_LOADER))
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = mark.line + 1 if mark else 1
        reader.refuse("", line, f"this is not YAML: {broken.problem or broken.context}", _AS_YAML)
    except yaml.YAMLError as broken:
        reader.refuse("", 1, f"this is not YAML: {broken}", _AS_YAML)
    return Parsed(tree=tree, where=Where(file=name, lines=reader.lines))


# The line is where reading stopped; the slip is often in the line before.
_AS_YAML = "here and one line above: `key: value`, keys of one map in one column, commas, brackets and quotes closed"

# libyaml where the wheel brings it, the same grammar in Python where not.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Everything that moves, hides or ends text without being seen: controls, surrogates, bidirectional marks, joiners,
# byte order marks, and the line ends only YAML knows.
_UNSEEN = (
    "\\x00-\\x08\\x09\\x0b-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ud800-\\udfff\\ufeff\\ufff9-\\uffff"
)
_IN_FILE = re.compile(f"[{_UNSEEN}]")
_IN_SCALAR = re.compile(f"[\\n{_UNSEEN}]")


@dataclass(slots=True, kw_only=True)
class _Reader:
    """One pass over one file's events, noting the line of every path."""

    file: str
    begins: str = "protocol"  # the key such a file begins with
    lines: dict[str, int] = field(default_factory=dict)

    def refuse(self, path: str, line: int, detail: str, allowed: str) -> Never:
        place = Place(file=self.file, line=line, path=path)
        raise FlawedProtocolError(error(CODE, place, detail, remedy=allowed))

    def decode(self, text: str | bytes) -> str:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        if len(data) > LARGEST:
            line = data.count(b"\n", 0, LARGEST) + 1
            self.refuse("", line, f"the file has {len(data)} bytes", f"at most {LARGEST} bytes")
        try:
            decoded = data.decode("utf-8")
        except UnicodeDecodeError as broken:
            self.refuse("", data.count(b"\n", 0, broken.start) + 1, "the file is not UTF-8", "UTF-8")
        if unseen := _IN_FILE.search(decoded):
            line = decoded.count("\n", 0, unseen.start()) + 1
            self.refuse("", line, f"character U+{ord(unseen[0]):04X}", "visible characters, spaces, and LF line ends")
        return decoded

    def document(self, events: Iterator[yaml.Event]) -> dict[str, Tree]:
        next(events)  # the stream begins
        start = next(events)
        if not isinstance(start, yaml.DocumentStartEvent):
            self.refuse("", 1, "the file is empty", f"a map that begins with {self.begins}:")
        if start.version or start.tags:
            self.refuse("", _line(start), "a % directive", "no directives")
        tree = self.value(next(events), events, path="", depth=0)
        next(events)  # the document ends
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.refuse("", _line(after), "a second document", "one document in a file")
        if not isinstance(tree, dict):
            self.refuse("", 1, "the file is not a map", f"a map that begins with {self.begins}:")
        return tree

    def value(self, event: yaml.Event, events: Iterator[yaml.Event], *, path: str, depth: int) -> Tree:
        line = _line(event)
        self.lines.setdefault(path, line)
        if depth > DEEPEST:
            self.refuse(path, line, "too deep", f"at most {DEEPEST} levels")
        self.plain(event, path=path, line=line)
        match event:
            case yaml.ScalarEvent():
                return self.scalar(event, path=path, line=line)
            case yaml.SequenceStartEvent():
                return self.sequence(events, path=path, depth=depth)
            case _:
                return self.mapping(events, path=path, depth=depth)

    def plain(self, event: yaml.Event, *, path: str, line: int) -> None:
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self.refuse(path, line, "an anchor or alias", "write the value out where it is used")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            self.refuse(path, line, f"the tag {event.tag}", "no tags")

    def scalar(self, event: yaml.ScalarEvent, *, path: str, line: int) -> str:
        value = str(event.value)
        if unseen := _IN_SCALAR.search(value):
            self.refuse(path, line, f"character U+{ord(unseen[0]):04X} in a value", "text on one line")
        if not value and not event.style:
            self.refuse(path, line, "nothing stands here", "a value; leave the key out where there is none")
        return value

    def sequence(self, events: Iterator[yaml.Event], *, path: str, depth: int) -> list[Tree]:
        found: list[Tree] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            found.append(self.value(event, events, path=_under(path, str(len(found))), depth=depth + 1))
        return found

    def mapping(self, events: Iterator[yaml.Event], *, path: str, depth: int) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self.key(event, path=path, taken=found)
            below = _under(path, key)
            self.lines[below] = _line(event)
            found[key] = self.value(next(events), events, path=below, depth=depth + 1)
        return found

    def key(self, event: yaml.Event, *, path: str, taken: Mapping[str, Tree]) -> str:
        line = _line(event)
        self.plain(event, path=path, line=line)
        if not isinstance(event, yaml.ScalarEvent):
            self.refuse(path, line, "a key that is a list or a map", "a word")
        key = self.scalar(event, path=path, line=line)
        if key == "<<":
            self.refuse(path, line, "a merge key", "write the values out where they are used")
        if key in taken:
            before = self.lines[_under(path, key)]
            self.refuse(_under(path, key), line, f"the key {key} stands twice, first on line {before}", "each key once")
        return key


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
