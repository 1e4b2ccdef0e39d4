"""No end of a line can hold us up: so long for each step, so long in all, however slowly it speaks."""

import io
import socket
import time
from collections.abc import Callable
from typing import Any


class Deadline:
    """Seconds that are left: at most `step` for one step, at most `total` for all of them."""

    def __init__(self, *, step: float, total: float) -> None:
        self._step = step
        self._end = time.monotonic() + total

    def left(self) -> float:
        """How long the next step may take. Raises TimeoutError where no time is left."""
        left = min(self._step, self._end - time.monotonic())
        if left <= 0:
            raise TimeoutError("it took too long in all")
        return left


class Heard(io.RawIOBase):
    """What comes in from a socket, each read no longer than is left."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._left())
        return self._sock.recv_into(buffer)
