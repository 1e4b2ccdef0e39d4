"""Processes of ours are killed, frozen and woken: children, workers, senders, the API."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import httpx
from sqlalchemy.exc import DBAPIError

from tests.faults.load import over_http, working
from tests.faults.of_database import told
from tests.faults.results import Bar, Result, exactly, none, quantile
from tests.faults.servers import until
from tests.faults.warm import Warm, frozen
from tests.faults.world import World
from workflow.engines import ports

STUCK = 45.0  # seconds until what a dead process had in hand is done by another
_pause = threading.Event()


def child_killed(here: World, *, timers: int = 40) -> Result:
    """A prefork child of a Celery worker is killed while it fires, another while it sends. The rest goes on."""
    tokens = [here.home / "kill-firing", here.home / "kill-sending"]
    for token in tokens:
        token.touch()
    faults = f"T6:kill:1:{tokens[0]},D7:kill:1:{tokens[1]}"
    before = here.mail.extra()
    with here.worker(FAULTS=faults):
        here.ticking()
        episodes = here.late(timers)
        until(lambda: here.due() == 0 and here.waiting() == 0, within=120, what="all fired and sent")
    return Result(
        fault="prefork child killed: one firing, one between dot and mark",
        statement="ALO",
        counts={"timers": timers, "children killed": sum(not token.exists() for token in tokens)},
        bars=delivered(here, episodes, before=before, crashes=2),
    )


def delivered(here: World, episodes: list[str], *, before: int, crashes: int) -> tuple[Bar, ...]:
    """Every reminder of these arrived; second copies are no more than the crashes; the checker finds no flaw."""
    return (
        none("letters lost", sum(here.mail.about(episode) < 1 for episode in episodes) + here.unsent_sent()),
        Bar(what="second copies", seen=here.mail.extra() - before, most=crashes),
        none("flaws", len(here.flaws())),
    )


def worker_killed(here: World, *, times: int = 5) -> Result:
    """A whole Celery worker is killed with a letter in hand, again and again; the next one is there at once."""
    here.mail.slow, episodes = 0.3, []
    before, held = here.mail.extra(), {}
    for _ in range(times):
        with here.worker(children=4) as victim:
            here.ticking()
            episodes += here.late(12)
            mine = in_hand(here, beside=held)
            kill_whole(victim)
            held |= dict.fromkeys(mine, here.one("SELECT clock_timestamp()"))
    here.mail.slow = 0.0
    with here.worker():
        until(lambda: here.due() == 0 and here.waiting() == 0, within=120, what="all sent")
    stuck = redriven(here, held)
    return Result(
        fault="whole Celery worker killed",
        statement="ALO",
        counts={"kills": times, "letters in hand": len(stuck), "median s": round(quantile(stuck, 0.5), 1)},
        bars=(
            Bar(what="s until re-driven, p99", seen=round(quantile(stuck, 0.99), 1), most=STUCK),
            Bar(what="letters in hand at a kill", seen=len(stuck), least=1),
            *delivered(here, episodes, before=before, crashes=len(stuck)),
        ),
    )


Letter = tuple[str, str, int]  # episode, key, attempt


def in_hand(here: World, *, beside: dict[Letter, datetime], give_up: bool = False) -> set[Letter]:
    """Letters under lease beside those of the dead; waits until there is one, or a second where we may give up."""
    query = "SELECT episode_id::text, key, attempts FROM message WHERE state = 'waiting' AND lease_until IS NOT NULL"
    found: set[Letter] = set()

    def some() -> bool:
        found.clear()
        found.update(tuple(line) for line in here.sql(query) if tuple(line) not in beside)
        return bool(found)

    until(some, within=1 if give_up else 60, what="letters in hand", give_up=give_up)
    return found


def redriven(here: World, held: dict[Letter, datetime], taken: dict[Letter, datetime] | None = None) -> list[float]:
    """Seconds from a kill until each letter that died with a worker was in somebody's hand again, or marked.

    `taken` says when each attempt was first seen; an attempt that died too is a case of its own.
    """
    query = "SELECT settled_at, attempts FROM message WHERE episode_id = CAST(:episode AS uuid) AND key = :key"
    seconds = []
    for (episode, key, attempt), at in held.items():
        settled, attempts = here.sql(query, episode=episode, key=key)[0]
        if attempts > attempt:
            again = (taken or {}).get((episode, key, attempt + 1), settled)
            seconds.append((again - at).total_seconds())
    return seconds


@contextmanager
def watched(here: World) -> Iterator[dict[Letter, datetime]]:
    """When each attempt at a letter was first seen to be under way, by the database's clock."""
    seen: dict[Letter, datetime] = {}
    stop = threading.Event()
    query = (
        "SELECT episode_id::text, key, attempts, clock_timestamp() FROM message"
        " WHERE state = 'waiting' AND lease_until > clock_timestamp()"
    )

    def watch() -> None:
        while not stop.wait(0.05):
            with suppress(DBAPIError):
                for *letter, at in here.sql(query):
                    seen.setdefault(tuple(letter), at)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def kill_whole(victim) -> None:
    """The worker and every child of it, at once; one that has ended already is let be."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for process in (victim.pid, *children(victim.pid)):
            os.kill(process, signal.SIGKILL)
    victim.wait()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def frozen_sender(here: World, warm: Warm) -> Result:
    """A sender is frozen once the relay has its letter, sleeps past its lease, and wakes: its late mark is refused."""
    [episode] = here.late()
    warm.do("sweep")
    before = here.mail.extra()
    sleeper = warm.start("relay", point="D7", action="stop", lease=1)
    frozen(sleeper)
    leased = "SELECT count(*) FROM message WHERE state = 'waiting' AND lease_until > clock_timestamp()"
    until(lambda: here.one(leased) == 0, within=10, what="the end of the lease")
    other = warm.do("relay")
    marked = here.sql(
        "SELECT settled_at, attempts FROM message WHERE state = 'sent' AND channel = 'email'"
        " AND episode_id = CAST(:id AS uuid)",
        id=episode,
    )
    os.kill(sleeper, signal.SIGCONT)
    woken = warm.ended(sleeper)
    again = here.sql(
        "SELECT settled_at, attempts FROM message WHERE state = 'sent' AND channel = 'email'"
        " AND episode_id = CAST(:id AS uuid)",
        id=episode,
    )
    return Result(
        fault="sender frozen past its lease, and woken",
        statement="ALO",
        counts={"sent by the other": other.said["sent"]},
        bars=(
            none("sent as the sleeper says", woken.said["sent"]),
            none("marks changed by the sleeper", int(marked != again or len(marked) != 1)),
            *delivered(here, [episode], before=before, crashes=1),
        ),
    )


def api_killed(here: World, *, times: int = 4) -> Result:
    """The API process is killed under load; another starts on its port. The same key is answered once."""
    port = ports.choose(None, last=None, needed_by="the API", avoid=[])
    limits = httpx.Limits(max_connections=8)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, limits=limits, trust_env=False) as client:
        command = (
            "uvicorn",
            "--factory",
            "api.app:app",
            "--port",
            str(port),
            "--log-level",
            "error",
            "--no-access-log",
        )
        back = []
        with working(here, over_http(client, here.token), kinds=("plain",), pace=0.05) as work:
            for turn in range(times + 1):
                with here.running(*command) as process:
                    back.append(work.answers(20))
                    if turn < times:
                        process.kill()
                        process.wait()
    return told(
        here,
        "API process killed under load",
        work,
        {"kills": times},
        Bar(what="s until it served again, most", seen=round(max(back), 1), most=10),
    )


def sweepers(here: World, warm: Warm, *, timers: int = 200, number: int = 8) -> Result:
    """Eight sweepers and eight senders at once, one of them frozen for a while: each reminder is fired once."""
    episodes, before = here.late(timers), here.mail.extra()
    freezing = warm.start("sweep", point="F1", action="stop", of={"rounds": 4})
    frozen(freezing)
    started = [warm.start(what, of={"rounds": 6, "every": 0.3}) for what in ("sweep", "relay") for _ in range(number)]
    ended = [warm.ended(pid) for pid in started]
    os.kill(freezing, signal.SIGCONT)
    ended.append(warm.ended(freezing))
    warm.do("sweep")
    until(lambda: warm.do("relay").said["sent"] == 0 and here.waiting() == 0, what="all sent")
    query = "SELECT count(*) FROM ledger WHERE verb = 'fire' AND episode_id = ANY(CAST(:ids AS uuid[]))"
    fired = here.one(query, ids=episodes)
    return Result(
        fault=f"{number} sweepers, {number} senders, one sweeper frozen with its locks held",
        statement="E1",
        counts={"timers": timers, "processes": len(ended)},
        bars=(
            none("ended in trouble", sum(one.status != 0 for one in ended)),
            exactly("fired", fired, timers),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )
