"""Bringing a backup back: it is what was signed or named as old, and nothing is sent twice or by itself."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import Database
from workflow import engines
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError, NotPermittedError
from workflow.domain.soundness import Kind
from workflow.service import backup, deliver, erase, notary, notify, people, relay, verify
from workflow.service.fire import sweep
from workflow.service.notary import Office
from workflow.service.relay import Word
from workflow.service.verify import Notes, UncheckedError
from workflow.store import addresses, candidates, roles, session, vault
from workflow.store.session import Store
from workflow.store.staff import Person
from workflow.store.vault import KeyFileError

_numbers = count(1)


@pytest.fixture
def backup_url(database: Database) -> str:
    return database.migrate.replace("theca_migrate", "theca_backup")


class Hospital:
    """A database that is lost and brought back, with everything that is kept outside it."""

    def __init__(self, database: Database, servers: engines.Engines, office: Office, folder: Path) -> None:
        self.database, self.servers, self.office, self.folder = database, servers, office, folder
        self.stores: list[Store] = []

    @property
    def notes(self) -> Notes:
        return verify.notes_of(self.office.file, [self.office.signer.verifier])

    def dump(self) -> backup.Backup:
        return backup.dump(self.database.migrate.replace("theca_migrate", "theca_backup"), self.folder / "backup")

    def restore(self) -> backup.Restored:
        """Into a new database, which is this hospital's from now on."""
        self.name = f"back{next(_numbers)}"
        roles.establish(self.servers.admin_url, self.name, roles.new_passwords())
        known = vault.Vault.from_file(self.database.key_file)
        return backup.restore(self.url("theca_migrate"), self.folder / "backup", self.notes, known)

    def url(self, role: str, name: str = "") -> str:
        return roles.url_of(self.servers.admin_url, role, "", name or self.name)

    def store(self, role: str, name: str = "") -> Store:
        self.stores.append(session.open_store(self.url(role, name), self.database.key_file))
        return self.stores[-1]


@pytest.fixture
def hospital(database: Database, servers: engines.Engines, office: Office, tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(database, servers, office, tmp_path)
    yield made
    for store in made.stores:
        store.close()


def test_the_newest_backup_is_what_was_signed(hospital: Hospital, enrolled: Callable[..., str]):
    enrolled("M1")
    notary.take(hospital.office)
    made = hospital.dump()
    back = hospital.restore()
    assert back.backup == made
    found, stale = backup.check(hospital.store("theca_verify"), hospital.notes, opening=True)
    assert found.flaws == ()
    assert stale == ""
    assert found.opened == 1


def test_no_key_is_in_it(hospital: Hospital, database: Database, enrolled: Callable[..., str]):
    enrolled("M1")
    notary.take(hospital.office)
    hospital.dump()
    written = b"".join(path.read_bytes() for path in sorted((hospital.folder / "backup").iterdir()))
    signs = hospital.office.file.with_name("key").read_bytes().splitlines()[1]
    assert database.key_file.read_bytes().strip() not in written
    assert signs not in written
    assert sorted(json.loads((hospital.folder / "backup" / "backup.json").read_text())) == [
        "at",
        "release",
        "sha256",
        "shape",
    ]
    assert (hospital.folder / "backup").stat().st_mode & 0o777 == 0o700


def test_an_old_backup_is_named_as_one_and_since_when(hospital: Hospital, enrolled: Callable[..., str]):
    first = enrolled("M1")
    notary.take(hospital.office)
    hospital.dump()
    lost = [enrolled("M2"), enrolled("M3")]
    second = notary.take(hospital.office)
    hospital.restore()
    found, stale = backup.check(hospital.store("theca_verify"), hospital.notes, opening=True)
    assert f"before checkpoint 2 of {second.at:%Y-%m-%d %H:%M:%S}" in stale
    assert {(flaw.chain, flaw.kind) for flaw in found.flaws} == {(f"episode:{e}", Kind.ROLLED_BACK) for e in lost}
    assert f"episode:{first}" not in {flaw.chain for flaw in found.flaws}


def test_without_checkpoints_nobody_says_that_it_is_the_newest(verify_store: Store):
    with pytest.raises(UncheckedError):
        backup.check(verify_store, verify.NO_NOTES, opening=False)


def test_the_notary_goes_on_only_when_a_person_says_that_it_was_brought_back(
    hospital: Hospital, enrolled: Callable[..., str]
):
    enrolled("M1")
    notary.take(hospital.office)
    hospital.dump()
    lost = enrolled("M2")
    notary.take(hospital.office)
    hospital.restore()
    verifying = hospital.store("theca_verify")
    after = Office(store=verifying, file=hospital.office.file, signer=hospital.office.signer)
    with pytest.raises(notary.ShrunkError, match=lost):
        notary.take(after)
    note = notary.take(after, restored_by="carla")
    assert (note.number, note.back, note.back_by, note.whole) == (3, 1, "carla", True)
    assert backup.check(verifying, hospital.notes, opening=True)[0].flaws == ()
    assert notary.take(after).heads == ()
    assert hospital.notes.flaws == ()


def test_guards_and_grants_come_back_too(hospital: Hospital, enrolled: Callable[..., str]):
    episode = enrolled("M1")
    hospital.dump()
    notary.take(hospital.office)
    hospital.restore()
    app = hospital.store("theca_app")
    for query, said in (("DELETE FROM ledger", "permission denied"), ("SELECT * FROM token", "permission denied")):
        with app.transaction(["north"]) as connection, pytest.raises(Exception, match=said):
            connection.execute(text(query))
    with app.transaction(["south"]) as connection:
        assert connection.scalar(text("SELECT count(*) FROM episode")) == 0
    with app.transaction(["north"]) as connection:
        assert str(connection.scalar(text("SELECT id FROM episode"))) == episode


def test_only_into_an_empty_database_and_only_what_is_a_backup(
    hospital: Hospital, database: Database, tmp_path: Path, enrolled: Callable[..., str], store: Store
):
    notary.take(hospital.office)
    hospital.dump()
    with pytest.raises(ImpossibleNowError, match="not empty"):
        backup.restore(database.migrate, tmp_path / "backup", hospital.notes, store.vault)
    with pytest.raises(ImpossibleInputError, match="no backup"):
        backup.page_of(tmp_path)
    with (tmp_path / "backup" / backup.DUMP).open("ab") as out:
        out.write(b"x")
    with pytest.raises(ImpossibleInputError, match="not the dump"):
        backup.page_of(tmp_path / "backup")


class Box:
    """A mail relay that keeps what it is given."""

    def __init__(self) -> None:
        self.references: list[str] = []

    def send(self, letter: deliver.Letter) -> None:
        self.references.append(letter.to)


def messages(store: Store) -> dict[str, tuple[str, str]]:
    query = "SELECT key, state, reason FROM message WHERE channel = 'email'"
    with store.transaction(["north"]) as connection:
        return {line.key: (line.state, line.reason) for line in connection.execute(text(query))}


@pytest.fixture
def lost(hospital: Hospital, enrolled: Callable[..., str], worker_store: Store) -> tuple[Hospital, Box]:
    """Reminders are due; a backup is made; they leave, which only the journal knows; all is lost."""
    enrolled("M1")
    sweep(worker_store)
    notary.take(hospital.office)
    hospital.dump()
    box = Box()
    deliver.relay(worker_store, box, link="https://theca.example")
    assert box.references
    notary.take(hospital.office)
    enrolled("M2")
    sweep(worker_store)
    return hospital, box


def test_nothing_leaves_until_a_person_says_so_and_what_had_left_does_not_leave_again(lost: tuple[Hospital, Box]):
    hospital, box = lost
    before = len(box.references)
    back = hospital.restore()
    assert back.handed_over == before
    worker, admin = hospital.store("theca_worker"), hospital.store("theca_migrate")
    deliver.relay(worker, box, link="https://theca.example")
    waiting = [key for key, (state, _) in messages(worker).items() if state == "waiting"]
    with worker.transaction(["north"]) as connection:
        ids = connection.execute(text("SELECT episode_id::text, key FROM message WHERE state = 'waiting'")).all()
    deliver.deliver(worker, box, "north", [(episode, key) for episode, key in ids], link="https://theca.example")
    assert len(box.references) == before
    assert len(waiting) == before
    sweep(worker)
    found = relay.resume(admin)
    assert found.sent == before
    assert {messages(worker)[key] for key in waiting} == {("sent", "had left before the restore")}
    deliver.relay(worker, box, link="https://theca.example")
    assert len(box.references) == before
    with pytest.raises(ImpossibleNowError, match="not paused"):
        relay.resume(admin)


def test_what_nobody_can_say_of_waits_for_a_person(
    lost: tuple[Hospital, Box], someone: Callable[..., Person], tmp_path: Path
):
    """The journal of the last minute was lost with the database: it may have left, or not."""
    hospital, box = lost
    notes = hospital.office.file.read_text()
    hospital.office.file.write_text("\n\n".join(notes.split("\n\n")[:2]) + "\n\n")
    before = len(box.references)
    hospital.restore()
    worker, app, admin = (hospital.store(f"theca_{role}") for role in ("worker", "app", "migrate"))
    sweep(worker)
    found = relay.resume(admin)
    assert found.sent == 0
    assert found.held >= before
    deliver.relay(worker, box, link="https://theca.example")
    assert len(box.references) == before
    lead = someone("lead")
    held = relay.held(app, lead, site="north")
    assert len(held) == found.held
    assert later_ones_leave(admin)
    for person, wrong in ((someone("nurse"), NotPermittedError), (someone("lead", site="south"), NotFoundError)):
        with pytest.raises(wrong):
            relay.decide(app, person, site="north", keys=[], word=Word.RELEASE)
    with pytest.raises(NotFoundError):
        relay.decide(app, lead, site="north", keys=["nothing"], word=Word.DROP)
    assert relay.decide(app, lead, site="north", keys=[held[0].key], word=Word.DROP) == 1
    assert relay.decide(app, lead, site="north", keys=[], word=Word.RELEASE) == found.held - 1
    assert relay.held(app, lead, site="north") == []
    assert messages(worker)[held[0].key] == ("cancelled", "dropped after a restore by lead-1")
    for _ in range(3):  # one at a time to each person of each candidate
        deliver.relay(worker, box, link="https://theca.example")
    assert len(box.references) > before
    assert "waiting" not in {state for state, _ in messages(worker).values()}


def later_ones_leave(admin: Store) -> bool:
    """Whether what is written after the restore is held back by what waits for a person."""
    with admin.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO message SELECT (jsonb_populate_record(m, jsonb_build_object('key', 'later', 'created_at',"
                " now(), 'next_try_at', now()))).* FROM message AS m WHERE next_try_at > '2999-01-01' LIMIT 1"
            )
        )
        due = connection.scalars(text("SELECT key FROM due_messages(10)")).all()
        connection.rollback()
    return "later" in due


def test_letters_wait_while_reminders_from_before_were_not_looked_at(lost: tuple[Hospital, Box]):
    hospital, _ = lost
    hospital.restore()
    admin = hospital.store("theca_migrate")
    with admin.transaction() as connection:
        connection.execute(text("UPDATE timer SET due_at = now() - interval '1 hour' WHERE state = 'live'"))
    with pytest.raises(ImpossibleNowError, match="have not been looked at"):
        relay.resume(admin)


def test_somebody_erased_after_the_backup_is_erased_again(
    hospital: Hospital, enrolled: Callable[..., str], store: Store, as_superuser: Callable[..., None], someone
):
    episode = enrolled("M1")
    as_superuser("UPDATE episode SET closed_at = now() - interval '11 years'")
    notary.take(hospital.office)
    hospital.dump()
    with store.transaction(["north"]) as connection:
        code = str(connection.scalar(text("SELECT code FROM candidate")))
    erase.propose(store, someone("lead"), site="north", code=code, reason="requested")
    erase.agree(store, someone("clinician"), site="north", code=code)
    notary.take(hospital.office)
    assert hospital.restore().erased_again == 1
    verifying = hospital.store("theca_verify")
    with hospital.store("theca_app").transaction(["north"]) as connection:
        assert connection.scalar(text("SELECT count(*) FROM candidate")) == 0
    found = verify.of_database(verifying, opening=True)
    assert [flaw for flaw in found.flaws if flaw.chain == f"episode:{episode}"] == []
    assert found.sealed_for_good == 1


def test_another_key_file_opens_everything_and_the_old_one_nothing(
    hospital: Hospital, enrolled: Callable[..., str], tmp_path: Path, migrate_store: Store, verify_store: Store
):
    enrolled("M1")
    notify.set_channel(migrate_store, person="nurse-1", kind="webhook", url="https://hooks.hospital.example/a")
    notary.take(hospital.office)
    vault.create_key_file(tmp_path / "new")
    new = vault.Vault.from_file(tmp_path / "new")
    changed = people.rotate_key(migrate_store, new)
    assert (changed.candidates, changed.addresses) == (1, 1)
    after = replace(verify_store, vault=new)
    assert verify.of_database(after, hospital.notes, opening=True).flaws == ()
    assert len(verify.of_database(verify_store, opening=True).flaws) == 1
    with hospital.store("theca_app", hospital.database.name).transaction(["north"]) as connection:
        for query in ("M1", "m1", "Night"):
            assert len(candidates.named(connection, new, "north", query)) == 1
        assert candidates.named(connection, migrate_store.vault, "north", "M1") == set()
    with migrate_store.transaction() as connection:
        assert addresses.of(connection, new, "nurse-1")["webhook"].to == "https://hooks.hospital.example/a"
    with pytest.raises(KeyFileError, match="not the one that is in use"):
        people.rotate_key(migrate_store, new)
    assert verify.of_database(after, hospital.notes, opening=True).flaws == ()
