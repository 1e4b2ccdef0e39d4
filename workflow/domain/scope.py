"""What a way of coming in leaves a person, of what their roles give them: a token's scopes, a PIN on a tablet."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from workflow.domain.errors import ImpossibleInputError
from workflow.domain.policy import Verb

READING = frozenset({Verb.READ, Verb.READ_PEOPLE})
# What is done at a bedside: to write down what was seen or given, and to say who has a task and that it is done.
# Nothing here asks for a signature, and nothing changes what stands already.
RECORDING = READING | {
    Verb.RECORD,
    Verb.JUDGE,
    Verb.ADMINISTER,
    Verb.COMPLETE,
    Verb.ACKNOWLEDGE,
    Verb.CLAIM,
    Verb.CONTACT,
}

BUNDLES: Mapping[str, frozenset[Verb]] = MappingProxyType({"reading": READING, "recording": RECORDING})
NAMES = (*BUNDLES, *Verb)


def scope_of(written: str) -> frozenset[str] | None:
    """The verbs that names with commas between leave; empty: None, which is all. An unknown name leaves nothing."""
    if not written:
        return None
    named = (frozenset(BUNDLES[name]) if name in BUNDLES else frozenset({name}) for name in written.split(","))
    return frozenset().union(*named) & frozenset(Verb)


def written(names: Iterable[str]) -> str:
    """Scopes as they are kept: in order, each once. Raises ImpossibleInputError for a name that is none."""
    asked = sorted(set(names))
    unknown = [name for name in asked if name not in NAMES]
    if unknown:
        raise ImpossibleInputError(f"no scope {unknown[0]!r}", place="scope", allowed=", ".join(NAMES))
    return ",".join(asked)
