"""The project speaks of itself alone: no machine it was written on, no place its parts were fetched from."""

from pathlib import Path

import pytest

from tests.architecture.source import ROOT, place

_LEFT_OUT = {"__pycache__", "dist", "node_modules"}
_OURS_THOUGH_HIDDEN = {".ci", ".gitignore", ".dockerignore"}
# Written apart, so that this page does not find itself.
_HOSTS = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "docker" + ".io/library", "proxy.golang" + ".org"]
_PATHS = ["/" + "work/", "/" + "home/", "/" + "Users/", "/" + "shared/"]
_TALK = ["issue " + "#", "pull request " + "#", "this " + "session", "sub" + "agent"]


def ours() -> list[Path]:
    """Every text file of the project."""
    kept = []
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = parts[0].startswith(".") and parts[0] not in _OURS_THOUGH_HIDDEN
        if path.is_file() and not hidden and not _LEFT_OUT & set(parts) and not parts[0].endswith(".egg-info"):
            kept.append(path)
    return kept


@pytest.mark.parametrize("word", [*_HOSTS, *_PATHS, *_TALK])
def test_no_file_names(word: str) -> None:
    found = [place(path) for path in ours() if word in path.read_text(encoding="utf-8", errors="replace")]
    assert found == []
