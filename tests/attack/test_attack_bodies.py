"""A few hundred of the bodies that `make attack` sends: none is a failure of ours, and no refusal changes anything."""

from tests.attack import of_bodies
from tests.attack.ground import Ground
from tests.attack.watch import Watch


def test_no_body_is_a_failure_of_ours_and_no_refusal_changes_anything(stood_on: Ground, watch: Watch):
    result = of_bodies.unreadable(stood_on, watch, share=0.05)
    assert watch.broken == []
    assert result.missed == []


def test_no_odd_value_in_any_field_is_a_failure_of_ours(stood_on: Ground, watch: Watch):
    result = of_bodies.odd(stood_on, watch, share=0.08)
    assert watch.broken == []
    assert result.missed == []


def test_the_impossible_stays_impossible_at_a_real_door(stood_on: Ground, watch: Watch):
    result = of_bodies.known(stood_on, watch)
    assert watch.broken == []
    assert result.missed == []


def test_a_flood_of_refusals_is_one_row_a_minute(stood_on: Ground, watch: Watch):
    assert of_bodies.flood(stood_on, watch, times=100).missed == []
