"""Every state a candidate can come to, each with the shortest way to it that does as little as can be unusual."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from workflow.authoring.prove.model import Model
from workflow.authoring.prove.state import State
from workflow.authoring.prove.steps import Step, Steps
from workflow.authoring.prove.trials import entered

MOST_STATES = 500_000  # a bound on time and memory; a protocol with more is told so and not proven

ENROL = Step("enrol")

_Deferred: TypeAlias = tuple[State, int, Step]


@dataclass(slots=True, eq=False)
class Search:
    """What was reached, how, and from where one can go on as planned."""

    states: list[State] = field(default_factory=list)
    number: dict[State, int] = field(default_factory=dict)  # of a state, or of the one that stands for it
    alike: dict[State, list[int]] = field(default_factory=dict)  # by all but what was passed
    came: list[tuple[int, Step]] = field(default_factory=list)  # the state before, and the step from it
    before: list[list[int]] = field(default_factory=list)  # the states from which a planned step leads here
    deaths: list[tuple[int, int]] = field(default_factory=list)  # from where to where somebody died
    steps: int = 0
    whole: bool = True

    def find(self, state: State) -> int | None:
        """The number of a state, or of one like it on whose way fewer gates were passed.

        What was passed opens and bars nothing; whatever goes wrong after more gates goes wrong after fewer too.
        """
        at = self.number.get(state)
        if at is None:
            same = self.alike.get(state._replace(passed=0), ())
            at = next((n for n in same if not self.states[n].passed & ~state.passed), None)
            if at is not None:
                self.number[state] = at
        return at

    def walk(self, at: int) -> tuple[tuple[Step, State], ...]:
        """The shortest way from enrolment to a state: each step with where it led."""
        found = []
        while at >= 0:
            back, step = self.came[at]
            found.append((step, self.states[at]))
            at = back
        return tuple(reversed(found))

    def leading_to(self, ends: Iterable[int]) -> bytearray:
        """For each state, whether planned steps lead from it to one of these."""
        found, left = bytearray(len(self.states)), deque(ends)
        for at in left:
            found[at] = 1
        while left:
            for back in self.before[left.popleft()]:
                if not found[back]:
                    found[back] = 1
                    left.append(back)
        return found

    def enrolled(self, *, avoiding: str = "") -> tuple[int, ...]:
        """The states that planned steps lead to from enrolment, without ever standing in one stage."""
        onward: list[list[int]] = [[] for _ in self.states]
        for to, froms in enumerate(self.before):
            for back in froms:
                onward[back].append(to)
        found, left = bytearray(len(self.states)), deque([0])
        while left:
            at = left.popleft()
            if not found[at] and self.states[at].stage != avoiding:
                found[at] = 1
                left.extend(onward[at])
        return tuple(at for at, seen in enumerate(found) if seen)


def search(model: Model, watch: Callable[[int, State, Step, State], None]) -> Search:
    """Search everything, plainest ways first: adoptions, and what is late, corrected or against a gate, come last.

    `watch` is shown every step taken: the number of the state it starts from, the state, the step, where it led.
    """
    found, steps = Search(), Steps(model)
    for state in entered(model, State(), None, model.protocol.begins):
        _note(found, state, -1, ENROL)
    later: tuple[deque[_Deferred], ...] = (deque(), deque())  # out of the ordinary, and adoptions
    at = 0
    while at < len(found.states) or _one_more(found, later):
        state = found.states[at]
        for step, after in steps.after(state):
            found.steps += 1
            watch(at, state, step, after)
            if step.planned:
                _follow(found, at, step, after)
            elif found.find(after) is None:
                later[step.verb == "adopt"].append((after, at, step))
        at += 1
        if len(found.states) > MOST_STATES:
            found.whole = False
            break
    return found


# ---------------------------------------------------------------------------------------------------------------


def _follow(found: Search, at: int, step: Step, after: State) -> None:
    to = _note(found, after, at, step)
    if step.death:
        found.deaths.append((at, to))
    elif to != at:
        found.before[to].append(at)


def _one_more(found: Search, later: tuple[deque[_Deferred], ...]) -> bool:
    """Go on from what was put off, where it leads somewhere new; False once nothing is left."""
    for waiting in later:
        while waiting:
            after, at, step = waiting.popleft()
            if found.find(after) is None:
                _note(found, after, at, step)
                return True
    return False


def _note(found: Search, state: State, back: int, step: Step) -> int:
    known = found.find(state)
    if known is not None:
        return known
    found.number[state] = len(found.states)
    found.alike.setdefault(state._replace(passed=0), []).append(len(found.states))
    found.states.append(state)
    found.came.append((back, step))
    found.before.append([])
    return len(found.states) - 1
