"""The page on the protocol language: its pieces, put together, are one sound protocol."""

from collections.abc import Mapping

import yaml

from tests.docs.fences import fences
from workflow.authoring.lint import examine
from workflow.authoring.lint_examples import smallest

Tree = Mapping[str, object]


def merged(below: Tree, above: Tree) -> dict[str, object]:
    """Maps key by key; everything else, and a response as a whole, replaced."""
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        deeper = isinstance(under, Mapping) and isinstance(value, Mapping) and key != "response"
        found[key] = merged(under, value) if deeper else value  # type: ignore[arg-type]
    return found


def test_the_pieces_of_the_page_are_one_sound_protocol() -> None:
    pieces = [fence for fence in fences("yaml") if fence.place.startswith("docs/protocol-language.md")]
    assert len(pieces) > 5
    tree: Tree = yaml.load(smallest(), Loader=yaml.BaseLoader)
    for piece in pieces:
        tree = merged(tree, yaml.load(piece.text, Loader=yaml.BaseLoader))
    text = yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=1000)
    assert [str(finding) for finding in examine(text, "page").findings if finding.is_error] == []
