"""Every sentence of this specification says where it comes from, in a source the protocol declares."""

import ast
import re
from pathlib import Path

import pytest
from opioid_route import OPIOID

SENTENCE = re.compile(r"\.\s\((?P<basis>[^()]+), (?P<mark>[RUD])\)$")


def sentences() -> list[tuple[str, str]]:
    """Each test's name and its sentence, in the order of the chapters."""
    files = sorted(Path(__file__).parent.glob("test_spec_[0-9]*.py"))
    nodes = [node for file in files for node in ast.parse(file.read_text()).body]
    tests = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [(test.name, " ".join((ast.get_docstring(test) or "").split())) for test in tests]


@pytest.mark.parametrize(("name", "sentence"), sentences(), ids=[name for name, _ in sentences()])
def test_a_clinical_sentence_names_its_source(name: str, sentence: str):
    told = SENTENCE.search(sentence)
    assert told is not None, sentence
    keys = re.findall(r"\b[A-Z]{3,}[0-9]*\b", told["basis"])
    assert keys or told["mark"] == "U"
    assert not set(keys) - OPIOID.sources.keys()


def test_there_are_enough_of_them():
    assert len(sentences()) >= 100
