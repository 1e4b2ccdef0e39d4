"""The launcher's side of the watcher: spelling out what to start, and holding the pipe that keeps it running."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO

from workflow.engines import postgres, valkey, watcher
from workflow.engines.account import Account
from workflow.engines.binaries import Binaries
from workflow.engines.errors import EnginesError
from workflow.engines.folder import Folder, Record

START_WITHIN = 60.0
LOOK_EVERY = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller of `running` asked for."""

    postgres_port: int | None
    redis_port: int | None
    durable: bool
    trust: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one start needs to know; the lock is the open file the servers inherit."""

    binaries: Binaries
    folder: Folder
    account: Account
    wish: Wish
    lock: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """The launcher's end of the pipe to the watcher: letting go of it, in whatever way, stops the servers."""

    process: subprocess.Popen[str]
    pipe: IO[str]
    postgres_pid: int
    redis_pid: int

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        try:
            with self.pipe:
                self.pipe.write("\n")
        except BrokenPipeError:
            pass  # a server ended by itself, and the watcher with it
        self.process.wait()


def start(plan: Plan, record: Record) -> Keeper:
    """Start both servers on the ports of the record and wait until they answer. Raises EnginesError."""
    keeper = _spawn(plan, record)
    try:
        _await(keeper, plan.folder, record)
    except BaseException:
        keeper.stop()
        raise
    return keeper


# ----------------------------------------------------------------------------------------------------------------------


def _spawn(plan: Plan, record: Record) -> Keeper:
    with plan.folder.log("watcher").open("w") as log:
        # As a bare file and isolated: it needs nothing of ours, and is up in a tenth of the time.
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", watcher.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            pass_fds=(plan.lock,),
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(_order(plan, record)) + "\n")
    process.stdin.flush()
    with process.stdout as answer:
        said = json.loads(answer.readline() or '{"error": "the watcher of the servers ended"}')
    if "error" in said:
        process.stdin.close()
        process.wait()
        raise EnginesError(f"The servers cannot be started on this machine: {said['error']}.")
    return Keeper(process=process, pipe=process.stdin, postgres_pid=said["pids"][0], redis_pid=said["pids"][1])


def _order(plan: Plan, record: Record) -> watcher.Order:
    folder, durable = plan.folder, plan.wish.durable
    password = folder.redis_password(trust=record.trust)
    return {
        "servers": [
            {
                "command": postgres.command(plan.binaries, folder, port=record.postgres_port, durable=durable),
                "reads": "",
                "log": str(folder.log("postgres")),
                "stop_signal": signal.SIGINT,
                "hurry_signal": signal.SIGQUIT,
            },
            {
                "command": valkey.command(plan.binaries),
                "reads": valkey.settings(folder, port=record.redis_port, durable=durable, password=password),
                "log": str(folder.log("valkey")),
                "stop_signal": signal.SIGTERM,
                "hurry_signal": signal.SIGKILL,
            },
        ],
        "uid": plan.account.uid,
        "gid": plan.account.gid,
        "environment": postgres.ENVIRONMENT,
        "lock": plan.lock,
        "launcher": os.getpid(),
    }


def _await(keeper: Keeper, folder: Folder, record: Record) -> None:
    password = folder.redis_password(trust=record.trust)
    give_up_at = time.monotonic() + START_WITHIN
    while not (
        postgres.is_ready(folder, pid=keeper.postgres_pid, port=record.postgres_port)
        and valkey.is_ready(port=record.redis_port, password=password)
    ):
        if not keeper.is_alive():
            raise _explained(folder, keeper.process.returncode)
        if time.monotonic() > give_up_at:
            raise EnginesError(f"The servers were not ready within {START_WITHIN:.0f} s; see {folder.home}.")
        time.sleep(LOOK_EVERY)


def _explained(folder: Folder, ended: int) -> EnginesError:
    names = dict(zip(watcher.ENDED, (("PostgreSQL", "postgres"), ("Valkey", "valkey")), strict=True))
    name, log_name = names.get(ended, ("The watcher of the servers", "watcher"))
    log = folder.log(log_name)
    said = postgres.last_line(log.read_text(encoding="utf-8", errors="replace"))
    return EnginesError(f"{name} ended while starting: {said} (more in {log})")
