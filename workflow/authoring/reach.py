"""Where a candidate can get to: the stages as a graph of the moves a protocol declares."""

from collections.abc import Iterable, Mapping

from workflow.domain.protocol import ProtocolVersion


def onward(version: ProtocolVersion) -> Mapping[str, frozenset[str]]:
    """From each stage, the stages one move away."""
    moves = [(source, t.to) for t in version.transitions.values() if t.to for source in t.sources]
    return {key: frozenset(to for source, to in moves if source == key) for key in version.stages}


def backward(version: ProtocolVersion) -> Mapping[str, frozenset[str]]:
    """To each stage, the stages one move before."""
    steps = onward(version)
    return {key: frozenset(source for source, ends in steps.items() if key in ends) for key in version.stages}


def reached(steps: Mapping[str, frozenset[str]], starts: Iterable[str]) -> frozenset[str]:
    """The starts and everything that can be reached from them."""
    found: set[str] = set()
    left = list(starts)
    while left:
        stage = left.pop()
        if stage not in found:
            found.add(stage)
            left.extend(steps.get(stage, ()))
    return frozenset(found)


def reachable(version: ProtocolVersion) -> frozenset[str]:
    """Every stage a candidate can come to stand in."""
    return reached(onward(version), [version.begins])
