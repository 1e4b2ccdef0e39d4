"""The ledger's verbs as they are typed: what they print, and how they end."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from workers.__main__ import main as workers
from workers.rounds import notarial
from workflow.cli.backup import backups, restores
from workflow.cli.doctor import app as doctors
from workflow.cli.erase import app as erasing
from workflow.cli.ledger import app as ledgers
from workflow.cli.relay import app as relays
from workflow.service import drill, people
from workflow.service.notary import Office
from workflow.settings import settings
from workflow.store import signing
from workflow.store.session import Store

Typed = Callable[..., Result]


@pytest.fixture
def typed(database, office: Office, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type one verb; answers how it ended."""
    for name in [name for name in os.environ if name.startswith(("DATABASE_", "THECA_"))]:
        monkeypatch.delenv(name)
    urls = {"URL": "app", "ADMIN_URL": "migrate", "WORKER_URL": "worker", "VERIFY_URL": "verify"}
    for name, role in urls.items():
        monkeypatch.setenv(f"DATABASE_{name}", getattr(database, role))
    monkeypatch.setenv("DATABASE_BACKUP_URL", database.migrate.replace("theca_migrate", "theca_backup"))
    monkeypatch.setenv("THECA_KEY_FILE", str(database.key_file))
    monkeypatch.setenv("THECA_CHECKPOINTS", str(office.file))
    monkeypatch.setenv("THECA_CHECKPOINT_KEY", str(office.file.with_name("key")))
    monkeypatch.setenv("THECA_ORIGIN", "theca.test")

    def type_(app: object, *words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return type_


def test_sound_is_0_broken_is_1_and_unchecked_is_3(
    typed: Typed, enrolled: Callable[..., str], as_superuser: Callable[..., None], tmp_path: Path, monkeypatch
):
    episode = enrolled("M1")
    assert "checkpoint 1:" in typed(ledgers, "checkpoint").output
    sound = typed(ledgers, "verify", "--json")
    assert (sound.exit_code, json.loads(sound.output)["sound"]) == (0, True)
    assert typed(ledgers, "export", tmp_path / "export").exit_code == 0
    offline = ("verify", "--export", tmp_path / "export")
    assert typed(ledgers, *offline).exit_code == 0
    as_superuser(f"UPDATE ledger SET actor = 'somebody' WHERE episode_id = '{episode}'")
    broken = typed(ledgers, "verify", "--json")
    assert broken.exit_code == 1
    flaw = json.loads(broken.output)["flaws"][0]
    assert (flaw["chain"], flaw["seq"], flaw["kind"]) == (f"episode:{episode}", 1, "edited")
    assert f"edited: episode:{episode} line 1" in typed(ledgers, "verify").output
    for words in (("--export", tmp_path / "nowhere"), ("--checkpoints", tmp_path / "nowhere")):
        assert typed(ledgers, "verify", *words).exit_code == 3
    signing.create(tmp_path / "other", "theca.test")
    assert typed(ledgers, *offline, "--pubkey", tmp_path / "other.pub").exit_code == 1
    monkeypatch.delenv("THECA_CHECKPOINT_KEY")
    assert typed(ledgers, *offline).exit_code == 3
    monkeypatch.setenv("DATABASE_VERIFY_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert typed(ledgers, "verify", "--checkpoints", tmp_path / "nowhere").exit_code == 3


def test_a_checkpoint_of_less_than_was_signed_ends_with_1(
    typed: Typed, enrolled: Callable[..., str], as_superuser: Callable[..., None]
):
    episode = enrolled("M1")
    typed(ledgers, "checkpoint")
    as_superuser(f"DELETE FROM ledger WHERE episode_id = '{episode}'")
    assert typed(ledgers, "checkpoint", "--whole").exit_code == 1


def test_the_drill_finds_all_it_does_and_says_so(typed: Typed, tmp_path: Path):
    done = typed(ledgers, "verify", "--tamper-drill", "--places", 2, "--record", tmp_path / "drill.json")
    assert done.exit_code == 0
    kept = json.loads((tmp_path / "drill.json").read_text())
    assert {tuple(one.values()) for one in kept["found"].values()} == {(2, 2)}
    assert len(kept["found"]) == 9
    assert (kept["clean_runs"], kept["false_alarms"]) == (18, 0)


def test_a_drill_that_misses_one_ends_with_1(typed: Typed, monkeypatch: pytest.MonkeyPatch):
    """Somebody who does nothing is not found."""

    def idle(_: drill.Shop) -> Callable[[drill.Flaw], bool]:
        return lambda _: True

    monkeypatch.setattr(drill, "KINDS", ((drill.Kind.EDITED, idle),))
    missed = typed(ledgers, "verify", "--tamper-drill", "--places", 1)
    assert missed.exit_code == 1
    assert "0 of 1 found" in missed.output


def test_the_record_kept_here_is_of_a_drill_that_found_everything():
    kept = json.loads(Path("docs/ledger/drill.json").read_text(encoding="utf-8"))
    assert {(one["tried"], one["found"]) for one in kept["found"].values()} == {(1000, 1000)}
    assert kept["false_alarms"] == 0
    assert list(kept["found"]) == [kind.value for kind, _ in drill.KINDS]


def test_the_doctor_looks_at_the_guards(typed: Typed, as_superuser: Callable[..., None]):
    as_superuser("ALTER TABLE ledger ENABLE TRIGGER ALL")
    as_superuser("ALTER TABLE ledger ENABLE ALWAYS TRIGGER stands", "ALTER TABLE ledger DISABLE TRIGGER stands_whole")
    told = json.loads(typed(doctors, "--invariants", "--json").output)
    assert [flaw["detail"] for flaw in told["flaws"] if flaw["kind"] == "guard"]


def test_the_notary_does_its_round_by_itself_and_needs_no_key_file(
    typed: Typed, office: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("THECA_KEY_FILE")
    (only,) = notarial(settings(), office.store)
    only.once()
    assert office.file.read_text().count("\ncheckpoint ") == 1
    monkeypatch.delenv("THECA_CHECKPOINTS")
    monkeypatch.setattr("sys.argv", ["workers", "--notary"])
    with pytest.raises(SystemExit, match="no place for checkpoints"):
        workers()


def test_erasing_is_two_people_on_the_machine_too(
    typed: Typed,
    enrolled: Callable[..., str],
    as_superuser: Callable[..., None],
    store: Store,
    migrate_store: Store,
    monkeypatch: pytest.MonkeyPatch,
):
    enrolled("M1")
    as_superuser("UPDATE episode SET closed_at = now() - interval '11 years'")
    with store.transaction(["north"]) as connection:
        code = str(connection.scalar(text("SELECT code FROM candidate")))
    one, other = (people.add_token(migrate_store, person=who, label="t", days=1) for who in ("lead-1", "lead-2"))
    monkeypatch.setenv("THECA_TOKEN", one)
    assert typed(erasing, "propose", "north", code, "--reason", "requested").exit_code == 0
    assert typed(erasing, "agree", "north", code).exit_code == 1
    assert "waits for a second" in typed(erasing, "list", "north").output
    monkeypatch.setenv("THECA_TOKEN", other)
    assert typed(erasing, "agree", "north", code).exit_code == 0
    assert typed(erasing, "agree", "north", code).exit_code == 1
    assert json.loads(typed(erasing, "list", "north", "--json").output)[0]["agreed_by"] == "lead-2"


def test_a_backup_is_a_new_folder_and_a_restore_needs_an_empty_database(
    typed: Typed, enrolled: Callable[..., str], tmp_path: Path
):
    enrolled("M1")
    assert typed(restores, "--check").exit_code == 3
    typed(ledgers, "checkpoint")
    assert typed(backups, tmp_path / "monday").exit_code == 0
    assert typed(backups, tmp_path / "monday").exit_code == 3
    assert typed(restores, "--check").exit_code == 0
    assert typed(restores, tmp_path / "monday").exit_code == 1
    assert typed(restores, tmp_path).exit_code == 1
    assert typed(restores).exit_code == 2
    assert typed(relays, "resume").exit_code == 1
