"""Ten thousand reminders that are due at once, among ever more open tasks: decided, written, and on disk.

floor    the very rows that the sweep is about to write, by plain SQL as the superuser, from one connection: no row
         security, nothing decided, hashed or sealed; as many transactions as the sweep takes batches; fsync on
sweep    `fire.sweep` in one process, with everything on: one batch at a time, and as it works, HANDS at a time
tick     looking what is due where nothing is, straight after a sweep, when 10,000 dead index entries lie about
"""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg

from tests.bench.figures import Row, Table, summary
from tests.bench.sweep_floor import floor, rows_of
from tests.bench.sweep_queue import peer, through_celery
from tests.bench.sweep_world import World, worlds
from workflow import engines
from workflow.service import fire
from workflow.store import vault

DUE = 10_000
SIZES = {10_000: 5, 100_000: 5, 1_000_000: 3}  # open tasks, and how many rounds
TICKS = 50
QUEUE_ROUNDS = 3


def measure() -> Table:
    """Interleaved rounds over all sizes, then the queues."""
    with tempfile.TemporaryDirectory(prefix="theca-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        key = folder / "key"
        vault.create_key_file(key)
        with engines.running(folder / "data") as servers, worlds(servers, key, due=DUE, sizes=list(SIZES)) as made:
            rows = _sweeps(made)
            rows += _queues(made[0], servers.redis_url, key)
    return Table(
        title="sweep", unit="ms for 10,000 timers, or for one idle tick", against="what it is held to", rows=rows
    )


def _sweeps(made: list[World]) -> list[Row]:
    timed: dict[tuple[str, int], list[float]] = {}
    for number in range(max(SIZES.values())):
        for world in made:
            if number < SIZES[world.open]:
                for name, took in _round(world).items():
                    timed.setdefault((name, world.open), []).extend(took)
    return [row for world in made for row in _rows(timed, world.open, smallest=min(SIZES))]


def _round(world: World) -> dict[str, list[float]]:
    """One of each, on the same ten thousand, each from its own checkpoint."""
    world.due_again()
    rows = rows_of(world.worker, DUE)
    found = {}
    with psycopg.connect(world.superuser, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    found["floor"] = [_ms(lambda: floor(world.superuser, rows))]
    for hands in (1, fire.HANDS):
        world.due_again()
        found[f"sweep {hands}"] = [_ms(partial(_swept, world, hands))]
        found["tick"] = found.get("tick", []) + [_ms(lambda: fire.due_batches(world.worker)) for _ in range(TICKS)]
    return found


def _swept(world: World, hands: int) -> None:
    as_it_is, fire.HANDS = fire.HANDS, hands
    assert fire.sweep(world.worker, most=DUE) == DUE
    fire.HANDS = as_it_is


def _rows(timed: dict[tuple[str, int], list[float]], size: int, *, smallest: int) -> list[Row]:
    base, first = summary(timed["floor", size]), summary(timed["floor", smallest])
    among = f"among {size:,} open"
    grown = f" ({base.median / first.median:.2f} of the smallest)"
    rows = [Row(name=f"floor, {among}", figure=base, ratio=base.median, note=grown)]
    for hands in (1, fire.HANDS):
        figure, least = summary(timed[f"sweep {hands}", size]), summary(timed[f"sweep {hands}", smallest])
        beyond = figure.median / least.median / (base.median / first.median)
        at_a_time = "one batch at a time" if hands == 1 else f"{hands} at a time"
        note = f" (grown {beyond:.2f} beyond the floor)"
        rows.append(Row(name=f"sweep, {at_a_time}, {among}", figure=figure, ratio=base.median, note=note))
    tick = summary(timed["tick", size])
    return [*rows, Row(name=f"idle tick after it, {among}", figure=tick, ratio=2.0, note=" (of 2 ms)")]


def _queues(world: World, redis_url: str, key: Path) -> list[Row]:
    timed: dict[str, list[float]] = {"peer": [], "ours": []}
    for _ in range(QUEUE_ROUNDS):
        timed["peer"].append(peer(redis_url, DUE) * 1000)
        timed["ours"].append(through_celery(world, redis_url, key) * 1000)
    base = summary(timed["peer"])
    return [
        Row(name="Celery: 10,000 ETA tasks that do nothing, 2 processes, end to end", figure=base, ratio=base.median),
        Row(name="Theca through Celery, 2 processes, end to end", figure=summary(timed["ours"]), ratio=base.median),
    ]


def _ms(do: Callable[[], object]) -> float:
    os.sync()
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1000
