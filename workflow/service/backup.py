"""Backing up and bringing back: PostgreSQL's own dump, a page that says what it is, and no key anywhere in it.

dump     as theca_backup: everything in the database, sealed as it is. The vault's key file and the notary's key are not
         in it; without the first nothing of it can be opened.
restore  as theca_migrate, into a database that is empty: shape, rows, then guards and indexes. Then nothing leaves
         until a person says so, and who was erased since is erased again.
check    against the checkpoints, which are newer than the backup unless they were lost with it.
"""

import hashlib
import json
import re
import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from workflow import __version__, engines
from workflow.domain.chain_line import of_site
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError
from workflow.domain.soundness import Kind
from workflow.service import verify
from workflow.service.verify import Notes, UncheckedError, Verdict
from workflow.settings import environment_with
from workflow.store import chains, restorations, session
from workflow.store.session import Store
from workflow.store.vault import Vault

DUMP, PAGE = "theca.dump", "backup.json"
_EARLIER = timedelta(minutes=15)  # what was handed over this long before the dump began may not be marked in it
_NOBODY = "system:restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup is: when it was begun, by which release, and the hash of the dump."""

    at: datetime
    release: str
    shape: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back, and what the journal of the checkpoints added to it."""

    backup: Backup
    handed_over: int
    erased_again: int


def dump(url: str, folder: Path) -> Backup:
    """Write a backup into a new folder. Raises FileExistsError, UnavailableError, UncheckedError where it fails."""
    folder.mkdir(parents=True, mode=0o700)
    engine = session.engine(url)
    with session.translated(), engine.connect() as connection:
        at = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        shape = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        program = _program("pg_dump", connection)
    engine.dispose()
    _run(program, "--format=custom", "--no-owner", f"--file={folder / DUMP}", url=url)
    made = Backup(at=at, release=__version__, shape=shape, sha256=_hash(folder / DUMP))
    told = {"at": at.astimezone(UTC).isoformat(), "release": made.release, "shape": shape, "sha256": made.sha256}
    (folder / PAGE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return made


def page_of(folder: Path) -> Backup:
    """What a backup says it is, and is. Raises ImpossibleInputError for another dump than was made, or none."""
    try:
        told = json.loads((folder / PAGE).read_text(encoding="utf-8"))
        found = Backup(
            at=datetime.fromisoformat(told["at"]), release=told["release"], shape=told["shape"], sha256=told["sha256"]
        )
        sound = _hash(folder / DUMP) == found.sha256
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise ImpossibleInputError(f"{folder} holds no backup", allowed="a folder of: theca backup") from wrong
    if not sound:
        raise ImpossibleInputError(f"{folder / DUMP} is not the dump that was made", allowed="another backup")
    return found


def restore(url: str, folder: Path, notes: Notes, vault: Vault, *, jobs: int = 2) -> Restored:
    """Bring a backup back into an empty database, as theca_migrate; letters stay until a person lets them go.

    Raises ImpossibleInputError for what is no backup, ImpossibleNowError where the database is not empty.
    """
    backup = page_of(folder)
    with closing(Store(engine=session.engine(url), vault=vault)) as store:
        _fill(store, url, folder / DUMP, jobs=jobs)
        return _pause(store, backup, notes)


def _fill(store: Store, url: str, dumped: Path, *, jobs: int) -> None:
    """Shape, rows, then guards and indexes: before the guards stand, what another database's rows keep is forgotten."""
    with store.transaction() as connection:
        if connection.scalar(text("SELECT to_regclass('public.alembic_version')")):
            raise ImpossibleNowError(
                "the database is not empty", allowed="one made with: theca db establish --database"
            )
        program = _program("pg_restore", connection)
    into = ("--no-owner", "--role=theca_owner", "--exit-on-error", f"--dbname={_without_password(url)}")
    _run(program, *into, "--section=pre-data", str(dumped), url=url)
    _run(program, *into, "--section=data", f"--jobs={jobs}", str(dumped), url=url)
    with store.transaction() as connection:
        connection.execute(text("SET LOCAL ROLE theca_owner"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        restorations.forget_transactions(connection)
    _run(program, *into, "--section=post-data", f"--jobs={jobs}", str(dumped), url=url)


def check(store: Store, notes: Notes, *, opening: bool) -> tuple[Verdict, str]:
    """Hold a database against the checkpoints; answers with the verdict and, where it is an old backup, since when.

    Raises UncheckedError without checkpoints: an old backup is sound in itself.
    """
    if not notes.good:
        raise UncheckedError("no checkpoints at hand: nobody could say whether this is the newest there was")
    found = verify.of_database(store, notes, opening=opening)
    stale = [flaw for flaw in found.flaws if flaw.kind is Kind.ROLLED_BACK]
    if not stale:
        return found, ""
    number = min(int(match.group(1)) for flaw in stale if (match := re.search(r"checkpoint (\d+)", flaw.detail)))
    at = next(note.at for note in notes.good if note.number == number)
    return found, f"as it was before checkpoint {number} of {at:%Y-%m-%d %H:%M:%S} UTC; {len(stale)} chains are shorter"


# ---------------------------------------------------------------------------------------------------------------


def _pause(store: Store, backup: Backup, notes: Notes) -> Restored:
    """Nothing leaves; what had left is known from the journal; who was erased since is erased again."""
    since = [note for note in notes.good if note.at >= backup.at - _EARLIER]
    sent = [one for note in since for one in note.sent]
    with store.transaction() as connection:
        restorations.pause(connection, backup_at=backup.at, sent=sent)
    erased = [_erased_again(store, *one.split(" ")) for note in since for one in note.erased]
    return Restored(backup=backup, handed_over=len(sent), erased_again=sum(erased))


def _erased_again(store: Store, site: str, candidate: str) -> bool:
    """Erase somebody whom two people had erased after the backup was made; False where they are gone already."""
    values = {"site": site, "candidate": candidate, "by": _NOBODY, "before": "system:journal"}
    with store.transaction([site]) as connection:
        there = "SELECT 1 FROM candidate WHERE site_id = :site AND id = CAST(:candidate AS uuid)"
        if not connection.scalar(text(there), values):
            return False
        connection.execute(
            text(
                "INSERT INTO erasure (site_id, candidate_id, reason, proposed_by, proposed_at, episodes)"
                " VALUES (:site, CAST(:candidate AS uuid), 'requested', :before, clock_timestamp(), '{}')"
                " ON CONFLICT DO NOTHING"
            ),
            values,
        )
        query = "SELECT erase_candidate(:site, CAST(:candidate AS uuid), :by)"
        episodes = [str(one) for one in connection.execute(text(query), values).scalar_one()]
        about = {"candidate": candidate, "episodes": episodes, "reason": "again, after a restore"}
        chains.append(connection, of_site(site), actor=_NOBODY, verb="erase", about=about)
    return True


def _program(name: str, connection: Connection) -> Path:
    """PostgreSQL's own program of the server's version, of PATH or of the wheel. Raises UncheckedError."""
    major = int(connection.execute(text("SELECT current_setting('server_version_num')")).scalar_one()) // 10_000
    found = {_major(path): path for path in _programs(name)}
    newer = [version for version in sorted(found) if version >= major]
    if not newer:
        raise UncheckedError(f"no {name} of PostgreSQL {major} or newer", allowed=f"{name} on PATH")
    return found[newer[0]]


def _programs(name: str) -> list[Path]:
    found = [Path(path)] if (path := shutil.which(name)) else []
    try:
        return [engines.program(name), *found]
    except engines.EnginesError:
        return found


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - PostgreSQL's own
    found = re.search(r" (\d+)", said)
    return int(found.group(1)) if found else 0


def _run(program: Path, *words: str, url: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment. Raises UncheckedError."""
    password = session.address_of(url).password or ""
    dumping = [f"--dbname={_without_password(url)}"] if program.name == "pg_dump" else []
    done = subprocess.run(  # noqa: S603 - as above
        [program, "--no-password", *dumping, *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment_with({"PGPASSWORD": str(password)}),
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise UncheckedError(f"{program.name} failed: {last}")


def _without_password(url: str) -> str:
    """The address as PostgreSQL's programs read it, without what nobody else shall see."""
    address = session.address_of(url).set(drivername="postgresql")
    return address._replace(password=None).render_as_string(hide_password=False)


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
