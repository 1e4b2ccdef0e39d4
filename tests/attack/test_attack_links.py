"""A signed link is good for its own message, once, for a while."""

from tests.attack import of_links
from tests.attack.ground import Ground
from tests.attack.watch import Watch


def test_a_link_acts_for_its_own_message_once_and_for_nothing_else(stood_on: Ground, watch: Watch):
    result = of_links.replayed(stood_on, watch, every=9)
    assert watch.broken == []
    assert result.missed == []
    assert of_links.twice(stood_on).missed == []
