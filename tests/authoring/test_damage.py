"""A share of what `make damage` does with every protocol file, and that it would see what is wrong."""

from pathlib import Path

import pytest

from tests.authoring import damage
from tests.authoring.damage import ANOTHER, DAMAGES, FILES, REFUSED, damages, outcome
from workflow.authoring.finding import Finding, Place, Where, error
from workflow.authoring.schema import Loaded

SHARE = 300
V1 = next(file for file in FILES if file.parent.name == "opioid_trial")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_damaged_file_is_refused_with_help_or_is_another_file(file: Path):
    text = file.read_bytes()
    found = [outcome(text, damages(text, number), "v1.yaml") for number in range(SHARE)]

    assert set(found) == {REFUSED, ANOTHER}
    assert found.count(REFUSED) > SHARE / 2


def test_the_same_number_is_the_same_damage_and_never_none():
    text = V1.read_bytes()
    first = [damages(text, number) for number in range(100)]

    assert first == [damages(text, number) for number in range(100)]
    assert text not in first
    assert len(set(first)) > 90
    assert len(DAMAGES) > 8


def test_an_undamaged_file_is_not_taken_for_another():
    text = V1.read_bytes()
    assert outcome(text, text, "v1.yaml") == "the sum is the true file's"


@pytest.mark.parametrize(
    "finding",
    [
        error("T002", Place(file="v1.yaml", line=0), "wrong", remedy="right"),
        error("T002", Place(file="v1.yaml", line=10_000), "wrong", remedy="right"),
        error("T002", Place(file="other.yaml", line=1), "wrong", remedy="right"),
        error("T002", Place(file="v1.yaml", line=1), "wrong"),
        error("T002", Place(file="v1.yaml", line=1), "", remedy="right"),
    ],
)
def test_a_finding_that_does_not_help_is_seen(finding: Finding, monkeypatch: pytest.MonkeyPatch):
    refused = Loaded(where=Where(file="v1.yaml"), findings=(finding,))
    monkeypatch.setattr(damage, "examine", lambda *_: refused)

    assert outcome(b"", b"x\n", "v1.yaml").startswith("a finding that does not help")


def test_a_silent_refusal_is_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(damage, "examine", lambda *_: Loaded(where=Where(file="v1.yaml")))
    assert outcome(b"", b"x\n", "v1.yaml") == "nothing was read and nothing is told"
