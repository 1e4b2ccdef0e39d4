"""Whoever hears what leaves: a mail relay, somebody's webhook, and one who listens at the broker."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes

import redis
from aiosmtpd.controller import Controller

TAKEN = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class Relay:
    """A relay that keeps every letter as it came; to some it says never."""

    never: frozenset[str] = frozenset()
    letters: list[bytes] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - the name aiosmtpd calls
        self.letters.append(envelope.content)
        return "550 nobody of that name" if self.never & set(envelope.rcpt_tos) else "250 taken"

    @property
    def read(self) -> str:
        """All letters: as they came, and as they are read."""
        parts = [part for raw in self.letters for part in message_from_bytes(raw).walk() if not part.is_multipart()]
        decoded = b"\n".join(part.get_payload(decode=True) or b"" for part in parts)
        heads = "\n".join(str(message_from_bytes(raw)["Subject"]) for raw in self.letters)
        return f"{b''.join(self.letters).decode('utf-8', 'replace')}\n{heads}\n{decoded.decode('utf-8', 'replace')}"


@contextmanager
def relay(*, never: frozenset[str]) -> Iterator[Relay]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = Relay(never=never, port=port)
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield kept
    controller.stop()


@dataclass
class Hook:
    """Somebody's webhook on this machine, which keeps what it is sent, heads and all."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def hook() -> Iterator[Hook]:
    kept = Hook()
    with socket.create_server(("127.0.0.1", 0)) as door:
        kept.port = door.getsockname()[1]

        def run() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = door.accept()
                    with suppress(OSError), wire:
                        wire.settimeout(5)
                        kept.heard.append(_request(wire))
                        wire.sendall(TAKEN)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield kept
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _request(wire: socket.socket) -> bytes:
    lines = wire.makefile("rb")
    head = b""
    while (line := lines.readline()).strip():
        head += line
    length = next(int(line.split(b":")[1]) for line in head.lower().splitlines() if line.startswith(b"content-length"))
    return head + b"\r\n" + lines.read(length)


@contextmanager
def overheard(url: str) -> Iterator[list[str]]:
    """Every command the broker is given while the block lasts, and all it keeps at the end."""
    heard = list[str]()
    client, other = redis.Redis.from_url(url), redis.Redis.from_url(url)
    with client.monitor() as monitor:

        def run() -> None:
            with suppress(OSError, redis.RedisError, ValueError, AttributeError):
                for command in monitor.listen():
                    heard.append(_opened(str(command["command"])))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield heard
        heard.extend(_opened(_kept(other, key)) for key in other.keys())  # noqa: SIM118 - a broker is no mapping
    client.close()
    other.close()
    thread.join(5)


def _kept(client: redis.Redis, key: bytes) -> str:
    kind = client.type(key)
    reads = {
        b"list": lambda: client.lrange(key, 0, -1),
        b"hash": lambda: client.hgetall(key),
        b"set": lambda: client.smembers(key),
    }
    return f"{key!r} {reads.get(kind, lambda: client.get(key) if kind == b'string' else client.zrange(key, 0, -1))()!r}"


def _opened(text: str) -> str:
    """A text and all that is base64 in it: kombu packs its bodies so."""
    found = [text]
    for word in text.replace("\\", "").replace("'", '"').split('"'):
        if len(word) > 20 and len(word) % 4 == 0:
            with suppress(ValueError):
                found.append(base64.b64decode(word, validate=True).decode("utf-8", "replace"))
    return "\n".join(found)
