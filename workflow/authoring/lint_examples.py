"""For each code of the lint one wrong and one right example, as changes to the smallest sound protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from workflow.authoring.parse import Tree, parse
from workflow.authoring.printings import printings

_EXAMPLES = Path(__file__).parent / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Two fragments of a protocol file: one that the rule catches, one that it lets pass."""

    wrong: str
    right: str
    appended: bool = False  # the fragment stands at the end of the file as it is, instead of being merged


def smallest() -> str:
    """The text of the smallest protocol the lint has nothing to say about."""
    return (_EXAMPLES / "smallest.yaml").read_text(encoding="utf-8")


def examples() -> Mapping[str, Example]:
    """The example of every code."""
    told = yaml.safe_load((_EXAMPLES / "lint.yaml").read_text(encoding="utf-8"))
    return {code: Example(**example) for code, example in told.items()}


def printed() -> Mapping[str, str]:
    """What is published already, as far as the examples go."""
    return printings(_EXAMPLES / "smallest.yaml")


def applied(fragment: str, *, appended: bool = False) -> str:
    """The smallest protocol with a fragment merged in: maps key by key, everything else replaced."""
    if appended:
        return smallest() + fragment
    tree = _merged(parse(smallest()).tree, parse(fragment).tree)
    return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=120))


# ---------------------------------------------------------------------------------------------------------------


def _merged(below: Mapping[str, Tree], above: Mapping[str, Tree]) -> dict[str, Tree]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged
