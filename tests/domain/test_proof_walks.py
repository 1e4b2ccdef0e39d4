"""The proof's abstraction against the kernel: whatever a real episode does, the search has tried, and been there.

Random walks, everybody asking for anything, on time, late, corrected, adopted, against shut gates. After every
decision the episode is reduced to the prover's state: that state must follow from the one before by the prover's own
steps, and must be one the search came to. So what the search proves of all its states holds of every episode.
"""

import random
from collections import Counter
from collections.abc import Iterator

import deeds
import pytest
from press import press_on
from route import INPUTS, WORKUP, checked, diary, discharged, go, ready
from test_properties import RANDOM
from world import FILE

from workflow.authoring.prove.model import Model
from workflow.authoring.prove.proof import searched
from workflow.authoring.prove.search import Search
from workflow.authoring.prove.state import State
from workflow.authoring.prove.steps import Steps
from workflow.authoring.schema import read
from workflow.domain.criterion import Missing, Subject
from workflow.domain.decision import Decision
from workflow.domain.episode import Episode
from workflow.domain.passage import How

INVARIANTS = """
invariants:
  consented: {label: Nobody is punctured without consent, act: puncture, asks: [consented_to_trial, day_checks]}
  reviewed: {label: A pump follows a review, act: implant, asks: [review_says_implant], without: [catheter_in]}
"""
PROTOCOL = read(FILE.read_text(encoding="utf-8") + INVARIANTS, name="v1.yaml")
SEEDS, STEPS = 120, 80
AT_ONCE = 4  # values in one decision, each a step of its own


def projected(model: Model, episode: Episode, *, adopted: bool) -> State:
    """An episode as the prover sees it."""
    trial, trials = episode.trial, len(episode.trials)
    deviated = any(passage.how is How.DEVIATION for passage in episode.passages.values())
    given = [d for d in episode.administrations.values() if trial and d.trial == trial.number]
    alone = {rule.key for rule in model.alone}
    valued = {task.name for task in episode.tasks.values() if task.closed_on is not None and task.name in alone}
    return State(
        stage=episode.stage,
        hold=episode.hold is not None,
        trials=min(trials, model.most_trials),
        method=trial.method.value if trial else "",
        running=trial is not None and trial.ended_at is None,
        punctured=trial is not None and trial.punctured_at is not None,
        out=trial is not None and trial.catheter_out_at is not None,
        left_in=any(_holds(one) for one in episode.trials.values() if one is not trial),
        doses=min(len(given), model.most_doses),
        duties=model.bits(duty.name for duty in episode.open_duties),
        valued=model.bits(valued),
        passed=0 if deviated else _passed(model, episode, adopted=adopted),
        deviated=deviated,
    )


def _holds(trial) -> bool:
    return trial.method == "catheter" and trial.punctured_at is not None and trial.catheter_out_at is None


def _passed(model: Model, episode: Episode, *, adopted: bool) -> int:
    number = len(episode.trials) or None
    gates = [
        gate
        for passage in episode.passages.values()
        if passage.trial == number
        for gate in model.protocol.transitions[passage.name].gates
    ]
    everything = (1 << len(model.asked)) - 1
    return everything if adopted else model.passed(gates)


class Followed(deeds.Watched):
    """A walker whose every state is noted; no two decisions fall on one instant."""

    def __init__(self, model: Model, found: Search) -> None:
        super().__init__()
        self.protocol, self.model, self.found = model.protocol, model, found
        self.steps = Steps(model)
        self.been: set[State] = set()
        self.stood: State | None = None
        self.adopted_trials = -1

    def take(self, decision: Decision) -> Decision:
        super().take(decision)
        trials = len(self.episode.trials)
        if decision.entry.verb == "adopt":
            self.adopted_trials = trials
        state = projected(self.model, self.episode, adopted=self.adopted_trials == trials)
        self.been.add(state)
        assert self.stood is None or self._follows(self.stood, state), (decision.entry, self.stood, state)
        self.stood = state
        assert self.found.find(state) is not None, (decision.entry.verb, decision.entry.about, state)
        self.now += deeds.timedelta(seconds=61)
        return decision

    def _follows(self, before: State, after: State) -> bool:
        """Whether one step of the prover, or a few recorded values after one, lead from one state to the other."""
        first = [before, *(to for _, to in self.steps.after(before))]
        near = list(dict.fromkeys(first))
        for _ in range(AT_ONCE):
            if any(_is(state, after) for state in near):
                return True
            near = list(dict.fromkeys(self._valued(near)))
        return any(_is(state, after) for state in near)

    def _valued(self, near: list[State]) -> Iterator[State]:
        for state in near:
            yield from (to for step, to in self.steps.after(state) if step.verb in ("event", "correct"))


def _is(state: State, other: State) -> bool:
    """The same, or the same with fewer gates passed, which is what the search keeps of the two."""
    return state._replace(passed=0) == other._replace(passed=0) and not state.passed & ~other.passed


@pytest.fixture(scope="module")
def covered() -> tuple[Model, Search]:
    return searched(PROTOCOL)


@pytest.fixture(scope="module")
def walked(covered: tuple[Model, Search]) -> list[Followed]:
    return [_wander(seed, *covered) for seed in range(SEEDS)]


def _wander(seed: int, model: Model, found: Search) -> Followed:
    dice = random.Random(seed)
    walker = Followed(model, found)
    walker.enrol()
    for _ in range(seed % 6):
        deeds.adopt(walker, dice.choice)
    for _ in range(STEPS):
        deed = press_on if dice.random() < (0.6, 0.4, 0.15)[seed % 3] else dice.choice(RANDOM)
        deed(walker, dice.choice)
    return walker


def test_the_search_has_been_wherever_the_kernel_gets_to(walked: list[Followed]):
    been = Counter(state for walker in walked for state in walker.been)
    stages = {state.stage for state in been}

    assert len(been) > 300
    assert stages >= {"implanted", "follow_up", "withdrawn", "case_review", "catheter_trial", "died"}
    assert {state.deviated for state in been} == {True, False}
    assert {state.trials for state in been} == {0, 1, 2}


def test_a_running_observation_always_has_a_time_to_count_from(walked: list[Followed]):
    """What the prover takes for granted of `observation.over`."""
    watched = [walker for walker in walked if "observation" in walker.duties()]
    for walker in watched:
        seen = walker.situation(deeds.CLARA).view(walker.now).look(Subject(derived="observation.over"))
        assert not isinstance(seen, Missing)
    assert len(watched) > 5


def _single_shot(covered: tuple[Model, Search]) -> Followed:
    walker = Followed(*covered)
    checked(walker)
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    return walker


def test_a_value_taken_back_in_the_next_trial_is_a_step_of_the_search(covered: tuple[Model, Search]):
    walker = _single_shot(covered)
    walker.give()
    discharged(walker)
    go(walker, "assess_response")
    walker.record(**INPUTS)
    go(walker, "send_to_case_review")
    walker.record(deeds.CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.record(**WORKUP)
    go(walker, "approve_single_shot_trial")

    walker.correct("discharged", None)

    assert "observation" in walker.duties()


def test_a_dose_entered_after_the_trial_is_a_step_of_the_search(covered: tuple[Model, Search]):
    walker = _single_shot(covered)
    given_at = walker.now
    walker.later("1h").advance("withdraw", deeds.CLARA, reason="candidate_withdrew")
    assert walker.stage == "withdrawn"

    walker.give(at=given_at)

    assert "observation" in walker.duties()
