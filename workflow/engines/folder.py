"""The folder one pair of servers lives in.

- postgres/ and valkey/: what the servers keep, closed to everyone but the account they run as;
- superuser.password and valkey.password: random, mode 0600;
- engines.lock: locked for as long as the watcher or one of the servers lives, and inherited from process to process,
  so neither a crash nor a reused process id can make it lie;
- engines.json: the ports last used, and the process ids while the servers run.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from workflow.engines.account import Account
from workflow.engines.errors import EnginesError
from workflow.engines.system_state import system_state, trusted_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What engines.json says. Without process ids the servers are stopped, or not up yet."""

    postgres_port: int
    redis_port: int
    trust: bool
    postgres_pid: int | None = None
    redis_pid: int | None = None
    watcher_pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where one pair of servers lives; every path of theirs is named here."""

    home: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"

    def log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def secret(self, name: str) -> str:
        """Read a password; the first to ask makes it."""
        kept = self.home / f"{name}.password"
        if not kept.exists():
            write_whole(kept, secrets.token_urlsafe(24))
        return kept.read_text(encoding="ascii")

    def redis_password(self, *, trust: bool) -> str | None:
        return None if trust else self.secret("valkey")

    def record(self) -> Record | None:
        try:
            return Record(**json.loads((self.home / "engines.json").read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_record(self, record: Record) -> None:
        write_whole(self.home / "engines.json", json.dumps(asdict(record), indent=2) + "\n")

    def lock(self) -> int | None:
        """Take the folder for oneself: an open file to hand on to the servers, or None while somebody holds it."""
        held = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return None
        return held

    def is_held(self) -> bool:
        if not self._lock.exists():
            return False
        with self._lock.open("rb") as looked_at:
            try:
                fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @property
    def _lock(self) -> Path:
        return self.home / "engines.lock"


def find(data_dir: Path, account: Account) -> Folder:
    """Name the folder the servers of `data_dir` live in, without touching anything."""
    asked = data_dir.resolve()
    aways = (place / "data" / _away_name(asked) for place in trusted_places() if account.uid is not None)
    return Folder(home=next((away for away in aways if away.is_dir()), asked))


def prepare(data_dir: Path, account: Account) -> Folder:
    """Make the folder ready for a start.

    Root's servers run as `nobody`. If that account cannot reach the folder, theirs is one under the system's state
    directory, named after it. Raises EnginesError for a folder that cannot be written.
    """
    asked = find(data_dir, account).home
    _make_writable(asked)
    if account.uid is None or _let_in(account, asked):
        return Folder(home=asked)
    away = system_state() / "data" / _away_name(data_dir.resolve())
    _make_writable(away.parent)
    away.parent.chmod(0o755)
    _make_writable(away)
    if not _let_in(account, away):
        raise EnginesError(f"The servers run as nobody, and that account can reach neither {asked} nor {away}.")
    return Folder(home=away)


def write_whole(path: Path, text: str, *, account: Account | None = None) -> None:
    """Replace a small file whole, so that no reader sees half of it; only we, or only the account, may read it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    if account is not None:
        account.take(fresh)
    fresh.replace(path)


# ----------------------------------------------------------------------------------------------------------------------


def _away_name(asked: Path) -> str:
    tail = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(asked.parts[-2:])).strip("-.")
    return f"{tail}-{hashlib.sha256(os.fsencode(asked)).hexdigest()[:12]}"


def _make_writable(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = home.stat().st_uid
    except OSError as trouble:
        raise EnginesError(f"The data folder {home} cannot be made ({trouble.strerror}): name another.") from None
    if os.geteuid() == 0 and owner != 0:
        # Root writing into a folder of someone else's would follow whatever links they planted there.
        raise EnginesError(f"The data folder {home} belongs to account {owner}: run as that account, not as root.")
    if not os.access(home, os.W_OK | os.X_OK):
        raise EnginesError(f"The data folder {home} is not writable for this account: name another, or mend its owner.")


def _let_in(account: Account, home: Path) -> bool:
    """Let the servers' account pass through a folder that is ours alone; never open one that is not."""
    if account.gid is None or not account.reaches(home.parent):
        return False
    ours = (home / "engines.lock").exists() or not any(home.iterdir())
    if ours and not account.reaches(home):
        os.chown(home, 0, account.gid)
        home.chmod(0o710)
    return account.reaches(home) and _can_give(account, home)


def _can_give(account: Account, home: Path) -> bool:
    """Tell whether files here can be made over to another account: some shared and mounted folders refuse."""
    probe = Path(tempfile.mkdtemp(prefix=".probe-", dir=home))
    try:
        account.take(probe)
    except OSError:
        return False
    finally:
        probe.rmdir()
    return True
