"""Wherever a random walk has got to: the migration can be told, nobody goes unwatched, and life goes on."""

import random
from collections.abc import Mapping
from contextlib import suppress

import deeds
import pytest
from deeds import Watched
from press import press_on
from printing import MAP, MUCH, migrated, told, watched
from world import FILE, Walker

from workflow.authoring.schema import read
from workflow.domain.decision import Decision
from workflow.domain.errors import UnknownNameError
from workflow.domain.protocol import ProtocolVersion


class Wanderer(Watched):
    """A walker that may change its version on the way; only what holds under every version is held against it."""

    next: ProtocolVersion

    def take(self, decision: Decision) -> Decision:
        Walker.take(self, decision)
        to = self.protocol if decision.entry.verb != "migrate" or decision.refused else self.next
        watched(decision.after, to)
        self._note(decision)
        return decision


PRINTED = read((FILE.parent / "v2.yaml").read_bytes(), name="v2.yaml")  # the next version there really is

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
@pytest.mark.parametrize(("to", "names"), [(MUCH, MAP), (PRINTED, {})], ids=["much", "printed"])
def test_wherever_a_walk_has_got_to_it_can_be_told_and_life_goes_on(
    to: ProtocolVersion, names: Mapping[str, str], seed: int
):
    dice = random.Random(seed)
    walker = Wanderer()
    walker.next = to
    walker.enrol()
    wander(walker, dice, 10 + seed)
    foreseen = told(walker, to, names)
    decision = migrated(walker, to, names)
    assert bool(foreseen.bars) == decision.refused
    wander(walker, dice, 40)
    walker.verify()
