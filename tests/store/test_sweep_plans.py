"""Looking what is due costs the same however many clocks run, and only that look may be forgotten with the power."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from tests.bench.sweep_world import others
from workflow.service import deliver, fire
from workflow.store import timers
from workflow.store.session import Store

Enrol = Callable[..., str]


@pytest.fixture
def superuser(database) -> Iterator[Connection]:
    engine = create_engine(database.superuser.rsplit("/", 1)[0] + f"/{database.name}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def many(superuser: Connection, enrolled: Enrol) -> str:
    """One task that is due, among twenty thousand that are not."""
    episode = enrolled()
    superuser.connection.driver_connection.execute(others(20_000))
    superuser.execute(text("VACUUM ANALYZE"))
    return episode


def test_what_is_due_is_found_by_its_index(many: str, superuser: Connection):
    body = superuser.execute(text("SELECT prosrc FROM pg_proc WHERE proname = 'due_timers'")).scalar_one()
    look = body.replace("LIMIT most", "LIMIT 10000")
    assert look != body
    (plan,) = superuser.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {look}".replace(":", "\\:"))).scalar_one()
    nodes = [node for node in _nodes(plan["Plan"]) if node.get("Relation Name") == "timer"]
    assert [(node["Node Type"], node["Index Name"]) for node in nodes] == [("Index Scan", "ix_timer_due")]
    assert "due_at" in nodes[0]["Index Cond"]
    assert nodes[0]["Actual Rows"] + nodes[0].get("Rows Removed by Filter", 0) == 1


def test_the_vital_signs_read_no_clock_that_is_not_due(many: str, superuser: Connection):
    body = superuser.execute(text("SELECT prosrc FROM pg_proc WHERE proname = 'vital_signs'")).scalar_one()
    (plan,) = superuser.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {body}".replace(":", "\\:"))).scalar_one()
    nodes = [node for node in _nodes(plan["Plan"]) if node.get("Relation Name") == "timer"]
    assert nodes
    assert sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes) == 1


def test_a_batch_is_read_by_its_keys_however_many_the_planner_expects(many: str, worker_store: Store):
    batch = fire.due_batches(worker_store)[0] * 500
    keys = {"site": "north", "ids": [one[1] for one in batch], "keys": [one[2] for one in batch]}
    with worker_store.transaction(["north"]) as connection:
        (plan,) = connection.execute(text(f"EXPLAIN (FORMAT JSON) {timers._DUE}"), keys).scalar_one()
    read = {node["Relation Name"]: node["Node Type"] for node in _nodes(plan["Plan"]) if "Relation Name" in node}
    assert read == dict.fromkeys(("episode", "candidate", "task", "timer"), "Index Scan")


def test_a_look_waits_for_no_disk_and_what_is_done_does(
    enrolled: Enrol, worker_store: Store, superuser: Connection, database
):
    superuser.execute(text(f"ALTER DATABASE {database.name} SET synchronous_commit TO on"))  # as wherever data is real
    enrolled()
    with _asked_at_commit(worker_store, "SHOW synchronous_commit") as settings:
        (batch,) = fire.due_batches(worker_store)
        assert settings == ["off"]
        assert fire.fire_batch(worker_store, batch) == 1
        assert settings == ["off", "on"]
        deliver.due_batches(worker_store)
        assert settings == ["off", "on", "off"]


def test_what_is_due_of_one_episode_is_fired_together_and_the_earliest_first(monkeypatch):
    monkeypatch.setattr(fire, "BATCH", 3)
    due = [("north", episode, f"{n}", 1) for n, episode in enumerate("abcadbea")]
    assert [[one[1:3] for one in batch] for batch in fire._cut(due)] == [
        [("a", "0"), ("a", "3"), ("a", "7")],
        [("b", "1"), ("b", "5"), ("c", "2")],
        [("d", "4"), ("e", "6")],
    ]


def test_several_batches_at_a_time_fire_each_timer_once(enrolled: Enrol, worker_store: Store, superuser, monkeypatch):
    monkeypatch.setattr(fire, "BATCH", 2)
    for number in range(9):
        enrolled(f"M-{number}")
    assert fire.sweep(worker_store) == 9
    told = superuser.execute(text("SELECT count(*), count(DISTINCT episode_id) FROM message WHERE channel = 'in_app'"))
    assert told.one() == (18, 9)  # two coordinators, nine people


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


@contextmanager
def _asked_at_commit(store: Store, question: str) -> Iterator[list[str]]:
    """What the database answers to a question each time before a transaction is committed."""
    answers: list[str] = []

    def ask(connection: Connection) -> None:
        answers.append(connection.exec_driver_sql(question).scalar_one())

    event.listen(store.engine, "commit", ask)
    yield answers
    event.remove(store.engine, "commit", ask)
