"""A relay that misbehaves, a clock that is wrong, a timer that cannot be fired, a sender that slept too long."""

import pytest

from tests.faults import of_mail, of_processes, of_time


@pytest.mark.parametrize("fault", [of_mail.down, of_mail.later, of_mail.hung_up, of_mail.never])
def test_a_relay_that_misbehaves_loses_nothing(fault, here, ready):
    assert fault(here, ready).missed == []


def test_a_clock_that_is_wrong_changes_nothing(here, ready):
    assert of_time.shifted(here, ready, number=1).missed == []


def test_a_timer_that_raises_is_set_aside_alone(here, ready):
    assert of_time.poison_that_raises(here, ready, others=3).missed == []


def test_a_lost_connection_sets_no_timer_aside(here, ready):
    assert of_time.connection_lost(here, ready, timers=1).missed == []


def test_the_late_mark_of_a_sender_that_slept_past_its_lease_is_refused(here, ready):
    assert of_processes.frozen_sender(here, ready).missed == []


def test_many_sweepers_and_one_frozen_fire_each_timer_once(here, ready):
    assert of_processes.sweepers(here, ready, timers=30, number=3).missed == []
