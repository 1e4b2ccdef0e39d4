"""What arrives on the line before it is a request: halves, two lengths, methods nobody declared, no end to anything."""

import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from tests.api.caller import V1
from tests.attack.ground import Ground
from tests.attack.watch import shown
from tests.faults.results import Bar, Result, none

HEALTHY = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
METHODS = (
    "TRACE",
    "CONNECT",
    "PUT",
    "PATCH",
    "DELETE",
    "PROPFIND",
    "MKCOL",
    "LOCK",
    "DEBUG",
    "get",
    "POST\x00",
    "X" * 50,
)
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})")


def talk(ground: Ground, said: bytes, *, wait: float = 1.0) -> list[int]:
    """The statuses of all that is answered until the other end hangs up, or says nothing for so many seconds."""
    heard = bytearray()
    with connected(ground, wait) as line, suppress(OSError):
        line.sendall(said)
        while more := line.recv(65_536):
            heard += more
    return [int(status) for status in _STATUS.findall(bytes(heard))]


def twofold(ground: Ground) -> Iterator[tuple[str, bytes]]:
    """A message whose end two readers would see in two places, with another request hidden behind it."""
    token = ground.house.api("coordinator-1").headers["Authorization"]
    episode = ground.things["/episodes/"]
    hidden = b"POST %s/episodes/%s/hold HTTP/1.1\r\nHost: x\r\n\r\n" % (V1.encode(), episode.encode())
    begun = f"POST {V1}/me HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n".encode()
    chunked = b"0\r\n\r\n" + hidden
    for name, headers, body in [
        ("two lengths", b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(hidden), hidden),
        ("two lengths in one", b"Content-Length: 0, %d\r\n" % len(hidden), hidden),
        ("a length and chunks", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(chunked), chunked),
        ("chunks and a short length", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked),
        (
            "chunks twice",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n",
            chunked,
        ),
        ("chunks misspelt", b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", chunked),
        ("chunks before a tab", b"Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n", chunked),
        ("chunks after a space", b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", chunked),
        ("a negative length", b"Content-Length: -1\r\n", hidden),
        ("a signed length", b"Content-Length: +5\r\n", b"{    " + hidden),
        ("a length in hexadecimal", b"Content-Length: 0x5\r\n", b"{    " + hidden),
        ("an endless length", b"Content-Length: " + b"9" * 40 + b"\r\n", hidden),
        ("a chunk of negative size", b"Transfer-Encoding: chunked\r\n", b"-1\r\n" + hidden),
        ("a chunk of endless size", b"Transfer-Encoding: chunked\r\n", b"f" * 40 + b"\r\n" + hidden),
        ("a folded header", b"X: a\r\n Content-Length: 5\r\nContent-Length: 0\r\n", b"     " + hidden),
        ("a lone line feed", b"X: a\nContent-Length: 5\r\nContent-Length: 0\r\n", hidden),
        ("a NUL in a header", b"X: a\x00b\r\nContent-Length: 0\r\n", hidden),
        ("no colon", b"nonsense\r\nContent-Length: 0\r\n", hidden),
    ]:
        yield name, begun + headers + b"\r\n" + body


def two_lengths(ground: Ground) -> Result:
    """Each is refused, or read by one of its lengths; what hides behind it is reached by nobody."""
    before, statuses, odd = ground.house.digest(), Counter[str](), list[str]()
    for name, said in twofold(ground):
        told = talk(ground, said)
        statuses.update(f"{status // 100}xx" for status in told)
        if any(status >= 500 or status < 400 for status in told) or set(told[1:]) - {400}:
            odd.append(f"{name}: {told}")
    return shown(
        "a message of two lengths",
        Bar(what="messages", seen=len(list(twofold(ground))), least=15),
        Bar(what="answers", seen=statuses.total(), least=15),
        none(f"taken, failed, or what hid was reached: {', '.join(odd)}", len(odd)),
        none("changed", int(before != ground.house.digest())),
        **statuses,
    )


def odd_requests(ground: Ground) -> Iterator[tuple[str, bytes]]:
    """First lines and headers that nobody's browser writes."""
    for method in METHODS:
        for path in ("/healthz", f"{V1}/episodes", "/a/x/half-hour"):
            yield (
                f"{method[:10]} {path}",
                f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode(),
            )
    yield from {
        "no version": b"GET /healthz\r\n\r\n",
        "version 0.9": b"GET /healthz HTTP/0.9\r\n\r\n",
        "version 9": b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
        "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "the beginning of http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
        "a path with a space": b"GET /health z HTTP/1.1\r\nHost: x\r\n\r\n",
        "a path that is not ascii": b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        "a path of 100 KB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "a header of 1 MB": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        "ten thousand headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
        "an upgrade": b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "a socket": b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "a whole address": b"GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "nothing": b"\r\n\r\n",
        "noise": bytes(range(256)) * 40,
    }.items()


def undeclared(ground: Ground) -> Result:
    """Nothing of it is a failure of ours or does anything, and a method nobody declared is refused."""
    before, statuses, odd = ground.house.digest(), Counter[str](), list[str]()
    for name, said in odd_requests(ground):
        told = talk(ground, said)
        statuses.update(f"{status // 100}xx" for status in told)
        method = said.partition(b" ")[0].decode("latin-1")
        if any(status >= 500 for status in told) or (method in METHODS and any(status < 400 for status in told)):
            odd.append(f"{name}: {told}")
    return shown(
        "requests nobody's browser writes",
        Bar(what="requests", seen=len(list(odd_requests(ground))), least=40),
        Bar(what="answers", seen=statuses.total(), least=40),
        none(f"failed or taken: {', '.join(odd[:5])}", len(odd)),
        none("changed", int(before != ground.house.digest())),
        **statuses,
    )


def halves(ground: Ground, *, lines: int) -> Result:
    """So many lines that stop in the middle of a head, and so many in the middle of a body: others are answered."""
    token = ground.house.api("nurse-1").headers["Authorization"]
    path = f"{V1}/episodes/{ground.things['/episodes/']}/observations"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
    body = head.encode() + b"Content-Length: 1000\r\n\r\n" + b"[{"
    before = ground.house.digest()
    with ExitStack() as stack:
        open_ = [stack.enter_context(connected(ground, 30)) for _ in range(2 * lines)]
        for number, line in enumerate(open_):
            line.sendall(body if number % 2 else head.encode())
        began = time.monotonic()
        answered = sum(ground.house.api("nurse-1").get("/me").status_code == 200 for _ in range(20))
        took = time.monotonic() - began
    after = ground.house.api("nurse-1").get("/me").status_code
    return shown(
        "requests that stop in the middle",
        Bar(what="lines held open", seen=2 * lines, least=2 * lines),
        Bar(what="others answered meanwhile", seen=answered, least=20),
        Bar(what="seconds for those", seen=round(took, 1), most=20),
        none("not answering afterwards", int(after != 200)),
        none("changed", int(before != ground.house.digest())),
    )


def connected(ground: Ground, wait: float) -> socket.socket:
    address = urlsplit(ground.house.address)
    return socket.create_connection((address.hostname, address.port), wait)
