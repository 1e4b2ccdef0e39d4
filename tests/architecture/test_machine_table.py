"""pytransitions is a compiled table here: no model is registered, and nothing can be reached past its gates."""

from tests.architecture.source import ROOT, calls, modules, named
from workflow.authoring import read
from workflow.domain.machine import table

V1 = ROOT / "protocols" / "opioid_trial" / "v1.yaml"


def test_no_model_is_ever_registered() -> None:
    registers = {"add_model", "add_models", "remove_model", "HierarchicalMachine", "LockedMachine"}
    assert [where for where, tree in modules().items() if named(tree) & registers] == []


def test_transitions_is_imported_in_one_room() -> None:
    found = [where for where, tree in modules().items() if {"Machine", "MachineError"} & named(tree)]
    assert found == ["workflow/domain/machine.py"]


def test_the_machine_is_made_flat_without_a_model_and_without_automatic_transitions() -> None:
    made = [call for called, call in calls(modules()["workflow/domain/machine.py"]) if called == "Machine"]
    asked = [{word.arg: getattr(word.value, "value", ...) for word in call.keywords} for call in made]
    assert len(asked) == 1
    wanted = {"model": None, "auto_transitions": False, "queued": False, "send_event": True}
    assert {name: asked[0][name] for name in wanted} == wanted


def test_the_compiled_protocol_has_the_declared_ways_and_no_other() -> None:
    protocol = read(V1.read_text(encoding="utf-8"))
    compiled = table(protocol)._machine
    assert set(compiled.events) == set(protocol.transitions)
    assert compiled.models == []
