"""Valkey: how it is started, and when it is ready."""

import json
import socket

from workflow.engines.account import Account
from workflow.engines.binaries import Binaries
from workflow.engines.folder import Folder
from workflow.engines.ports import LOOPBACK


def create(folder: Folder, account: Account) -> None:
    folder.valkey.mkdir(mode=0o700, exist_ok=True)
    account.take(folder.valkey)


def command(binaries: Binaries) -> list[str]:
    return [str(binaries.valkey), "-"]


def settings(folder: Folder, *, port: int, durable: bool, password: str | None) -> str:
    """Write the settings it reads from standard input, where no list of processes shows the password."""
    lines = {
        "bind": LOOPBACK,
        "port": str(port),
        "dir": json.dumps(str(folder.valkey), ensure_ascii=False),  # its quoting is that of JSON
        "appendonly": "yes",
        "appendfsync": "everysec" if durable else "no",
        "maxmemory-policy": "noeviction",
    }
    if password is not None:
        lines["requirepass"] = password
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def is_ready(*, port: int, password: str | None) -> bool:
    """Tell whether it answers a PING; while it still loads its file it answers something else."""
    words = b"PING\r\n" if password is None else f"AUTH {password}\r\nPING\r\n".encode()
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(words + b"QUIT\r\n")
            with connection.makefile("rb") as answers:
                return b"+PONG\r\n" in answers.read()
    except OSError:
        return False
