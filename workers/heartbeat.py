"""A dead man's switch: a monitor outside hears from us while time is kept, and alarms when it does not."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from workflow.service.health import keeps_time
from workflow.store import pulse
from workflow.store.session import Store

WAIT = 5.0  # seconds the monitor may take

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log the URL of every beat


def _get(url: str) -> None:
    httpx.get(url, timeout=WAIT).raise_for_status()


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """One GET in `every`, over all workers, and none while something decisive is wrong. `missed` were not heard."""

    url: str = field(repr=False)  # it is all that keeps a stranger from beating for us
    every: timedelta
    store: Store
    get: Callable[[str], None] = _get
    missed: int = 0

    def beat(self) -> bool:
        """Beat where it is time and time is kept. Answers whether the monitor heard it.

        Raises UnavailableError where the database does not answer: then nothing beats either.
        """
        with self.store.transaction() as connection:
            age = pulse.age(connection, "heartbeat")
        if (age is not None and timedelta() <= age < self.every) or not keeps_time(self.store):
            return False
        with self.store.transaction() as connection:
            mine = pulse.turn(connection, "heartbeat", self.every)
        return mine and self._heard()

    def _heard(self) -> bool:
        try:
            self.get(self.url)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as lost:
            self.missed += 1
            log.warning("heartbeat not heard: %s", type(lost).__name__, extra={"missed": self.missed})
            return False
        return True
