"""Every sentence of this specification says where it comes from, in a source the protocol declares."""

import re
from pathlib import Path

import pytest
from baclofen_route import BACLOFEN

from tests.docs.spec_page import chapters
from workflow.authoring.dispensing import undeclared_sources, unsourced_thresholds

SENTENCE = re.compile(r"\.\s\((?P<basis>[^()]+), (?P<mark>[RUD])\)$")


def sentences() -> list[tuple[str, str]]:
    """Each test's name and its sentence, in the order of the chapters."""
    told = [chapter for chapter in chapters(Path(__file__).parent) if chapter.file != Path(__file__)]
    return [sentence for chapter in told for sentence in chapter.sentences.items()]


@pytest.mark.parametrize(("name", "sentence"), sentences(), ids=[name for name, _ in sentences()])
def test_a_sentence_names_its_source(name: str, sentence: str):
    told = SENTENCE.search(sentence)
    assert told is not None, sentence
    keys = re.findall(r"\b[A-Z]{3,}[0-9]*\b", told["basis"])
    assert keys or told["mark"] == "U"
    assert not set(keys) - BACLOFEN.sources.keys()


def test_there_are_at_least_forty():
    assert len(sentences()) >= 40


def test_every_number_that_decides_names_a_source_that_can_be_looked_up():
    assert not [*unsourced_thresholds(BACLOFEN), *undeclared_sources(BACLOFEN)]
