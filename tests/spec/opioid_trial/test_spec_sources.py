"""Every sentence of this specification says where it comes from, in a source the protocol declares."""

import re
from pathlib import Path

import pytest
from opioid_route import OPIOID

from tests.docs.spec_page import chapters

SENTENCE = re.compile(r"\.\s\((?P<basis>[^()]+), (?P<mark>[RUD])\)$")


def sentences() -> list[tuple[str, str]]:
    """Each test's name and its sentence, in the order of the chapters."""
    told = [chapter for chapter in chapters(Path(__file__).parent) if chapter.file != Path(__file__)]
    return [sentence for chapter in told for sentence in chapter.sentences.items()]


@pytest.mark.parametrize(("name", "sentence"), sentences(), ids=[name for name, _ in sentences()])
def test_a_clinical_sentence_names_its_source(name: str, sentence: str):
    told = SENTENCE.search(sentence)
    assert told is not None, sentence
    keys = re.findall(r"\b[A-Z]{3,}[0-9]*\b", told["basis"])
    assert keys or told["mark"] == "U"
    assert not set(keys) - OPIOID.sources.keys()


def test_there_are_enough_of_them():
    assert len(sentences()) >= 100
