"""PostgreSQL and the broker break under load; nothing that was acknowledged is lost."""

from collections.abc import Iterator

import pytest

from tests.faults import of_broker, of_database, of_time
from tests.faults.world import World, world


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    """A clinic whose PostgreSQL waits for the disk: one that does not loses what it said it had."""
    with world(durable=True) as opened:
        yield opened


def test_a_database_that_is_stopped_at_once_loses_nothing_acknowledged(here):
    assert of_database.restarted(here, times=1, every=1).missed == []


def test_backends_that_are_terminated_lose_nothing_acknowledged(here):
    assert of_database.terminated(here, seconds=2).missed == []


def test_a_pool_that_is_exhausted_says_so_after_two_seconds(here):
    assert of_database.exhausted(here).missed == []


def test_a_broker_told_ten_times_in_any_order_does_everything_once(here):
    assert of_broker.twice_told(here, times=10, timers=5).missed == []


def test_a_broker_killed_while_a_letter_is_in_hand_ends_no_worker(here):
    assert of_broker.in_the_middle(here, times=1).missed == []


def test_a_timer_that_crashes_its_process_is_set_aside_and_the_others_fire(here):
    assert of_time.poison_that_aborts(here, others=3, quiet=2).missed == []
