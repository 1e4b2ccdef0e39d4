"""How often the database is asked: counted, because a clinic's network is where patience goes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from caller import Api
from sqlalchemy import event

from workflow.service import fire
from workflow.service.act import Desk
from workflow.store import timers
from workflow.store.session import Store

OVERDUE = "UPDATE timer SET due_at = clock_timestamp() - interval '1 hour' WHERE state = 'live'"


@contextmanager
def _asked(store: Store) -> Iterator[list[str]]:
    """Everything sent to the database meanwhile, BEGIN and COMMIT among it."""
    sent: list[str] = []

    def begun(_connection: object) -> None:
        sent.append("BEGIN")

    def ended(_connection: object) -> None:
        sent.append("COMMIT")

    def executed(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    hooks = (("begin", begun), ("commit", ended), ("before_cursor_execute", executed))
    for name, hook in hooks:
        event.listen(store.engine, name, hook)
    yield sent
    for name, hook in hooks:
        event.remove(store.engine, name, hook)


def test_an_advance_takes_five_round_trips_beside_signing_in(api: Api, desk: Desk):
    carla, path = api("coordinator-1"), f"/episodes/{api.accepted()}/transitions"
    with _asked(desk.store) as sent:
        told = carla.post(path, {"name": "accept_referral"}, seen='"2"', key="k")
    assert told.status_code == 200
    begun, who, ended, *rest = sent
    assert (begun, ended) == ("BEGIN", "COMMIT")
    assert "who_is" in who
    assert len(rest) == 5, rest


def test_fifty_timers_cost_as_much_as_one(api: Api, sql: Callable[..., list], worker_store: Store):
    def batch(size: int) -> list[str]:
        for _ in range(size):
            api.enrol(days=0.1)
        sql(OVERDUE)
        with worker_store.transaction() as connection:
            due = timers.due(connection, 500)
        fresh = [one for one in due if one[1] not in fired]
        fired.update(one[1] for one in fresh)
        with _asked(worker_store) as sent:
            assert fire.fire_batch(worker_store, fresh) == len(fresh) == size
        return sent

    fired: set[str] = set()
    batch(1)  # reads the protocol once per process
    assert len(batch(1)) == len(batch(50))
