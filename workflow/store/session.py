"""The one way to a transaction: open a store, name whose sites may be seen, and everything inside is one commit."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from workflow.domain.errors import TroubleError
from workflow.store.vault import Vault

_SESSION = (
    "-c timezone=UTC -c lock_timeout=2s -c statement_timeout=5s"
    " -c idle_in_transaction_session_timeout=15s -c application_name=theca"
)


_NOT_THERE = frozenset({"42P01", "42883", "42703"})  # no such table, function, column


class UnavailableError(TroubleError):
    """The database does not answer; nothing was written. Try again."""

    code = "unavailable"


@dataclass(frozen=True, slots=True)
class Store:
    """A database and the vault beside it."""

    engine: Engine = field(repr=False)
    vault: Vault = field(repr=False)

    @contextmanager
    def transaction(self, sites: Sequence[str] = ()) -> Iterator[Connection]:
        """One transaction that sees these sites and no other; committed at its end, rolled back on any error.

        Raises UnavailableError where the database cannot be reached or does not answer in time.
        """
        with translated(), self.engine.begin() as connection:
            if sites:
                see(connection, sites)
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def see(connection: Connection, sites: Sequence[str]) -> None:
    """Let this transaction see these sites."""
    connection.execute(text("SELECT set_config('app.sites', :sites, true)"), {"sites": ",".join(sites)})


def open_store(url: str, key_file: Path | None, *, pooler: str = "") -> Store:
    """A store by its URL (`postgresql+psycopg://` or `postgresql://`) and key file. Opens no connection yet."""
    if key_file is None:
        raise UnavailableError("no key file is set", allowed="THECA_KEY_FILE names it")
    return Store(engine=engine(url, pooler=pooler), vault=_vault(key_file))


def open_sealed(url: str) -> Store:
    """A store without the key file: everything can be looked at, and nothing that is sealed be opened."""
    return Store(engine=engine(url), vault=Vault(os.urandom(32)))


def engine(url: str, *, pooler: str = "") -> Engine:
    """A pooled engine: short waits, and no statement longer than five seconds."""
    if not url:
        raise UnavailableError("no database is set", allowed="DATABASE_URL names it")
    address = address_of(url)
    arguments: dict[str, object] = {"connect_timeout": 3, "options": _SESSION}
    if pooler == "transaction":
        arguments["prepare_threshold"] = None
    return create_engine(
        address, pool_size=8, max_overflow=8, pool_timeout=2, hide_parameters=True, connect_args=arguments
    )


def address_of(url: str) -> URL:
    """A database URL, with our driver. Raises UnavailableError where it cannot be read; it is not repeated."""
    try:
        return make_url(url).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise UnavailableError(
            "the database URL cannot be read", allowed="postgresql://role:password@host/name"
        ) from None


@lru_cache(maxsize=8)
def _vault(key_file: Path) -> Vault:
    return Vault.from_file(key_file)


@contextmanager
def translated() -> Iterator[None]:
    """A lost connection, a full pool or a time-out becomes one error of ours; everything else passes."""
    try:
        yield
    except (OperationalError, PoolTimeoutError) as lost:
        raise UnavailableError from lost
    except DBAPIError as wrong:
        if wrong.connection_invalidated:
            raise UnavailableError from wrong
        if getattr(wrong.orig, "sqlstate", "") in _NOT_THERE:
            raise UnavailableError(
                "the database has not the shape of this release", allowed="theca db upgrade"
            ) from wrong
        raise
