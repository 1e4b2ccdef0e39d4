"""Starting the two servers together, joining the ones that run already, and letting them go."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from workflow.engines import binaries as programs
from workflow.engines import ports, postgres, valkey
from workflow.engines.account import server_account
from workflow.engines.errors import EnginesError
from workflow.engines.folder import Folder, Record, find, prepare
from workflow.engines.keeper import Keeper, Plan, Wish, start

JOIN_WITHIN = 90.0
LOOK_EVERY = 0.03
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Where the two servers answer.

    `admin_url` is PostgreSQL's superuser, only for creating roles and running migrations; `data_dir` is the folder
    really used, which is not the one asked for when root's servers cannot reach that.
    """

    admin_url: str = field(repr=False)
    postgres_host: str
    postgres_port: int
    redis_url: str = field(repr=False)
    data_dir: Path
    superuser_password: str = field(repr=False)


@contextmanager
def running(
    data_dir: Path,
    *,
    postgres_port: int | None = None,
    redis_port: int | None = None,
    durable: bool = True,
    trust: bool = False,
) -> Iterator[Engines]:
    """Have both servers running on a data folder for as long as the block lasts.

    If they run there already, this joins them and leaves them running; otherwise it starts and in the end stops
    them. Ports are on 127.0.0.1, the ones last used or any free ones unless given. Without `durable` a power cut may
    lose everything, and with `trust` nobody needs a password: both are for tests. Raises EnginesError.
    """
    wish = Wish(postgres_port=postgres_port, redis_port=redis_port, durable=durable, trust=trust)
    with _sigterm_leaves_the_block():
        with _trouble_in_one_line(data_dir):
            engines, keeper = _start_or_join(data_dir, wish)
        try:
            yield engines
        finally:
            if keeper is not None:
                keeper.stop()


def joined(data_dir: Path) -> Engines | None:
    """Tell what runs on a data folder now, or None. Starts nothing, writes nothing."""
    with _trouble_in_one_line(data_dir):
        return _look(find(data_dir, server_account()))


def program(name: str) -> Path:
    """Find one of PostgreSQL's own programs, such as `pg_dump`, to be run as the caller."""
    return programs.installed().postgres / name


# ----------------------------------------------------------------------------------------------------------------------


@contextmanager
def _sigterm_leaves_the_block() -> Iterator[None]:
    """Make SIGTERM end the program the way Ctrl-C does, unless the program has its own idea of it."""
    in_charge = threading.current_thread() is threading.main_thread()
    if not in_charge or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(signum: int, _frame: object) -> None:
    sys.exit(128 + signum)


@contextmanager
def _trouble_in_one_line(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as trouble:
        raise EnginesError(f"This account may not use the servers of {data_dir}: {trouble}.") from trouble
    except OSError as trouble:
        raise EnginesError(f"The servers of {data_dir} could not be started: {trouble}.") from trouble


def _start_or_join(data_dir: Path, wish: Wish) -> tuple[Engines, Keeper | None]:
    programs.require_python(sys.version_info[:2])
    account = server_account()
    binaries = programs.for_account(account)
    folder = prepare(data_dir, account)
    give_up_at = time.monotonic() + JOIN_WITHIN
    while time.monotonic() < give_up_at:
        # Held and not answering: somebody is starting or stopping; one or the other is over in a moment.
        if (engines := _look(folder)) is not None:
            return engines, None
        if (lock := folder.lock()) is not None:
            with os.fdopen(lock):
                _say_where(data_dir, folder)
                return _start(Plan(binaries=binaries, folder=folder, account=account, wish=wish, lock=lock))
        time.sleep(LOOK_EVERY)
    raise EnginesError(f"Servers hold {folder.home} but do not answer; the logs there may say why.")


def _say_where(data_dir: Path, folder: Folder) -> None:
    if folder.home != data_dir.resolve():
        sys.stderr.write(
            f"theca: the account nobody, which runs the servers for root, cannot reach {data_dir}; "
            f"their data is in {folder.home}\n"
        )


def _look(folder: Folder) -> Engines | None:
    record = folder.record()
    if record is None or record.postgres_pid is None or not folder.is_held():
        return None
    if not postgres.is_ready(folder, pid=record.postgres_pid, port=record.postgres_port):
        return None
    if not valkey.is_ready(port=record.redis_port, password=folder.redis_password(trust=record.trust)):
        return None
    return _engines(folder, record)


def _engines(folder: Folder, record: Record) -> Engines:
    superuser, redis = folder.secret("superuser"), folder.redis_password(trust=record.trust)
    place = f"{ports.LOOPBACK}:{record.postgres_port}"
    return Engines(
        admin_url=f"postgresql+psycopg://{postgres.SUPERUSER}:{superuser}@{place}/postgres",
        postgres_host=ports.LOOPBACK,
        postgres_port=record.postgres_port,
        redis_url=f"redis://{'' if redis is None else f':{redis}@'}{ports.LOOPBACK}:{record.redis_port}/0",
        data_dir=folder.home,
        superuser_password=superuser,
    )


def _start(plan: Plan) -> tuple[Engines, Keeper]:
    postgres.create(plan.binaries, plan.folder, account=plan.account, durable=plan.wish.durable, lock=plan.lock)
    postgres.forget_stale_pid(plan.folder)
    postgres.admit(plan.folder, plan.account, trust=plan.wish.trust)
    valkey.create(plan.folder, plan.account)
    for _ in range(ATTEMPTS - 1):
        record = _choose_ports(plan)
        try:
            return _launch(plan, record)
        except EnginesError:
            # Only a port that somebody took between choosing and binding is worth another try.
            if ports.is_free(record.postgres_port) and ports.is_free(record.redis_port):
                raise
    return _launch(plan, _choose_ports(plan))


def _choose_ports(plan: Plan) -> Record:
    last, wish = plan.folder.record(), plan.wish
    for_postgres = ports.choose(
        wish.postgres_port,
        last=last.postgres_port if last else None,
        needed_by="PostgreSQL",
        avoid=[] if wish.redis_port is None else [wish.redis_port],
    )
    for_redis = ports.choose(
        wish.redis_port, last=last.redis_port if last else None, needed_by="Valkey", avoid=[for_postgres]
    )
    return Record(postgres_port=for_postgres, redis_port=for_redis, trust=wish.trust)


def _launch(plan: Plan, record: Record) -> tuple[Engines, Keeper]:
    plan.folder.write_record(record)
    keeper = start(plan, record)
    up = replace(
        record,
        postgres_pid=keeper.postgres_pid,
        redis_pid=keeper.redis_pid,
        watcher_pid=keeper.process.pid,
    )
    plan.folder.write_record(up)
    return _engines(plan.folder, record), keeper
