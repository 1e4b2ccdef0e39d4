import platform
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from workflow import engines
from workflow.engines import binaries


@pytest.mark.parametrize("server", ["postgres_port", "redis_port"])
def test_a_taken_port_is_named_in_one_line(home: Path, server: str):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        _is_refused(home, rf"\APort {port} on 127.0.0.1 is taken.*another port.*\Z", **{server: port})


def test_whoever_needs_another_port_is_told_what_to_set():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(engines.EnginesError, match=f"Port {port} .* the page needs it: set THECA_PORT to another."):
            engines.ensure_free(port, needed_by="the page", remedy="set THECA_PORT to another")
    engines.ensure_free(port, needed_by="the page", remedy="set THECA_PORT to another")


def test_a_data_folder_that_is_a_file_is_refused(home: Path):
    (home / "file").touch()
    _is_refused(home / "file", r"\AThe data folder .*/file cannot be made .*: name another\.\Z")


def test_a_machine_the_wheels_do_not_serve_is_named(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    _is_refused(home, r"no program for \w+ on riscv64: set DATABASE_URL and REDIS_URL")


def test_an_old_python_is_named():
    binaries.require_python((3, 11))
    with pytest.raises(engines.EnginesError, match=r"needs Python 3.11 or newer; this is 3.10"):
        binaries.require_python((3, 10))


def test_a_server_that_cannot_start_is_named_with_what_it_said(home: Path):
    with engines.running(home, durable=False):
        pass
    (home / "postgres" / "global" / "pg_control").write_bytes(b"torn")
    _is_refused(home, r"\APostgreSQL ended while starting: PANIC:.*pg_control.* \(more in .*/postgres.log\)\Z")
    assert engines.joined(home) is None


def test_the_program_says_its_trouble_in_one_line(home: Path):
    (home / "file").touch()
    ran = subprocess.run(
        [sys.executable, "-m", "workflow.engines", home / "file"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert re.fullmatch(r"theca: The data folder .*\n", ran.stderr)


# ----------------------------------------------------------------------------------------------------------------------


def _is_refused(folder: Path, why: str, **wanted: int) -> None:
    with pytest.raises(engines.EnginesError, match=why), engines.running(folder, durable=False, **wanted):
        pass
