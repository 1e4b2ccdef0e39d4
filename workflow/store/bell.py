"""The doorbell: tell the workers that something is due. Never more than 200 ms, and a failure is only counted.

Each ring makes workers look what is due. A ring that was heard is good for a second, so that a busy hour of commands
does not keep them looking instead of sending; what came due within it waits for the next tick at most.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from kombu.connection import Connection as Broker
from kombu.entity import Exchange, Queue

QUEUE = "theca"
TICK = "workers.tick"
AMQP = ("amqp", "pyamqp")
_WAIT = 0.2
_GOOD_FOR = 1.0  # seconds

log = logging.getLogger(__name__)


class Bell:
    """Rings by task name, so that whoever rings needs no workers. Without a broker it stays silent: rows wait."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._missed = count(1)
        self.missed = 0
        self._heard_until = 0.0

    def ring(self) -> bool:
        """Say that something may be due now. Answers whether it was heard; without a broker nobody hears it."""
        if time.monotonic() < self._heard_until:
            return True
        heard = bool(self._url) and self._reach(_send)
        if heard:
            self._heard_until = time.monotonic() + _GOOD_FOR
        elif self._url:
            self.missed = next(self._missed)
            log.warning("bell not heard", extra={"missed": self.missed})
        return heard

    def hangs(self) -> bool:
        """Whether there is a broker that answers; rings nothing."""
        return bool(self._url) and self._reach(_try)

    def _reach(self, use: Callable[[Broker], object]) -> bool:
        try:
            with Broker(self._url, connect_timeout=_WAIT, transport_options=self._short()) as broker:
                use(broker)
        except Exception:  # noqa: BLE001 - what is rung for is committed; no odd broker may make it look otherwise
            return False
        return True

    def _short(self) -> dict[str, float]:
        words = ("read_timeout", "write_timeout") if self._url.startswith(AMQP) else _SOCKET
        return {**dict.fromkeys(words, _WAIT), "max_retries": 0}


_SOCKET = ("socket_timeout", "socket_connect_timeout")


def _try(broker: Broker) -> object:
    return broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_WAIT)


def _soon() -> str:
    """A ring nobody heard in time means nothing: the next one is as good."""
    return (datetime.now(UTC) + timedelta(seconds=10)).isoformat()


def _send(broker: Broker) -> None:
    """One Celery message with no arguments, as protocol 2 writes it."""
    producer = broker.Producer(serializer="json")
    producer.publish(
        [[], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
        exchange=Exchange(""),
        routing_key=QUEUE,
        declare=[Queue(QUEUE, routing_key=QUEUE)],
        headers={"lang": "py", "task": TICK, "id": str(uuid4()), "root_id": None, "expires": _soon()},
        retry=False,
    )
