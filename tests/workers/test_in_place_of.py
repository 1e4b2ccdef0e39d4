"""A letter waits for the morning, and whom it was for is away then: somebody else is told, and once."""

from collections.abc import Callable

import pytest
from writing import Kept, flaws, rows, send, sql, wake

from workflow.service.deliver import TryLaterError
from workflow.store.session import Store, open_store

AWAY = (
    "INSERT INTO absence VALUES ('north', 'coordinator-1', clock_timestamp() - interval '1 hour',"
    " clock_timestamp() + interval '1 hour', {substitute})"
)


@pytest.fixture
def away(database) -> Callable[[str], None]:
    def _away(substitute: str) -> None:
        admin = open_store(database.migrate, database.key_file)
        sql(admin, "UPDATE membership SET ends_on = DATE '2020-01-01' WHERE staff_id = 'coordinator-2'")
        sql(admin, AWAY.format(substitute=substitute))
        admin.close()

    return _away


def test_whoever_stands_in_gets_the_reminder_of_somebody_away(
    told: Callable[..., list[str]], worker_store: Store, away: Callable[[str], None], database
):
    told()
    away("'nurse-1'")
    out = Kept()
    send(worker_store, out)
    send(worker_store, out)
    assert [row.reason for row in rows(worker_store)] == ["the person is away"]
    assert [letter.to for letter in out.letters] == ["nurse-1@theca.example"]
    found = rows(worker_store, "recipient = 'nurse-1'")
    assert {(row.channel, row.state, row.rung) for row in found} == {("in_app", "sent", 0), ("email", "sent", 0)}
    assert flaws(database) == ()
    assert send(worker_store, out) == 0


def test_a_letter_that_was_tried_before_they_left_is_passed_on_once(
    told: Callable[..., list[str]], worker_store: Store, away: Callable[[str], None], database
):
    told()
    out = Kept(TryLaterError("450"))
    send(worker_store, out)
    wake(worker_store)
    away("'nurse-1'")
    send(worker_store, out)
    wake(worker_store)
    send(worker_store, out)
    assert len(rows(worker_store, "recipient = 'nurse-1'")) == 2
    assert flaws(database) == ()
