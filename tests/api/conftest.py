"""The interface as people meet it: real database, real tokens, a real server on loopback.

One server and one application per test process; the desk behind them is each test's own.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api.app import create_app
from api.lately import Lately
from workflow import engines
from workflow.domain.actor import Role
from workflow.service import people
from workflow.service.act import Desk
from workflow.store import roles, session
from workflow.store.bell import Bell
from workflow.store.session import Store

sys.path.insert(0, str(Path(__file__).parent))

from caller import Api
from proving import give_passwords


@pytest.fixture(scope="session")
def tokens(servers: engines.Engines, template: dict[str, str], key_file: Path) -> dict[str, str]:
    """A token for each invented person, in every database copied from now on."""
    url = roles.url_of(servers.admin_url, "theca_migrate", template["theca_migrate"], "theca_template")
    store = session.open_store(url, key_file)
    everybody = [f"{role}-{number}" for role in Role for number in (1, 2, 3)]
    made = {person: people.add_token(store, person=person, label="test", days=1) for person in everybody}
    store.close()
    return made


@pytest.fixture(scope="session")
def served(key_file: Path) -> Iterator[tuple[FastAPI, str]]:
    """The application behind a server on a free port of loopback, and its address."""
    made = create_app(Desk(session.open_store("postgresql://nobody@127.0.0.1:1/none", key_file), Bell("")))
    quiet = {"lifespan": "off", "ws": "none", "log_config": None, "access_log": False, "proxy_headers": False}
    server = uvicorn.Server(uvicorn.Config(made, port=0, **quiet))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait = threading.Event()
    while not server.started:
        assert thread.is_alive()
        wait.wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield made, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def client(tokens: dict[str, str], desk: Desk, served: tuple[FastAPI, str]) -> Iterator[httpx.Client]:
    made, address = served
    made.state.desk, made.state.lately = desk, Lately(seconds=0)
    limits = httpx.Limits(max_connections=60)
    with httpx.Client(base_url=address, timeout=30, limits=limits, trust_env=False) as opened:
        yield opened


@pytest.fixture
def api(client: httpx.Client, tokens: dict[str, str]) -> Api:
    return Api(client, tokens)


@pytest.fixture
def signers(database: Any) -> None:
    """Everybody has a password, to sign with where they may."""
    give_passwords(database)


@pytest.fixture
def verify_store(database: Any) -> Iterator[Store]:
    """The store as an auditor opens it: it sees every site and changes nothing."""
    opened = session.open_store(database.verify, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def sql(database: Any) -> Iterator[Callable[..., list[Any]]]:
    """Ask the database behind everybody's back, as the owner of its shape, who sees every site."""
    engine = create_engine(make_url(database.migrate).set(drivername="postgresql+psycopg"))

    def ask(query: str, **values: object) -> list[Any]:
        with engine.begin() as connection:
            found = connection.execute(text(query), values)
            return list(found) if found.returns_rows else []

    yield ask
    engine.dispose()
