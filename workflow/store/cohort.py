"""The cohort of a protocol version: whose passage is pinned to it and still open, and who could sign for them."""

from datetime import datetime

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from workflow.store import staff
from workflow.store.session import UnavailableError
from workflow.store.staff import Person


def open_on(connection: Connection, version: str) -> dict[str, list[str]]:
    """The open episodes under a version (`key@number`), by site. Keys only; it sees every site."""
    found: dict[str, list[str]] = {}
    query = "SELECT site_id, episode_id FROM cohort(:version)"
    for line in connection.execute(text(query), {"version": version}):
        found.setdefault(line.site_id, []).append(str(line.episode_id))
    return found


def signer(connection: Connection, site: str, who: str) -> Person:
    """A person in the roles they hold today at one site in sight; in none, where they do not work there."""
    members = staff.roster(connection, site).members
    roles = next((member.roles for member in members if member.id == who), frozenset())
    return Person(id=who, name=who, roles={site: roles})


def now(connection: Connection) -> datetime:
    """What time it is for the database."""
    found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def held(lost: UnavailableError) -> bool:
    """Whether nothing worse happened than that somebody else keeps the row."""
    cause = lost.__cause__
    return isinstance(cause, DBAPIError) and isinstance(cause.orig, LockNotAvailable)
