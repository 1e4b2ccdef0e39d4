"""PostgreSQL: how its cluster is made, how it is started, and when it is ready."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

from workflow.engines.account import Account
from workflow.engines.binaries import Binaries
from workflow.engines.errors import EnginesError
from workflow.engines.folder import Folder, write_whole
from workflow.engines.ports import LOOPBACK

SUPERUSER = "postgres"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_preload_libraries": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and error details carry values, and the log must not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_ENCRYPTION_REQUEST = bytes.fromhex("00000008 04d2162f")  # PostgreSQL's protocol: its length, then its code
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def create(binaries: Binaries, folder: Folder, *, account: Account, durable: bool, lock: int) -> None:
    """Make a new cluster, or leave the one that is there alone.

    It is made beside its place and moved there when whole; initdb inherits the lock, so an initdb whose starter died
    keeps the next one waiting instead of writing under its hands.
    """
    if folder.postgres.exists():
        return
    partial = folder.home / "postgres.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    account.take(partial)
    password = folder.home / "superuser.password.once"
    write_whole(password, folder.secret("superuser"), account=account)
    arguments = ["-D", str(partial), "-U", SUPERUSER, "--locale=C", "--encoding=UTF8", "-k", "-A", "scram-sha-256"]
    arguments += [f"--pwfile={password}", *([] if durable else ["--no-sync"])]
    made = subprocess.run(  # noqa: S603 - the wheel's own program
        [binaries.postgres / "initdb", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
        pass_fds=(lock,),
        user=account.uid,
        group=account.gid,
        extra_groups=account.extra_groups,
    )
    password.unlink()
    if made.returncode != 0:
        raise EnginesError(f"PostgreSQL could not make its folder {folder.postgres}: {last_line(made.stderr)}")
    partial.rename(folder.postgres)


def admit(folder: Folder, account: Account, *, trust: bool) -> None:
    """Say who may connect: from this machine, with a password, or in tests without one."""
    rule = f"host all all {LOOPBACK}/32 {'trust' if trust else 'scram-sha-256'}\n"
    write_whole(_rules(folder), rule, account=account)


def command(binaries: Binaries, folder: Folder, *, port: int, durable: bool) -> list[str]:
    settings = _SETTINGS | {"hba_file": str(_rules(folder)), "port": str(port)} | ({} if durable else _THROW_AWAY)
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    return [str(binaries.postgres / "postgres"), "-D", str(folder.postgres), *arguments]


def is_ready(folder: Folder, *, pid: int, port: int) -> bool:
    """Tell whether this very server process accepts connections, from the file it keeps about itself."""
    try:
        lines = (folder.postgres / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready" and _answers(port)


def forget_stale_pid(folder: Folder) -> None:
    """Remove the mark of a server that crashed if its process id now belongs to something else.

    PostgreSQL sees for itself that a dead process is dead, but takes any living one with the old id for itself; in
    a container ids repeat. Called with the folder locked, so none of our servers is alive.
    """
    mark = folder.postgres / "postmaster.pid"
    if not mark.exists():
        return
    process = Path("/proc") / mark.read_text(encoding="utf-8").split("\n", 1)[0]
    if process.is_dir() and _works_in(process) != folder.postgres.resolve():
        mark.unlink()


def last_line(log: str) -> str:
    """Pick the line of a server's output that says what went wrong."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [found[0] for line in lines if (found := re.search(r"(FATAL|PANIC|error):.*", line))]
    return (telling or lines or ["it said nothing"])[-1]


# ----------------------------------------------------------------------------------------------------------------------


def _answers(port: int) -> bool:
    """Ask whether the server offers encryption, which it says before anybody has to sign in.

    Merely connecting proves nothing: the system still accepts for a server that was killed this very moment.
    """
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(_ENCRYPTION_REQUEST)
            return connection.recv(1) in {b"N", b"S"}
    except OSError:
        return False


def _works_in(process: Path) -> Path | None:
    """Read which folder a process works in; one that is dead but not yet buried works in none."""
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None


def _rules(folder: Folder) -> Path:
    return folder.home / "pg_hba.conf"
