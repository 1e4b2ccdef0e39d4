"""Override: two people let one candidate pass a gate that is not open, for a declared reason, visibly, for a while."""

from workflow.domain.criterion import Verdict
from workflow.domain.decide.steps import propose, second_asked, settle, settle_proposal
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.gate import GateReport, closed, evidence, report
from workflow.domain.passage import How, Override
from workflow.domain.protocol import Dispensation, Gate
from workflow.domain.situation import Situation


def override(s: Situation, *, gate: str, reason: str) -> Decision:
    """Ask for a gate to be passed. The first person proposes, a second, other person makes it stand.

    Raises UnknownNameError, and ImpossibleInputError for a reason that is not declared. Refused where the gate
    declares no waiver or override, where it is open anyway, where a waiver meets a no, or where the role may not.
    """
    rule = s.protocol.gate(gate)
    seen = report(rule, s.view(s.now))
    about = {"gate": gate, "reason": reason}
    bars = _bars(s, rule, seen)
    if rule.dispensation is None or bars:
        return refuse(s, "override", occurred_at=s.now, about=about, basis=(seen, *bars))
    if reason not in rule.dispensation.reasons:
        raise ImpossibleInputError(
            f"{rule.label} declares no such reason", place="reason", allowed=", ".join(rule.dispensation.reasons)
        )
    key = f"override:{gate}:{reason}"
    asked = second_asked(s, key, (seen,))
    if asked is None:
        return propose(s, "override", key, reports=(seen,), about=about, occurred_at=s.now, reason=reason)
    draft = Draft(s)
    settle_proposal(draft, key)
    granted = _granted(s, rule.dispensation, gate=gate, reason=reason, second=asked.by, fingerprint=evidence(seen))
    draft.put("overrides", granted.key, granted)
    settle(draft)
    return draft.decide("override", occurred_at=s.now, about={**about, "second": asked.by}, basis=(seen,))


def _granted(s: Situation, rule: Dispensation, *, gate: str, reason: str, second: str, fingerprint: str) -> Override:
    return Override(
        key=f"{s.episode.seq + 1}",
        gate=gate,
        how=How(rule.how),
        reason=reason,
        by=s.actor.id,
        second=second,
        at=s.now,
        until=s.now + rule.lapses_after.elapsed,
        evidence=fingerprint,
    )


def _bars(s: Situation, rule: Gate, seen: GateReport) -> tuple[GateReport, ...]:
    allowed = rule.dispensation
    if allowed is None:
        return (closed("override", "Nobody overrides this", f"{rule.label} declares no waiver or override"),)
    if seen.passes:
        return (closed("override", "Nothing to override", f"{rule.label} is {seen.verdict} already"),)
    if allowed.how == How.WAIVED and seen.verdict is Verdict.SHUT:
        bar = f"{rule.label} was judged; a waiver stands in for what was never asked, not for a no"
        return (closed("override", "Nothing to waive", bar),)
    if not s.actor.holds(*allowed.by):
        return (closed("role", "Not yours", f"this asks for {', '.join(allowed.by)}"),)
    return ()
