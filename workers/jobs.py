"""The four jobs, each a few lines: look what is due, and hand it on by id."""

from datetime import timedelta
from functools import lru_cache

from celery import Task

from workers.app import app
from workflow.service import deliver as delivery
from workflow.service import fire as firing
from workflow.service.outward.ways import Ways, transport
from workflow.settings import settings
from workflow.store import pulse, timers
from workflow.store.bell import TICK
from workflow.store.session import Store, open_store

AT_MOST_EVERY = timedelta(seconds=0.5)  # what comes due in between is handed on by the next tick


@app.task(name=TICK)
def tick() -> None:
    """Something may be due: hand on batches of timers and of messages, once however many rings have piled up."""
    with _store().transaction() as connection:
        timers.note_lightly(connection)
        mine = pulse.turn(connection, "hand on", AT_MOST_EVERY)
    if mine:
        sweep()
        relay()


def sweep() -> None:
    """Hand on the timers that are due."""
    for batch in firing.due_batches(_store()):
        fire.delay(batch)


def relay() -> None:
    """Hand on the messages that wait."""
    for site, keys in delivery.due_batches(_store()):
        deliver.delay(site, keys)


@app.task(name="workers.fire", bind=True)
def fire(self: Task, batch: list[tuple[str, str, str, int]], *, alone: bool = False) -> None:
    """Fire timers of one site; what they wrote is on its way at once. What did not come to its end comes one by one."""
    due = [(site, episode, key, n) for site, episode, key, n in batch]
    if (self.request.delivery_info or {}).get("redelivered") and not alone:
        for one in due:
            fire.delay([one], alone=True)
    elif firing.fire_alone(_store(), due[0]) if alone else firing.fire_batch(_store(), due):
        relay()


@app.task(name="workers.deliver")
def deliver(site: str, keys: list[tuple[str, str]]) -> None:
    """Send messages of one site."""
    pairs = [(episode, key) for episode, key in keys]
    delivery.deliver(_store(), _transport(), site, pairs, link=settings().theca_public_url)


@app.task(name="workers.tidy")
def tidy() -> None:
    """Once an hour: forget command keys older than 30 days."""
    firing.tidy(_store())


@lru_cache(maxsize=1)
def _store() -> Store:
    """This process's own store: opened after the fork, by the first job."""
    now = settings()
    return open_store(now.database_worker_url or now.database_url, now.theca_key_file, pooler=now.database_pooler)


@lru_cache(maxsize=1)
def _transport() -> Ways:
    return transport(settings())
