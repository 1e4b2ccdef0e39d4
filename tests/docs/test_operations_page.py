"""Each step of docs/operations.md, typed from its first line to its last against servers of this test's own.

What needs Docker or `make` is read against docker-compose.yml and the Makefile elsewhere; `make up` is run end to end.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller

from tests.docs.fences import ROOT, fences, typed
from workflow import engines
from workflow.service.health import findings, vitals
from workflow.store.session import Store

PAGE = "docs/operations.md"
ELSEWHERE = {"make", "docker", "umask", "openssl", "sudo", "echo"}
STAYS = {"uvicorn", "celery", "python"}
ENDS = {"theca import referrals": 1}  # the example holds rows that are refused, and says so
SAYS = {
    "theca db key": "THECA_KEY_FILE=",
    "theca db establish": "DATABASE_VERIFY_URL=",
    "theca calendar show": "2026-12-24",
    "theca notify test": "sent",
    "theca import referrals": "arrived overdue and wait for a release",
    "theca backlog list": "Triage the referral",
    "theca backlog release": "0 still waiting at north",
    "theca doctor": '"well": true',
}
_SETS = re.compile(r"^([A-Z_]+)=(\S+)$", re.MULTILINE)


def steps() -> list[list[str]]:
    """Every command of the page, in its order."""
    return [words for fence in fences("console") if fence.place.startswith(PAGE) for words in typed(fence)]


RUN = [words for words in steps() if words[0] not in ELSEWHERE]


@dataclass
class Site:
    """A hospital's machine: its environment, what runs on it, and how each step ended."""

    folder: Path
    port: int
    environment: dict[str, str]
    shown: dict[str, str]  # what stands on the page, and what it is here
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended: dict[str, tuple[int, str]] = field(default_factory=dict)

    def take(self, words: list[str]) -> None:
        told = shlex.join(words)
        given = [self.shown.get(word, word) for word in words]
        if words[0] in STAYS:
            self.running[told] = self._start(given)
        else:
            self.ended[told] = self._run(given)

    def _run(self, words: list[str]) -> tuple[int, str]:
        command = [sys.executable, "-m", "workflow.cli", *words[1:]]
        if words[1] == "doctor":
            self.wait_until_ready()
        ran = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        self.environment |= dict(_SETS.findall(ran.stdout))
        if words[1:3] == ["token", "add"]:
            self.environment["THECA_TOKEN"] = ran.stdout.strip()
        return ran.returncode, ran.stdout + ran.stderr

    def _start(self, words: list[str]) -> "subprocess.Popen[bytes]":
        module = words[2:] if words[:2] == ["python", "-m"] else words
        port = ["--port", str(self.port)] if words[0] == "uvicorn" else []
        command = [sys.executable, "-m", *module, *port]
        with (self.folder / f"{len(self.running)}.log").open("wb") as log:
            return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        pause, told = threading.Event(), "the API did not answer"
        for _ in range(900):
            try:
                answer = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5, trust_env=False)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                return
            told = told if answer is None else answer.text
            pause.wait(0.1)
        pytest.fail(f"not ready: {told}")

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class _Taken(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Mailbox:
    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - the name aiosmtpd calls
        return "250 taken"


@pytest.fixture(scope="module")
def site(free_port: Callable[[], int]) -> Iterator[Site]:
    """The page, played once from top to bottom; servers, relay and webhook are real and on loopback."""
    hook = ThreadingHTTPServer(("127.0.0.1", 0), _Taken)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    relay = Controller(_Mailbox(), hostname="127.0.0.1", port=free_port())
    relay.start()
    with tempfile.TemporaryDirectory(prefix="theca-page-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("protocols", "examples"):
            (folder / part).symlink_to(ROOT / part)
        with engines.running(folder / "servers", durable=True, trust=True) as servers:
            here = Site(
                folder=folder,
                port=free_port(),
                environment=_environment(servers, relay.port),
                shown={
                    "postgresql://postgres:...@db.example/postgres": servers.admin_url,
                    "https://hooks.hospital.example/theca": f"http://127.0.0.1:{hook.server_address[1]}/theca",
                },
            )
            try:
                for words in RUN:
                    here.take(words)
                yield here
            finally:
                here.stop()
    relay.stop()
    hook.shutdown()
    hook.server_close()


def _environment(servers: engines.Engines, relay: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": servers.redis_url,
        "THECA_PUBLIC_URL": "https://theca.hospital.example",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(relay),
        "SMTP_TLS": "false",
        "WEBHOOK_ALLOW_LOOPBACK": "true",
    }


@pytest.mark.parametrize("told", [shlex.join(words) for words in RUN if words[0] not in STAYS])
def test_a_step_does_what_the_page_says(told: str, site: Site):
    code, said = site.ended[told]
    named = " ".join(told.split()[:3])
    expected = next((ENDS[known] for known in ENDS if named.startswith(known)), 0)
    assert code == expected, said
    assert next((word for known, word in SAYS.items() if told.startswith(known)), "") in said


@pytest.mark.parametrize("told", [shlex.join(words) for words in RUN if words[0] in STAYS])
def test_a_part_that_is_started_stays(told: str, site: Site):
    process = site.running[told]
    assert process.poll() is None, told


def test_every_line_of_the_page_is_run_or_known_to_be_checked_elsewhere():
    words = {step[0] for step in steps()}
    assert words <= {"theca", *STAYS, *ELSEWHERE}
    assert len(RUN) > 20
    unsaid = [known for known in SAYS if not any(shlex.join(step).startswith(known) for step in RUN)]
    assert unsaid == []


def test_the_page_says_what_to_do_for_each_finding(store: Store):
    page = (ROOT / PAGE).read_text(encoding="utf-8").partition("## What to do when")[2]
    missing = [one.what for one in findings(vitals(store)) if f"`{one.what}" not in page]
    assert missing == []
