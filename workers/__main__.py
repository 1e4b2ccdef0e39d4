"""`python -m workers`: the same work without Celery or Redis, in one process, until Ctrl-C or SIGTERM.

With `--tick-only` an extra ticker beside Celery workers: it rings, and fires what is due where nobody hears it. With
`--notary` nothing but a signed checkpoint of the ledger, once a minute.
"""

import argparse
import logging
import signal
import sys
import threading

from workers.rounds import Round, alone, notarial, store_of, ticking
from workflow.domain.errors import ImpossibleInputError
from workflow.service.fire import tidy
from workflow.service.outward.ways import transport
from workflow.settings import settings
from workflow.store.session import UnavailableError, open_sealed
from workflow.store.vault import KeyFileError

ENDS_WITHIN = 20.0  # seconds a round in hand may take when we are told to end


def main() -> None:
    """Fire and deliver every few seconds."""
    asked = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    asked.add_argument("--tick-only", action="store_true", help="beside Celery workers: only look what is due")
    asked.add_argument("--notary", action="store_true", help="only sign how far the ledger has come, once a minute")
    told = asked.parse_args()
    logging.basicConfig(level=logging.WARNING, format="theca workers: %(message)s")
    try:
        rounds = _notarial() if told.notary else _rounds(tick_only=told.tick_only)
    except (UnavailableError, ImpossibleInputError, KeyFileError) as wrong:
        sys.exit(f"theca workers: {wrong.detail}; allowed: {wrong.allowed}")
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    going = [each.start(stop) for each in rounds]
    stop.wait()
    for thread in going:
        thread.join(ENDS_WITHIN)


def _notarial() -> tuple[Round, ...]:
    now = settings()
    return notarial(now, open_sealed(now.database_verify_url))


def _rounds(*, tick_only: bool) -> tuple[Round, ...]:
    now = settings()
    store = store_of(now)
    if tick_only:
        return ticking(now, store)
    transport(now)  # says at once what is missing
    return (*alone(now, store), Round(name="tidy", do=lambda: tidy(store), every=3600))


if __name__ == "__main__":
    main()
