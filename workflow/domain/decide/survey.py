"""Survey: where an episode stands, which ways are open, and what would open the others. It changes nothing."""

from dataclasses import dataclass

from workflow.domain.criterion import Verdict
from workflow.domain.decide.advance import act_reports, live_authorisation, matter_of
from workflow.domain.gate import GateReport
from workflow.domain.machine import table
from workflow.domain.protocol import Transition
from workflow.domain.response import Response
from workflow.domain.signature import Matter
from workflow.domain.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One transition from here, what each of its gates answers, and what would open it.

    `signed` is the meaning of the signature it wants; `to_sign` what would be signed now, without a declared reason.
    """

    name: str
    label: str
    to: str
    verdict: Verdict
    reports: tuple[GateReport, ...]
    second_person: bool
    reasons: tuple[str, ...]
    signed: str = ""
    to_sign: Matter | None = None

    @property
    def opens_when(self) -> tuple[str, ...]:
        return tuple(seen.opens_when for seen in self.reports if not seen.passes and seen.opens_when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Everything a person needs to see before acting."""

    options: tuple[Option, ...]
    response: Response | None


def survey(s: Situation) -> Survey:
    """Every way out of the present stage for this person, with its reports, and the response as it stands."""
    rules = [rule for rule in s.protocol.transitions.values() if s.episode.stage in rule.sources]
    return Survey(options=tuple(_option(s, rule) for rule in rules), response=s.view(s.now).response())


def _option(s: Situation, rule: Transition) -> Option:
    reports = table(s.protocol).ask(rule, s.view(s.now), s.actor).reports
    if rule.records:
        authorised = live_authorisation(s, rule.records, s.now)
        reports = (*reports, *act_reports(s, rule.records, authorised, s.now))
    return Option(
        name=rule.name,
        label=rule.label,
        to=rule.to,
        verdict=_verdict(reports),
        reports=reports,
        second_person=rule.second_person,
        reasons=rule.reasons,
        signed=rule.signed,
        to_sign=matter_of(s, rule, reports, None) if _can_be_signed(rule, reports) else None,
    )


def _can_be_signed(rule: Transition, reports: tuple[GateReport, ...]) -> bool:
    return bool(rule.signed) and not rule.reasons and all(seen.passes for seen in reports)


def _verdict(reports: tuple[GateReport, ...]) -> Verdict:
    verdicts = {seen.verdict for seen in reports if not seen.warns}
    for verdict in (Verdict.SHUT, Verdict.UNKNOWN, Verdict.OVERRIDDEN, Verdict.WAIVED):
        if verdict in verdicts:
            return verdict
    return Verdict.OPEN
