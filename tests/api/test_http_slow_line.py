"""A body that does not arrive is not waited for without end, and nothing is done with the half of it."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from caller import V1, Api, ago

from api import door


def test_a_body_that_does_not_come_is_waited_for_a_while_and_the_line_is_closed(
    api: Api, client: httpx.Client, sql: Callable[..., list], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(door, "PATIENCE", 0.2)
    path, address = f"{V1}/episodes/{api.enrol()}/observations", urlsplit(str(client.base_url))
    token = api("nurse-1").headers["Authorization"]
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
    body = f'[{{"item": "nrs", "observed_at": "{ago(hours=1)}", "value": 7'
    before, heard = sql("SELECT count(*) FROM ledger"), b""
    with socket.create_connection((address.hostname, address.port), 10) as line:
        line.sendall(f"{head}Content-Length: 1000\r\n\r\n{body}".encode())
        while more := line.recv(65_536):  # until the other end hangs up
            heard += more
    assert heard.startswith(b"HTTP/1.1 408")
    assert b'"code":"too_slow"' in heard
    assert sql("SELECT count(*) FROM ledger") == before
    assert sql("SELECT actor, kind, sum(count) FROM security_event GROUP BY actor, kind") == [
        ("nurse-1", "too_slow", 1)
    ]
