"""What a candidate waits for beside gates: a second person who must agree, an approval that stands or has run out."""

from dataclasses import dataclass
from datetime import datetime

from workflow.domain.onward import Way
from workflow.domain.passage import Passage, Proposal
from workflow.domain.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one person has asked for and a second must ask for too, until then."""

    by: str
    what: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The newest approval of the act that is next: good until then, where that is not past."""

    act: str
    until: datetime
    stands: bool


def asked(s: Situation) -> Asked | None:
    """The newest proposal that stands; None where nobody waits for a second person."""
    standing = [one for one in s.episode.proposals.values() if _waits(s, one)]
    newest = max(standing, key=lambda one: one.at, default=None)
    return None if newest is None else Asked(by=newest.by, what=_called(s, newest.key), until=newest.until)


def _waits(s: Situation, one: Proposal) -> bool:
    """Whether a second person can still agree: what the first one signed is neither voided nor over."""
    own = [each for each in s.episode.signatures.values() if each.digest == one.signed and each.by == one.by]
    holds = one.signed is None or any(each.stands for each in own)
    return one.settled_at is None and one.until >= s.now and holds


def approval(s: Situation, way: Way | None) -> Approval | None:
    """The newest unused approval of the act the way authorises or records, in this trial."""
    rule = None if way is None else s.protocol.transition(way.name)
    act = "" if rule is None else rule.authorises or rule.records
    newest = max((one for one in s.episode.passages.values() if _unused(s, one, act)), key=_given, default=None)
    if newest is None or newest.until is None:
        return None
    return Approval(act=s.protocol.acts[act].label, until=newest.until, stands=newest.until >= s.now)


def _unused(s: Situation, one: Passage, act: str) -> bool:
    trial = s.episode.trial
    mine = one.trial == (trial.number if trial else None)
    return bool(act) and one.act == act and one.until is not None and one.used_at is None and mine


def _given(one: Passage) -> datetime:
    return one.at


def _called(s: Situation, key: str) -> str:
    """What a proposal asks for, by its label: `advance:name[@time]`, `override:gate:reason`, `deviate:act`."""
    verb, _, rest = key.partition(":")
    name = rest.partition("@")[0].split(":")[0]
    match verb:
        case "advance":
            return s.protocol.transition(name).label
        case "override":
            return s.protocol.gate(name).label
    return s.protocol.acts[name].label
