"""Override: two people let one candidate pass a gate that is not open, for a declared reason, visibly, for a while."""

from dataclasses import replace

from workflow.domain.criterion import Verdict
from workflow.domain.decide.steps import propose, second_asked, settle, settle_proposal
from workflow.domain.decision import Decision, Draft, refuse
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.gate import GateReport, closed, evidence, report
from workflow.domain.passage import How, Override
from workflow.domain.protocol import Dispensation, Gate
from workflow.domain.signature import Matter, Signing
from workflow.domain.signing import matter, recorded, sign, unsigned
from workflow.domain.situation import Situation


def override(s: Situation, *, gate: str, reason: str, signed: Signing | None = None) -> Decision:
    """Ask for a gate to be passed. The first person proposes, a second, other person makes it stand; both sign.

    Raises UnknownNameError, StaleError where the signed digest no longer fits, and ImpossibleInputError for a reason
    that is not declared. Refused where the gate declares no waiver or override, where it is open anyway, where a
    waiver meets a no, where the role may not, and without a signature.
    """
    rule = s.protocol.gate(gate)
    seen = report(rule, s.view(s.now))
    about = {"gate": gate, "reason": reason}
    bars = _bars(s, rule, seen)
    if rule.dispensation is None or bars:
        return refuse(s, "override", occurred_at=s.now, about=about, basis=(seen, *bars))
    wanted = _to_sign(s, rule, seen, reason)
    if (bar := unsigned(s, wanted, signed)) is not None:
        return refuse(s, "override", occurred_at=s.now, about=about, basis=(seen, bar))
    key = f"override:{gate}:{reason}"
    asked = second_asked(s, key, (seen,), signed=wanted.digest)
    if asked is None:
        return propose(
            s,
            "override",
            key,
            reports=(seen,),
            about=about,
            occurred_at=s.now,
            reason=reason,
            wanted=wanted,
            signed=signed,
        )
    draft = Draft(s)
    settle_proposal(draft, key)
    granted = _granted(s, rule.dispensation, gate=gate, reason=reason, second=asked.by, fingerprint=evidence(seen))
    draft.put("overrides", granted.key, replace(granted, signed=sign(draft, wanted, signed)))
    settle(draft)
    told = {**about, "second": asked.by, **recorded(wanted)}
    return draft.decide("override", occurred_at=s.now, about=told, basis=(seen,))


def override_to_sign(s: Situation, *, gate: str, reason: str) -> Matter:
    """What would be signed to let a gate be passed. Raises UnknownNameError, ImpossibleInputError."""
    rule = s.protocol.gate(gate)
    return _to_sign(s, rule, report(rule, s.view(s.now)), reason)


def _to_sign(s: Situation, rule: Gate, seen: GateReport, reason: str) -> Matter:
    reasons = rule.dispensation.reasons if rule.dispensation else ()
    if reason not in reasons:
        allowed = ", ".join(reasons) or "this gate declares none"
        raise ImpossibleInputError(f"{rule.label} declares no such reason", place="reason", allowed=allowed)
    meaning = f"I have seen that “{rule.label}” is not open, and answer for it being passed: {reason}"
    asked = {"gate": rule.key, "reason": reason}
    return matter(s, f"override:{rule.key}", meaning=meaning, reports=(seen,), asked=asked)


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
