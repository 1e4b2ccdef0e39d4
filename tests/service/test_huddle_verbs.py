"""theca why and theca huddle, as they are typed: words for people, JSON for programs, nothing for strangers."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from tests.conftest import Database, Someone
from workflow.cli.work import huddles, whys
from workflow.service import people
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.store import session
from workflow.store.candidates import Identity

Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a verb as the lead of north."""
    store = session.open_store(database.migrate, database.key_file)
    token = people.add_token(store, person="lead-1", label="test", days=1)
    store.close()
    monkeypatch.setenv("DATABASE_URL", database.app)
    monkeypatch.setenv("DATABASE_ADMIN_URL", database.migrate)
    monkeypatch.setenv("THECA_KEY_FILE", str(database.key_file))
    monkeypatch.setenv("THECA_TOKEN", token)

    def run(verb: str, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke({"why": whys, "huddle": huddles}[verb], list(words))
        return done.exit_code, done.output

    return run


@pytest.fixture
def candidate(desk: Desk, database: Database, someone: Someone) -> str:
    """Somebody whose referral is late, and whose last reminder found nobody."""
    who = Identity(external_id="M-1", family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
    told = enrol(
        desk,
        someone("coordinator"),
        site="north",
        identity=who,
        protocol="opioid_trial",
        occurred_at=None,
        command=None,
    )
    engine = create_engine(make_url(database.migrate).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE timer SET reached = 0"))
    engine.dispose()
    return told.episode


def test_why_is_told_in_a_sentence_with_its_clocks_below_and_whole_to_programs(typed: Typed, candidate: str):
    code, out = typed("why", candidate)
    lines = out.splitlines()
    assert code == 0, out
    assert lines[0].startswith("C-")
    assert lines[0].endswith(".")
    assert "found nobody it names" in lines[0]
    assert [line for line in lines if line.startswith("  task: Triage the referral: next ")]
    code, out = typed("why", candidate, "--json")
    told = json.loads(out)
    assert (code, told["sentence"], told["clocks"][0]["unheard"]) == (0, lines[0], True)


def test_the_huddle_is_read_out_by_harm_and_given_to_programs_with_names_and_no_more(typed: Typed, candidate: str):
    code, out = typed("huddle", "north")
    assert code == 0, out
    assert out.startswith("REMINDERS NOBODY GOT (1)\n  C-")
    assert "Nightjar, Ada (Referred): Triage the referral: due " in out
    code, out = typed("huddle", "north", "--json")
    (line,) = json.loads(out)["lines"]
    assert (code, line["family_name"], line["line"]["episode"]) == (0, "Nightjar", candidate)
    assert "M-1" not in out
    assert "1960" not in out


def test_a_quiet_site_says_so_and_a_strange_one_is_refused(typed: Typed):
    assert typed("huddle", "north") == (0, "Nothing harms today.\n")
    code, out = typed("huddle", "south")
    assert code == 1
    assert "no such site among yours" in out
