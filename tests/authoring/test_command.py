"""`theca protocol`: what it prints, and with which number it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workflow.authoring.lint_examples import applied, examples, smallest
from workflow.cli.protocol import app

UNREADABLE = Path("/proc/self/mem")  # it exists, and reading its beginning fails


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    file = tmp_path / "sound.yaml"
    file.write_text(smallest(), encoding="utf-8")
    return file


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.yaml"
    file.write_text(applied(examples()["T402"].wrong), encoding="utf-8")
    return file


def test_a_sound_file_is_silent(sound: Path):
    assert run("lint", sound) == (0, "", "")


def test_a_finding_is_one_line_with_its_place_its_code_and_what_to_do(sound: Path, broken: Path):
    code, out, _ = run("lint", sound, broken)

    (line,) = out.splitlines()
    assert code == 1
    assert line.startswith(f"{broken}:")
    assert "  T402  error  ladders.steady.rungs.1: the last rung tells clinician -> add lead" in line


def test_a_notice_is_told_and_breaks_nothing(tmp_path: Path):
    file = tmp_path / "notice.yaml"
    file.write_text(applied(examples()["T307"].wrong), encoding="utf-8")

    code, out, _ = run("lint", file)

    assert code == 0
    assert "T307  notice" in out


def test_findings_as_json(broken: Path):
    code, out, _ = run("lint", broken, "--json")

    (finding,) = json.loads(out)
    assert code == 1
    assert (finding["code"], finding["severity"], finding["file"]) == ("T402", "error", str(broken))
    assert finding["line"] > 0
    assert json.loads(run("lint", broken.parent / "broken.yaml", "--json")[1]) == [finding]


@pytest.mark.parametrize("verb", ["lint", "draw"])
def test_a_missing_file_is_bad_usage_and_an_unreadable_one_could_not_be_checked(verb: str, tmp_path: Path):
    assert run(verb, tmp_path / "nothing.yaml")[0] == 2
    assert run(verb, tmp_path)[0] == 2
    code, out, err = run(verb, UNREADABLE)
    assert (code, out) == (3, "")
    assert "cannot be read" in err


def test_an_unreadable_file_outranks_a_broken_one(broken: Path):
    assert run("lint", broken, UNREADABLE)[0] == 3


def test_an_endless_file_is_refused():
    code, out, _ = run("lint", Path("/dev/zero"))

    assert code == 1
    assert "bytes" in out


def test_a_drawing_is_printed_or_written(sound: Path, tmp_path: Path):
    code, out, _ = run("draw", sound)
    assert code == 0
    assert out.startswith("<svg")

    assert run("draw", sound, "--out", tmp_path / "sound.svg") == (0, "", "")
    assert (tmp_path / "sound.svg").read_text(encoding="utf-8") == out
    assert run("draw", sound, "--outline")[1].startswith("# The smallest sound protocol")
    assert run("draw", sound, "--out", tmp_path / "nowhere" / "sound.svg")[0] == 2


def test_a_file_that_does_not_read_well_is_not_drawn(tmp_path: Path):
    file = tmp_path / "damaged.yaml"
    file.write_text(smallest() + "title: Twice\n", encoding="utf-8")

    code, out, err = run("draw", file)

    assert (code, out) == (1, "")
    assert "T001" in err


def test_a_protocol_with_lint_errors_can_still_be_drawn(broken: Path):
    assert run("draw", broken)[0] == 0
