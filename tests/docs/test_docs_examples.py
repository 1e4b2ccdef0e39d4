"""What the pages show is true: Python blocks run, commands exist with their options, links lead somewhere."""

import re
import subprocess
import sys

import pytest
import yaml

from tests.docs.commands import commands
from tests.docs.fences import ROOT, Fence, fences, hand_written, typed, wrong_with

_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("fence", fences("python"), ids=lambda fence: fence.place)
def test_a_python_block_runs(fence: Fence) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", fence.text], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{fence.place}\n{done.stderr}"


@pytest.mark.parametrize("fence", fences("console"), ids=lambda fence: fence.place)
def test_a_command_shown_can_be_typed(fence: Fence) -> None:
    known, verbs = commands(), re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    services = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
    for words in typed(fence):
        place = f"{fence.place}: {' '.join(words)}"
        match words:
            case ["theca" | ".venv/bin/theca", *_]:
                assert wrong_with(words, known) == "", place
            case ["make", verb, *_]:
                assert verb in verbs, place
            case ["docker", "compose", *rest] if {"run", "logs", "exec"} & set(rest):
                assert services & set(rest), place
                inner = rest[rest.index("theca") :] if "theca" in rest else ["theca", "--help"]
                assert wrong_with(inner, known) == "", place


def test_the_check_of_commands_sees_what_is_wrong() -> None:
    known = commands()
    assert wrong_with(["theca", "nonsense"], known)
    assert wrong_with(["theca", "doctor", "--invariant"], known)
    assert wrong_with(["theca", "site", "add", "north"], known)
    assert not wrong_with(["theca", "doctor", "--invariants", "--json"], known)


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in hand_written()
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if not target.startswith(("http", "#", "mailto:")) and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert dead == []


def test_every_decision_is_listed_and_ends_with_a_line_to_quote() -> None:
    folder = ROOT / "docs" / "adr"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    decisions = sorted(folder.glob("0*.md"))
    assert [page.name[:4] for page in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for page in decisions:
        assert f"]({page.name})" in listed, page.name
        assert re.search(r"\n## The line people will quote\n\n> [^\n]+\n$", page.read_text(encoding="utf-8")), page.name
