"""The small process that is parent to both servers and outlives whoever asked for them.

Its standard input is a pipe from the launcher. The first line says what to start; after that a byte means "stop in
good order", and the end of the pipe means that the launcher is gone, however it went. Nothing of Theca is imported
here, so that it is up at once and can be run as a bare file.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TypedDict

ORDERLY = 30.0  # seconds to stop when asked to
BEREFT = 3.5  # seconds to stop when the launcher died: all must be over within five
LOOK_EVERY = 0.25
ENDED = (11, 12)  # exit codes: the first, the second server ended by itself; Python ends with 1 or 2 in trouble


class Server(TypedDict):
    """One program to run: what it reads first, where it writes, and how it is asked to stop."""

    command: list[str]
    reads: str
    log: str
    stop_signal: int
    hurry_signal: int


class Order(TypedDict):
    """The line the launcher sends first. The lock is an open file, which the servers inherit."""

    servers: list[Server]
    uid: int | None
    gid: int | None
    environment: dict[str, str]
    lock: int
    launcher: int


def main() -> int:
    """Keep the servers until there is a reason to stop; return 0, or tell which ended by itself."""
    terminated = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    os.umask(0o077)
    line = sys.stdin.readline()
    if not line:
        return 0
    order: Order = json.loads(line)
    started: list[tuple[Server, subprocess.Popen[bytes]]] = []
    patience, ended = ORDERLY, 0
    try:
        for server in order["servers"]:
            started.append((server, _start(server, order)))  # noqa: PERF401 - each must be known if the next one fails
        _answer({"pids": [process.pid for _, process in started]})
        patience = _wait(order["launcher"], terminated, processes=[process for _, process in started])
        ended = next((ENDED[at] for at, (_, it) in enumerate(started) if it.returncode is not None), 0)
    except OSError as trouble:
        _answer({"error": str(trouble)})
    finally:
        _stop(started, patience)
    return ended


# ----------------------------------------------------------------------------------------------------------------------


def _answer(said: dict[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _start(server: Server, order: Order) -> subprocess.Popen[bytes]:
    with _fresh_log(Path(server["log"])) as log:
        process = subprocess.Popen(  # noqa: S603 - the launcher's own programs
            server["command"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env=order["environment"],
            pass_fds=(order["lock"],),
            user=order["uid"],
            group=order["gid"],
            extra_groups=None if order["uid"] is None else [],
        )
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as settings:
            settings.write(server["reads"].encode())
    return process


def _fresh_log(path: Path) -> IO[bytes]:
    """Begin a new log and keep the one before it, so that logs do not grow for ever."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _wait(launcher: int, terminated: threading.Event, *, processes: list[subprocess.Popen[bytes]]) -> float:
    """Wait for a reason to stop and give the seconds there are for it."""
    while not terminated.is_set() and all(process.poll() is None for process in processes):
        readable, _, _ = select.select([0], [], [], LOOK_EVERY)
        if readable:
            return ORDERLY if os.read(0, 1) else BEREFT
        # A process the launcher forked may hold the pipe open after the launcher's death.
        if os.getppid() != launcher:
            return BEREFT
    return ORDERLY


def _stop(started: list[tuple[Server, subprocess.Popen[bytes]]], patience: float) -> None:
    for server, process in started:
        process.send_signal(server["stop_signal"])
    deadline = time.monotonic() + patience
    for server, process in started:
        if not _ended(process, deadline):
            process.send_signal(server["hurry_signal"])
    for _, process in started:
        if not _ended(process, deadline + 1):
            process.kill()
            process.wait()


def _ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
