"""What a protocol file may not be made of. Each case is refused with its line, and with what is allowed."""

import pytest
import yaml

from workflow.authoring.lint_examples import smallest
from workflow.authoring.parse import DEEPEST, LARGEST, _Reader, parse
from workflow.domain.errors import ProtocolError

SOUND = smallest()

UNPLAIN = {
    "a key twice": ("title: Once\ntitle: Twice\n", "x.yaml:2 title", "stands twice"),
    "a key twice, deeper": ("items:\n  pain: {kind: number, kind: text}\n", "x.yaml:2 items.pain.kind", "stands twice"),
    "a key twice, once in quotes": ('a: one\n"a": two\n', "x.yaml:2 a", "stands twice"),
    "an anchor": ("title: &t Once\n", "x.yaml:1 title", "anchor"),
    "an alias": ("title: *t\n", "x.yaml:1 title", "anchor"),
    "an anchor on a key": ("&t title: Once\n", "x.yaml:1", "anchor"),
    "a merge key": ("<<: {title: Once}\n", "x.yaml:1", "merge key"),
    "a tag": ("version: !!int 1\n", "x.yaml:1 version", "tag"),
    "an object tag": ("title: !!python/object/apply:os.getcwd []\n", "x.yaml:1 title", "tag"),
    "a key that is a list": ("? [a, b]\n: one\n", "x.yaml:1", "key"),
    "a second document": ("title: One\n---\ntitle: Two\n", "x.yaml:2", "second document"),
    "a directive": ("%YAML 1.1\n---\ntitle: One\n", "x.yaml:1", "directive"),
    "an empty value": ("items:\n  pain:\n", "x.yaml:2 items.pain", "nothing stands here"),
    "a value over two lines": ("title: |\n  One\n  Two\n", "x.yaml:1 title", "U+000A"),
    "text that turns round": ("title: One\nbegins: a\u202eb\n", "x.yaml:2", "U+202E"),
    "text that turns round, escaped": ('title: "a\\u202eb"\n', "x.yaml:1 title", "U+202E"),
    "half a character": ('title: "\\ud800"\n', "x.yaml", ""),
    "a NUL": ("title: One\0\n", "x.yaml:1", "U+0000"),
    "a NUL, escaped": ('title: "a\\0b"\n', "x.yaml:1 title", "U+0000"),
    "an invisible letter": ("title: O\u200bne\n", "x.yaml:1", "U+200B"),
    "a byte order mark": ("\ufefftitle: One\n", "x.yaml:1", "U+FEFF"),
    "Windows line ends": ("title: One\r\n", "x.yaml:1", "U+000D"),
    "a line end only YAML knows": ("title: One\u2028begins: a\n", "x.yaml:1", "U+2028"),
    "nothing": ("", "x.yaml", "empty"),
    "a list": ("- one\n", "x.yaml:1", "not a map"),
    "one word": ("one\n", "x.yaml:1", "not a map"),
    "no YAML": ("title: [One\n", "x.yaml", "not YAML"),
    "too deep": ("a: " + "[" * 100_000, "x.yaml:1", "too deep"),
    "too deep in blocks": ("".join("  " * at + "a:\n" for at in range(200)), "x.yaml:22", "too deep"),
}


@pytest.mark.parametrize("case", UNPLAIN)
def test_text_that_could_say_something_else_is_refused_with_its_place(case: str):
    text, place, detail = UNPLAIN[case]

    with pytest.raises(ProtocolError) as refused:
        parse(text, name="x.yaml")

    assert refused.value.place.startswith(place)
    assert detail in refused.value.detail


def test_no_scalar_is_interpreted():
    guessed = ["4:30", "on", ".nan", "1_0", "0x1F", "no", "~", "null", "1e999", "2024-01-01", "007"]

    tree = parse("".join(f"k{at}: {text}\n" for at, text in enumerate(guessed))).tree

    assert list(tree.values()) == guessed


def test_a_file_is_at_most_256_kb_of_bytes():
    padding = "#" * 100 + "\n"
    largest = SOUND + padding * ((LARGEST - len(SOUND)) // len(padding))

    parse(largest)

    with pytest.raises(ProtocolError, match="bytes"):
        parse(largest + padding)
    with pytest.raises(ProtocolError, match="bytes"):
        parse("# " + "\u00e9" * (LARGEST // 2))


def test_bytes_that_are_not_utf8_name_their_line():
    with pytest.raises(ProtocolError) as refused:
        parse(b"title: One\nbegins: \xff\n", name="x.yaml")

    assert refused.value.place == "x.yaml:2"


def test_twenty_levels_are_deep_enough_and_one_more_is_not():
    def deep(levels: int) -> str:
        return "a: " + "[" * (levels - 1) + "x" + "]" * (levels - 1)

    parse(deep(DEEPEST))

    with pytest.raises(ProtocolError, match="too deep"):
        parse(deep(DEEPEST + 1))


def test_every_path_knows_its_line():
    where = parse("a:\n  b:\n    - one\n    - {c: two}\n", name="x.yaml").where

    assert str(where.place("a.b.1.c")) == "x.yaml:4 a.b.1.c"
    assert str(where.place("a.b.1.missing")) == "x.yaml:4 a.b.1.missing"
    assert str(where.place("nowhere")) == "x.yaml:1 nowhere"


def test_the_grammar_is_the_same_where_libyaml_is_missing(v1_text: bytes):
    fast = parse(v1_text, name="v1.yaml")
    slow = _Reader(file="v1.yaml")

    assert slow.document(yaml.parse(v1_text.decode(), Loader=yaml.SafeLoader)) == fast.tree
    assert slow.lines == fast.where.lines
