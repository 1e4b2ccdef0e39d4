"""The same ten thousand through a queue with two processes: as Celery tasks with an ETA, and as Theca does it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import psycopg
import redis

from tests.bench.sweep_world import World
from workflow.settings import environment_with
from workflow.store.bell import QUEUE, Bell

AHEAD = timedelta(seconds=10)
ENQUEUE = """
import sys, time
from datetime import datetime
from tests.bench.peer_eta import nothing
eta = datetime.fromisoformat(sys.argv[1])
start = time.time()
for _ in range(int(sys.argv[2])):
    nothing.apply_async(eta=eta)
print(start, time.time())
"""


def peer(redis_url: str, count: int) -> float:
    """Seconds from the first enqueued to the last executed, without the wait for the ETA."""
    given = {"REDIS_URL": redis_url}
    with _worker("tests.bench.peer_eta", given), redis.Redis.from_url(redis_url) as client:
        eta = datetime.now(UTC) + AHEAD
        enqueued = subprocess.run(
            [sys.executable, "-c", ENQUEUE, eta.isoformat(), str(count)],
            env=environment_with(given),
            capture_output=True,
            text=True,
            check=True,
        )
        began, ended = (float(word) for word in enqueued.stdout.split())
        _until(lambda: not client.llen("peer") and not client.hlen("unacked"))
        return time.time() - began - max(0.0, eta.timestamp() - ended)


def through_celery(world: World, redis_url: str, key: Path) -> float:
    """Seconds from the ring to the last timer fired."""
    given = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": world.worker_url,
        "DATABASE_WORKER_URL": world.worker_url,
        "THECA_KEY_FILE": str(key),
        "TRANSPORT": "console",
    }
    with psycopg.connect(world.superuser, autocommit=True) as connection:
        connection.execute("UPDATE staff SET email = ''")  # what leaves the building is not measured here
        with _worker("workers.app", given), redis.Redis.from_url(redis_url) as client:
            _until(lambda: not client.llen(QUEUE) and not client.hlen("unacked"))
            world.due_again()
            began = time.time()
            Bell(redis_url).ring()
            _until(lambda: not connection.execute("SELECT 1 FROM due_timers(1)").fetchall())
            took = time.time() - began
        connection.execute("UPDATE staff SET email = id || '@theca.example'")
    return took


@contextmanager
def _worker(app: str, given: dict[str, str]) -> Iterator[None]:
    """A Celery worker with two processes that has begun to work."""
    client = redis.Redis.from_url(given["REDIS_URL"])
    client.flushall()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "celery",
        "-A",
        app,
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "ERROR",
    ]
    process = subprocess.Popen(command, env=environment_with(given), stdout=subprocess.DEVNULL)
    try:
        _until(lambda: client.pubsub_numpat() or client.pubsub_channels())
        yield
    finally:
        process.terminate()
        process.wait(30)
        client.close()


def _until(holds: Callable[[], object]) -> None:
    end, pause = time.monotonic() + 300, Event()
    while not holds():
        assert time.monotonic() < end, "it did not happen within five minutes"
        pause.wait(0.02)
