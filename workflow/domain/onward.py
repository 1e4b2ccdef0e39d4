"""The nearest way on for a candidate, whoever asks: what bars it, who may take it, and what would open it."""

from dataclasses import dataclass

from workflow.domain.decide.deviate import DOSES
from workflow.domain.decide.survey import Option, survey
from workflow.domain.gate import GateReport
from workflow.domain.protocol import Transition
from workflow.domain.situation import Situation

PUNCTURE = DOSES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way on from here, whoever asks: what bars it, who may take it, and what would open it."""

    name: str
    label: str
    roles: tuple[str, ...]
    reports: tuple[GateReport, ...]
    second_person: bool
    signed: str = ""  # what the signature it wants means

    @property
    def bars(self) -> tuple[GateReport, ...]:
        return tuple(seen for seen in self.reports if not seen.passes)

    @property
    def opens_when(self) -> tuple[str, ...]:
        return tuple(seen.opens_when for seen in self.bars if seen.opens_when)


def nearest(s: Situation) -> Way | None:
    """The way on with the fewest bars; a trial goes on by its puncture, and declared exceptions come last.

    None where the pathway is over.
    """
    if s.protocol.stage(s.episode.stage).ends:
        return None
    options = {option.name: option for option in survey(s).options}
    rules = [s.protocol.transition(name) for name in options]
    trial = s.episode.trial
    if trial is not None and trial.ended_at is None and trial.punctured_at is None:
        rules = [rule for rule in rules if rule.authorises == PUNCTURE] or rules
    gated = [rule for rule in rules if rule.gates]
    onward = [rule for rule in rules if _leads_on(s, rule)] or [r for r in gated if not _everywhere(s, r)] or gated
    ways = [(_way(s, _authorised_first(s, rule, options)), rule) for rule in onward]
    best = min(ways, key=lambda pair: (bool(pair[1].reasons), len(pair[0].bars)), default=None)
    return None if best is None else best[0]


def _leads_on(s: Situation, rule: Transition) -> bool:
    """Whether a transition leads to a later stage of the pathway, and not to an end of it."""
    order = list(s.protocol.stages)
    later = bool(rule.to) and order.index(rule.to) > order.index(s.episode.stage)
    return later and not s.protocol.stage(rule.to).ends


def _everywhere(s: Situation, rule: Transition) -> bool:
    """Whether a transition is possible wherever a candidate stands, and so tells nothing of this stage."""
    return len(rule.sources) == len(s.protocol.stages)


def _authorised_first(s: Situation, rule: Transition, options: dict[str, Option]) -> Option:
    """An act that nobody has authorised yet waits for its authorisation, so that is the way to tell of."""
    option = options[rule.name]
    missing = any(seen.gate == "authorisation" for seen in option.reports)
    for name, other in options.items():
        if missing and s.protocol.transition(name).authorises == rule.records:
            return other
    return option


def _way(s: Situation, option: Option) -> Way:
    roles = tuple(str(role) for role in s.protocol.transition(option.name).by)
    reports = tuple(seen for seen in option.reports if seen.gate != "role")
    return Way(
        name=option.name,
        label=option.label,
        roles=roles,
        reports=reports,
        second_person=option.second_person,
        signed=option.signed,
    )
