"""What must be so of signatures after every decision, whatever was asked by whom and when."""

import json

from workflow.domain.canonical import canonical
from workflow.domain.decision import Decision
from workflow.domain.episode import Episode
from workflow.domain.passage import How, Passage
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.signature import Signature, faults_in

PHYSICIANS = {"clara", "cem", "ines", "bea"}


def uphold_signing(protocol: ProtocolVersion, before: Episode, decision: Decision) -> None:
    """Every law of signatures on one decision."""
    after = decision.after
    _put_soundly(before, decision)
    _never_changed_but_voided_once(before, decision)
    _what_is_signed_has_its_signatures(protocol, before, after)
    _nothing_stands_on_a_superseded_value(after)
    _news_void_what_waits(after)
    _approvals_stand_on_standing_signatures(protocol, decision)


def _put_soundly(before: Episode, decision: Decision) -> None:
    entry = decision.entry
    fresh = decision.after.signatures.keys() - before.signatures.keys()
    assert len(fresh) <= 1
    for key in fresh:
        one = decision.after.signatures[key]
        assert entry.outcome in ("done", "proposed")
        assert (one.key, one.by, one.at, one.stands) == (f"{entry.seq}", entry.actor, entry.at, True)
        assert one.by in PHYSICIANS
    payload = json.loads(canonical(entry.payload))
    told = {"episode": decision.after.id, "actor": entry.actor, "line": f"{entry.seq}"}
    assert list(faults_in(payload, **told)) == []
    assert bool(fresh) == ("signed" in entry.about)


def _never_changed_but_voided_once(before: Episode, decision: Decision) -> None:
    for key, was in before.signatures.items():
        now = decision.after.signatures[key]
        if now == was:
            continue
        assert was.stands
        entry = decision.entry
        assert now == was.voided(at=entry.at, by=entry.actor, on=f"{entry.seq}", why=now.void_reason or "")
        assert now.void_reason


def _what_is_signed_has_its_signatures(protocol: ProtocolVersion, before: Episode, after: Episode) -> None:
    for key in after.passages.keys() - before.passages.keys():
        passage = after.passages[key]
        rule = protocol.transitions.get(passage.name)
        asked = passage.how is How.DEVIATION or (rule is not None and bool(rule.signed))
        assert (passage.signed is not None) == asked
        if asked:
            _signed_by(after, passage.signed, passage.by, passage.second)
        if asked and rule is not None and passage.how is not How.DEVIATION:
            assert {one.meaning for one in _under(after, passage)} == {rule.signed}
    for key in after.overrides.keys() - before.overrides.keys():
        override = after.overrides[key]
        _signed_by(after, override.signed, override.by, override.second)


def _signed_by(after: Episode, digest: str | None, by: str, second: str | None) -> None:
    people = {one.by for one in after.signatures.values() if one.stands and one.digest == digest}
    assert people == {by, second} - {None}


def _under(after: Episode, passage: Passage) -> list[Signature]:
    return [one for one in after.signatures.values() if one.digest == passage.signed]


def _nothing_stands_on_a_superseded_value(after: Episode) -> None:
    for one in after.signatures.values():
        assert not one.stands or all(after.observations[key].stands for key in one.rests_on)


def _news_void_what_waits(after: Episode) -> None:
    """What one person signed and nobody agreed to stands only while nothing new is known."""
    for asked in after.proposals.values():
        if asked.settled_at is None and asked.signed is not None:
            mine = [one for one in after.signatures.values() if one.digest == asked.signed and one.by == asked.by]
            still = f"@{after.version}:" in asked.evidence
            assert any(one.stands for one in mine) == still


def _approvals_stand_on_standing_signatures(protocol: ProtocolVersion, decision: Decision) -> None:
    after, now = decision.after, decision.entry.at
    for passage in after.passages.values():
        rule = protocol.transitions.get(passage.name)
        live = passage.until is not None and passage.until > now and passage.used_at is None
        if live and rule is not None and rule.signed:
            assert any(one.stands for one in _under(after, passage))
