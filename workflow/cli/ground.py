"""What a verb stands on: the servers the settings name, or the embedded ones in the data folder, and who asks."""

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import typer
from pydantic import ValidationError

from workflow import engines
from workflow.domain.errors import NotPermittedError, TroubleError
from workflow.service.act import Desk
from workflow.settings import Settings, settings
from workflow.store import migrate, roles, signing, vault
from workflow.store.bell import Bell
from workflow.store.session import Store, UnavailableError, open_sealed, open_store
from workflow.store.staff import Person, who_is

DATABASE = "theca"
REFUSED, BAD_USAGE, COULD_NOT = 1, 2, 3
_FILES = ("theca_key_file", "theca_checkpoints", "theca_checkpoint_key")
_UNCHECKED = ("unavailable", "key_file", "unchecked")
OTHERS_HAVE = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Settings that are complete, and the same as environment variables for processes started from here."""

    now: Settings
    variables: dict[str, str] = field(default_factory=dict, repr=False)

    def desk(self) -> Desk:
        """Where people's requests are worked."""
        store = open_store(self.now.database_url, self.now.theca_key_file, pooler=self.now.database_pooler)
        return Desk(store, Bell(self.now.broker))

    def admin(self) -> Store:
        """The store as theca_migrate."""
        return open_store(self.now.database_admin_url, self.now.theca_key_file)

    def worker(self) -> Store:
        """The store as theca_worker."""
        return open_store(self.now.database_worker_url or self.now.database_url, self.now.theca_key_file)

    def backup_url(self) -> str:
        """The database as theca_backup, or theca_migrate where that is not set."""
        return self.now.database_backup_url or self.now.database_admin_url

    def admin_url(self) -> str:
        """The database as theca_migrate."""
        return self.now.database_admin_url

    def verify(self) -> Store:
        """The store as theca_verify, or theca_migrate where that is not set; without the key file nothing is opened."""
        url = self.now.database_verify_url or self.now.database_admin_url
        return open_store(url, self.now.theca_key_file) if self.now.theca_key_file else open_sealed(url)


@contextmanager
def ground(*, upgrade: bool = True) -> Iterator[Ground]:
    """Stand on the servers DATABASE_URL names, or on the embedded ones: those that run, or started for this verb."""
    now = settings()
    if now.database_url:
        yield Ground(now=now)
        return
    if now.database_admin_url or now.database_worker_url or now.database_verify_url:
        raise UnavailableError(
            "DATABASE_URL is not set, though another database URL is", allowed="all of them, or none"
        )
    data = now.theca_data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    with _among_others(data / "verbs.lock") as last_out, engines.running(data / "servers") as running:
        with _alone(data / "ground.lock"):
            variables = _variables(now, data, running)
            if upgrade and migrate.current(variables["DATABASE_ADMIN_URL"]) != migrate.head():
                migrate.upgrade(variables["DATABASE_ADMIN_URL"])
        embedded = now.model_copy(update={name.lower(): value for name, value in variables.items()})
        files = {name: Path(variables[name.upper()]) for name in _FILES}
        embedded = embedded.model_copy(update=files)
        try:
            yield Ground(now=embedded, variables=variables)
        finally:
            last_out()


@contextmanager
def plainly() -> Iterator[None]:
    """Trouble becomes one line that says what is wrong and what is allowed, and an exit code."""
    try:
        yield
    except TroubleError as wrong:
        place = f" ({wrong.place})" if wrong.place else ""
        allowed = f"; allowed: {wrong.allowed}" if wrong.allowed else ""
        print(f"theca: {wrong.detail}{place}{allowed}", file=sys.stderr)
        raise typer.Exit(COULD_NOT if wrong.code in _UNCHECKED else REFUSED) from None
    except engines.EnginesError as wrong:
        print(f"theca: {wrong}", file=sys.stderr)
        raise typer.Exit(COULD_NOT) from None
    except ValidationError as wrong:
        for flaw in wrong.errors():
            print(f"theca: {'.'.join(str(part) for part in flaw['loc']).upper()}: {flaw['msg']}", file=sys.stderr)
        raise typer.Exit(BAD_USAGE) from None
    except OSError as wrong:
        print(f"theca: {wrong.filename or 'the system'}: {wrong.strerror}", file=sys.stderr)
        raise typer.Exit(COULD_NOT) from None


def asking(desk: Desk, now: Settings) -> Person:
    """In whose name a verb acts: the bearer of THECA_TOKEN. Raises NotPermittedError."""
    with desk.store.transaction() as connection:
        person = who_is(connection, now.theca_token) if now.theca_token else None
    if person is None:
        said = "names nobody" if now.theca_token else "is not set"
        raise NotPermittedError(f"THECA_TOKEN {said}", allowed="a token made with: theca token add")
    return person


@contextmanager
def _among_others(path: Path) -> Iterator[Callable[[], None]]:
    """Verbs share the servers; whoever started them waits a moment for the others before stopping them."""
    mine = engines.joined(path.parent / "servers") is None
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)

        def last_out() -> None:
            fcntl.flock(held, fcntl.LOCK_UN)
            end = time.monotonic() + OTHERS_HAVE
            while mine and time.monotonic() < end:
                with suppress(BlockingIOError):
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                time.sleep(0.05)

        yield last_out


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One verb at a time makes roles and key, and changes the shape."""
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def write_private(path: Path, content: str) -> None:
    """Write a file only its owner can read, whatever its mode was before."""
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
    ) as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(content)


def _variables(now: Settings, data: Path, running: engines.Engines) -> dict[str, str]:
    """The settings of the embedded servers; roles and the key are made on first use."""
    kept, key = data / "roles.json", data / "key"
    passwords: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else roles.new_passwords()
    if not kept.exists():
        roles.establish(running.admin_url, DATABASE, passwords)
        write_private(kept, json.dumps(passwords))
    if not key.exists():
        vault.create_key_file(key)
    signs = data / "checkpoints" / "key"
    if not signs.exists():
        signing.create(signs, now.theca_origin)
    urls = {role: roles.url_of(running.admin_url, role, password, DATABASE) for role, password in passwords.items()}
    return {
        "DATABASE_URL": urls["theca_app"],
        "DATABASE_ADMIN_URL": urls["theca_migrate"],
        "DATABASE_BACKUP_URL": urls["theca_backup"],
        "DATABASE_VERIFY_URL": urls["theca_verify"],
        "DATABASE_WORKER_URL": urls["theca_worker"],
        "REDIS_URL": running.redis_url,
        "THECA_KEY_FILE": str(key),
        "THECA_CHECKPOINTS": str(signs.with_name("notes")),
        "THECA_CHECKPOINT_KEY": str(signs),
        "THECA_PUBLIC_URL": now.theca_public_url or f"http://127.0.0.1:{now.theca_port}",
    }
