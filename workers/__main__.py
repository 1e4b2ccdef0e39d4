"""`python -m workers`: the same work without Celery or Redis, in one process, until Ctrl-C or SIGTERM."""

import signal
import threading
from itertools import count

from workers.app import TICK_SECONDS
from workers.transports import transport
from workflow.service.deliver import relay
from workflow.service.fire import sweep, tidy
from workflow.settings import settings
from workflow.store.session import UnavailableError, open_store

TIDY_EVERY = 3600 // TICK_SECONDS


def main() -> None:
    """Fire and deliver every few seconds."""
    now, stop = settings(), threading.Event()
    url = now.database_worker_url or now.database_url
    store, out = open_store(url, now.theca_key_file, pooler=now.database_pooler), transport(now)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    for rounds in count():
        if stop.is_set():
            break
        try:
            sweep(store)
            relay(store, out, link=now.theca_public_url)
            if rounds % TIDY_EVERY == 0:
                tidy(store)
        except UnavailableError as down:
            print(f"theca workers: {down.detail}", flush=True)  # noqa: T201 - a command line prints
        stop.wait(TICK_SECONDS)


if __name__ == "__main__":
    main()
