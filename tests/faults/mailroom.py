"""A mail relay that does as it is told: answers late, later or never, and drops the line where one likes."""

import re
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes

# In the order a letter passes them. "kept" is after the final dot, once the letter is taken and before we say so.
STAGES = ("greet", "ehlo", "mail", "rcpt", "data", "mid", "dot", "kept")
_EPISODE = re.compile(r"/e/([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Taken:
    """One letter that was taken."""

    at: float  # time.time()
    reference: str  # its Message-ID
    to: str
    about: frozenset[str]  # ids of episodes it names


class GoneError(Exception):
    """The line is dropped here."""


@dataclass
class Mailroom:
    """What was taken, and how to answer. `say` queues answers by stage; `seen` is told every stage as it is reached."""

    taken: list[Taken] = field(default_factory=list)
    say: dict[str, list[str]] = field(default_factory=dict)
    seen: Callable[[str], None] | None = None
    slow: float = 0.0
    stages: Counter[str] = field(default_factory=Counter)
    port: int = 0
    _server: socketserver.ThreadingTCPServer | None = None

    def open(self, port: int = 0) -> "Mailroom":
        server = _Server(("127.0.0.1", port), _Line)
        server.room = self
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._server = server
        return self

    def close(self) -> None:
        """Nobody listens on the port any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def reached(self, stage: str, usual: str) -> str:
        """What is answered at a stage. `drop` instead of an answer drops the line."""
        self.stages[stage] += 1
        if self.seen is not None:
            self.seen(stage)
        queue = self.say.get(stage)
        answer = queue.pop(0) if queue else usual
        if answer == "drop":
            raise GoneError
        return answer

    def copies(self) -> Counter[str]:
        return Counter(letter.reference for letter in self.taken)

    def about(self, episode: str) -> int:
        """How many letters came about an episode."""
        return sum(episode in letter.about for letter in self.taken)

    def extra(self) -> int:
        """How many letters came that had come before."""
        return sum(number - 1 for number in self.copies().values())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    room: Mailroom

    def handle_error(self, *_: object) -> None:
        """A client that died is what is tested."""


class _Line(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 120

    def handle(self) -> None:
        room, to = self.server.room, ""
        with suppress(GoneError, ConnectionError, TimeoutError):
            self._answer(room.reached("greet", "220 mailroom"))
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb in (b"EHLO", b"HELO"):
                    self._answer(room.reached("ehlo", "250 mailroom"))
                elif verb == b"MAIL":
                    self._answer(room.reached("mail", "250 fine"))
                elif verb == b"RCPT":
                    to = line.decode().partition("<")[2].partition(">")[0]
                    self._answer(room.reached("rcpt", "250 fine"))
                elif verb == b"DATA":
                    self._letter(room, to)
                elif verb == b"QUIT":
                    self._answer("221 bye")
                    return
                else:
                    self._answer("250 fine")

    def _letter(self, room: Mailroom, to: str) -> None:
        going = room.reached("data", "354 go on")
        self._answer(going)
        if not going.startswith("354"):
            return
        lines = [self.rfile.readline()]
        room.reached("mid", "")
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if line == b"":
            return  # the letter was never ended: it is not taken
        if room.slow:
            threading.Event().wait(room.slow)
        answer = room.reached("dot", "250 taken")
        if answer.startswith("250"):
            letter = message_from_bytes(b"".join(lines))
            words = b"".join(part.get_payload(decode=True) or b"" for part in letter.walk() if not part.is_multipart())
            about = frozenset(_EPISODE.findall(words.decode()))
            room.taken.append(Taken(time.time(), str(letter["Message-ID"]), to, about))
            answer = room.reached("kept", answer)
        self._answer(answer)

    def _answer(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()
