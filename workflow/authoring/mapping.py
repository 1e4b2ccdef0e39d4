"""Which stage or transition of a new version takes the place of which old one, where its name changed."""

from collections.abc import Mapping, Sequence

from workflow.domain.errors import ImpossibleInputError
from workflow.domain.protocol import ProtocolVersion


def mapping(pairs: Sequence[str], before: ProtocolVersion, after: ProtocolVersion) -> Mapping[str, str]:
    """Successors by old name, from `old=new`. Raises ImpossibleInputError naming what there is.

    A stage takes the place of a stage, a transition that of a transition.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        old, sign, new = (part.strip() for part in pair.partition("="))
        if not sign or old in found:
            raise ImpossibleInputError(f"{pair!r} maps nothing", place="map", allowed="old=new, each old name once")
        known = [(was, now) for was, now in _kinds(before, after) if old in was]
        if not known:
            allowed = ", ".join(name for was, _ in _kinds(before, after) for name in was)
            raise ImpossibleInputError(f"{before.name} has no {old!r}", place="map", allowed=allowed)
        if not any(new in now for _, now in known):
            allowed = ", ".join(name for _, now in known for name in now)
            raise ImpossibleInputError(f"{after.name} has no {new!r} like it", place="map", allowed=allowed)
        found[old] = new
    return found


def _kinds(before: ProtocolVersion, after: ProtocolVersion) -> tuple[tuple[Sequence[str], Sequence[str]], ...]:
    return ([*before.stages], [*after.stages]), ([*before.transitions], [*after.transitions])
