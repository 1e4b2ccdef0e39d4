"""Checkpoints: what grew is signed, nothing else is touched, and what was signed must still be there."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from workflow.domain.errors import ImpossibleInputError
from workflow.domain.note import UnreadableNoteError, read, split
from workflow.failpoints import Action, StumbledError, arm, disarm
from workflow.service import notary, verify
from workflow.service.notary import Office, ShrunkError
from workflow.store import chains, leaves, signing
from workflow.store.session import Store


def told(office: Office) -> list[str]:
    return [one.text for one in split(office.file.read_text()) if not isinstance(one, UnreadableNoteError)]


def taken(office: Office, **asked: object) -> notary.Note:
    note = notary.take(office, **asked)
    assert note is not None
    return note


def test_the_first_names_every_chain_and_the_next_only_what_grew(office: Office, enrolled: Callable[..., str]):
    enrolled("M1")
    first = taken(office)
    names = {head.chain for head in first.heads}
    assert {"people", "protocols", "site:north", "site:south"} < names
    assert first.size == len(names)
    episode = enrolled("M2")
    second = taken(office)
    assert [head.chain for head in second.heads] == [f"episode:{episode}"]
    assert (second.number, second.size, second.previous) == (2, first.size + 1, first.hash)
    assert taken(office).heads == ()


def test_it_says_what_it_is_in_the_layout_of_a_signed_note(office: Office):
    note = taken(office)
    written = office.file.read_text()
    assert written.startswith(f"theca.test\n{note.size}\n")
    assert written.endswith("\n\n")
    assert read(told(office)[0]) == note
    assert verify.notes_of(office.file, [office.signer.verifier]).flaws == ()


def test_what_commits_late_is_not_missed(office: Office, store: Store, migrate_store: Store):
    """A line whose transaction was open while a checkpoint was taken is in the next one."""
    with store.transaction(["north"]) as connection:
        chains.append(connection, "site:north", actor="a", verb="slow", about={})
        chains_of_others(migrate_store)
        taken(office)
    assert [head.chain for head in taken(office).heads] == ["site:north"]


def chains_of_others(store: Store) -> None:
    with store.transaction() as connection:
        chains.append(connection, "people", actor="a", verb="quick", about={})


def test_only_the_leaves_that_grew_and_the_nodes_above_are_touched(tmp_path: Path):
    """Each leaf costs the height of the tree, however many chains and lines there are."""
    touched = {}
    for size in (1_000, 16_000):
        with leaves.opened(tmp_path / str(size)) as kept:
            kept.grow(tuple(leaves.Head(chain=f"c{n}", seq=1, hash="0" * 64) for n in range(size)))
        with leaves.opened(tmp_path / str(size)) as kept:
            before = kept._kept.total_changes
            kept.grow((leaves.Head(chain="c7", seq=2, hash="1" * 64),))
            touched[size] = kept._kept.total_changes - before
    assert touched[1_000] <= 12
    assert touched[16_000] <= touched[1_000] + 5


def test_the_database_is_asked_by_an_index_for_what_is_new(office: Office, enrolled: Callable[..., str]):
    for n in range(3):
        enrolled(f"M{n}")
    taken(office)
    with office.store.transaction() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        found = connection.execute(
            text("EXPLAIN SELECT seq FROM ledger WHERE xact >= pg_snapshot_xmin('10:10:')::text::bigint")
        )
        assert "ix_ledger_xact" in "\n".join(line[0] for line in found)


@pytest.mark.parametrize("whole", [False, True])
def test_a_chain_that_is_shorter_than_what_was_signed_is_not_signed_again(
    office: Office, enrolled: Callable[..., str], as_superuser: Callable[..., None], store: Store, whole: bool
):
    episode = enrolled("M1")
    taken(office)
    as_superuser(f"DELETE FROM ledger WHERE episode_id = '{episode}' AND seq = 1")
    if whole:
        with pytest.raises(ShrunkError, match=r"is gone|names line 1"):
            notary.take(office, whole=True)
    else:
        as_superuser(
            "INSERT INTO ledger (site_id, episode_id, seq, at, occurred_at, actor, verb, outcome, prev, hash, head)"
            f" VALUES ('north', '{episode}', 1, now(), now(), 'a', 'enrol', 'done', '{'0' * 64}', '{'1' * 64}', 'x')"
        )
        with pytest.raises(ShrunkError, match="is not the one"):
            notary.take(office)
    assert len(told(office)) == 1


def test_without_what_it_remembers_it_reads_its_notes_again(office: Office, enrolled: Callable[..., str]):
    enrolled("M1")
    first = taken(office)
    office.beside.unlink()
    enrolled("M2")
    second = taken(office)
    assert (second.number, second.previous, second.size) == (2, first.hash, first.size + 1)
    assert verify.notes_of(office.file, [office.signer.verifier]).flaws == ()


@pytest.mark.parametrize("point", ["C2", "C3"])
def test_killed_beside_the_append_the_next_one_follows(office: Office, enrolled: Callable[..., str], point: str):
    enrolled("M1")
    taken(office)
    arm(point, Action.RAISE)
    try:
        enrolled("M2")
        with pytest.raises(StumbledError):
            notary.take(office)
    finally:
        disarm()
    enrolled("M3")
    taken(office)
    notes = verify.notes_of(office.file, [office.signer.verifier])
    assert notes.flaws == ()
    assert len(notes.good) == (3 if point == "C3" else 2)
    assert len({head.chain for note in notes.good for head in note.heads}) == notes.good[-1].size


def test_a_note_cut_short_while_it_was_written_never_was_one(office: Office, enrolled: Callable[..., str]):
    taken(office)
    whole = office.file.read_bytes()
    with office.file.open("ab") as out:
        out.write(b"theca.test\n7\nabc")
    assert taken(office).number == 2
    assert office.file.read_bytes().startswith(whole)
    assert verify.notes_of(office.file, [office.signer.verifier]).flaws == ()


def test_a_file_from_which_something_was_taken_is_not_written_on(office: Office, enrolled: Callable[..., str]):
    taken(office)
    enrolled("M1")
    taken(office)
    kept = office.file.read_text()
    os.truncate(office.file, len(kept.split("\n\n", 2)[0]))
    with pytest.raises(ImpossibleInputError, match="shorter than it was"):
        notary.take(office)


def test_two_notaries_are_one(office: Office):
    with notary._alone(office.file) as mine:
        assert mine
        assert notary.take(office) is None
    with office.store.transaction() as connection:
        assert notary.checkpoints.view(connection) is not None
        other = replace(office, file=office.file.with_name("other"))
        assert notary.take(other) is None


def test_a_new_key_is_announced_by_the_old_one_and_signs_from_then_on(office: Office, tmp_path: Path):
    signing.create(tmp_path / "next", "theca.test")
    after = signing.signer(tmp_path / "next", "theca.test")
    taken(office)
    taken(office, new_key=after)
    taken(replace(office, signer=after))
    assert verify.notes_of(office.file, [office.signer.verifier]).flaws == ()
    stranger = replace(office, signer=signing.signer(_made(tmp_path / "stranger"), "theca.test"))
    taken(stranger)
    flaws = verify.notes_of(office.file, [office.signer.verifier]).flaws
    assert [(flaw.kind, flaw.seq) for flaw in flaws] == [("bad signature", 4)]
    vouched = [office.signer.verifier, stranger.signer.verifier]
    assert verify.notes_of(office.file, vouched).flaws == ()


def _made(path: Path) -> Path:
    signing.create(path, "theca.test")
    return path


def test_what_was_handed_over_is_in_the_journal_by_its_ids_once(
    office: Office, enrolled: Callable[..., str], as_superuser: Callable[..., None]
):
    episode = enrolled("M1")
    taken(office)
    as_superuser(
        "INSERT INTO delivery (site_id, episode_id, key, attempt, at, result)"
        f" VALUES ('north', '{episode}', 'a~1~nurse-1~email', 1, now(), 'sent: handed over'),"
        f" ('north', '{episode}', 'b~1~nurse-1~email', 1, now(), 'waiting: down')"
    )
    assert taken(office).sent == (f"north {episode} a~1~nurse-1~email",)
    assert taken(office).sent == ()


def test_the_key_is_readable_by_its_owner_alone(tmp_path: Path):
    signing.create(tmp_path / "key", "theca.test")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        signing.create(tmp_path / "key", "theca.test")


def test_the_notary_can_write_nothing_but_that_it_was_there(office: Office):
    taken(office)
    with office.store.transaction() as connection:
        pulses = connection.execute(text("SELECT name FROM pulse WHERE name = 'checkpoint'")).all()
        tables = connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND has_table_privilege('theca_verify', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
            )
        ).all()
    assert len(pulses) == 1
    assert tables == []


def test_what_it_remembers_is_not_believed(office: Office, enrolled: Callable[..., str]):
    """Somebody who changes the leaves is found: the root is no longer that of the heads."""
    enrolled("M1")
    taken(office)
    with sqlite3.connect(office.beside) as kept:
        kept.execute("UPDATE node SET hash = zeroblob(32) WHERE level = 0")
    kept.close()
    enrolled("M2")
    taken(office)
    flaws = verify.notes_of(office.file, [office.signer.verifier]).flaws
    assert "root" in flaws[0].detail
