"""Each thing the audit asks of the outbox, made untrue once by hand."""

import pytest

from tests.faults.deeds import do

MADE_UNTRUE = {
    "is missing": "DELETE FROM message WHERE episode_id = {id} AND channel = 'in_app'",
    "in no ledger line": 'INSERT INTO message SELECT (jsonb_populate_record(m, \'{{"key": "another"}}\')).*'
    " FROM message AS m WHERE episode_id = {id} AND channel = 'email'",
    "not one message for each person": "UPDATE message SET channel = 'email' WHERE episode_id = {id}",
    "people were to be told": "UPDATE message SET recipient = 'lead-1' WHERE episode_id = {id} AND channel = 'email'",
    "of another task or rung": "UPDATE message SET rung = 1 WHERE episode_id = {id}",
    "cancelled without a reason": "UPDATE message SET state = 'cancelled', reason = NULL,"
    " settled_at = clock_timestamp() WHERE episode_id = {id} AND channel = 'email'",
    "never settled": "UPDATE message SET state = 'sent' WHERE episode_id = {id} AND channel = 'email'",
    "nobody has a task about it": "UPDATE message SET state = 'dead', reason = 'x', settled_at = clock_timestamp()"
    " WHERE episode_id = {id} AND channel = 'email'",
    "waits since": "UPDATE message SET created_at = created_at - interval '3 days' WHERE episode_id = {id}"
    " AND channel = 'email'",
    "under a lease until": "UPDATE message SET lease_until = clock_timestamp() + interval '1 hour'"
    " WHERE episode_id = {id} AND channel = 'email'",
    "sent for work that had ended": "UPDATE message SET state = 'sent', reason = 'x',"
    " settled_at = clock_timestamp() + interval '1 hour' WHERE episode_id = {id} AND channel = 'email'",
    "a command without its line": "UPDATE command SET seq = 99 WHERE episode_id = {id}",
}


@pytest.fixture
def told(here, ready) -> str:
    """Somebody whose nurse was reminded of work that ended since."""
    [episode] = here.late()
    ready.do("sweep")
    do(here.desk(), "stage", episode, f"go-{episode}")
    return episode


@pytest.mark.parametrize("flaw", MADE_UNTRUE)
def test_what_is_made_untrue_is_seen(flaw, told, here):
    assert here.flaws(told) == []
    here.sql(MADE_UNTRUE[flaw].format(id=f"'{told}'"))
    found = here.flaws(told)
    assert [line for line in found if flaw in line], found
