"""Twenty thousand acknowledged commands, with a fault every few seconds, and reminders falling due meanwhile."""

import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from subprocess import Popen

from tests.faults.clerk import key_of, noted
from tests.faults.lag import late, planned
from tests.faults.load import Work
from tests.faults.of_database import settled, terminate_one
from tests.faults.of_processes import STUCK, Letter, children, delivered, in_hand, kill_whole, redriven, watched
from tests.faults.results import Bar, Result, exactly, none, quantile
from tests.faults.servers import until
from tests.faults.world import World

CLERKS, PEOPLE, CANDIDATES, WORKERS = 2, 3, 20, 2
EVERY = 2.5  # seconds from one fault to the next, unless it takes longer itself
_dice = random.Random(4)
_pause = threading.Event()


@dataclass
class Soak:
    """What runs, and what was done to it."""

    here: World
    stack: ExitStack
    orders: list[Path]
    clerks: list[Popen[bytes]] = field(default_factory=list)
    workers: list[Popen[bytes]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    at: list[float] = field(default_factory=list)
    held: dict[Letter, datetime] = field(default_factory=dict)
    taken: dict[Letter, datetime] = field(default_factory=dict)

    def clerk(self, number: int) -> None:
        process = self.stack.enter_context(self.here.running("tests.faults.clerk", str(self.orders[number])))
        self.clerks[number : number + 1] = [process]

    def worker(self, number: int) -> None:
        self.workers[number : number + 1] = [self.stack.enter_context(self.here.worker())]

    def done(self) -> bool:
        return all(clerk.poll() is not None for clerk in self.clerks)

    def supervise(self) -> None:
        """Start a worker that ended by itself, as whoever runs it would: Celery gives up where a new child dies."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.faults["worker gave up"] += 1
                self.worker(number)

    # Each of these is one fault.

    def backend(self) -> None:
        terminate_one(self.here)

    def people(self) -> None:
        """A process of people at work is killed; another goes on from what was noted."""
        number = _dice.randrange(CLERKS)
        if self.clerks[number].poll() is None:
            self.clerks[number].kill()
            self.clerks[number].wait()
            self.clerk(number)

    def broker(self) -> None:
        self.here.servers.kill_valkey()
        self.here.servers.start_valkey()

    def child(self) -> None:
        """A prefork child of the worker is killed."""
        with suppress(IndexError, FileNotFoundError, ProcessLookupError):
            os.kill(_dice.choice(children(_dice.choice(self.workers).pid)), signal.SIGKILL)

    def whole_worker(self) -> None:
        """One of the workers is killed, with a letter in hand where there is one soon."""
        number = _dice.randrange(WORKERS)
        mine = in_hand(self.here, beside=self.held, give_up=True)
        kill_whole(self.workers[number])
        self.held |= dict.fromkeys(mine, self.here.one("SELECT clock_timestamp()"))
        self.worker(number)

    def database(self) -> None:
        self.here.servers.stop_postgres_immediately()
        self.here.servers.start_postgres()


ROTATION = ("backend", "people", "broker", "backend", "child", "backend", "whole_worker", "database")


def soak(here: World, *, commands: int = 20_000, timers_a_second: float = 5, reminders_for: float = 120) -> Result:
    """Everything at once: see ROTATION. Nothing acknowledged is lost, and nothing that was due."""
    before, here.mail.slow = here.mail.extra(), 0.1  # so that there are letters in hand when a worker is killed
    with ExitStack() as stack:
        running = Soak(here, stack, _orders(here, commands))
        running.taken = stack.enter_context(watched(here))
        due = planned(here, rate=timers_a_second, seconds=reminders_for)
        began = time.monotonic()
        for number in range(WORKERS):
            running.worker(number)
        for number in range(CLERKS):
            running.clerk(number)
        _break_things(running)
        seconds = time.monotonic() - began
        settled(here)
        until(lambda: here.due() == 0 and here.waiting() == 0, within=180, every=0.5, what="all fired and sent")
    here.mail.slow = 0.0
    return _told(running, due, seconds=seconds, before=before, asked=_asked(commands))


def _asked(commands: int) -> int:
    return -(-commands // (CLERKS * PEOPLE)) * CLERKS * PEOPLE


def _orders(here: World, commands: int) -> list[Path]:
    """What each process of people is to do."""
    made = []
    for clerk in range(CLERKS):
        order = here.home / f"clerk-{clerk}.json"
        candidates = [[here.enrolled() for _ in range(CANDIDATES)] for _ in range(PEOPLE)]
        each, journal = _asked(commands) // (CLERKS * PEOPLE), str(here.home / f"clerk-{clerk}.noted")
        order.write_text(json.dumps({"clerk": clerk, "candidates": candidates, "each": each, "journal": journal}))
        made.append(order)
    return made


def _break_things(running: Soak) -> None:
    """One fault after the other until everything asked is answered."""
    next_at = time.monotonic() + EVERY
    for name in itertools.cycle(ROTATION):
        _pause.wait(max(0.3, next_at - time.monotonic()))
        if running.done():
            return
        running.supervise()
        began = time.monotonic()
        next_at = began + EVERY
        getattr(running, name)()
        running.faults[name] += 1
        running.at.append(began)


def _told(running: Soak, due: dict[str, float], *, seconds: float, before: int, asked: int) -> Result:
    here, work, tries, waits = running.here, Work(), 0, []
    for clerk in range(CLERKS):
        for thread, lines in noted(here.home / f"clerk-{clerk}.noted").items():
            for n, tried, waited in lines:
                work.acknowledged.append(key_of(clerk, thread, n))
                tries += tried - 1
                waits.append(waited / 1000)
    odd = [line for path in here.home.glob("clerk-*.odd") for line in path.read_text().splitlines()]
    for line in odd:
        sys.stderr.write(f"odd: {line}\n")
    faults = sum(running.faults.values())
    gaps = [b - a for a, b in itertools.pairwise(running.at)]
    stuck = redriven(here, running.held, running.taken)
    lags = late(here, due)
    return Result(
        fault="soak: everything at once",
        statement="EO, ALO",
        counts={
            "acknowledged": len(work.acknowledged),
            "seconds": round(seconds),
            "asked again": tries,
            "faults": faults,
            **{f"of these {name}": number for name, number in running.faults.items()},
            "letters that died with a worker": len(stuck),
            "reminders": len(due),
            "median lag s": round(quantile(lags, 0.5), 1),
            "p99 lag s": round(quantile(lags, 0.99), 1),
        },
        bars=(
            Bar(what="acknowledged", seen=len(work.acknowledged), least=asked),
            none("lost", work.lost(here)),
            none("odd answers", len(odd)),
            Bar(what="s between faults, most", seen=round(max(gaps, default=0), 1), most=5),
            exactly("keys acknowledged once", len(set(work.acknowledged)), len(work.acknowledged)),
            Bar(what="s until a command was answered, most", seen=round(max(waits), 1), most=60),
            Bar(what="stuck work re-driven p99 s", seen=round(quantile(stuck, 0.99), 1), most=STUCK),
            *delivered(here, list(due), before=before, crashes=faults),
        ),
    )
