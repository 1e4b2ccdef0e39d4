"""What is signed in each protocol, and what nobody lets pass."""

from pathlib import Path

import pytest
from world import CEM, CLARA, Walker

from workflow.authoring.schema import read
from workflow.domain import decide
from workflow.domain.actor import Actor
from workflow.domain.coded import is_coded
from workflow.domain.decide.deviate import DOSES
from workflow.domain.policy import Verb, permits
from workflow.domain.protocol import Gate, ProtocolVersion
from workflow.domain.protocol import tests_of as each_test
from workflow.domain.signature import Confirmed, Signing

FILES = sorted((Path(__file__).parents[2] / "protocols").glob("*/v*.yaml"))
PROTOCOLS = {version.name: version for version in (read(file.read_bytes(), name=file.name) for file in FILES)}
SIGNED = {
    "opioid_trial@1": set(),
    "opioid_trial@2": {
        "waive_trial",
        "approve_puncture",
        "approve_repeat_dose",
        "decide_implant",
        "repeat_trial",
        "sign_non_responder",
        "decline_by_review",
        "approve_implant",
        "contraindicate",
        "refer_to_palliative",
    },
    "ziconotide_trial@1": {
        "waive_trial",
        "approve_puncture",
        "decide_implant",
        "repeat_trial",
        "sign_responded_not_tolerated",
        "sign_non_responder",
        "approve_implant",
        "contraindicate",
    },
    "baclofen_trial@1": {
        "waive_trial",
        "approve_puncture",
        "approve_repeat_dose",
        "decide_implant",
        "repeat_trial",
        "sign_non_responder",
        "decline_by_review",
        "approve_implant",
        "contraindicate",
    },
}
# Active infection, uncontrolled coagulopathy, no consent, the wrong person.
NOBODY_OVERRIDES = (
    "active_infection",
    "fever_or_infection_today",
    "uncontrolled_coagulopathy",
    "consent_trial",
    "consent_confirmed",
    "consent_implant",
    "capacity_confirmed",
    "identity_confirmed",
)
EVERY = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)


@EVERY
def test_exactly_these_steps_are_signed(protocol: ProtocolVersion):
    """Doses, the decisions of the case review, the implant, and an end for good are signed. (HOUSE, D)"""
    assert {name for name, rule in protocol.transitions.items() if rule.signed} == SIGNED[protocol.name]


@EVERY
def test_whoever_may_take_a_signed_step_may_sign_it(protocol: ProtocolVersion):
    """No step is signed by anybody but a physician, and what two people decide both sign. (PART11)"""
    for rule in protocol.transitions.values():
        if rule.signed:
            assert all(permits(Actor(id="x", roles=frozenset({role})), Verb.SIGN) for role in rule.by)
        if rule.second_person and protocol.name != "opioid_trial@1":
            assert rule.signed


@EVERY
def test_no_dose_and_no_implant_is_authorised_without_a_signature(protocol: ProtocolVersion):
    """In every printing but the first, which is frozen. (HOUSE, D)"""
    if protocol.name == "opioid_trial@1":
        return
    for rule in protocol.transitions.values():
        assert rule.authorises not in (*DOSES, "implant") or rule.signed


@EVERY
def test_an_infection_a_bleeding_disorder_a_missing_consent_and_the_wrong_person_are_overridden_by_nobody(
    protocol: ProtocolVersion,
):
    """They are recorded judgements, and no gate that asks one of them declares a way past it. (HOUSE, D)"""
    for item in NOBODY_OVERRIDES:
        assert protocol.item(item).judgement, item
        asking = [gate for gate in protocol.gates.values() if _asks(gate, item)]
        assert asking, item
        assert [gate.key for gate in asking if gate.dispensation] == []


@EVERY
def test_two_clinicians_who_try_are_refused_and_nothing_is_signed(protocol: ProtocolVersion):
    """Also where both sign. (HOUSE, D)"""
    walker = Walker(protocol)
    walker.enrol()
    for gate in [gate for gate in protocol.gates.values() if any(_asks(gate, item) for item in NOBODY_OVERRIDES)]:
        for actor in (CLARA, CEM):
            signed = Signing(printed=actor.id, digest="0" * 64, confirmed=Confirmed.WITH_PASSWORD)
            told = walker.do(decide.override, actor, gate=gate.key, reason="haematology_plan", signed=signed)
            assert told.refused
    assert not walker.episode.signatures
    assert not walker.episode.overrides


@EVERY
def test_whatever_two_people_let_pass_has_a_coded_reason_and_lapses_within_a_fortnight(protocol: ProtocolVersion):
    """Every override and waiver is for physicians, for a declared reason, and for 14 days at most. (HOUSE, D)"""
    for gate in protocol.gates.values():
        if gate.dispensation is not None:
            assert gate.dispensation.reasons
            assert 0 < gate.dispensation.lapses_after.minutes <= 14 * 24 * 60
            assert all(permits(Actor(id="x", roles=frozenset({role})), Verb.OVERRIDE) for role in gate.dispensation.by)


def _asks(gate: Gate, item: str) -> bool:
    return any(test.subject.item == item for test in each_test(gate.criterion))


@EVERY
def test_a_late_approval_and_a_dose_out_of_the_ordinary_need_a_coded_reason_and_nobody_else(protocol: ProtocolVersion):
    """A declared code, with or without words after it; the first printing takes any words. (HOUSE, D)"""
    frozen = protocol.name == "opioid_trial@1"
    assert bool(protocol.late_reasons) is bool(protocol.soft_reasons) is not frozen
    for codes in (protocol.late_reasons, protocol.soft_reasons):
        assert is_coded("because I say so", codes) is frozen
        assert not is_coded("  ", codes)
        for code in codes:
            assert is_coded(code, codes)
            assert is_coded(f"{code}: seen by the consultant", codes)
            assert not is_coded(f"not {code}", codes)
