import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workflow import engines
from workflow.engines.account import server_account
from workflow.engines.folder import Folder

# A launcher with a child that holds everything it had open, as a forked worker does.
WITH_A_CHILD = """
import json, os, pathlib, signal, sys
from workflow import engines
with engines.running(pathlib.Path(sys.argv[1]), durable=False) as servers:
    child = os.fork()
    if child == 0:
        signal.pause()
    said = {"postgres_port": servers.postgres_port, "redis_url": servers.redis_url, "child": child}
    print(json.dumps(said), flush=True)
    signal.pause()
"""


@pytest.mark.parametrize(("sent", "answer"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, 0)])
def test_a_launcher_told_to_go_takes_its_servers_along(
    home: Path, launch: Callable[..., Any], listening: Callable[[int], bool], sent: signal.Signals, answer: int
):
    launched = launch(home)
    assert all(listening(port) for port in launched.ports)
    launched.process.send_signal(sent)
    assert launched.process.wait(timeout=30) == answer
    assert not any(listening(port) for port in launched.ports)
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_a_killed_launcher_leaves_nothing_behind(
    home: Path, launch: Callable[..., Any], listening: Callable[[int], bool], until: Callable[..., None]
):
    launched = launch(home, program=(sys.executable, "-c", WITH_A_CHILD))
    try:
        launched.process.kill()
        until(lambda: not any(listening(port) for port in launched.ports), seconds=5)
        until(lambda: not Folder(home=home).is_held(), seconds=5)
    finally:
        os.kill(launched.said["child"], signal.SIGKILL)


def test_a_killed_postgres_takes_valkey_along_and_starts_again_with_what_it_kept(
    home: Path, sql: Callable[..., Any], listening: Callable[[int], bool], until: Callable[..., None]
):
    with engines.running(home) as first:
        sql(first.admin_url, "CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(int(_mark(home).read_text().split("\n")[0]), signal.SIGKILL)
        with engines.running(home) as second:
            assert _mark(home).exists()
            assert sql(second.admin_url, "SELECT n FROM kept") == 7
    until(lambda: not listening(second.postgres_port), seconds=5)


def test_a_process_id_that_came_round_again_does_not_bar_the_start(home: Path):
    with engines.running(home, durable=False):
        left_by_a_crash = _mark(home).read_text().split("\n", 1)[1]
    account = server_account()
    someone = subprocess.Popen(
        ["/bin/sh", "-c", "read gone"],
        stdin=subprocess.PIPE,
        user=account.uid,
        group=account.gid,
        extra_groups=account.extra_groups,
    )
    with someone:
        _mark(home).write_text(f"{someone.pid}\n{left_by_a_crash}")
        with engines.running(home, durable=False):
            assert not _mark(home).read_text().startswith(f"{someone.pid}\n")


def _mark(home: Path) -> Path:
    return home / "postgres" / "postmaster.pid"
