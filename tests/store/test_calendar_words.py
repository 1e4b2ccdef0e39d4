"""`theca site add` and `theca calendar`: as they are typed, and what they say."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from tests.conftest import Database
from workflow.cli.places import calendars, sites

Typed = Callable[..., tuple[int, str]]
DAY = (datetime.now(UTC).date() + timedelta(days=400)).isoformat()
NORTH = ("add", "north", "North", "--zone", "Europe/Berlin", "--country", "DE")


@pytest.fixture
def typed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Typed:
    monkeypatch.setenv("DATABASE_URL", database.app)
    monkeypatch.setenv("DATABASE_ADMIN_URL", database.migrate)
    monkeypatch.setenv("THECA_KEY_FILE", str(database.key_file))

    def run(verb: str, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke({"calendar": calendars, "site": sites}[verb], list(words))
        return done.exit_code, done.output

    return run


def shown(typed: Typed, site: str = "north") -> dict[str, object]:
    code, out = typed("calendar", "show", site, "--json")
    assert code == 0, out
    return dict(json.loads(out))


def test_a_closure_comes_and_goes(typed: Typed) -> None:
    code, out = typed("calendar", "add", "north", DAY, "Staff day", "--dry-run")
    assert (code, out) == (0, f"north is closed on {DAY}: Staff day; 0 clocks would move; nothing was changed\n")
    assert shown(typed)["closures"] == {}
    assert typed("calendar", "add", "north", DAY, "Staff day") == (
        0,
        f"north is closed on {DAY}: Staff day; 0 clocks moved\n",
    )
    assert shown(typed)["closures"] == {DAY: "Staff day"}
    code, out = typed("calendar", "show", "north")
    assert f"{DAY}  Staff day" in out
    assert "(public holiday)" in out
    assert "08:00 to 17:00, Monday, Tuesday, Wednesday, Thursday, Friday (Europe/Berlin)" in out
    assert typed("calendar", "remove", "north", DAY) == (0, f"north is open on {DAY} after all; 0 clocks moved\n")
    assert shown(typed)["closures"] == {}


def test_moved_clocks_are_counted(typed: Typed, enrolled: Callable[..., str]) -> None:
    enrolled("M1", days=0)
    words = (*NORTH, "--opens", "10:00", "--closes", "24:00", "--weekdays", "5")
    assert typed("site", *words, "--dry-run") == (0, "site north: 1 clock would move; nothing was changed\n")
    assert typed("site", *words) == (0, "site north: 1 clock moved\n")
    assert typed("site", *words) == (0, "site north: 0 clocks moved\n")
    found = shown(typed)
    assert [found[name] for name in ("opens", "closes", "weekdays", "waiting")] == ["10:00", "24:00", [5], 0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("calendar", "remove", "north", DAY), "has no closure"),
        (("calendar", "add", "nowhere", DAY, "x"), "no site 'nowhere' (site); allowed: one added with: theca site add"),
        (("calendar", "show", "nowhere"), "no site 'nowhere'"),
        (("site", *NORTH, "--closes", "9 pm"), "'9 pm' is no time of day (closes); allowed: like 08:00"),
        (("site", *NORTH, "--weekdays", "1-5"), "(weekdays); allowed: each once, Monday is 0: like 01234"),
        (("site", *NORTH, "--routine", "weekly"), "(routine); allowed: digest, at_once"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(typed: Typed, words: tuple[str, ...], said: str) -> None:
    code, out = typed(*words)
    assert code == 1
    assert out.startswith("theca: ")
    assert said in out
