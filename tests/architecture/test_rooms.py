"""Short rooms, and the few things that stand in one place only."""

import ast
from statistics import median, quantiles

import pytest

from tests.architecture.source import ROOT, calls, functions, lengths, modules, named, place

LOADS_BY_NAME = "workflow/cli/__main__.py"


def test_nothing_is_imported_inside_a_function() -> None:
    found = [
        f"{where}:{node.lineno}"
        for where, tree in modules().items()
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_only_the_table_of_verbs_loads_a_module_by_name() -> None:
    loads = {"import_module", "__import__", "exec", "eval", "runpy"}
    assert [where for where, tree in modules().items() if named(tree) & loads] == [LOADS_BY_NAME]


def test_no_function_is_over_60_lines_and_most_are_far_under() -> None:
    measured = lengths()
    assert {name: length for name, length in measured.items() if length > 60} == {}
    assert median(measured.values()) <= 10
    assert quantiles(measured.values(), n=10)[-1] <= 30


def test_no_file_is_over_400_lines() -> None:
    files = [*(ROOT / name for name in modules()), *(ROOT / "tests").rglob("*.py")]
    assert {place(file): lines for file in files if (lines := len(file.read_text().splitlines())) > 400} == {}


def test_only_the_settings_read_the_environment() -> None:
    reads = {"environ", "environb", "getenv", "putenv", "BaseSettings", "load_dotenv"}
    assert [where for where, tree in modules().items() if named(tree) & reads] == ["workflow/settings.py"]


def test_one_place_begins_and_ends_a_transaction() -> None:
    ends = {"commit", "begin"}  # a dry run may undo; only these keep
    found = {
        where for where, tree in modules().items() for called, _ in calls(tree) if called.rpartition(".")[2] in ends
    }
    assert found == {"workflow/store/migrations/env.py", "workflow/store/session.py"}


@pytest.mark.parametrize("name", ["utils.py", "common.py", "models.py", "helpers.py"])
def test_no_room_is_named_after_nothing(name: str) -> None:
    assert [where for where in modules() if where.endswith(f"/{name}")] == []


def test_no_class_is_named_after_nothing() -> None:
    empty = ("Manager", "Handler", "Helper", "Util", "Utils", "Base", "Info", "Data")
    found = [
        f"{where}: {node.name}"
        for where, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(empty)
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    raised = [
        f"{where}:{node.lineno}"
        for where, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and "NotImplementedError" in named(node)
    ]
    assert raised == []


def test_no_test_waits_for_time_or_is_passed_over() -> None:
    excuses = {"sleep", "skip", "skipif", "xfail", "importorskip"}
    found = {
        place(file): named(ast.parse(file.read_text(encoding="utf-8"))) & excuses
        for file in (ROOT / "tests").rglob("*.py")
    }
    assert {where: words for where, words in found.items() if words} == {}
