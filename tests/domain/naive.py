"""The state machine once more in ten lines, to hold the real one against."""

from world import Walker

from workflow.domain.actor import Actor
from workflow.domain.decide.advance import act_reports, live_authorisation
from workflow.domain.decide.steps import seen_by
from workflow.domain.gate import report
from workflow.domain.protocol import Transition


def predicted(walker: Walker, rule: Transition, actor: Actor, reason: str | None) -> tuple[str, str]:
    """The outcome and the stage afterwards of a transition asked for now."""
    s, stage = walker.situation(actor), walker.episode.stage
    reports = tuple(report(walker.protocol.gates[gate], s.view(walker.now)) for gate in rule.gates)
    act = live_authorisation(s, rule.records, walker.now) if rule.records else None
    may = stage in rule.sources and bool(actor.roles & set(rule.by)) and (rule.on_hold or not walker.episode.hold)
    if not may or not all(seen.verdict in ("open", "waived", "overridden") for seen in reports):
        return "refused", stage
    if rule.records and (act is None or not all(r.passes for r in act_reports(s, rule.records, act, walker.now))):
        return "refused", stage
    if rule.second_person:
        key = f"advance:{rule.name}" + (f":{reason}" if rule.reasons else "")
        asked = walker.episode.proposals.get(key)
        same = asked is not None and asked.settled_at is None and asked.until >= walker.now
        same = same and asked.evidence == seen_by(s.episode.version, key, reports)
        if not same or asked.by == actor.id:
            return ("refused" if same else "proposed"), stage
    return "done", rule.to or stage
