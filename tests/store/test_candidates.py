"""Identities: sealed, found blindly, never doubled, never given away."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from workflow.domain.errors import IdentityConflictError, ImpossibleNowError, NotFoundError
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.store import candidates
from workflow.store.candidates import Identity
from workflow.store.episodes import Command
from workflow.store.staff import Person
from workflow.store.vault import KeyFileError, Vault, create_key_file

ADA = Identity(external_id="M-1", family_name="Müller-Lüdenscheid", given_name="Ada", birth_date="1960-02-29")


def test_the_same_record_number_in_other_letters_is_the_same_person(desk: Desk):
    with desk.store.transaction(["north"]) as connection:
        first = candidates.register(connection, desk.store.vault, "north", ADA)
        again = dataclasses.replace(ADA, external_id=" m-1 ")
        second = candidates.register(connection, desk.store.vault, "north", again)
    assert (first.id, first.known, second.id, second.known) == (first.id, False, first.id, True)


def test_a_known_record_number_with_another_birth_date_is_a_conflict(desk: Desk):
    with desk.store.transaction(["north"]) as connection:
        candidates.register(connection, desk.store.vault, "north", ADA)
        with pytest.raises(IdentityConflictError):
            candidates.register(
                connection, desk.store.vault, "north", dataclasses.replace(ADA, birth_date="1960-02-28")
            )


@pytest.mark.parametrize("query", ["mül", "MULLER", "lüdensch", "ada mul", "m-1"])
def test_a_name_is_found_by_its_beginnings_and_a_number_whole(desk: Desk, query: str):
    with desk.store.transaction(["north"]) as connection:
        known = candidates.register(connection, desk.store.vault, "north", ADA)
        assert candidates.named(connection, desk.store.vault, "north", query) == {known.id}


@pytest.mark.parametrize("query", ["mu", "nobody", "ada nobody", ""])
def test_what_does_not_fit_finds_nobody(desk: Desk, query: str):
    with desk.store.transaction(["north"]) as connection:
        candidates.register(connection, desk.store.vault, "north", ADA)
        assert candidates.named(connection, desk.store.vault, "north", query) == set()


def test_no_row_holds_a_name_in_the_clear(desk: Desk, enrolled: Callable[..., str]):
    enrolled("M-77")
    with desk.store.transaction(["north"]) as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        readable = [t for t in tables if t not in ("token", "alembic_version", "quarantine", "address", "session")]
        dumped = [str(connection.scalars(text(f"SELECT to_jsonb(x)::text FROM {t} AS x")).all()) for t in readable]
    assert not [word for word in ("Nightjar", "Ada", "M-77", "1960-02-29") for text_ in dumped if word in text_]


def test_the_same_referral_twice_is_refused_and_the_same_key_is_answered(desk: Desk, someone: Callable[..., Person]):
    asked = {"site": "north", "identity": ADA, "protocol": "opioid_trial"}
    command = Command(actor="coordinator-1", key="k", body="b")
    first = enrol(desk, someone("coordinator"), **asked, command=command)
    again = enrol(desk, someone("coordinator"), **asked, command=command)
    assert again.replayed
    assert again.episode == first.episode
    with pytest.raises(ImpossibleNowError, match="open episode"):
        enrol(desk, someone("coordinator"), **asked)


def test_a_site_that_is_not_mine_is_not_there(desk: Desk, someone: Callable[..., Person]):
    with pytest.raises(NotFoundError):
        enrol(desk, someone("coordinator"), site="south", identity=ADA, protocol="opioid_trial")


def test_what_is_sealed_for_one_place_does_not_open_in_another():
    key, wrapped = Vault(b"k" * 32).new_key("one")
    sealed = key.seal(b"secret", place="here")
    assert Vault(b"k" * 32).key("one", wrapped).open(sealed, place="here") == b"secret"
    with pytest.raises(InvalidTag):
        key.open(sealed, place="there")
    with pytest.raises(InvalidTag):
        Vault(b"k" * 32).key("two", wrapped)
    with pytest.raises(InvalidTag):
        Vault(b"x" * 32).key("one", wrapped)


def test_a_key_file_is_never_overwritten_and_a_bad_one_is_named(tmp_path: Path):
    create_key_file(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        create_key_file(tmp_path / "key")
    (tmp_path / "bad").write_text("hello")
    with pytest.raises(KeyFileError, match="bad"):
        Vault.from_file(tmp_path / "bad")
