"""Servers of one's own, each under a watcher of its own: killing one hurts nobody else, and it can be started again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workflow.engines import binaries, ports, postgres, valkey, watcher
from workflow.engines.account import server_account
from workflow.engines.folder import prepare

WITHIN = 60.0
_pause = threading.Event()


def until(holds, *, within: float = WITHIN, what: str = "it", every: float = 0.02, give_up: bool = False):
    """Wait for something to become true; answers how many seconds it took, or None where we may give up."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            assert give_up, f"{what} did not happen within {within} s"
            return None
        _pause.wait(every)
    return time.monotonic() - began


class Server:
    """One server under its watcher, which stops it should we die."""

    def __init__(self, owner: "Servers", name: str) -> None:
        self.owner, self.name = owner, name
        self.pid = 0
        self._watcher: subprocess.Popen[str] | None = None

    def start(self, command: list[str], *, reads: str, gently: int, hurry: int) -> None:
        owner = self.owner
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", watcher.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=(owner.lock,),
            start_new_session=True,
        )
        server = {
            "command": command,
            "reads": reads,
            "log": str(owner.folder.log(self.name)),
            "stop_signal": gently,
            "hurry_signal": hurry,
        }
        order = {
            "servers": [server],
            "uid": owner.account.uid,
            "gid": owner.account.gid,
            "environment": postgres.ENVIRONMENT,
            "lock": owner.lock,
            "launcher": os.getpid(),
        }
        self._watcher.stdin.write(json.dumps(order) + "\n")
        self._watcher.stdin.flush()
        with self._watcher.stdout as answer:
            self.pid = json.loads(answer.readline())["pids"][0]

    def send(self, sign: signal.Signals) -> None:
        os.kill(self.pid, sign)

    def ended(self) -> None:
        """Wait until server and watcher are gone."""
        if self._watcher is not None:
            self._watcher.wait()
            with suppress(BrokenPipeError):
                self._watcher.stdin.close()
            self._watcher = None

    def stop(self) -> None:
        """Stop in good order."""
        if self._watcher is not None:
            with suppress(BrokenPipeError):
                self._watcher.stdin.write("\n")
                self._watcher.stdin.flush()
            self.ended()


class Servers:
    """A PostgreSQL and a Valkey that can be killed and started again, on the same folder and ports."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.durable, self.account = durable, server_account()
        self.programs = binaries.for_account(self.account)
        self.folder = prepare(home, self.account)
        self.lock = self.folder.lock()
        postgres.create(self.programs, self.folder, account=self.account, durable=durable, lock=self.lock)
        postgres.admit(self.folder, self.account, trust=True)
        valkey.create(self.folder, self.account)
        self.postgres_port = ports.choose(None, last=None, needed_by="PostgreSQL", avoid=[])
        self.valkey_port = ports.choose(None, last=None, needed_by="Valkey", avoid=[self.postgres_port])
        self.postgres, self.valkey = Server(self, "postgres"), Server(self, "valkey")

    @property
    def admin_url(self) -> str:
        return f"postgresql+psycopg://{postgres.SUPERUSER}@127.0.0.1:{self.postgres_port}/postgres"

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.valkey_port}/0"

    def start_postgres(self, *, wait: bool = True) -> None:
        postgres.forget_stale_pid(self.folder)
        command = postgres.command(self.programs, self.folder, port=self.postgres_port, durable=self.durable)
        self.postgres.start(command, reads="", gently=signal.SIGINT, hurry=signal.SIGQUIT)
        if wait:
            until(self.postgres_answers, what="PostgreSQL answering")

    def postgres_answers(self) -> bool:
        return postgres.is_ready(self.folder, pid=self.postgres.pid, port=self.postgres_port)

    def stop_postgres_immediately(self) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, every connection cut; the next start recovers."""
        self.postgres.send(signal.SIGQUIT)
        self.postgres.ended()

    def start_valkey(self) -> None:
        settings = valkey.settings(self.folder, port=self.valkey_port, durable=False, password=None)
        self.valkey.start(valkey.command(self.programs), reads=settings, gently=signal.SIGTERM, hurry=signal.SIGKILL)
        until(lambda: valkey.is_ready(port=self.valkey_port, password=None), what="Valkey answering")

    def kill_valkey(self) -> None:
        self.valkey.send(signal.SIGKILL)
        self.valkey.ended()

    def stop(self) -> None:
        self.postgres.stop()
        self.valkey.stop()
        os.close(self.lock)


@contextmanager
def servers(home: Path, *, durable: bool) -> Iterator[Servers]:
    """Both servers, up; gone with the block."""
    made = Servers(home, durable=durable)
    try:
        made.start_postgres()
        made.start_valkey()
        yield made
    finally:
        made.stop()
        if made.folder.home != home:
            shutil.rmtree(made.folder.home, ignore_errors=True)
