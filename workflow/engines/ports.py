"""Ports on the loopback address: one that was asked for, one that was used before, or any free one."""

import errno
import socket
from collections.abc import Collection

from workflow.engines.errors import EnginesError

LOOPBACK = "127.0.0.1"


def ensure_free(port: int, *, needed_by: str, remedy: str) -> None:
    """Say in one line that a port cannot be had, before a server fails over it.

    `port` is a TCP port on 127.0.0.1, 1 to 65535; `needed_by` names who wants it ("PostgreSQL"), `remedy` what to
    set instead ("set THECA_PORT to another"). Raises EnginesError.
    """
    if not 1 <= port <= 65535:
        raise EnginesError(f"{port} is not a port ({needed_by} wants one from 1 to 65535): {remedy}.")
    try:
        _bind(port).close()
    except OSError as trouble:
        why = "is taken" if trouble.errno == errno.EADDRINUSE else f"cannot be used ({trouble.strerror})"
        raise EnginesError(f"Port {port} on {LOOPBACK} {why}, and {needed_by} needs it: {remedy}.") from None


def is_free(port: int) -> bool:
    try:
        _bind(port).close()
    except OSError:
        return False
    return True


def choose(wanted: int | None, *, last: int | None, needed_by: str, avoid: Collection[int] = ()) -> int:
    """Pick the port a server will listen on: the wanted one or an error, else the last one if free, else any."""
    if wanted is not None:
        ensure_free(wanted, needed_by=needed_by, remedy="name another port, or none and a free one is found")
        return wanted
    if last is not None and last not in avoid and is_free(last):
        return last
    while (port := _any_free()) in avoid:
        pass
    return port


# ----------------------------------------------------------------------------------------------------------------------


def _bind(port: int) -> socket.socket:
    probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As the servers do: a port whose last connections still linger in TIME_WAIT is free.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((LOOPBACK, port))
    except OSError:
        probe.close()
        raise
    return probe


def _any_free() -> int:
    with _bind(0) as probe:
        port: int = probe.getsockname()[1]
        return port
