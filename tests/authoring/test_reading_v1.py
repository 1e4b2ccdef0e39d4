"""The first protocol, read: what its lines mean in the domain."""

import hashlib
from decimal import Decimal
from time import perf_counter

import pytest

from workflow.authoring.schema import load, read
from workflow.authoring.subjects import DERIVED
from workflow.domain import view
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Group, Join, Operator
from workflow.domain.errors import ProtocolError
from workflow.domain.ladder import OnHold
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.task import Scope
from workflow.domain.trial import Method


def test_it_is_known_by_its_bytes(v1: ProtocolVersion, v1_text: bytes):
    assert v1.name == "opioid_trial@1"
    assert v1.sha256 == hashlib.sha256(v1_text).hexdigest()


def test_a_threshold_keeps_its_digits_its_unit_and_its_source(v1: ProtocolVersion):
    _, inr = v1.gates["bloods"].criterion.parts

    assert (inr.operator, inr.number, str(inr.number)) == (Operator.AT_MOST, Decimal("1.4"), "1.4")
    assert str(inr.basis) == "common practice, site confirms (U)"
    assert v1.items["inr"].unit == "{INR}"


def test_more_than_50_percent_is_above_50_and_not_at_least(v1: ProtocolVersion):
    assert (v1.response.operator, v1.response.lines[""].number) == (Operator.ABOVE, Decimal(50))
    assert v1.response.lower_is_better


def test_a_gate_in_a_gate_keeps_its_order(v1: ProtocolVersion):
    gate = v1.gates["prepared"].criterion

    assert gate.join is Join.ANY
    assert gate.parts[0].texts == ("cancer",)
    assert isinstance(gate.parts[1], Group)
    assert [test.subject.item for test in gate.parts[1].parts] == [
        "psychology_assessment",
        "opioid_reduction_attempted",
    ]
    assert v1.gates["prepared"].dispensation.lapses_after == Duration(14, "d")


def test_from_any_is_every_stage_and_gates_none_is_no_gate(v1: ProtocolVersion):
    out = v1.transitions["record_catheter_out"]

    assert out.sources == tuple(v1.stages) == v1.stage_order
    assert (out.gates, out.to, out.on_hold) == ((), "", True)


def test_a_transition_brings_its_trial_its_act_and_its_second_person(v1: ProtocolVersion):
    assert v1.transitions["approve_catheter_trial"].begins_trial is Method.CATHETER
    assert v1.transitions["approve_puncture"].authorises == "puncture"
    assert v1.transitions["sign_non_responder"].second_person
    assert v1.transitions["record_death"].death
    assert not any(transition.by_system for transition in v1.transitions.values())


def test_duties_belong_to_the_episode_and_close_only_on_their_facts(v1: ProtocolVersion):
    declared = {key: task for key, task in v1.tasks.items() if not task.by_engine}
    duties = {key: task for key, task in declared.items() if task.scope is Scope.EPISODE}

    assert {key for key, duty in duties.items() if duty.completable} == {
        "respiratory_alarm",
        "safety_review",
        "call_after_missed_appointment",
    }
    assert duties["observation"].gates == ("observation_complete",)
    assert not duties["pump_in_body"].ends_at_death
    assert all(v1.ladders[duty.ladder].on_hold is OnHold.RUN for duty in duties.values())
    assert all(task.completable for task in v1.tasks.values() if task.scope is Scope.STINT)


def test_a_version_cannot_be_changed(v1: ProtocolVersion):
    with pytest.raises(TypeError):
        v1.items["age"] = v1.items["inr"]


def test_every_derived_value_of_the_domain_can_be_written_and_no_other():
    assert DERIVED.keys() == view.DERIVED.keys()


def test_it_is_read_within_150_ms(v1_text: bytes):
    def took() -> float:
        start = perf_counter()
        load(v1_text, "v1.yaml")
        return perf_counter() - start

    assert min(took() for _ in range(5)) < 0.15


def test_half_a_file_is_a_protocol_error(v1_text: bytes):
    with pytest.raises(ProtocolError):
        read(v1_text[: len(v1_text) // 2])
