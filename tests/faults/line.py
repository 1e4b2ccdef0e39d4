"""A line between a process and its database that is cut at COMMIT: before it arrives, or before its answer does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.engine import make_url


class Cut:
    """One cut line. `after`: PostgreSQL commits and nobody hears of it."""

    def __init__(self, port: int, *, after: bool) -> None:
        self._to, self._after, self.cuts = port, after, 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._to)) as server, suppress(OSError):
            answers = threading.Thread(target=self._back, args=(server, client), daemon=True)
            answers.start()
            while heard := client.recv(65536):
                if b"COMMIT" in heard:
                    self._at_commit(client, server, heard, answers)
                    return
                server.sendall(heard)

    def _at_commit(self, client: socket.socket, server: socket.socket, heard: bytes, answers: threading.Thread) -> None:
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)  # the client hears nothing from here on
        if self._after:
            server.sendall(heard)
            server.shutdown(socket.SHUT_WR)
        else:
            server.shutdown(socket.SHUT_RDWR)
        answers.join(5)  # until PostgreSQL has done with this connection

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while heard := server.recv(65536):
                with suppress(OSError):
                    client.sendall(heard)


@contextmanager
def cut_at_commit(url: str, *, after: bool) -> Iterator[tuple[str, Cut]]:
    """The address of a database through a line that is cut at its first COMMIT."""
    address = make_url(url)
    cut = Cut(address.port, after=after)
    try:
        yield address.set(host="127.0.0.1", port=cut.port).render_as_string(hide_password=False), cut
    finally:
        cut.close()
