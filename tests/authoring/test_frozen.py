"""What is published never changes: the list beside the files, and every verb that reads a file."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workflow.authoring.finding import FlawedProtocolError
from workflow.authoring.lint_examples import applied, smallest
from workflow.authoring.printings import LIST, printings
from workflow.cli import up
from workflow.cli.ground import Ground
from workflow.cli.protocol import app
from workflow.settings import Settings

PROTOCOLS = Path(__file__).parents[2] / "protocols"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A protocol file in a folder of its own, on the list one folder above."""
    file = tmp_path / "smallest" / "v1.yaml"
    file.parent.mkdir()
    file.write_text(smallest(), encoding="utf-8")
    (tmp_path / LIST).touch()
    code, out, _ = run("freeze", file)
    assert (code, out) == (0, f"smallest@1 is frozen ({_sum(file)[:12]}) in {tmp_path / LIST}\n")
    return file


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _edited(file: Path, number: int = 1) -> Path:
    text = smallest().replace("title: The", "title: Not the").replace("version: 1", f"version: {number}")
    file.write_text(text, encoding="utf-8")
    return file


def test_our_published_files_are_the_ones_that_were_published():
    printed = printings(PROTOCOLS / "opioid_trial" / "v1.yaml")
    assert printed["opioid_trial@1"] == "8a6de447df2b061b728846c25fd6f65729a80f9852c52eada4219748517a676c"
    found = {f"{file.parent.name}@{file.stem[1:]}": _sum(file) for file in PROTOCOLS.glob("*/v*.yaml")}
    assert found.items() >= printed.items()


@pytest.mark.parametrize("verb", ["lint", "draw", "publish", "freeze"])
def test_an_edited_text_under_a_published_number_is_refused(verb: str, published: Path):
    code, out, err = run(verb, _edited(published))

    assert code == 1
    assert "smallest@1 is published with another text" in out + err
    assert "next number" in out + err


def test_the_finding_stands_at_the_number_and_is_the_only_one(published: Path):
    published.write_text(applied("title: Edited\nstages: {trap: {label: Trap}}"), encoding="utf-8")

    (finding,) = json.loads(run("lint", published, "--json")[1])

    assert (finding["code"], finding["path"], finding["severity"]) == ("T003", "version", "error")
    assert finding["line"] > 0


def test_a_remark_is_an_edit_too(published: Path):
    published.write_text(smallest() + "# a remark\n", encoding="utf-8")
    assert run("lint", published)[0] == 1


def test_the_published_text_and_the_next_number_go_on(published: Path):
    assert run("lint", published) == (0, "", "")
    following = _edited(published.with_name("v2.yaml"), number=2)
    assert run("lint", following) == (0, "", "")
    assert run("freeze", following)[0] == 0
    assert printings(published) == {"smallest@1": _sum(published), "smallest@2": _sum(following)}


def test_freezing_again_changes_nothing(published: Path):
    before = printings(published)
    assert run("freeze", published)[0] == 0
    assert printings(published) == before


def test_another_folder_is_claimed_nothing_of(published: Path, tmp_path_factory: pytest.TempPathFactory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "v1.yaml"
    assert run("lint", _edited(elsewhere)) == (0, "", "")


def test_what_does_not_lint_is_not_frozen(tmp_path: Path):
    file = tmp_path / "trap.yaml"
    file.write_text(applied("stages: {trap: {label: Trap}}"), encoding="utf-8")

    assert run("freeze", file)[0] == 1
    assert not (tmp_path / LIST).exists()


@pytest.mark.parametrize("line", ["smallest@1", "smallest@1 abc", "", "smallest@1  " + "0" * 64, "# a remark"])
def test_a_list_that_cannot_be_read_claims_nothing_is_sound(line: str, published: Path):
    kept = published.parent.parent / LIST
    kept.write_text(kept.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")

    for verb in ("lint", "draw", "freeze"):
        code, out, err = run(verb, published)
        assert code == 1
        assert f"{kept}:2" in out + err


def test_a_list_names_nothing_twice(published: Path):
    kept = published.parent.parent / LIST
    kept.write_text(kept.read_text(encoding="utf-8") * 2, encoding="utf-8")
    assert f"{kept}:2" in run("lint", published)[1]


def test_what_starts_everything_refuses_an_edited_file(published: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(up, "PROTOCOLS", _edited(published).parent.parent)
    with pytest.raises(FlawedProtocolError, match="published with another text"):
        up._publish(Ground(now=Settings()))
