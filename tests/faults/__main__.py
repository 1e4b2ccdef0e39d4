"""`python -m tests.faults [--quick] [NAME ...]`: break things, print what held, keep it in docs/faults/faults.json.

Exit 0 where every bar was met, 1 where one was missed, 2 for an unknown name. What was skipped says why.
"""

import sys
import time
from collections.abc import Callable, Iterator

from tests.faults import (
    kill_points,
    of_broker,
    of_database,
    of_disk,
    of_mail,
    of_processes,
    of_time,
)
from tests.faults.lag import lag
from tests.faults.results import HEADING, Bar, Result, keep, line, none
from tests.faults.soak import soak
from tests.faults.warm import warm
from tests.faults.world import world

Group = Callable[[bool], Iterator[Result]]


def points(_quick: bool) -> Iterator[Result]:
    with world() as here, warm(here) as ready:
        yield from kill_points.every(here, ready)


def processes(quick: bool) -> Iterator[Result]:
    with world() as here, warm(here) as ready:
        yield of_processes.frozen_sender(here, ready)
        yield of_processes.sweepers(here, ready, timers=60 if quick else 200)
        yield of_processes.child_killed(here)
        yield of_processes.worker_killed(here, times=2 if quick else 5)
    with world(durable=True) as here:
        yield of_processes.api_killed(here, times=2 if quick else 5)


def database(quick: bool) -> Iterator[Result]:
    with world(durable=True) as here:
        yield of_database.restarted(here, times=2 if quick else 4)
        yield of_database.terminated(here, seconds=4 if quick else 10)
        yield of_database.exhausted(here)
        yield of_database.idle_in_transaction(here)


def disk(_quick: bool) -> Iterator[Result]:
    yield of_disk.data_full()
    yield of_disk.log_full()


def broker(quick: bool) -> Iterator[Result]:
    with world() as here:
        yield from of_broker.broken(here, quick=quick)
        yield of_broker.in_the_middle(here)
        yield of_broker.twice_told(here)
        yield of_broker.beats(here)
        yield of_broker.beats(here, number=0)
        yield of_broker.deaf(here, restarts=5 if quick else 20)


def mail(_quick: bool) -> Iterator[Result]:
    with world() as here, warm(here) as ready:
        for scenario in (of_mail.down, of_mail.later, of_mail.hung_up, of_mail.slow, of_mail.never):
            yield scenario(here, ready)


def clocks(_quick: bool) -> Iterator[Result]:
    with world() as here, warm(here) as ready:
        for scenario in (of_time.shifted, of_time.poison_that_raises, of_time.connection_lost):
            yield scenario(here, ready)
        yield of_time.poison_that_aborts(here)


def lags(quick: bool) -> Iterator[Result]:
    for rate in (5, 50):
        with world(durable=True) as here:
            yield lag(here, rate=rate, seconds=20 if quick else 60)


def soaked(quick: bool) -> Iterator[Result]:
    with world(durable=True) as here:
        yield soak(here, commands=2_000 if quick else 20_000, reminders_for=30 if quick else 120)


GROUPS: dict[str, Group] = {
    "points": points,
    "processes": processes,
    "database": database,
    "disk": disk,
    "broker": broker,
    "mail": mail,
    "clocks": clocks,
    "lag": lags,
    "soak": soaked,
}


def main() -> int:
    """Run the named groups, or all."""
    quick = "--quick" in sys.argv[1:]
    asked = [name for name in sys.argv[1:] if name != "--quick"] or list(GROUPS)
    unknown = [name for name in asked if name not in GROUPS]
    if unknown:
        print(f"no faults {', '.join(unknown)}; there are: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    began, results = time.monotonic(), list[Result]()
    print(HEADING, flush=True)
    for name in asked:
        for result in _told(name, GROUPS[name], quick=quick):
            results.append(result)
            print(line(result), flush=True)
    seconds = time.monotonic() - began
    missed = [result for result in results if result.verdict == "MISSED"]
    print(f"\n{len(results)} faults in {seconds:.0f} s; {len(missed)} with a bar missed")
    print(f"kept in {keep(results, seconds=seconds)}" if asked == list(GROUPS) and not quick else "not kept")
    return 1 if missed else 0


def _told(name: str, group: Group, *, quick: bool) -> Iterator[Result]:
    """The results of a group; one that could not be finished is a miss, with what was waited for."""
    try:
        yield from group(quick)
    except AssertionError as stuck:
        yield Result(fault=f"{name}: not finished", statement="", skipped="", bars=(_stuck(str(stuck)),))


def _stuck(what: str) -> Bar:
    return none(f"not finished: {what}", 1)


sys.exit(main())
