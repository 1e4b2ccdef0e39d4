"""The exhaustive proof: what it searches, what it refuses with which walk, and how `theca protocol prove` tells it."""

import json
import re
from pathlib import Path

import pytest
from seeded import SEEDS, V1, Seed, base
from typer.testing import CliRunner

from workflow.authoring.lint import examine
from workflow.authoring.lint_examples import smallest
from workflow.authoring.prove import Proof, prove, steps
from workflow.authoring.prove.codes import OBLIGATIONS
from workflow.authoring.schema import read
from workflow.cli.protocol import app
from workflow.domain.protocol import ProtocolVersion

PAGE = Path(__file__).parents[2] / "docs" / "proof.md"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["prove", *(str(argument) for argument in arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def proven(v1: ProtocolVersion) -> Proof:
    return prove(v1)


def test_the_opioid_trial_is_proven(proven: Proof):
    assert [str(one.finding) + "\n".join(one.walk) for one in proven.refutations] == []
    assert proven.states > 10_000
    assert proven.steps > 10 * proven.states
    assert proven.automatic == ()


@pytest.fixture
def enrolled_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No seed needs an adoption to be found, and most states are theirs."""
    monkeypatch.setattr(steps, "adopted", lambda *_: iter(()))


def test_what_the_seeds_break_is_proven_before(enrolled_only: None):
    assert prove(read(base())).holds


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_seeded_flaw_is_refused_with_a_walk_to_it(seed: Seed, enrolled_only: None):
    version = read(seed.text())
    found = {one.finding.code: one for one in reversed(prove(version).refutations)}

    assert seed.code in found, sorted(found)
    walk = found[seed.code].walk
    assert walk[0].startswith("1. enrol -> Referred")
    assert [line.partition(".")[0] for line in walk] == [str(at) for at in range(1, len(walk) + 1)]
    for part in seed.walks:
        assert part in "\n".join(walk)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_what_the_lint_lets_pass_the_proof_alone_refuses(seed: Seed):
    errors = [str(finding) for finding in examine(seed.text(), "x.yaml").findings if finding.is_error]

    assert (errors == []) == seed.lints, errors


def test_at_least_twenty_seeds_of_every_kind_lint():
    assert sum(seed.lints for seed in SEEDS) >= 20
    assert {seed.code for seed in SEEDS} == set(OBLIGATIONS) - {"P190"}


def test_an_act_that_asks_for_no_gate_reads_and_is_refused(enrolled_only: None):
    text = next(seed for seed in SEEDS if seed.code == "P105").text()

    assert read(text).transitions["approve_puncture"].gates == ()
    assert {"T204"} <= {finding.code for finding in examine(text, "x.yaml").findings}
    assert "P105" in {finding.code for finding in prove(read(text)).findings}


def test_a_finding_stands_on_its_line(enrolled_only: None):
    seed = next(seed for seed in SEEDS if seed.code == "P113")
    loaded = examine(seed.text(), "x.yaml")
    (finding,) = prove(loaded.version, loaded.where).findings

    line = seed.text().splitlines()[finding.place.line - 1]
    assert line.strip().startswith("follow_up:")


def test_every_transition_the_software_takes_is_printed(tmp_path: Path, enrolled_only: None):
    moved = "  accept_referral:\n    label: Accept the referral\n    from: [referred]\n    to: screening\n    by: "
    file = tmp_path / "v1.yaml"
    file.write_text(base().replace(f"{moved}[coordinator, clinician]", f"{moved}system"), encoding="utf-8")

    code, out, _ = run(file)

    assert code == 0
    assert "the software takes by itself: accept_referral: from referred to screening (gates: referral_complete)" in out


def test_a_proof_prints_what_was_searched(enrolled_only: None):
    code, out, _ = run(V1)

    assert code == 0
    assert re.search(r"opioid_trial@1 proven \(\d+ states, \d+ steps, \d+ combinations of gates, [\d.]+ s\)", out)
    assert "the software takes by itself: nothing" in out


def test_a_refusal_is_told_with_its_walk_and_as_json(tmp_path: Path):
    file = tmp_path / "smallest.yaml"
    file.write_text(smallest(), encoding="utf-8")
    code, out, _ = run(file)

    assert code == 1
    assert f"{file}:37  P107  error  acts.repeat_dose" in out
    assert "    1. enrol -> Waiting\n    2. start by nurse (gates: ready; with ready = yes) -> Trial\n" in out
    code, out, _ = run(file, "--json")
    (told,) = json.loads(out)
    assert code == 1
    assert (told["proven"], told["version"], told["automatic"]) == (False, "smallest@1", [])
    assert told["refutations"][0]["walk"][0] == "1. enrol -> Waiting"
    assert told["states"] > 50


def test_lint_errors_are_told_first_and_nothing_is_searched(tmp_path: Path):
    file = tmp_path / "v1.yaml"
    file.write_text(next(seed for seed in SEEDS if not seed.lints).text(), encoding="utf-8")
    code, out, _ = run(file)

    assert code == 1
    assert "T204" in out
    assert "states" not in out
    assert "T204" in {finding["code"] for finding in json.loads(run(file, "--json")[1])[0]["lint"]}


def test_what_cannot_be_read_is_not_proven(tmp_path: Path):
    file = tmp_path / "small.yaml"
    file.write_text(smallest(), encoding="utf-8")

    assert run()[0] == 2
    assert run(tmp_path / "nothing.yaml")[0] == 2
    code, _, err = run(file, "/proc/self/mem")
    assert code == 3
    assert "cannot be read" in err


def test_all_names_every_shipped_protocol(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    shipped = tmp_path / "smallest"
    shipped.mkdir()
    (shipped / "v1.yaml").write_text(smallest(), encoding="utf-8")
    monkeypatch.setattr("protocols.__path__", [str(tmp_path)])

    code, out, _ = run("--all")

    assert code == 1
    assert "smallest@1 refused" in out


def test_the_page_tells_every_code():
    page = PAGE.read_text(encoding="utf-8")
    for one in OBLIGATIONS.values():
        assert f"## {one.code} {one.title}\n\n" in page
        assert one.why in " ".join(page.split())
