"""The doorbell when much happens at once, and when the line to the broker breaks in the middle of a ring."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis

from workflow.store.bell import QUEUE, Bell


@pytest.fixture
def resetting() -> Iterator[str]:
    """A broker that takes every connection and resets it once something is said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    client.recv(64)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    client.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        listening.shutdown(socket.SHUT_RDWR)


def test_many_commands_in_a_second_ring_once(here):
    bell = Bell(here.servers.redis_url)
    assert [bell.ring() for _ in range(5)] == [True] * 5
    with redis.Redis.from_url(here.servers.redis_url) as broker:
        assert broker.llen(QUEUE) == 1


def test_a_line_that_breaks_in_the_middle_of_a_ring_is_counted_and_not_raised(resetting: str):
    bell = Bell(resetting)
    assert not bell.ring()
    assert not bell.ring()
    assert bell.missed == 2
