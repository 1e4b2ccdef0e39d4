"""One small clinic for all tests of a file, on servers of its own that may be killed."""

from collections.abc import Iterator

import pytest

from tests.faults.warm import Warm, warm
from tests.faults.world import World, world


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    with world() as opened:
        yield opened


@pytest.fixture(scope="module")
def ready(here: World) -> Iterator[Warm]:
    with warm(here) as forking:
        yield forking
