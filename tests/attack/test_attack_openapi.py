"""What the description allows and forbids is answered as it says."""

from tests.attack import of_openapi
from tests.attack.ground import Ground


def test_what_the_description_allows_and_forbids_is_answered_as_described(stood_on: Ground):
    assert of_openapi.described(stood_on, cases=400).missed == []
