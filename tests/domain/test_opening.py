"""What would open a gate: held against trying every set of wishes, on seeded random criteria."""

import random
from itertools import chain, combinations

import pytest

from workflow.domain.criterion import Finding, Join, Verdict, combine
from workflow.domain.opening import opening

OPEN, SHUT, UNKNOWN = Verdict.OPEN, Verdict.SHUT, Verdict.UNKNOWN


def leaf(name: str, verdict: Verdict) -> Finding:
    return Finding(verdict=verdict, because="", asked=name)


def group(join: Join, *parts: Finding, least: int = 0) -> Finding:
    verdict = combine(join, tuple(part.verdict for part in parts), least=least)
    return Finding(verdict=verdict, because="", parts=parts, join=join, least=least or None)


def grown(dice: random.Random, depth: int) -> Finding:
    if depth == 0 or dice.random() < 0.3:
        return leaf(f"w{dice.randrange(5)}", dice.choice((OPEN, SHUT, UNKNOWN)))
    parts = [grown(dice, depth - 1) for _ in range(dice.randint(2, 4))]
    join = dice.choice(list(Join))
    least = dice.randint(1, len(parts)) if join is Join.SOME else 0
    return group(join, *parts, least=least)


def after(finding: Finding, granted: frozenset[str]) -> Verdict:
    """What a finding would be with some wishes granted, and everything else left as it is."""
    if finding.join is None:
        if finding.asked in granted:
            return OPEN
        return SHUT if f"not {finding.asked}" in granted else finding.verdict
    return combine(finding.join, tuple(after(part, granted) for part in finding.parts), least=finding.least or 0)


def wishes(finding: Finding) -> set[str]:
    if finding.join is None:
        return {str(finding.asked), f"not {finding.asked}"}
    return set().union(*(wishes(part) for part in finding.parts))


def smallest(finding: Finding) -> int | None:
    """The size of the smallest set of wishes that opens a finding, by trying them all."""
    all_of = sorted(wishes(finding))
    sets = chain.from_iterable(combinations(all_of, size) for size in range(len(all_of) + 1))
    sound = (one for one in sets if not any(f"not {wish}" in one for wish in one))
    return next((len(one) for one in sound if after(finding, frozenset(one)) is OPEN), None)


def names_once(finding: Finding) -> bool:
    """Whether no wish stands at two places: else one place can want what another forbids, and none may be granted."""
    leaves: list[str] = []
    left = [finding]
    while left:
        one = left.pop()
        left.extend(one.parts)
        leaves.extend([str(one.asked)] if one.join is None else [])
    return len(leaves) == len(set(leaves))


@pytest.mark.parametrize("seed", range(60))
def test_no_smaller_set_would_open_it_and_this_one_does(seed: int):
    dice = random.Random(seed)
    found = grown(dice, 3)
    while not names_once(found):
        found = grown(dice, 2)

    told = opening(found)

    assert after(found, frozenset(told)) is OPEN
    assert len(told) == smallest(found)


def test_one_wish_that_serves_twice_is_told_once_and_preferred():
    shared = group(Join.ANY, leaf("plan agreed", UNKNOWN), leaf("takes none", SHUT))
    gate = group(Join.ALL, shared, group(Join.ANY, leaf("INR", SHUT), leaf("takes none", SHUT)))

    assert opening(gate) == ("takes none",)


def test_an_open_gate_wants_nothing():
    assert opening(group(Join.ALL, leaf("a", OPEN), leaf("b", OPEN))) == ()


def test_none_wants_its_parts_away():
    gate = group(Join.NONE, leaf("infection", OPEN), leaf("fever", UNKNOWN), leaf("rash", SHUT))
    assert opening(gate) == ("not infection", "not fever")


def test_some_wants_as_many_as_are_short():
    gate = group(Join.SOME, leaf("a", OPEN), leaf("b", SHUT), leaf("c", UNKNOWN), leaf("d", SHUT), least=2)
    assert gate.verdict is UNKNOWN
    assert opening(gate) == ("b",)


A, B, C = (leaf(name, OPEN) for name in "abc")


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        (group(Join.ALL, A, B, C), ("not a",)),
        (group(Join.ANY, A, B, leaf("c", SHUT)), ("not a", "not b")),
        (group(Join.SOME, A, B, C, least=2), ("not a", "not b")),
        (group(Join.SOME, A, B, leaf("c", UNKNOWN), least=1), ("not a", "not b", "not c")),
        (group(Join.NONE, leaf("a", SHUT), leaf("b", SHUT)), ("a",)),
        (group(Join.NONE, leaf("a", SHUT), leaf("b", UNKNOWN)), ("a",)),
        (group(Join.NONE, group(Join.ALL, A, leaf("b", SHUT)), leaf("c", SHUT)), ("b",)),
        (group(Join.NONE, A, leaf("b", SHUT)), ()),
    ],
)
def test_a_group_that_must_not_be_open_is_shut_the_shortest_way(inner: Finding, wanted: tuple[str, ...]):
    gate = group(Join.NONE, inner)
    assert opening(gate) == wanted
    assert after(gate, frozenset(wanted)) is OPEN


def test_of_equals_the_one_written_first_wins():
    shut = [leaf(name, SHUT) for name in "abcd"]
    assert opening(group(Join.ANY, *shut)) == ("a",)
    assert opening(group(Join.SOME, *shut, least=3)) == ("a", "b", "c")


def test_however_many_ways_there_are_the_shortest_is_found():
    """Six choices of four make 4,096 ways; one wish serves all six."""
    choices = [
        group(Join.ANY, *(leaf(f"{row}{column}", SHUT) for column in range(3)), leaf("all", SHUT)) for row in range(6)
    ]
    assert opening(group(Join.ALL, *choices)) == ("all",)
