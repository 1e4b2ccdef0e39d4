"""One house for all attacks of a test process; each file of tests stands on a candidate of its own."""

from collections.abc import Iterator

import pytest

from tests.attack.ground import Ground, ground
from tests.attack.house import House, house
from tests.attack.watch import Watch


@pytest.fixture(scope="session")
def broken_into() -> Iterator[House]:
    with house() as opened:
        yield opened


@pytest.fixture
def stood_on(broken_into: House) -> Ground:
    return ground(broken_into)


@pytest.fixture
def watch(stood_on: Ground) -> Watch:
    return Watch(stood_on.house)
