"""A webhook, signed as Standard Webhooks has it: a POST of a few facts, no name and no clinical word.

2xx has taken it. Here a 5xx is a server in trouble and is tried again, as are 408, 425 and 429; every other answer is
final: 410 says that nobody wants it any more, and a redirect is not followed. What is answered is not read.
"""

import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BufferedReader
from typing import cast

from standardwebhooks.webhooks import Webhook as Signer

from workflow import __version__
from workflow.service.letters import Letter, TryLaterError, UndeliverableError
from workflow.service.outward.deadline import Deadline, Heard
from workflow.service.outward.guard import ForbiddenUrlError, Resolve, Target, reachable, read, resolved

WAIT = 10.0  # seconds, for all of it; HOUSE (D)
LATER = frozenset({408, 425, 429})


def _now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=1)
def _verified() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts to where a letter's address says, if that is a place it may go to."""

    allow_loopback: bool = False
    resolve: Resolve = resolved
    tls: Callable[[], ssl.SSLContext] = _verified
    now: Callable[[], datetime] = _now
    wait: float = WAIT

    def send(self, letter: Letter) -> None:
        """Post one letter. Raises UndeliverableError or TryLaterError."""
        body, headers = self.signed(letter)
        try:
            target = read(letter.to, allow_loopback=self.allow_loopback)
            addresses = reachable(target, self.resolve, allow_loopback=self.allow_loopback)
            status = self._post(target, addresses, headers, body)
        except ForbiddenUrlError as forbidden:
            raise UndeliverableError(forbidden.detail) from forbidden
        except (OSError, http.client.HTTPException) as lost:
            raise TryLaterError(type(lost).__name__) from lost
        if not 200 <= status < 300:
            reason = f"the webhook answered {status}"
            raise TryLaterError(reason) if status >= 500 or status in LATER else UndeliverableError(reason)

    def signed(self, letter: Letter) -> tuple[bytes, dict[str, str]]:
        """What is posted, and its headers. The id is the same on every attempt, so that a copy can be told."""
        at = self.now()
        body = json.dumps({"type": letter.kind, "timestamp": at.isoformat(), "data": dict(letter.facts)})
        name = "msg_" + hashlib.sha256(letter.reference.encode()).hexdigest()[:40]
        signature = Signer(letter.secret).sign(name, at, body)
        headers = {
            "content-type": "application/json",
            "user-agent": f"theca/{__version__}",
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        return body.encode(), headers

    def _post(self, target: Target, addresses: Sequence[str], headers: dict[str, str], body: bytes) -> int:
        deadline = Deadline(step=self.wait, total=self.wait)
        with _connected(addresses, target.port, deadline) as plain:
            wire = self.tls().wrap_socket(plain, server_hostname=target.host) if target.secure else plain
            with wire:
                return _status(wire, deadline, target, headers, body)


def _connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first of the checked addresses that takes one."""
    lost: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), deadline.left())
        except OSError as refused:
            lost = refused
    raise lost or OSError("no address")


def _status(wire: socket.socket, deadline: Deadline, target: Target, headers: dict[str, str], body: bytes) -> int:
    """What a POST over an open connection is answered; not a byte of the answer's body is read."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    named = {"host": host if target.port == 443 else f"{host}:{target.port}", "connection": "close", **headers}
    client = http.client.HTTPConnection(target.host, target.port)
    client.sock = cast("socket.socket", _Wire(wire, deadline))
    client.request("POST", target.path, body, named)
    return client.getresponse().status


class _Wire:
    """The part of a socket that the library's client asks for, with an end to every wait."""

    def __init__(self, wire: socket.socket, deadline: Deadline) -> None:
        self._wire = wire
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._wire.settimeout(self._deadline.left())
        self._wire.sendall(data)

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(Heard(self._wire, self._deadline.left))

    def close(self) -> None:
        self._wire.close()
