import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from workflow import engines


def test_both_answer_as_promised(home: Path, sql: Callable[..., Any]):
    with engines.running(home) as servers:
        promised = {
            "server_encoding": "UTF8",
            "data_checksums": "on",
            "fsync": "on",
            "max_connections": "200",
            "timezone": "UTC",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        assert {name: sql(servers.admin_url, f"SHOW {name}") for name in promised} == promised
        assert sql(servers.admin_url, "SELECT datcollate FROM pg_database WHERE datname = 'template1'") == "C"
        with redis.Redis.from_url(servers.redis_url) as valkey:
            assert valkey.ping()
            assert valkey.config_get("appendonly", "maxmemory-policy", "bind") == {
                "appendonly": "yes",
                "maxmemory-policy": "noeviction",
                "bind": "127.0.0.1",
            }


def test_nobody_gets_in_without_the_password(home: Path):
    with engines.running(home) as servers:
        guessed = servers.admin_url.replace("+psycopg", "").replace(servers.superuser_password, "guessed")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(guessed)
        open_url = f"redis://127.0.0.1:{servers.redis_url.rpartition(':')[2]}"
        with redis.Redis.from_url(open_url) as valkey, pytest.raises(redis.AuthenticationError):
            valkey.ping()
        assert servers.superuser_password not in repr(servers)
        for kept in home.glob("*.password"):
            assert kept.stat().st_mode & 0o077 == 0


def test_servers_for_tests_are_quick_and_open(home: Path, sql: Callable[..., Any]):
    with engines.running(home, durable=False, trust=True) as servers:
        assert sql(servers.admin_url.replace(servers.superuser_password, "any"), "SHOW fsync") == "off"
        with redis.Redis(port=int(servers.redis_url.rpartition(":")[2].removesuffix("/0"))) as valkey:
            assert valkey.ping()


def test_the_second_joins_and_leaves_the_servers_to_the_first(home: Path, sql: Callable[..., Any]):
    assert engines.joined(home) is None
    with engines.running(home, durable=False) as first:
        with engines.running(home) as second:
            assert second == first == engines.joined(home)
        sql(first.admin_url, "CREATE TABLE kept (n int)")
    assert engines.joined(home) is None
    with engines.running(home, durable=False) as again:
        assert (again.admin_url, again.redis_url) == (first.admin_url, first.redis_url)
        assert sql(again.admin_url, "SELECT count(*) FROM kept") == 0


def test_two_that_start_at_once_share_one_pair(home: Path, sql: Callable[..., Any]):
    both_in = threading.Barrier(2, timeout=60)

    def run() -> engines.Engines:
        with engines.running(home, durable=False) as servers:
            sql(servers.admin_url, "SELECT 1")
            both_in.wait()
            return servers

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(run), pool.submit(run)
        assert one.result() == other.result()
    assert engines.joined(home) is None


def test_ports_are_used_as_given(home: Path, sql: Callable[..., Any], free_port: Callable[[], int]):
    with engines.running(home, durable=False):
        pass
    wanted = {"postgres_port": free_port(), "redis_port": free_port()}
    with engines.running(home, durable=False, **wanted) as moved:
        assert moved.postgres_port == wanted["postgres_port"]
        assert f":{wanted['redis_port']}/" in moved.redis_url
        assert sql(moved.admin_url, "SELECT 1") == 1
    remembered = json.loads((home / "engines.json").read_text())
    assert wanted.items() <= remembered.items()
