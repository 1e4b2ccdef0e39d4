"""theca up: the servers, the API, a worker, beat and the notary, each a process of its own, until Ctrl-C.

embedded servers (unless DATABASE_URL names yours) ─► newest shape ─► protocols published ─► api, worker, beat, notary
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer

from workflow import engines
from workflow.authoring.lint import publishable
from workflow.authoring.printings import printings
from workflow.cli.ground import COULD_NOT, Ground, ground, plainly
from workflow.service import people
from workflow.settings import Settings, environment_with

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

PROTOCOLS = Path(__file__).parents[2] / "protocols"
READY_WITHIN = 60.0
_CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")


@app.command()
def up(ready: Annotated[Path | None, typer.Option(help="write the address here once it answers")] = None) -> None:
    """Start everything and keep it running; Ctrl-C or SIGTERM stops it cleanly."""
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    with plainly(), ExitStack() as stack:
        here = stack.enter_context(ground())
        port = here.now.theca_port
        engines.ensure_free(port, needed_by="the API", remedy="set THECA_PORT to another")
        _publish(here)
        stack.enter_context(tethered(_commands(port, here.now), here))
        address = f"http://127.0.0.1:{port}"
        if not _answers(address, stop):
            print(f"theca: the API did not answer within {READY_WITHIN:.0f} s; see {_logs(here)}", file=sys.stderr)
            raise typer.Exit(COULD_NOT)
        print(f"Theca answers at {address}   (logs in {_logs(here)}; Ctrl-C stops)", flush=True)
        if ready is not None:
            ready.write_text(address)
        stop.wait()


@contextmanager
def tethered(commands: Mapping[str, tuple[str, ...]], here: Ground) -> Iterator[None]:
    """Processes that live as long as this block, or as long as we do. They are let go all at once."""
    children: list[subprocess.Popen[bytes]] = []
    try:
        for name, command in commands.items():
            children.append(_start(name, command, here))
        yield
    finally:
        for child in children:
            assert child.stdin is not None
            child.stdin.close()
        for child in children:
            child.wait()


def _start(name: str, command: tuple[str, ...], here: Ground) -> "subprocess.Popen[bytes]":
    log = _logs(here) / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            (sys.executable, "-m", "workflow.cli.tether", *command),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            env=environment_with(_seen_by(name, here)),
            start_new_session=True,
        )


# What each process is given of what opens something; the rest is kept from it.
_SECRETS = (
    "DATABASE_URL",
    "DATABASE_ADMIN_URL",
    "DATABASE_BACKUP_URL",
    "DATABASE_VERIFY_URL",
    "DATABASE_WORKER_URL",
    "THECA_KEY_FILE",
    "THECA_CHECKPOINT_KEY",
    "THECA_TOKEN",
)
_GIVEN = {
    "api": {"DATABASE_URL", "THECA_KEY_FILE"},
    "worker": {"DATABASE_URL", "DATABASE_WORKER_URL", "THECA_KEY_FILE"},
    "beat": {"THECA_KEY_FILE"},
    "notary": {"DATABASE_VERIFY_URL", "THECA_CHECKPOINT_KEY"},
}


def _seen_by(name: str, here: Ground) -> dict[str, str]:
    """The environment of one process: the database as its own role, and no other's way in."""
    variables = dict(here.variables)
    variables |= {"DATABASE_URL": here.now.database_url, "DATABASE_VERIFY_URL": here.now.database_verify_url}
    if name == "worker":
        variables["DATABASE_URL"] = here.now.database_worker_url or here.now.database_url
    if name == "api":
        variables["THECA_COOKIE"] = "plain"  # it answers on loopback, where browsers may do without TLS
    if not here.now.smtp_host:
        variables["TRANSPORT"] = "console"  # letters are printed into the worker's log
    return variables | {secret: "" for secret in _SECRETS if secret not in _GIVEN[name]}


def _commands(port: int, now: Settings) -> dict[str, tuple[str, ...]]:
    api = (sys.executable, "-m", "uvicorn", "--factory", "api.app:app", "--host", "127.0.0.1", "--port", str(port))
    quiet, data = ("--loglevel", "WARNING"), now.theca_data.absolute()
    signs = now.database_verify_url and now.theca_checkpoints and now.theca_checkpoint_key
    notary = {"notary": (sys.executable, "-m", "workers", "--notary")} if signs else {}
    return notary | {
        "api": (
            *api,
            "--log-level",
            "warning",
            "--no-access-log",
            "--no-proxy-headers",
            "--timeout-graceful-shutdown",
            "2",
            "--timeout-keep-alive",
            "30",
        ),
        "worker": (*_CELERY, "worker", *quiet, "--concurrency", "2", "--without-gossip", "--without-mingle"),
        "beat": (*_CELERY, "beat", *quiet, "--pidfile", "", "--schedule", str(data / "beat-schedule")),
    }


def _publish(here: Ground) -> None:
    files = {path: path.read_text(encoding="utf-8") for path in sorted(PROTOCOLS.glob("*/v*.yaml"))}
    for path, text in files.items():
        publishable(text, name=str(path), printed=printings(path))
    store = here.admin()
    for text in files.values():
        people.publish(store, text)
    store.close()


def _answers(address: str, stop: threading.Event) -> bool:
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end and not stop.is_set():
        try:
            if httpx.get(f"{address}/healthz", timeout=2).status_code == httpx.codes.OK:
                return True
        except httpx.TransportError:
            stop.wait(0.1)
    return stop.is_set()


def _logs(here: Ground) -> Path:
    return here.now.theca_data.absolute() / "logs"
