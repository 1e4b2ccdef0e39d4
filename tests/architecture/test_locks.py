"""What runs and what checks it are two lists with equal pins, and every byte of both is named."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)
_LOCKS = sorted(ROOT.glob("requirements*.lock"))


def pins(path: Path) -> dict[str, str]:
    return dict(_PIN.findall(path.read_text(encoding="utf-8")))


def test_what_checks_is_what_runs_and_more() -> None:
    runs, checks = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    assert runs.items() < checks.items()
    assert {"pytest", "hypothesis", "ruff", "mypy"} <= set(checks) - set(runs)


def test_the_pins_of_the_project_are_those_of_the_locks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = dict(
        _PIN.findall("\n".join([*project["dependencies"], *(one for extra in extras.values() for one in extra)]))
    )
    locked = pins(ROOT / "requirements-dev.lock")
    assert len(asked) > 10
    assert {name: locked.get(name) for name in asked} == asked


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_every_file_is_named_by_hash_and_no_index_is_named(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = [one for one in re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE) if "==" in one]
    assert entries
    assert [one.split()[0] for one in entries if "--hash=sha256:" not in one] == []
    assert not re.search(r"^--|://", text, re.MULTILINE)
