"""The source read as trees, for tests that look at how it is built."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = ("workflow", "api", "workers")
# A migration writes every table out once and is never touched again; its length says nothing.
_MIGRATIONS = "workflow/store/migrations/versions"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@lru_cache(maxsize=1)
def modules() -> dict[str, ast.Module]:
    """Every module of the product by its place."""
    files = sorted(file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))
    return {place(file): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call, with what is called as it is written: `episodes.apply`."""
    return ((ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def named(tree: ast.AST) -> set[str]:
    """Every attribute, name and imported name that a tree mentions."""
    found = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
                found.add(name)
    return found


def lengths() -> dict[str, int]:
    """Lines of every function, from its `def` to its end."""
    return {
        f"{where}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for where, tree in modules().items()
        if not where.startswith(_MIGRATIONS)
        for function in functions(tree)
    }
