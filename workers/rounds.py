"""What is done again and again beside the jobs, each in a thread of its own: a slow one delays no other.

look       ring; where nobody hears it, or nobody has looked for 15 s, fire what is due here
send       where nobody has sent for 15 s, send what waits here
heartbeat  tell a monitor outside that time is kept
notary     sign how far the ledger has come, in a process of its own: nobody else may read what it signs with

So a broker that is away, or hears and does nothing, delays a reminder by no more than 20 seconds.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from workers.heartbeat import Heartbeat
from workflow.domain.errors import TroubleError
from workflow.service.deliver import relay
from workflow.service.fire import sweep
from workflow.service.notary import Office, office_of, take
from workflow.service.outward.ways import transport
from workflow.settings import Settings
from workflow.store import pulse
from workflow.store.bell import Bell
from workflow.store.session import Store, UnavailableError, open_store

TICK_SECONDS = 5
NOTARY_SECONDS = 60
PATIENCE = timedelta(seconds=15)  # how long the jobs may let wait what this process could do itself

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One thing to be done every few seconds. What goes wrong is logged, and tried again the next time."""

    name: str
    do: Callable[[], object]
    every: float = TICK_SECONDS

    def start(self, stop: threading.Event, *, after: float = 0) -> threading.Thread:
        """Do it in a thread of its own until `stop` is set; the first time after so many seconds."""
        thread = threading.Thread(target=self._go_round, args=(stop, after), name=self.name, daemon=True)
        thread.start()
        return thread

    def once(self) -> None:
        """Do it now. Never raises: a thread that ends silently is a reminder that never leaves."""
        try:
            self.do()
        except UnavailableError as down:
            log.warning("%s: %s", self.name, down.detail)
        except Exception as wrong:  # noqa: BLE001 - as above
            log.error("%s failed: %s", self.name, type(wrong).__name__)  # noqa: TRY400 - a traceback would carry values

    def _go_round(self, stop: threading.Event, after: float) -> None:
        wait = after
        while not stop.wait(wait):
            self.once()
            wait = self.every


def store_of(now: Settings) -> Store:
    """A store as workers open it. Raises UnavailableError where the settings name none."""
    return open_store(now.database_worker_url or now.database_url, now.theca_key_file, pooler=now.database_pooler)


def beside_celery(now: Settings, store: Store) -> tuple[Round, ...]:
    """What every Celery worker does in its own process, so that neither beat nor the broker is needed for time."""
    return (*ticking(now, store), Round(name="send", do=lambda: send_if_nobody_does(now, store)))


def ticking(now: Settings, store: Store) -> tuple[Round, ...]:
    """What an extra ticker does: it sends no letters, and needs no relay."""
    bell = Bell(now.broker)
    return (Round(name="look", do=lambda: look_if_nobody_does(store, bell)), *_heartbeat(now, store))


def alone(now: Settings, store: Store) -> tuple[Round, ...]:
    """What a process does that needs no broker at all."""
    return (
        Round(name="look", do=lambda: sweep(store)),
        Round(name="send", do=lambda: _send(now, store)),
        *_heartbeat(now, store),
    )


def notarial(now: Settings, store: Store) -> tuple[Round, ...]:
    """What the notary does, as theca_verify and without the key file. Raises ImpossibleInputError, KeyFileError."""
    office = office_of(now, store)
    return (Round(name="notary", do=lambda: _sign(office), every=NOTARY_SECONDS),)


def look_if_nobody_does(store: Store, bell: Bell) -> int:
    """Ring, and fire what is due here where nobody hears it or nobody has looked lately. Answers how many fired."""
    heard = bell.ring()
    return 0 if heard and _lately(store, "tick") else sweep(store)


def send_if_nobody_does(now: Settings, store: Store) -> int:
    """Send what waits where nobody has sent lately. Answers how many letters left."""
    return 0 if _lately(store, "relay") else _send(now, store)


# ---------------------------------------------------------------------------------------------------------------


def _lately(store: Store, name: str) -> bool:
    with store.transaction() as connection:
        age = pulse.age(connection, name)
    return age is not None and timedelta() <= age < PATIENCE


def _send(now: Settings, store: Store) -> int:
    with transport(now).held() as out:
        return relay(store, out, link=now.theca_public_url)


def _sign(office: Office) -> None:
    """The next checkpoint. Where the database does not hold what was signed, that is said, and nothing is signed."""
    try:
        take(office)
    except TroubleError as wrong:
        log.error("notary: %s", wrong.detail)  # noqa: TRY400 - a traceback would carry values
        if isinstance(wrong, UnavailableError):
            raise


def _heartbeat(now: Settings, store: Store) -> tuple[Round, ...]:
    if not now.heartbeat_url:
        return ()
    beating = Heartbeat(url=now.heartbeat_url, every=timedelta(seconds=now.heartbeat_every), store=store)
    return (Round(name="heartbeat", do=beating.beat),)
