"""PostgreSQL ends, connections are cut, none is left."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import text

from tests.faults.deeds import do
from tests.faults.load import Work, straight, working
from tests.faults.results import Bar, Result, exactly, none
from tests.faults.servers import until
from tests.faults.world import World
from workflow.store.session import UnavailableError

_dice = random.Random(4)
_pause = threading.Event()


def told(here: World, fault: str, work: Work, counts: dict[str, float], *bars: Bar, statement: str = "EO") -> Result:
    """What a load under a fault shows: nothing acknowledged was lost, and the checker finds no flaw."""
    return Result(
        fault=fault,
        statement=statement,
        counts={**counts, "acknowledged": len(work.acknowledged), "asked again": len(work.again)},
        bars=(
            none("lost", work.lost(here)),
            none("odd answers", len(work.odd)),
            none("flaws", len(here.flaws())),
            *bars,
        ),
    )


def restarted(here: World, *, times: int = 4, every: float = 4.0) -> Result:
    """PostgreSQL is stopped immediately (SIGQUIT, as `pg_ctl -m immediate`) and started again, under load."""
    away = []
    with working(here, straight(here.desk())) as work:
        for _ in range(times):
            _pause.wait(every)
            began = time.monotonic()
            here.servers.stop_postgres_immediately()
            here.servers.start_postgres()
            away.append(time.monotonic() - began)
        _pause.wait(1)
    settled(here)
    recovered = Bar(what="s until it answered, most", seen=round(max(away), 1), most=60)
    again = Bar(what="s until a command was answered, most", seen=round(max(work.waited), 1), most=60)
    return told(here, "PostgreSQL stopped immediately and started again", work, {"restarts": times}, recovered, again)


def terminated(here: World, *, seconds: float = 8.0, every: float = 0.2) -> Result:
    """A backend of ours, drawn by lot, is terminated every 200 ms, under load."""
    counted = {"terminated": 0.0}
    with working(here, straight(here.desk())) as work, terminating(here, counted, every=every):
        _pause.wait(seconds)
    settled(here)
    return told(here, "backends terminated every 200 ms", work, counted)


@contextmanager
def terminating(here: World, counted: dict[str, float], *, every: float) -> Iterator[None]:
    """Somebody who terminates one of our backends again and again."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every):
            counted["terminated"] += terminate_one(here)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def terminate_one(here: World) -> int:
    """Terminate one backend of ours; 0 where there is none, or no server to ask."""
    url = here.servers.admin_url.replace("+psycopg", "")
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename IN ('theca_app', 'theca_worker')"
            ).fetchall()
            if not found:
                return 0
            connection.execute("SELECT pg_terminate_backend(%s)", _dice.choice(found))
            return 1
    except psycopg.OperationalError:
        return 0


def exhausted(here: World) -> Result:
    """Every connection of the pool is held: whoever comes waits two seconds and is told to come again."""
    desk, episode, waited, unavailable = here.desk(), here.enrolled(), [], 0
    pool = here.store.engine.pool
    held = [here.store.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    for n in range(3):
        began = time.monotonic()
        try:
            do(desk, "plain", episode, f"pool-{n}")
        except UnavailableError:
            unavailable += 1
        waited.append(time.monotonic() - began)
    for connection in held:
        connection.close()
    after = do(desk, "plain", episode, "pool-0")
    return Result(
        fault="pool exhausted",
        statement="EO",
        counts={"connections held": len(held), "asked": len(waited)},
        bars=(
            exactly("told to come again", unavailable, len(waited)),
            Bar(what="s waited, most", seen=round(max(waited), 1), most=3),
            none("done before", int(after.replayed)),
            none("flaws", len(here.flaws())),
        ),
    )


def idle_in_transaction(here: World) -> Result:
    """Somebody locks a candidate and goes to lunch: whoever comes waits two seconds, and is told to come again."""
    desk, episode, waited = here.desk(), here.enrolled(), []
    with here.owner.begin() as lunch:
        lunch.execute(text("SELECT 1 FROM episode WHERE id = CAST(:id AS uuid) FOR UPDATE"), {"id": episode})
        began = time.monotonic()
        try:
            do(desk, "plain", episode, "lunch")
        except UnavailableError:
            waited.append(time.monotonic() - began)
    after = do(desk, "plain", episode, "lunch")
    return Result(
        fault="a candidate locked by somebody idle",
        statement="EO",
        counts={"asked": 1},
        bars=(
            exactly("told to come again", len(waited), 1),
            Bar(what="s waited", seen=round(max(waited, default=99), 1), most=3),
            none("done before", int(after.replayed)),
        ),
    )


def settled(here: World) -> None:
    """Wait until the database answers again, with connections that work."""
    until(here.servers.postgres_answers, what="PostgreSQL answering")
    here.owner.dispose()
