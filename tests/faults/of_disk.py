"""Volumes that are full: a small tmpfs under the data, or under the write-ahead log. Needs the right to mount."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.faults.load import straight, working
from tests.faults.of_database import settled, told
from tests.faults.results import Bar, Result, exactly
from tests.faults.servers import until
from tests.faults.world import World, world

_pause = threading.Event()


class NoMountError(Exception):
    """This account may not mount."""


@contextmanager
def volume(megabytes: int) -> Iterator[Path]:
    """A small volume. Raises NoMountError where we have not the right."""
    place = Path(tempfile.mkdtemp(prefix="theca-volume-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", place],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode:
        place.rmdir()
        raise NoMountError(mounted.stderr.strip() or "mount refused")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=False)
        with suppress(OSError):
            place.rmdir()


def aloud(fault: str, run: Callable[[], Result]) -> Result:
    """Run, or say why not."""
    try:
        return run()
    except (NoMountError, FileNotFoundError) as refused:
        return Result(fault=fault, statement="EO", skipped=f"no right to mount a tmpfs here ({refused})")


def data_full() -> Result:
    """The data volume is full: commands are refused as unavailable, reads go on; with space, everything goes on."""

    def run() -> Result:
        with volume(160) as place, world(durable=True, home=place) as here:
            ballast = here.servers.folder.home / "ballast"
            with working(here, straight(here.desk())) as work:
                _pause.wait(2)
                _fill(ballast)
                refused = until(lambda: len(work.again) > 20, within=60, what="a command refused")
                reads = here.one("SELECT count(*) FROM episode")
                stopped = len(work.acknowledged)
                ballast.unlink()
                until(lambda: len(work.acknowledged) > stopped + 50, within=60, what="work going on")
            counts = {"s until refused": round(refused, 1), "episodes read meanwhile": reads}
            up = exactly("server still up", int(here.servers.postgres_answers()), 1)
            return told(here, "data volume full", work, counts, up)

    return aloud("data volume full", run)


def log_full() -> Result:
    """The volume of the write-ahead log is full: PostgreSQL panics; with space and a start, nothing is missing."""

    def run() -> Result:
        with volume(96) as place, world(durable=True) as here:
            _move_log(here, place)
            ballast = place / "ballast"
            with working(here, straight(here.desk())) as work:
                _pause.wait(2)
                _fill(ballast)
                until(lambda: not _goes_on(here), within=90, every=0.2, what="the panic")
                here.servers.postgres.stop()
                stopped = len(work.acknowledged)
                ballast.unlink()
                here.servers.start_postgres()
                until(lambda: len(work.acknowledged) > stopped + 50, within=60, what="work going on")
            settled(here)
            back = Bar(what="acknowledged before the panic", seen=stopped, least=1)
            result = told(here, "volume of the write-ahead log full", work, {}, back)
            here.servers.postgres.stop()
            return result

    return aloud("volume of the write-ahead log full", run)


def _fill(ballast: Path) -> None:
    """Take every byte that is left."""
    with suppress(OSError), ballast.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(1 << 16))
    with suppress(OSError), ballast.open("ab", buffering=0) as out:
        while True:
            out.write(bytes(512))


def _goes_on(here: World) -> bool:
    """Begin another segment of the log, so that what is left of this one lasts no longer; False once that fails."""
    url = here.servers.admin_url.replace("+psycopg", "")
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            connection.execute("SELECT pg_switch_wal()")
    except psycopg.OperationalError:
        return here.servers.postgres_answers()
    return True


def _move_log(here: World, place: Path) -> None:
    """Have the write-ahead log on a volume of its own."""
    servers = here.servers
    servers.postgres.stop()
    log, there = servers.folder.postgres / "pg_wal", place / "pg_wal"
    shutil.copytree(log, there)
    shutil.rmtree(log)
    log.symlink_to(there)
    if servers.account.uid is not None:
        for path in (there, *there.rglob("*"), log):
            os.chown(path, servers.account.uid, servers.account.gid, follow_symlinks=False)
    there.chmod(0o700)
    servers.start_postgres()
    here.owner.dispose()
    here.store.engine.dispose()
