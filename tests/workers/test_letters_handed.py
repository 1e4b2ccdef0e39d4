"""Letters about work that counts from another moment now, or comes to somebody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from writing import TRIAGE, Kept, flaws, rows, send, sql

from workflow.domain.actor import Role
from workflow.service import act, fire
from workflow.service.act import Asked, Desk
from workflow.store.session import Store

WAITING = "channel = 'email' AND task LIKE '%confirm_visit%'"


def booked(desk: Desk, worker_store: Store, asked: Asked) -> None:
    """A visit in three days, and the letters that tell to confirm it."""
    act.appoint(desk, asked, kind="visit", starts_at=datetime.now(UTC) + timedelta(days=3))
    sql(worker_store, "UPDATE timer SET due_at = clock_timestamp() - interval '1 s' WHERE key LIKE '%confirm_visit%'")
    assert fire.sweep(worker_store)
    assert {row.state for row in rows(worker_store, WAITING)} == {"waiting"}


def moved(desk: Desk, asked: Asked) -> None:
    act.reschedule(desk, asked, appointment="1", starts_at=datetime.now(UTC) + timedelta(days=30))


def test_a_letter_about_an_appointment_that_moved_does_not_leave(
    refer: Callable[[int], list[str]], desk: Desk, worker_store: Store, someone: Callable[..., object], database
):
    asked = Asked(person=someone(Role.COORDINATOR), episode=refer(1)[0])
    booked(desk, worker_store, asked)
    moved(desk, asked)
    out = Kept()
    send(worker_store, out)
    assert out.letters == []
    assert {(row.state, row.reason) for row in rows(worker_store, WAITING)} == {
        ("cancelled", "its work counts from another moment now")
    }
    assert flaws(database) == ()


def test_a_letter_that_is_on_its_way_is_not_called_back(
    refer: Callable[[int], list[str]], desk: Desk, worker_store: Store, someone: Callable[..., object], database
):
    asked = Asked(person=someone(Role.COORDINATOR), episode=refer(1)[0])
    booked(desk, worker_store, asked)
    leased = "lease_until = clock_timestamp() + interval '30 s', lease_token = 'held', attempts = 1"
    sql(worker_store, f"UPDATE message SET {leased} WHERE {WAITING}")
    moved(desk, asked)
    assert {row.state for row in rows(worker_store, WAITING)} == {"waiting"}


def test_whoever_work_is_given_to_gets_a_letter_that_says_so(
    refer: Callable[[int], list[str]], desk: Desk, worker_store: Store, someone: Callable[..., object], database
):
    asked = Asked(person=someone(Role.COORDINATOR), episode=refer(1)[0])
    act.reassign(desk, asked, task=TRIAGE, to="nurse-1", reason="away until Monday")
    sql(worker_store, "UPDATE message SET urgency = 'urgent' WHERE recipient = 'nurse-1'")  # routine waits for morning
    out = Kept()
    assert send(worker_store, out) == 1
    (letter,) = out.letters
    assert (letter.to, letter.kind) == ("nurse-1@theca.example", "work.handed")
    assert "given or offered" in letter.body
    assert flaws(database) == ()


def test_whoever_work_is_given_to_hears_of_it_though_its_appointment_moves_before_the_letter_leaves(
    refer: Callable[[int], list[str]], desk: Desk, worker_store: Store, someone: Callable[..., object], database
):
    asked = Asked(person=someone(Role.COORDINATOR), episode=refer(1)[0])
    booked(desk, worker_store, asked)
    task = rows(worker_store, WAITING)[0].task
    act.reassign(desk, asked, task=task, to="nurse-1", reason="away until Monday")
    moved(desk, asked)
    states = {row.recipient: row.state for row in rows(worker_store, WAITING) if row.recipient == "nurse-1"}
    assert states == {"nurse-1": "waiting"}
    assert "cancelled" in {row.state for row in rows(worker_store, WAITING)}
    assert flaws(database) == ()
