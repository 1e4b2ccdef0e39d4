"""Anything may be asked by anybody at any time; after every decision, every law of laws.py holds."""

import random
from collections import Counter
from collections.abc import Callable

import deeds
import pytest
from deeds import Watched
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from press import press_on
from signed import SIGNED
from world import PROTOCOL

from workflow.domain.canonical import canonical, plain
from workflow.domain.protocol import ProtocolVersion

DATA = st.data()


class Pathway(RuleBasedStateMachine):
    """One candidate, everybody at the site, and all verbs."""

    protocol = PROTOCOL

    def __init__(self) -> None:
        super().__init__()
        self.walker = Watched(self.protocol)

    def do(self, deed: Callable[[Watched, deeds.Pick], None], data: st.DataObject) -> None:
        deed(self.walker, lambda of: data.draw(st.sampled_from(of)))

    @initialize(steps=st.integers(0, 12), data=DATA)
    def enrolled(self, steps: int, data: st.DataObject) -> None:
        self.walker.enrol()
        for _ in range(steps):
            self.do(press_on, data)

    @rule(data=DATA)
    def pressed_on(self, data: st.DataObject) -> None:
        self.do(press_on, data)

    @rule(data=DATA)
    def waited(self, data: st.DataObject) -> None:
        self.do(deeds.wait, data)

    @rule(data=DATA)
    def fired(self, data: st.DataObject) -> None:
        self.do(deeds.fire_due, data)

    @rule(data=DATA)
    def fired_nonsense(self, data: st.DataObject) -> None:
        self.do(deeds.fire_nonsense, data)

    @rule(data=DATA)
    def recorded(self, data: st.DataObject) -> None:
        self.do(deeds.record_some, data)

    @rule(data=DATA)
    def recorded_well(self, data: st.DataObject) -> None:
        self.do(deeds.record_well, data)

    @rule(data=DATA)
    def scored(self, data: st.DataObject) -> None:
        self.do(deeds.record_score, data)

    @rule(data=DATA)
    def recorded_facts(self, data: st.DataObject) -> None:
        self.do(deeds.record_duty_facts, data)

    @rule(data=DATA)
    def corrected(self, data: st.DataObject) -> None:
        self.do(deeds.correct, data)

    @rule(data=DATA)
    def advanced(self, data: st.DataObject) -> None:
        self.do(deeds.advance, data)

    @rule(data=DATA)
    def advanced_together(self, data: st.DataObject) -> None:
        self.do(deeds.advance_together, data)

    @rule(data=DATA)
    def signed_oddly(self, data: st.DataObject) -> None:
        self.do(deeds.sign_oddly, data)

    @rule(data=DATA)
    def dosed(self, data: st.DataObject) -> None:
        self.do(deeds.administer, data)

    @rule(data=DATA)
    def authorised_and_done(self, data: st.DataObject) -> None:
        self.do(deeds.authorise_and_act, data)

    @rule(data=DATA)
    def planned(self, data: st.DataObject) -> None:
        self.do(deeds.plan, data)

    @rule(data=DATA)
    def handled_a_task(self, data: st.DataObject) -> None:
        self.do(deeds.handle_task, data)

    @rule(data=DATA)
    def held_or_released(self, data: st.DataObject) -> None:
        self.do(deeds.hold_or_release, data)

    @rule(data=DATA)
    def overridden(self, data: st.DataObject) -> None:
        self.do(deeds.override, data)

    @rule(data=DATA)
    def deviated(self, data: st.DataObject) -> None:
        self.do(deeds.deviate, data)

    @rule(data=DATA)
    def adopted(self, data: st.DataObject) -> None:
        self.do(deeds.adopt, data)

    @rule(data=DATA)
    def looked(self, data: st.DataObject) -> None:
        self.do(deeds.look, data)
        self.do(deeds.enrol_again, data)

    @invariant()
    def the_canonical_form_is_plain(self) -> None:
        assert canonical(plain(self.walker.episode)) == canonical(self.walker.episode)

    def teardown(self) -> None:
        event(f"got to {self.walker.stage}")
        self.walker.verify()


TestPathway = Pathway.TestCase
TestPathway.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class SignedPathway(Pathway):
    """The same, where the protocol wants signatures."""

    protocol = SIGNED


TestSignedPathway = SignedPathway.TestCase
TestSignedPathway.settings = settings(TestPathway.settings, max_examples=100)

RANDOM = (
    deeds.wait,
    deeds.fire_due,
    deeds.fire_nonsense,
    deeds.record_some,
    deeds.record_well,
    deeds.record_score,
    deeds.record_duty_facts,
    deeds.correct,
    deeds.advance,
    deeds.advance_together,
    deeds.sign_oddly,
    deeds.administer,
    deeds.authorise_and_act,
    deeds.plan,
    deeds.handle_task,
    deeds.hold_or_release,
    deeds.override,
    deeds.deviate,
    deeds.adopt,
    deeds.look,
    deeds.enrol_again,
)


def wander(seed: int, steps: int, protocol: ProtocolVersion = PROTOCOL) -> Watched:
    """A walk that is the same for the same seed: pressing on more or less, and else doing anything at all."""
    dice = random.Random(seed)
    pressing = (0.5, 0.3, 0.15)[seed % 3]
    walker = Watched(protocol)
    walker.enrol()
    for _ in range(seed % 6):
        deeds.adopt(walker, dice.choice)
    for _ in range(steps):
        deed = press_on if dice.random() < pressing else dice.choice(RANDOM)
        deed(walker, dice.choice)
    walker.verify()
    return walker


@pytest.fixture(scope="module")
def reached() -> Counter[str]:
    """What seeded walks came across, each sight once a walk."""
    return Counter(sight for seed in range(120) for sight in wander(seed, 80).seen)


@pytest.mark.parametrize(
    ("sight", "often"),
    [
        ("advance:record_implant", 5),
        ("trials:2", 5),
        ("stage:implanted", 5),
        ("stage:closed", 1),
        ("advance:record_catheter_in", 5),
        ("advance:record_catheter_out", 5),
        ("advance:approve_repeat_dose", 5),
        ("administer:done", 5),
        ("administer:refused", 5),
        ("advance:waive_trial", 1),
        ("override:done", 5),
        ("deviate:done", 5),
        ("adopt:done", 1),
        ("hold:done", 5),
        ("release:done", 5),
        ("correct:done", 5),
        ("fire:done", 5),
        ("complete:done", 1),
        ("complete:refused", 1),
        ("acknowledge:done", 5),
        ("claim:done", 1),
        ("reassign:done", 1),
        ("wait:done", 1),
        ("contact:done", 1),
        ("snooze:done", 1),
        ("appoint:done", 5),
        ("missed:done", 1),
        ("advance:proposed", 5),
        ("stage:died", 1),
    ],
)
def test_the_walks_get_where_harm_could_be_done(reached: Counter[str], sight: str, often: int):
    assert reached[sight] >= often, reached


@pytest.fixture(scope="module")
def signed() -> Counter[str]:
    """The same where signatures are wanted."""
    return Counter(sight for seed in range(60) for sight in wander(seed, 80, SIGNED).seen)


@pytest.mark.parametrize(
    ("sight", "often"),
    [
        ("signed", 20),
        ("voided", 10),
        ("advance:decide_implant", 5),
        ("advance:approve_puncture", 10),
        ("advance:record_implant", 2),
        ("stage:implanted", 2),
    ],
)
def test_the_walks_that_are_signed_get_there_too(signed: Counter[str], sight: str, often: int):
    assert signed[sight] >= often, signed
