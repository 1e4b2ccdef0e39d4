"""Wherever a random walk has got to: the migration can be told, nobody goes unwatched, and life goes on."""

import random
from contextlib import suppress

import deeds
import pytest
from deeds import Watched
from press import press_on
from printing import (
    MAP,
    MUCH,
    migrated,
    told,
    watched,
)
from world import PROTOCOL, Walker

from workflow.domain.decision import Decision
from workflow.domain.errors import UnknownNameError
from workflow.domain.protocol import ProtocolVersion


class Wanderer(Watched):
    """A walker that may change its version on the way; only what holds under every version is held against it."""

    def take(self, decision: Decision) -> Decision:
        Walker.take(self, decision)
        if decision.after.stage:
            watched(decision.after, read_of(decision.after.protocol))
        self._note(decision)
        return decision


def read_of(name: str) -> ProtocolVersion:
    return {version.name: version for version in (PROTOCOL, MUCH)}[name]


DEEDS = (
    deeds.wait,
    deeds.fire_due,
    deeds.record_well,
    deeds.record_score,
    deeds.record_duty_facts,
    deeds.correct,
    deeds.advance,
    deeds.advance_together,
    deeds.administer,
    deeds.authorise_and_act,
    deeds.plan,
    deeds.handle_task,
    deeds.hold_or_release,
    deeds.override,
    deeds.deviate,
)


def wander(walker: Wanderer, dice: random.Random, steps: int) -> None:
    for _ in range(steps):
        deed = press_on if dice.random() < 0.4 else dice.choice(DEEDS)
        with suppress(UnknownNameError):  # a drug that is gone
            deed(walker, dice.choice)


@pytest.mark.parametrize("seed", range(60))
def test_wherever_a_walk_has_got_to_it_can_be_told_and_life_goes_on(seed: int):
    dice = random.Random(seed)
    walker = Wanderer()
    walker.enrol()
    wander(walker, dice, 10 + seed)
    foreseen = told(walker, MUCH, MAP)
    decision = migrated(walker, MUCH, MAP)
    assert bool(foreseen.bars) == decision.refused
    wander(walker, dice, 40)
    walker.verify()
