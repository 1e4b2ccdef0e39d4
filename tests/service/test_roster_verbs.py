"""theca roster: times as the site's clocks show them, days counted whole, and a plain word for what cannot be."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from workflow.cli.rota import rosters

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime.now(BERLIN).date()
NEXT_WEEK = TODAY + timedelta(days=7)

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A verb on the command line, on this test's database."""
    for name, value in {
        "DATABASE_URL": database.app,
        "DATABASE_ADMIN_URL": database.migrate,
        "THECA_KEY_FILE": str(database.key_file),
    }.items():
        monkeypatch.setenv(name, value)

    def _run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(rosters, list(words))
        return done.exit_code, done.output

    return _run


def shown(run: Run) -> dict[str, list[dict[str, str]]]:
    code, said = run("show", "north", "--json")
    assert code == 0, said
    return json.loads(said)


def test_an_absence_by_days_begins_with_the_first_and_ends_with_the_last(run: Run):
    code, said = run("absence", "north", "nurse-1", str(TODAY), str(NEXT_WEEK), "--substitute", "nurse-2")
    assert code == 0, said
    (absence,) = shown(run)["absences"]
    starts, ends = (datetime.fromisoformat(absence[name]).astimezone(BERLIN) for name in ("starts_at", "ends_at"))
    assert (starts.date(), ends.date()) == (TODAY, NEXT_WEEK + timedelta(days=1))
    assert (starts.hour, ends.hour, absence["substitute"]) == (0, 0, "nurse-2")
    there = {one["id"]: one["there"] for one in shown(run)["people"]}
    assert (there["nurse-1"], there["nurse-2"]) == (False, True)
    assert run("back", "north", "nurse-1", str(TODAY))[0] == 0
    assert shown(run)["absences"] == []


def test_a_duty_on_call_by_times_of_the_site(run: Run):
    begins, ends = f"{NEXT_WEEK}T17:00", f"{NEXT_WEEK + timedelta(days=1)}T08:00"
    assert run("on-call", "north", "clinician-1", begins, ends)[0] == 0
    (shift,) = shown(run)["on_call"]
    assert datetime.fromisoformat(shift["starts_at"]).astimezone(BERLIN).hour == 17
    listed = run("show", "north")[1]
    assert f"on call  clinician-1          {begins} to {ends}" in listed
    assert run("off-call", "north", "clinician-1", begins)[0] == 0
    assert shown(run)["on_call"] == []


def test_a_deputy_is_entered_and_taken_out(run: Run):
    for _ in range(2):
        assert run("deputy", "north", "clinician-1", "clinician-2")[0] == 0
    assert shown(run)["deputies"] == [{"person": "clinician-1", "deputy": "clinician-2"}]
    assert run("no-deputy", "north", "clinician-1", "clinician-2")[0] == 0
    assert shown(run)["deputies"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("absence", "north", "nurse-1", "tomorrow", "2999-01-01"),
        ("absence", "north", "nurse-1", "2999-01-02", "2999-01-01"),
        ("absence", "north", "nurse-3", "2999-01-01", "2999-01-02"),
        ("absence", "nowhere", "nurse-1", "2999-01-01", "2999-01-02"),
        ("back", "north", "nurse-1", "2999-01-01"),
        ("deputy", "north", "nurse-1", "nurse-1"),
        ("no-deputy", "north", "nurse-1", "nurse-2"),
        ("show", "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run: Run, words: tuple[str, ...]):
    code, said = run(*words)
    assert (code, said.count("theca: ")) == (1, 1), said
