"""The hazard log and the compliance tables name tests that exist, and leave nothing out."""

import shutil
from pathlib import Path

import pytest

from tests.docs import compliance_page, hazards_page
from tests.docs.named_tests import ROOT, gone, named_tests

HERE = "tests/docs/test_tables_auditors_read.py::test_every_test_that_is_named_exists"


def test_every_test_that_is_named_exists() -> None:
    named = [test for hazard in hazards_page.hazards() for control in hazard.controls for test in control.tests]
    assert gone([*named, *compliance_page.named_in()]) == []


def test_a_test_that_is_gone_is_named() -> None:
    assert HERE in named_tests()
    assert gone([HERE, f"{HERE}_no_more"]) == [f"{HERE}_no_more"]


def test_every_hazard_has_what_stands_against_it_and_none_remains_that_may_not() -> None:
    found = hazards_page.hazards()
    assert [flaw for hazard in found for flaw in hazard.flaws] == []
    assert [hazard.id for hazard in found] == [f"H{number}" for number in range(1, len(found) + 1)]
    assert len(found) >= 18


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (("likelihood: 1}\n    accept", "likelihood: 2}\n    accept"), "may not remain"),
        (("    accept: A wrong entry", "    # accept: A wrong entry"), "no reason is given"),
        (("    harm:", "    harmful:"), "no such key harmful"),
    ],
)
def test_a_hazard_log_that_says_too_little_is_refused(change: tuple[str, str], seen: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    text = (ROOT / hazards_page.PLACE).read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / hazards_page.PLACE).write_text(text.replace(*change, 1), encoding="utf-8")
    try:
        told = [flaw for hazard in hazards_page.hazards(tmp_path) for flaw in hazard.flaws]
    except ValueError as wrong:
        told = [str(wrong)]
    assert [flaw for flaw in told if seen in flaw]


def test_every_clause_and_every_requirement_is_answered() -> None:
    assert compliance_page.flaws() == []


def test_a_requirement_left_out_or_answered_twice_is_seen(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    kept = tmp_path / compliance_page.PLACE
    shutil.copy(ROOT / compliance_page.PLACE, kept)
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text.replace("  - {n: 1.1.1,", "  - {n: 1.1.2,", 1), encoding="utf-8")
    assert compliance_page.flaws(tmp_path) != []
    kept.write_text(text.replace('none: "no LDAP"', 'none: "no LDAP", said: "x"', 1), encoding="utf-8")
    with pytest.raises(ValueError, match="exactly one of"):
        compliance_page.flaws(tmp_path)
