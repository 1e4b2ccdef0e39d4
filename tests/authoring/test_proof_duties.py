"""Which duties the proof follows one by one, and which share a place because anybody can end them anywhere."""

from pathlib import Path

import pytest

from workflow.authoring.prove.model import REST, Model
from workflow.authoring.schema import read

FILE = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v2.yaml"


def model(old: str = "", new: str = "") -> Model:
    """The newest opioid trial, prepared for the search; with one change."""
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    return Model.of(read(text.replace(old, new, 1).encode(), name="v2.yaml"))


def test_duties_that_anybody_can_end_anywhere_share_a_place():
    told = model()
    assert told.duties == ("observation", "catheter_in", REST)
    assert {"anticoagulant_off", "pump_in_body", "filling_to_write_up"} <= set(told.rest)


def test_a_duty_named_during_which_another_opens_is_followed_only_where_that_other_is():
    assert "anticoagulant_off" in model().rest  # restart_today opens during it, and is free itself
    kept = model('    closes: [{item: anticoagulant_restarted, recorded: "yes"}, {done: "yes"}]\n', _KEPT)
    assert {"restart_today", "anticoagulant_off"} <= set(kept.duties)


_KEPT = "    closes: [{act: catheter_removal}]\n"


@pytest.mark.parametrize("gate", ["trial_over", "review_inputs", "duties_discharged"])
def test_a_duty_whose_gate_looks_at_the_trial_is_followed_alone(gate: str):
    told = model("    gates: [refill_written_up]\n", f"    gates: [refill_written_up, {gate}]\n")
    assert "filling_to_write_up" in told.duties


def test_a_duty_whose_gate_never_opens_is_followed_alone():
    never = '      - {item: pump_filled_at, recorded: "yes", within: 24h, source: HOUSE, mark: D}\n'
    shut = never + '      - {item: mri_done, is: "yes"}\n      - {item: mri_done, is: "no"}\n'
    assert "filling_to_write_up" in model(never, shut).duties
