"""Erasing a person: two people, nothing that must be kept, nothing left to read, and every chain still sound."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.conftest import Database
from workflow import engines
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError, NotPermittedError
from workflow.domain.observation import Reading
from workflow.service import act, erase, huddle, look, notary, verify
from workflow.service.act import Asked, Desk
from workflow.service.audit import audit
from workflow.service.notary import Office
from workflow.store import erasures
from workflow.store.session import Store
from workflow.store.staff import Person
from workflow.store.worklist import EpisodesWanted

CANARIES = ("Canaryfamily", "canary-record-number", "canary in words")
Close = Callable[[str, float], None]


@pytest.fixture
def close(as_superuser: Callable[..., None]) -> Close:
    """An episode that closed some years ago, as far as its row says."""

    def _close(episode: str, years: float) -> None:
        days = int(years * 365)
        as_superuser(f"UPDATE episode SET closed_at = now() - interval '{days} days' WHERE id = '{episode}'")

    return _close


@pytest.fixture
def canary(enrolled: Callable[..., str], desk: Desk, someone: Callable[..., Person]) -> str:
    """Somebody whose name, number and words would be found anywhere."""
    episode = enrolled(CANARIES[1], name=CANARIES[0])
    at = datetime.now(UTC) - timedelta(days=20)
    asked = Asked(person=someone("coordinator"), episode=episode)
    act.record(desk, asked, readings=(Reading(item="referral_reason", observed_at=at, text=CANARIES[2]),))
    return episode


def code_of(store: Store, episode: str) -> str:
    query = (
        "SELECT c.code FROM candidate AS c JOIN episode AS e ON e.candidate_id = c.id WHERE e.id = CAST(:id AS uuid)"
    )
    with store.transaction(["north", "south"]) as connection:
        return str(connection.scalar(text(query), {"id": episode}))


def dumped(database: Database) -> str:
    url = database.superuser.replace("postgresql+psycopg://", "postgresql://").rsplit("/", 1)[0] + f"/{database.name}"
    done = subprocess.run([engines.program("pg_dump"), url], capture_output=True, text=True, check=True)
    return done.stdout


def erased(store: Store, someone: Callable[..., Person], episode: str) -> str:
    code = code_of(store, episode)
    erase.propose(store, someone("lead"), site="north", code=code, reason="requested")
    return erase.agree(store, someone("clinician"), site="north", code=code)


def test_nothing_that_could_be_read_is_left(
    database: Database, store: Store, canary: str, close: Close, someone: Callable[..., Person]
):
    before = dumped(database)
    assert CANARIES[2] in before  # what was said in words can be read until then
    close(canary, 11)
    candidate = erased(store, someone, canary)
    after = dumped(database)
    assert [one for one in CANARIES if one in after] == []
    tables = [part.splitlines()[0] for part in after.split("\nCOPY ") if candidate in part.partition("\n\\.\n")[0]]
    assert sorted(one.split()[0] for one in tables) == ["public.erasure"]


def test_the_chains_stay_sound_and_say_that_what_they_held_is_sealed_for_good(
    store: Store, verify_store: Store, office: Office, canary: str, enrolled: Callable[..., str], close: Close, someone
):
    other = enrolled("M2")
    notary.take(office)
    close(canary, 11)
    candidate = erased(store, someone, canary)
    note = notary.take(office)
    assert note is not None
    assert note.erased == (f"north {candidate}",)
    found = verify.of_database(verify_store, verify.notes_of(office.file, [office.signer.verifier]), opening=True)
    assert found.flaws == ()
    assert found.sealed_for_good == 2
    assert audit(verify_store).flaws == ()
    with store.transaction(["north"]) as connection:
        last = connection.execute(
            text("SELECT actor, verb, head FROM chain_line WHERE chain = 'site:north' ORDER BY seq")
        )
        told = [(line.actor, line.verb) for line in last][-2:]
    assert told == [("lead-1", "propose_erasure"), ("clinician-1", "erase")]
    assert look.chain(_desk(store), someone("coordinator"), other, after=0, most=10)


def _desk(store: Store) -> Desk:
    return Desk(store, act.Bell(""))


def test_a_key_that_is_gone_without_an_erasure_is_a_flaw(
    verify_store: Store, canary: str, as_superuser: Callable[..., None]
):
    as_superuser("UPDATE candidate SET wrapped = ''")
    found = verify.of_database(verify_store, opening=True)
    assert {(flaw.chain, flaw.kind) for flaw in found.flaws} == {(f"episode:{canary}", "edited")}


def test_reading_what_was_erased_finds_nothing_and_breaks_nothing(
    store: Store, desk: Desk, canary: str, close: Close, someone: Callable[..., Person]
):
    close(canary, 11)
    code = code_of(store, canary)
    erased(store, someone, canary)
    who = someone("coordinator", "lead")
    for read in (look.explain, lambda *asked: look.chain(*asked, after=0, most=10)):
        with pytest.raises(NotFoundError):
            read(desk, who, canary)
    with pytest.raises(NotFoundError):
        act.hold(desk, Asked(person=who, episode=canary), reason="x")
    for search in (code, CANARIES[0], CANARIES[1]):
        assert look.board(desk, who, EpisodesWanted(most=5, closed=True), search=search) == []
    huddle.huddle(desk, who, "north")


def test_whoever_proposed_it_cannot_agree(store: Store, canary: str, close: Close, someone: Callable[..., Person]):
    close(canary, 11)
    code = code_of(store, canary)
    erase.propose(store, someone("lead"), site="north", code=code, reason="requested")
    with pytest.raises(NotPermittedError, match="yourself"):
        erase.agree(store, someone("lead"), site="north", code=code)
    candidate = erase.propose(
        store, someone("clinician"), site="north", code=code, reason="requested"
    )  # changes nothing
    with pytest.raises(NotPermittedError):
        erase.agree(store, someone("lead"), site="north", code=code)
    with store.transaction(["north"]) as connection, pytest.raises(DBAPIError, match="nobody else proposed"):
        erasures.erase(connection, site="north", candidate=candidate, by="lead-1")


def test_what_must_be_kept_is_kept(store: Store, canary: str, close: Close, someone: Callable[..., Person]):
    code = code_of(store, canary)
    asked = {"site": "north", "code": code, "reason": "requested"}
    with pytest.raises(ImpossibleNowError, match="open"):
        erase.propose(store, someone("lead"), **asked)
    close(canary, 9)
    with pytest.raises(ImpossibleNowError, match="kept still"):
        erase.propose(store, someone("lead"), **asked)
    close(canary, 11)
    erase.propose(store, someone("lead"), **asked)
    close(canary, 9)
    with pytest.raises(ImpossibleNowError, match="kept still"):
        erase.agree(store, someone("clinician"), site="north", code=code)


def test_the_database_itself_keeps_what_must_be_kept(
    database: Database, store: Store, canary: str, close: Close, someone
):
    close(canary, 11)
    code = code_of(store, canary)
    candidate = erase.propose(store, someone("lead"), site="north", code=code, reason="requested")
    close(canary, 1)
    with store.transaction(["north"]) as connection, pytest.raises(DBAPIError, match="to be kept still"):
        erasures.erase(connection, site="north", candidate=candidate, by="clinician-1")


def test_nobody_else_may(store: Store, canary: str, close: Close, someone: Callable[..., Person]):
    close(canary, 11)
    code = code_of(store, canary)
    for role in ("nurse", "coordinator", "admin", "auditor", "service"):
        with pytest.raises(NotPermittedError):
            erase.propose(store, someone(role), site="north", code=code, reason="requested")
    for asked in ({"site": "south", "code": code}, {"site": "north", "code": "C-NOBODY"}):
        with pytest.raises(NotFoundError):
            erase.propose(store, someone("lead"), reason="requested", **asked)
    with pytest.raises(ImpossibleInputError):
        erase.propose(store, someone("lead"), site="north", code=code, reason="she asked me to, on the phone")
