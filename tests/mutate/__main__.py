"""`python -m tests.mutate [MODULE ...]`: change the modules gates and responses rest on, one slip at a time, and count.

Each changed copy must make a test fail. The tree itself is left alone: everything happens in a copy that is thrown
away. mutmut makes the changes and runs the tests; it lives in a virtual environment of its own.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MUTMUT = ROOT / ".venv-mutate" / "bin" / "mutmut"
MODULES = ("gate", "criterion", "response", "baseline", "reckoning", "opening")
NOTICED = ("killed", "timeout")
LEAST, PROCESSES = 95.0, "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How many changes there were in one module, and the names of those no test noticed."""

    module: str
    made: int
    unnoticed: tuple[str, ...]

    @property
    def noticed(self) -> int:
        return self.made - len(self.unnoticed)

    @property
    def percent(self) -> float:
        """The share that was noticed; all of none."""
        return 100.0 * self.noticed / self.made if self.made else 100.0


def main() -> int:
    """Print every change no test noticed, then the figures. Answers 1 where one is below 95 %, 2 for no such module."""
    asked = tuple(sys.argv[1:]) or MODULES
    unknown = [name for name in asked if not (ROOT / "workflow" / "domain" / f"{name}.py").exists()]
    if unknown:
        print(f"no module {', '.join(unknown)} in workflow/domain; usual ones: {', '.join(MODULES)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="theca-mutate-") as folder:
        copy = Path(folder)
        copied(copy, asked)
        ran = _mutmut(copy, "run", "--max-children", PROCESSES)
        if ran.returncode:
            print(f"mutmut ended with {ran.returncode}", file=sys.stderr)
            return ran.returncode
        found = figures(copy, asked)
        for name in (name for one in found for name in one.unnoticed):
            print(f"\n{name}\n{''.join(_changed(copy, name))}", end="")
    print()
    for one in found:
        print(f"{one.module}: {one.noticed} of {one.made} changes noticed, {one.percent:.1f} %")
    return int(any(one.percent < LEAST for one in found))


def copied(copy: Path, modules: tuple[str, ...]) -> None:
    """Put what is changed and what notices it into a folder, with what mutmut wants to know."""
    for part in ("workflow", "protocols", "tests"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    told = [
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        "[tool.mutmut]",
        'source_paths = ["workflow"]',
        f"only_mutate = {json.dumps([f'workflow/domain/{name}.py' for name in modules])}",
        'also_copy = ["protocols"]',
        'pytest_add_cli_args = ["-x", "-W", "ignore"]',
        f"pytest_add_cli_args_test_selection = {json.dumps(tests(modules))}",
        "use_git_change_detection = false",
    ]
    (copy / "pyproject.toml").write_text("\n".join(told) + "\n", encoding="utf-8")


def tests(modules: tuple[str, ...]) -> list[str]:
    """The files whose tests may notice: the quick ones named after a module. A change meets all that come by it."""
    named = [f"test_{module}*.py" for module in dict.fromkeys((*MODULES, *modules))]
    found = [file for name in named for file in sorted((ROOT / "tests" / "domain").glob(name))]
    return [file.relative_to(ROOT).as_posix() for file in found]


def figures(copy: Path, modules: tuple[str, ...]) -> list[Figure]:
    """What mutmut found, module by module. A change that makes the tests run for ever is noticed."""
    listed = [line.strip().split(": ") for line in _mutmut(copy, "results", "--all", "yes").stdout.splitlines()]
    found = []
    for module in modules:
        told = {name: status for name, status in listed if name.startswith(f"workflow.domain.{module}.")}
        unnoticed = tuple(name for name, status in told.items() if status not in NOTICED)
        found.append(Figure(module=module, made=len(told), unnoticed=unnoticed))
    return found


# ----------------------------------------------------------------------------------------------------------------------


def _changed(copy: Path, name: str) -> Iterator[str]:
    """The lines a change took away and put in."""
    for line in _mutmut(copy, "show", name).stdout.splitlines(keepends=True):
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
            yield f"  {line}"


def _mutmut(copy: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run mutmut on the copy, with the libraries this Python has; the run itself is shown, the rest is read."""
    environment = os.environ | {"PYTHONPATH": sysconfig.get_paths()["purelib"]}
    shown = words[0] == "run"
    return subprocess.run(
        [MUTMUT, *words], cwd=copy, env=environment, check=False, text=True, stdout=None if shown else subprocess.PIPE
    )


if __name__ == "__main__":
    sys.exit(main())
