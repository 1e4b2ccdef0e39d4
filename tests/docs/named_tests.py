"""Which tests there are, read and not run: `tests/api/test_http_access.py::test_roles_carry_verbs`."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def named_tests(root: Path = ROOT) -> frozenset[str]:
    """The id of every test function, and of every class that hypothesis runs as one, without its parameters."""
    found = set[str]()
    for file in sorted((root / "tests").rglob("test_*.py")):
        place = file.relative_to(root).as_posix()
        found |= {f"{place}::{name}" for name in _tests(file)}
    return frozenset(found)


def gone(wanted: Iterable[str], *, root: Path = ROOT) -> list[str]:
    """Those among the wanted ids that no test has."""
    known = named_tests(root)
    return sorted(set(wanted) - known)


def _tests(file: Path) -> list[str]:
    """The names of a file's tests. What does not mention any is not parsed."""
    text = file.read_text(encoding="utf-8")
    names = []
    for node in ast.parse(text).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test_"):
                names.append(name)
            case ast.Assign(targets=[ast.Name(id=name)]) if name.startswith(("test_", "Test")):
                names.append(name)
            case ast.ClassDef(name=name) if name.startswith("Test"):
                names.append(name)
    return names
