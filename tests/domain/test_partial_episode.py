"""A timer is fired on part of its episode: the decision is the very one the whole gives, or there is none."""

import random
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import deeds
import pytest
from planned import dosed, planned_version
from press import press_on
from route import checked
from world import Walker

from workflow.domain import decide
from workflow.domain.actor import Actor
from workflow.domain.calendar import Duration
from workflow.domain.decision import Decision
from workflow.domain.episode import COLLECTIONS, Episode
from workflow.domain.ladder import TimerState
from workflow.domain.partial import NotLoadedError, Partial, grown
from workflow.domain.situation import Situation

KNOWN = Partial({"a": 1})
DEEDS = (
    press_on,
    press_on,
    press_on,
    deeds.advance,
    deeds.override,
    deeds.hold_or_release,
    deeds.handle_task,
    deeds.fire_due,
    deeds.plan,
)
WAITS = ("0min", "10min", "20min", "1d", "9d", "60d")


def at_hand(episode: Episode, keys: Iterable[str]) -> Episode:
    """What the store loads for due timers: their tasks and themselves, and nothing else of any collection."""
    known = {"tasks": episode.tasks, "timers": episode.timers}
    parts = {name: Partial({key: known[name][key] for key in keys} if name in known else {}) for name in COLLECTIONS}
    return replace(episode, **parts)


def decided(situation: Situation, key: str, n: int) -> Decision | NotLoadedError | None:
    try:
        return decide.fire(situation, key=key, n=n)
    except NotLoadedError as unclear:
        return unclear


def same(part: Decision, whole: Decision) -> None:
    assert part.entry == whole.entry
    assert part.messages == whole.messages
    for field in fields(Episode):
        left, right = getattr(part.after, field.name), getattr(whole.after, field.name)
        if field.name in COLLECTIONS:
            assert {key: left[key] for key in left._known}.items() <= right.items()
        else:
            assert left == right


@pytest.fixture(scope="module")
def compared() -> list[Decision | NotLoadedError | None]:
    """Every live timer at many moments of many walks, fired on part of the episode, and compared with the whole."""
    return [given for seed in range(40) for given in _walk(seed)]


def _walk(seed: int) -> Iterable[Any]:
    dice, walker = random.Random(seed), deeds.Watched()
    walker.enrol()
    for _ in range(40):
        dice.choice(DEEDS)(walker, dice.choice)
        for timer in walker.episode.timers.values():
            if timer.state is TimerState.LIVE:
                late = max(walker.now, timer.due_at) + Duration.parse(dice.choice(WAITS)).elapsed
                yield _compared(replace(walker.situation(Actor(id="system:timer")), now=late), timer.key, timer.n)
        walker.now += timedelta(minutes=dice.choice((0, 5, 600, 5000)))


def _compared(situation: Situation, key: str, n: int) -> object:
    part = decided(replace(situation, episode=at_hand(situation.episode, [key])), key, n)
    whole = decide.fire(situation, key=key, n=n)
    if isinstance(part, Decision):
        assert whole is not None
        same(part, whole)
    elif part is None:
        assert whole is None
    return part


def test_a_decision_on_a_part_is_the_decision_on_the_whole(compared):
    assert sum(isinstance(given, Decision) for given in compared) > 500


def test_what_follows_a_moment_or_waits_for_a_second_person_asks_for_the_whole(compared):
    assert sum(isinstance(given, NotLoadedError) for given in compared) > 50


@pytest.mark.parametrize(
    "ask",
    [
        lambda some: some["b"],
        lambda some: some.get("b"),
        lambda some: "b" in some,
        list,
        len,
        bool,
        lambda some: some.values(),
        lambda some: {**some},
        lambda some: some == {"a": 1},
        lambda some: grown(some, "c", 3)["b"],
    ],
)
def test_what_was_not_loaded_is_never_taken_for_missing(ask: Callable[[Partial[int]], Any]):
    with pytest.raises(NotLoadedError):
        list(ask(KNOWN))


def test_what_was_loaded_or_added_is_there():
    more = grown(KNOWN, "b", 2)
    assert (KNOWN["a"], KNOWN.get("a"), "a" in KNOWN) == (1, 1, True)
    assert (more["a"], more["b"]) == (1, 2)
    assert grown({"a": 1}, "a", 2) == {"a": 2}


def test_what_follows_a_moment_is_never_decided_on_a_part():
    walker = dosed(checked(Walker(planned_version())))
    task = walker.task("watch")
    situation = walker.later("2d").situation(Actor(id="system:timer"))
    n = situation.episode.timers[task.key].n
    part = decided(replace(situation, episode=at_hand(situation.episode, [task.key])), task.key, n)
    assert situation.protocol.tasks[task.name].follows
    assert isinstance(part, NotLoadedError)
