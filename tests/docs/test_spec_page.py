"""The page of a protocol says what its tests say: every sentence, in order, and nothing else."""

from pathlib import Path

from tests.docs.generate import protocol_pages
from tests.docs.spec_page import SPEC, chapters, spec_section


def _spec(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_a_sentence_is_a_docstring_or_a_name_in_words(tmp_path: Path):
    told = '"""1. One."""\ndef test_first():\n    """Two lines of\n    one sentence. (HOUSE, D)\n\n    Not this."""\n'
    (chapter,) = chapters(_spec(tmp_path, test_spec_1=told + "def test_said_by_its_name(): ...\ndef other(): ...\n"))

    assert chapter.title == "1. One"
    assert chapter.sentences == {
        "test_first": "Two lines of one sentence. (HOUSE, D)",
        "test_said_by_its_name": "Said by its name.",
    }


def test_chapters_come_by_their_numbers_and_only_those_with_tests(tmp_path: Path):
    test = "def test_one(): ..."
    folder = _spec(tmp_path, test_spec_10=test, test_spec_2=test, test_spec_sources=test, test_none="", conftest=test)

    assert [chapter.file.stem for chapter in chapters(folder)] == ["test_spec_2", "test_spec_10", "test_spec_sources"]


def test_nothing_is_imported(tmp_path: Path):
    folder = _spec(tmp_path, test_spec_1="raise SystemExit\ndef test_one(): ...\n")
    assert len([*chapters(folder)]) == 1


def test_a_protocol_without_a_specification_promises_nothing(tmp_path: Path):
    assert spec_section("nothing", spec=tmp_path) == ""


def test_every_specification_is_on_the_newest_page_of_its_protocol():
    pages = {place: text for place, text in protocol_pages().items() if place.endswith(".md")}
    for folder in sorted(path for path in SPEC.iterdir() if any(path.glob("test_*.py"))):
        (page,) = [text for place, text in pages.items() if f"/{folder.name}@" in place and "What is tested" in text]
        for chapter in chapters(folder):
            for name, sentence in chapter.sentences.items():
                assert f"- {sentence} `{name}`\n" in page
