"""Points are named, known, and harmless: nothing of the product arms one."""

import ast
import time

import pytest

from tests.architecture.source import calls, modules, named
from tests.faults.points import OURS
from workflow import failpoints
from workflow.failpoints import Action, StumbledError, arm, disarm, failpoint
from workflow.service.outward import smtp
from workflow.store import outbox

HOME = "workflow/failpoints.py"


@pytest.fixture(autouse=True)
def _nothing_armed():
    yield
    disarm()


def test_nothing_of_the_product_arms_a_point() -> None:
    arming = {"arm", "disarm", "_armed"}
    found = {where: named(tree) & arming for where, tree in modules().items() if where != HOME}
    assert {where: names for where, names in found.items() if names} == {}
    assert failpoints._armed == {}


def test_every_point_of_the_product_is_in_the_enumeration_and_every_one_enumerated_is_there() -> None:
    passed = {
        ast.literal_eval(call.args[0])
        for where, tree in modules().items()
        if where != HOME
        for name, call in calls(tree)
        if name == "failpoint"
    }
    assert passed == OURS


def test_a_point_that_is_not_armed_does_nothing_and_costs_next_to_nothing() -> None:
    began = time.perf_counter()
    for _ in range(100_000):
        failpoint("T6")
    assert time.perf_counter() - began < 1


def test_an_armed_point_acts_at_its_nth_passing_and_only_then() -> None:
    arm("T6", Action.RAISE, nth=2)
    failpoint("T6")
    failpoint("T5")
    with pytest.raises(StumbledError):
        failpoint("T6")
    failpoint("T6")


def test_a_living_sender_never_outlives_its_lease() -> None:
    assert outbox.LEASE_SECONDS >= smtp.TOTAL
