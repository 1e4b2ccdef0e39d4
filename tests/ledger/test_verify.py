"""Verifying a real database, and an export of it: what was tampered with is named, what is sound is called sound."""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from workflow.domain.observation import Reading
from workflow.domain.soundness import Kind
from workflow.service import act, notary, verify
from workflow.service.act import Asked, Desk
from workflow.service.notary import Office
from workflow.service.verify import UncheckedError, Verdict
from workflow.store import signing
from workflow.store.session import Store

Do = Callable[..., None]


@pytest.fixture
def world(office: Office, enrolled: Callable[..., str], desk: Desk, someone) -> list[str]:
    """Three episodes of five lines and more, each noted by two checkpoints."""
    episodes = [enrolled(f"M{n}") for n in range(3)]
    for value in range(4):
        for episode in episodes:
            at = datetime.now(UTC) - timedelta(days=20 - value)
            reading = Reading(item="referral_reason", observed_at=at, text=f"reason {value}")
            act.record(desk, Asked(person=someone("coordinator"), episode=episode), readings=(reading,))
        if value in (1, 3):
            notary.take(office)
    return episodes


@pytest.fixture
def verdict(verify_store: Store, office: Office) -> Callable[[], Verdict]:
    """What verifying says now, of the database with everything there is, after the same was asked of its export."""

    def _verdict() -> Verdict:
        notes = verify.notes_of(office.file, [office.signer.verifier])
        return verify.of_database(verify_store, notes, opening=True)

    return _verdict


def said(verdict: Verdict) -> list[tuple[str, int, Kind]]:
    return [(flaw.chain, flaw.seq, flaw.kind) for flaw in verdict.flaws]


def test_what_is_sound_is_called_sound(world: list[str], verdict: Callable[[], Verdict], verify_store: Store):
    found = verdict()
    assert found.flaws == ()
    assert found.notes == 2
    with verify_store.transaction() as connection:
        both = "SELECT (SELECT count(*) FROM ledger), (SELECT count(*) FROM chain_line)"
        episodes, others = connection.execute(text(both)).one()
    assert (found.lines, found.opened) == (episodes + others, episodes)


def test_an_export_says_the_same_with_nothing_else_at_hand(
    world: list[str], office: Office, verify_store: Store, verdict: Callable[[], Verdict], tmp_path: Path
):
    chains, lines = verify.export(verify_store, tmp_path / "export")
    notes = verify.notes_of(office.file, [office.signer.verifier])
    found = verify.of_export(tmp_path / "export", notes)
    assert found.flaws == ()
    assert (found.chains, found.lines) == (chains, lines) == (verdict().chains, verdict().lines)
    assert found.opened is None
    with pytest.raises(FileExistsError):
        verify.export(verify_store, tmp_path / "export")


def test_an_export_that_is_not_whole_is_never_called_sound(world: list[str], verify_store: Store, tmp_path: Path):
    verify.export(verify_store, tmp_path / "export")
    whole = (tmp_path / "export").read_bytes()
    for part in (
        b"",
        b"other\n",
        whole[:-20],
        b"".join(whole.splitlines(keepends=True)[:-1]),
        whole.replace(b" ", b""),
    ):
        (tmp_path / "part").write_bytes(part)
        with pytest.raises(UncheckedError):
            verify.of_export(tmp_path / "part")
    with pytest.raises(UncheckedError):
        verify.of_export(tmp_path / "nowhere")


def test_checkpoints_that_cannot_be_read_are_never_believed(tmp_path: Path, office: Office):
    (tmp_path / "empty").write_text("")
    for name in ("empty", "nowhere"):
        with pytest.raises(UncheckedError):
            verify.notes_of(tmp_path / name, [office.signer.verifier])


HEAD = "convert_to(replace(convert_from(head, 'UTF8'), '\"verb\":\"record\"', '\"verb\":\"unrecord\"'), 'UTF8')"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE ledger SET head = {HEAD} WHERE (episode_id, seq)",
        f"UPDATE ledger SET head = {HEAD}, hash = encode(sha256({HEAD}), 'hex') WHERE (episode_id, seq)",
        "UPDATE ledger SET actor = 'somebody' WHERE (episode_id, seq)",
        "UPDATE ledger SET at = at + interval '1 day' WHERE (episode_id, seq)",
        "UPDATE ledger SET occurred_at = occurred_at + interval '1 day' WHERE (episode_id, seq)",
        "UPDATE ledger SET outcome = 'refused' WHERE (episode_id, seq)",
        "UPDATE ledger SET head = 'not json' WHERE (episode_id, seq)",
        "UPDATE ledger SET head = 'not json', hash = encode(sha256('not json'), 'hex') WHERE (episode_id, seq)",
        "UPDATE ledger_payload SET sealed = sealed || '\\x00' WHERE (episode_id, seq)",
        (
            "UPDATE ledger_payload AS p SET sealed = q.sealed FROM ledger_payload AS q"
            " WHERE q.episode_id = p.episode_id AND q.seq = 2 AND (p.episode_id, p.seq)"
        ),
    ],
)
def test_an_edited_line_is_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do, statement: str):
    as_superuser(f"{statement} = ('{world[1]}', 3)")
    assert said(verdict()) == [(f"episode:{world[1]}", 3, Kind.EDITED)]


def test_a_deleted_line_is_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do):
    for table in ("ledger_payload", "ledger"):
        as_superuser(f"DELETE FROM {table} WHERE episode_id = '{world[1]}' AND seq = 3")
    assert (f"episode:{world[1]}", 3, Kind.DELETED) in said(verdict())


def test_a_payload_that_is_gone_is_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do):
    as_superuser(f"DELETE FROM ledger_payload WHERE episode_id = '{world[1]}' AND seq = 3")
    assert said(verdict()) == [(f"episode:{world[1]}", 3, Kind.DELETED)]


def test_an_inserted_line_is_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do):
    here = f"episode_id = '{world[0]}'"
    as_superuser(
        f"UPDATE ledger_payload SET seq = -seq - 1 WHERE {here} AND seq > 2",
        f"UPDATE ledger_payload SET seq = -seq WHERE {here} AND seq < 0",
        f"UPDATE ledger SET seq = -seq - 1 WHERE {here} AND seq > 2",
        f"UPDATE ledger SET seq = -seq WHERE {here} AND seq < 0",
        f"""INSERT INTO ledger SELECT (jsonb_populate_record(l, '{{"seq"\\: 3}}')).* FROM ledger AS l
            WHERE {here} AND seq = 2""",
    )
    assert said(verdict())[0] == (f"episode:{world[0]}", 2, Kind.INSERTED)


def test_lines_in_another_order_are_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do):
    here = f"episode_id = '{world[0]}'"
    as_superuser(
        f"UPDATE ledger SET seq = -2 WHERE {here} AND seq = 2",
        f"UPDATE ledger SET seq = 2 WHERE {here} AND seq = 4",
        f"UPDATE ledger SET seq = 4 WHERE {here} AND seq = -2",
    )
    assert said(verdict())[0] == (f"episode:{world[0]}", 2, Kind.REORDERED)


def test_a_chain_cut_short_is_named_even_with_its_row(
    world: list[str], verdict: Callable[[], Verdict], as_superuser: Do, verify_store: Store
):
    here = f"episode_id = '{world[2]}'"
    as_superuser(*(f"DELETE FROM {table} WHERE {here} AND seq > 3" for table in ("ledger_payload", "ledger")))
    assert said(verdict()) == [(f"episode:{world[2]}", 4, Kind.TRUNCATED), (f"episode:{world[2]}", 3, Kind.TRUNCATED)]
    third = f"SELECT hash FROM ledger WHERE {here} AND seq = 3"
    as_superuser(f"UPDATE episode SET seq = 3, head = ({third}) WHERE id = '{world[2]}'")
    assert said(verdict()) == [(f"episode:{world[2]}", 4, Kind.TRUNCATED)]
    assert verify.of_database(verify_store).sound  # without checkpoints nobody could know


def test_a_removed_chain_is_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do):
    as_superuser("DELETE FROM chain_line WHERE chain = 'people'")
    assert said(verdict()) == [("people", 0, Kind.REMOVED)]


def test_a_store_that_is_an_old_backup_is_named_as_such(
    world: list[str], verdict: Callable[[], Verdict], as_superuser: Do, desk: Desk, office: Office, someone
):
    for table in ("ledger_payload", "ledger"):
        as_superuser(f"DELETE FROM {table} WHERE seq > 3")
    as_superuser(
        "UPDATE episode SET seq = 3, head = (SELECT hash FROM ledger AS l WHERE l.episode_id = id AND l.seq = 3)"
    )
    kinds = {flaw.kind for flaw in verdict().flaws}
    assert kinds == {Kind.ROLLED_BACK}
    assert "before checkpoint 2" in verdict().flaws[0].detail


def test_a_chain_told_anew_is_named(world: list[str], verdict: Callable[[], Verdict], as_superuser: Do):
    """Every hash fits, the row too; only what was signed before says otherwise."""
    as_superuser(
        f"""
        DO $$
        DECLARE line record; before text := repeat('0', 64); bytes bytea;
        BEGIN
          FOR line IN SELECT * FROM ledger WHERE episode_id = '{world[0]}' ORDER BY seq LOOP
            bytes := convert_to(regexp_replace(replace(convert_from(line.head, 'UTF8'), 'coordinator-1',
              'coordinator-2'), '"prev"\\:"[0-9a-f]+"', '"prev"\\:"' || before || '"'), 'UTF8');
            before := encode(sha256(bytes), 'hex');
            UPDATE ledger SET head = bytes, hash = before, actor = 'coordinator-2',
              prev = convert_from(bytes, 'UTF8')::jsonb->>'prev' WHERE episode_id = line.episode_id AND seq = line.seq;
          END LOOP;
          UPDATE episode SET head = before WHERE id = '{world[0]}';
        END $$
        """
    )
    assert said(verdict()) == [(f"episode:{world[0]}", 3, Kind.REBUILT)]


def test_a_checkpoint_that_was_changed_is_named(world: list[str], verdict: Callable[[], Verdict], office: Office):
    office.file.write_text(office.file.read_text().replace("checkpoint 1\n", "checkpoint 9\n"))
    assert said(verdict())[0] == ("", 1, Kind.BAD_SIGNATURE)


def test_a_protocol_whose_text_and_hash_were_changed_together_is_caught(
    world: list[str], verdict: Callable[[], Verdict], as_superuser: Do
):
    other = "replace(text, 'title:', 'title: ')"
    hashed = f"encode(sha256(convert_to({other}, 'UTF8')), 'hex')"
    as_superuser(f"UPDATE protocol_version SET text = {other}, sha256 = {hashed}")
    assert said(verdict()) == [("protocols", 0, Kind.EDITED)]


def test_a_protocol_that_was_never_published_is_caught(
    world: list[str], verdict: Callable[[], Verdict], as_superuser: Do
):
    as_superuser(
        "INSERT INTO protocol_version SELECT key, 99, repeat('0', 64), text, published_at FROM protocol_version"
    )
    assert said(verdict()) == [("protocols", 0, Kind.INSERTED)]


def test_an_episode_that_is_gone_without_an_erasure_is_caught(
    world: list[str], verdict: Callable[[], Verdict], as_superuser: Do
):
    names = "trial observation administration appointment timer task passage proposal gate_override delivery message"
    as_superuser(*(f"DELETE FROM {name} WHERE episode_id = '{world[0]}'" for name in names.split()))
    as_superuser(f"DELETE FROM episode WHERE id = '{world[0]}'")
    assert (f"episode:{world[0]}", 0, Kind.DELETED) in said(verdict())


def test_openssl_finds_a_signature_good(office: Office, tmp_path: Path):
    """What an auditor without any of this would do."""
    note = notary.take(office)
    assert note is not None
    text_, signature = office.file.read_text().split("\n\n")[:2]
    raw = base64.b64decode(signature.rpartition(" ")[2])[4:]
    (tmp_path / "text").write_text(text_ + "\n")
    (tmp_path / "signature").write_bytes(raw)
    public = signing.public_of(office.file.with_name("key"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", tmp_path / "text"]
    checked = subprocess.run(
        [*command, "-sigfile", tmp_path / "signature"], capture_output=True, text=True, check=False
    )
    assert "Verified Successfully" in checked.stdout
    assert hashlib.sha256((text_ + "\n").encode()).hexdigest() == note.hash


def test_the_page_verifies_an_export_with_nothing_of_ours(
    world: list[str], office: Office, verify_store: Store, tmp_path: Path
):
    page = Path("docs/ledger.md").read_text(encoding="utf-8")
    program = next(part for part in page.split("```python\n") if "def verified" in part).partition("```")[0]
    verify.export(verify_store, tmp_path / "export")
    words = ["export", "notes", signing.public_of(office.file.with_name("key"))]
    (tmp_path / "notes").write_bytes(office.file.read_bytes())

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run().returncode == 0, run().stderr
    for name, old, new in (
        ("export", '"verb":"record"', '"verb":"advance"'),
        ("notes", "checkpoint 1", "checkpoint 7"),
    ):
        whole = (tmp_path / name).read_text()
        (tmp_path / name).write_text(whole.replace(old, new, 1))
        assert run().returncode == 1
        (tmp_path / name).write_text(whole)
    lines = (tmp_path / "export").read_text().splitlines(keepends=True)
    (tmp_path / "export").write_text("".join(line for line in lines if world[0] not in line))
    assert world[0] in run().stderr
