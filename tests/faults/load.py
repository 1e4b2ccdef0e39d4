"""People at work while things break: they ask, and ask again under the same key until they are answered."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import httpx
from sqlalchemy import text

from tests.faults.deeds import ROUND, do
from tests.faults.results import quantile
from tests.faults.servers import until
from tests.faults.world import World
from workflow.domain.errors import TroubleError
from workflow.service.act import Desk
from workflow.store.session import UnavailableError

AGAIN_AFTER = 0.05
_loads = count(1)


class NotAnsweredError(Exception):
    """Nobody knows whether it was done: ask again under the same key."""


Door = Callable[[str, str, str], None]  # kind, episode, key


@dataclass
class Work:
    """What was asked for and answered."""

    acknowledged: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of each call that was answered, the last try only
    waited: list[float] = field(default_factory=list)  # of each command, with every try
    again: list[str] = field(default_factory=list)  # keys that were asked for again
    odd: list[str] = field(default_factory=list)  # answers that are neither: a defect

    def lost(self, here: World) -> int:
        """Acknowledged commands that have no line in the ledger."""
        with here.owner.begin() as connection:
            found = connection.scalar(
                text(
                    "SELECT count(*) FROM unnest(CAST(:keys AS text[])) AS asked(key)"
                    " WHERE NOT EXISTS (SELECT 1 FROM command AS c"
                    " JOIN ledger AS l USING (site_id, episode_id, seq) WHERE c.key = asked.key)"
                ),
                {"keys": self.acknowledged},
            )
        return int(found or 0)

    def answers(self, number: int, *, within: float = 60) -> float:
        """Wait until so many more commands were answered; how many seconds that took."""
        wanted = len(self.acknowledged) + number
        return until(lambda: len(self.acknowledged) >= wanted, within=within, what="commands answered")

    @property
    def p99(self) -> float:
        return quantile(self.seconds, 0.99)


@contextmanager
def working(
    here: World, door: Door, *, people: int = 4, candidates: int = 8, pace: float = 0.0, kinds: tuple[str, ...] = ROUND
) -> Iterator[Work]:
    """People who work until the block ends, each with candidates of their own; `pace` seconds between commands."""
    work, stop, load = Work(), threading.Event(), next(_loads)
    mine = [[here.enrolled() for _ in range(candidates)] for _ in range(people)]
    threads = [
        threading.Thread(target=_person, args=(door, mine[n], f"load-{load}-{n}", pace, kinds, work, stop))
        for n in range(people)
    ]
    for thread in threads:
        thread.start()
    try:
        yield work
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _person(
    door: Door, mine: list[str], name: str, pace: float, kinds: tuple[str, ...], work: Work, stop: threading.Event
) -> None:
    for n in count():
        turn, at = divmod(n, len(mine))
        if stop.is_set():
            return
        kind, key = kinds[turn % len(kinds)], f"{name}-{n}"
        if not asked_until_answered(door, kind, mine[at], key, work, stop):
            return
        stop.wait(pace)


def asked_until_answered(door: Door, kind: str, episode: str, key: str, work: Work, stop: threading.Event) -> bool:
    """Ask until there is an answer. False where the day ended before."""
    first = time.monotonic()
    while not stop.is_set():
        began = time.monotonic()
        try:
            door(kind, episode, key)
        except NotAnsweredError:
            work.again.append(key)
            stop.wait(AGAIN_AFTER)
            continue
        except Exception as odd:  # noqa: BLE001 - counted, and told
            work.odd.append(f"{kind}: {type(odd).__name__}: {odd}"[:300])
            return False
        now = time.monotonic()
        work.seconds.append(now - began)
        work.waited.append(now - first)
        work.acknowledged.append(key)
        return True
    return False


def straight(desk: Desk) -> Door:
    """The door of the service, in this process."""

    def ask(kind: str, episode: str, key: str) -> None:
        try:
            do(desk, kind, episode, key)
        except UnavailableError as lost:
            raise NotAnsweredError from lost
        except TroubleError as wrong:
            raise RuntimeError(f"{wrong.code}: {wrong.detail}") from wrong

    return ask


def over_http(client: httpx.Client, token: str) -> Door:
    """The door of the API: a reading is recorded."""

    def ask(kind: str, episode: str, key: str) -> None:
        reading = {"item": "nrs", "observed_at": _DAWN, "value": 6, "unit": "{score}"}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        try:
            told = client.post(f"/api/v1/episodes/{episode}/observations", json=[reading], headers=headers)
        except httpx.TransportError as lost:
            raise NotAnsweredError from lost
        if told.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise NotAnsweredError
        if not told.is_success:
            raise RuntimeError(f"{told.status_code} {told.text[:200]}")

    return ask


_DAWN = datetime.now(UTC).isoformat()  # every retry says the same
