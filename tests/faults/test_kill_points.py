"""SIGKILL at every named point, times every kind of decision: all of them, in every run."""

import pytest

from tests.faults import kill_points


@pytest.mark.parametrize("enumerated", [kill_points.decisions, kill_points.commits_cut, kill_points.enrolments])
def test_a_decision_that_dies_at_any_point_is_made_once_when_asked_again(enumerated, here, ready):
    assert enumerated(here, ready).missed == []


def test_a_timer_that_dies_at_any_point_fires_once(here, ready):
    assert kill_points.timers(here, ready).missed == []


def test_a_delivery_that_dies_at_any_point_arrives_and_twice_only_between_dot_and_mark(here, ready):
    assert kill_points.deliveries(here, ready).missed == []
