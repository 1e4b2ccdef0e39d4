"""Generated pages say what the code says, and the ledger's format never changes."""

from tests.docs.generate import ROOT, pages
from tests.docs.vectors import lines


def test_every_generated_page_is_current() -> None:
    stale = [place for place, text in pages().items() if (ROOT / place).read_text(encoding="utf-8") != text]
    assert stale == [], "python -m tests.docs.generate writes them anew"


def test_no_page_is_left_of_a_protocol_that_is_gone() -> None:
    kept = {f"docs/protocols/{path.name}" for path in (ROOT / "docs" / "protocols").iterdir()}
    assert kept <= set(pages())


def test_the_ledger_format_is_what_it_was_on_its_first_day() -> None:
    first, second = lines()
    assert first.hash == "97746f7cc3b173eca422fb9747ee0a05002fb0fb69fe2758d5a07aaf390f5574"
    assert second.hash == "c860837da7c6ece446076cbbac7f80c858b0af128117a7e42b5d87f3906ddd52"
