"""Published protocol versions: their exact text, read and checked once per process."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, Row, text

from workflow.authoring.finding import FlawedProtocolError
from workflow.authoring.lint import examine
from workflow.authoring.schema import read
from workflow.domain.errors import NotFoundError, UnsoundError
from workflow.domain.protocol import ProtocolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published version in a list."""

    key: str
    number: int
    title: str
    sha256: str


def publish(connection: Connection, source: str) -> tuple[ProtocolVersion, bool]:
    """Keep a protocol's text for good; answers whether it is new. Publishing the same text again changes nothing.

    Raises ProtocolError for a text that does not lint, UnsoundError where this number has another text already.
    """
    errors = [finding for finding in examine(source, "protocol").findings if finding.is_error]
    if errors:
        raise FlawedProtocolError(*errors)
    version = _read(source)
    known = connection.scalar(
        text("SELECT sha256 FROM protocol_version WHERE key = :key AND number = :number"),
        {"key": version.key, "number": version.number},
    )
    if known is None:
        connection.execute(
            text("INSERT INTO protocol_version VALUES (:key, :number, :sha256, :text, clock_timestamp())"),
            {"key": version.key, "number": version.number, "sha256": version.sha256, "text": source},
        )
    elif known != version.sha256:
        raise UnsoundError(f"{version.name} is published with another text; give the new one the next number")
    return version, known is None


def fetch(connection: Connection, name: str) -> ProtocolVersion:
    """A version by `key@number`, or the newest by `key`. Raises NotFoundError, UnsoundError for a row that changed."""
    key, _, number = name.partition("@")
    found = connection.execute(
        text(
            "SELECT key, number, text, sha256 FROM protocol_version WHERE key = :key"
            " AND (CAST(:number AS integer) IS NULL OR number = CAST(:number AS integer))"
            " ORDER BY number DESC LIMIT 1"
        ),
        {"key": key, "number": int(number) if number.isdecimal() else None},
    ).one_or_none()
    if found is None or (number and not number.isdecimal()):
        raise NotFoundError("no such protocol is published", said=name)
    return _kept(found)


def source(connection: Connection, version: ProtocolVersion) -> str:
    """The exact text a version was published with."""
    found: str = connection.execute(
        text("SELECT text FROM protocol_version WHERE key = :key AND number = :number"),
        {"key": version.key, "number": version.number},
    ).scalar_one()
    return found


_KNOWN: dict[str, ProtocolVersion] = {}


def cached(connection: Connection, name: str) -> ProtocolVersion:
    """A frozen version by its full name; asked of the database once per process."""
    if name not in _KNOWN:
        _KNOWN[name] = fetch(connection, name)
    return _KNOWN[name]


def listed(connection: Connection) -> list[Published]:
    """Every published version, newest first per key."""
    found = connection.execute(text("SELECT key, number, text, sha256 FROM protocol_version ORDER BY key, number DESC"))
    versions = [_kept(line) for line in found]
    return [Published(key=v.key, number=v.number, title=v.title, sha256=v.sha256) for v in versions]


def _kept(row: Row[tuple[object, ...]]) -> ProtocolVersion:
    """The version of a row, as it was published. Raises UnsoundError where the row is not what it was."""
    name = f"{row.key}@{row.number}"
    if hashlib.sha256(row.text.encode()).hexdigest() != row.sha256:
        raise UnsoundError(f"the stored text of {name} is not the one that was published")
    version = _read(row.text)
    if version.name != name:
        raise UnsoundError(f"the stored text of {name} is that of {version.name}")
    return version


@lru_cache(maxsize=64)
def _read(source: str) -> ProtocolVersion:
    return read(source)
