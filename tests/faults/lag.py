"""How late a reminder is: from when it was due until the relay took its letter."""

import threading
import time
from datetime import UTC, datetime, timedelta

from tests.faults.of_processes import delivered
from tests.faults.results import Bar, Result, none, quantile
from tests.faults.servers import until
from tests.faults.world import World

MOST = {5: 15.0, 50: 60.0}
_ENROLLED_A_SECOND = 60
_pause = threading.Event()


def planned(here: World, *, rate: float, seconds: float, after: float = 3.0) -> dict[str, float]:
    """Candidates whose reminders fall due one after the other, `rate` a second; answers when, by episode."""
    number = int(rate * seconds)
    first = datetime.now(UTC) + timedelta(seconds=after + number / _ENROLLED_A_SECOND)
    desk, due = here.desk(), {}
    for n in range(number):
        at = first + timedelta(seconds=n / rate)
        due[here.enrolled(due=at, desk=desk)] = at.timestamp()
    here.analyse()
    return due


def late(here: World, due: dict[str, float]) -> list[float]:
    """By how many seconds each of these was late, of those that arrived."""
    arrived: dict[str, float] = {}
    for letter in here.mail.taken:
        for episode in letter.about & due.keys():
            arrived[episode] = min(letter.at, arrived.get(episode, letter.at))
    return [at - due[episode] for episode, at in arrived.items()]


def lag(here: World, *, rate: int, seconds: float = 60) -> Result:
    """Timers fall due `rate` a second for a while, with one Celery worker of two children, as it is shipped."""
    before = here.mail.extra()
    with here.worker():
        here.ticking()
        due = planned(here, rate=rate, seconds=seconds)
        last = max(due.values())
        until(
            lambda: time.time() > last and all(here.mail.about(one) for one in list(due)[-20:]) and here.waiting() == 0,
            within=last - time.time() + 240,
            every=0.5,
            what="every reminder",
        )
    lags = late(here, due)
    return Result(
        fault=f"nothing broken, {rate} timers a second",
        statement="ALO",
        counts={"timers": len(due), "seconds": seconds, "median s": round(quantile(lags, 0.5), 1)},
        bars=(
            Bar(what="reminder lag p99 s", seen=round(quantile(lags, 0.99), 1), most=MOST[rate]),
            none("early", sum(one < 0 for one in lags)),
            *delivered(here, list(due), before=before, crashes=0),
        ),
    )
