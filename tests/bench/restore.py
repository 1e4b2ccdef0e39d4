"""How long a hospital is without its database: 100,000 open episodes backed up, brought back, and checked.

Every episode is sound: decided, written, hashed and sealed by the product's own code, with nine values, a task and a
clock. Brought back means: into an empty database, with every guard and index, checked against the checkpoints.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import Row, Table, summary
from tests.bench.sweep_world import first
from workflow import engines
from workflow.service import backup, notary, verify
from workflow.service.notary import Office
from workflow.service.verify import Notes
from workflow.store import roles, session, signing, vault

EPISODES, WITHIN = 100_000, 30 * 60
BACK = "back"


def measure() -> Table:
    """Once each: a backup, a restore, and the check of what came back."""
    with tempfile.TemporaryDirectory(prefix="theca-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        key, passwords = folder / "key", roles.new_passwords()
        vault.create_key_file(key)
        with engines.running(folder / "data") as servers:
            first(servers, key, passwords, due=EPISODES)

            def url(role: str, database: str = "sweep") -> str:
                return roles.url_of(servers.admin_url, role, passwords[role], database)

            notes = _noted(url("theca_verify"), folder)
            took = {"a backup": _seconds(lambda: backup.dump(url("theca_backup"), folder / "backup"))}
            roles.establish(servers.admin_url, BACK, passwords)
            opened = vault.Vault.from_file(key)
            into = url("theca_migrate", BACK)
            took["brought back"] = _seconds(lambda: backup.restore(into, folder / "backup", notes, opened))
            looking = session.open_store(url("theca_verify", BACK), key)
            took["checked, every payload opened"] = _seconds(lambda: _sound(looking, notes))
            looking.close()
            size = (folder / "backup" / backup.DUMP).stat().st_size / 2**20
    rows = [Row(name=what, figure=summary([seconds]), ratio=WITHIN) for what, seconds in took.items()]
    unit = f"seconds, {EPISODES:,} episodes, a dump of {size:,.0f} MiB"
    return Table(title="restore", unit=unit, against="30 minutes", rows=rows)


def _noted(url: str, folder: Path) -> Notes:
    """What the notary signs of it."""
    signing.create(folder / "signs", "bench")
    store = session.open_sealed(url)
    office = Office(store=store, file=folder / "notes", signer=signing.signer(folder / "signs", "bench"))
    notary.take(office)
    store.close()
    return verify.notes_of(office.file, [office.signer.verifier])


def _sound(store: session.Store, notes: Notes) -> None:
    found, stale = backup.check(store, notes, opening=True)
    assert found.sound, (stale, found.flaws[:3])


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start
