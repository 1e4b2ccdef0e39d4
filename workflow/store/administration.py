"""People, roles and tokens as an administrator changes them: through functions that look up who asks for themselves."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from workflow.domain.actor import Role
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotPermittedError
from workflow.store import tokens
from workflow.store.staff import hashed

_REFUSED = "42501"  # insufficient_privilege


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One role of a person at one site, from a day (None: at once) to a day."""

    site: str
    role: Role
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody as their administrator sees them: every role at the sites in sight, past, present and to come."""

    id: str
    name: str
    roles: tuple[Given, ...]


def employ(connection: Connection, *, by: str, site: str, person: str, name: str, email: str) -> None:
    """Add a person. Raises ImpossibleNowError where the id is taken, at whatever site; NotPermittedError."""
    with _refused():
        try:
            connection.execute(
                text("SELECT employ(:by, :site, :person, :name, :email)"),
                {"by": by, "site": site, "person": person, "name": name, "email": email},
            )
        except IntegrityError:
            raise ImpossibleNowError(f"the id {person} is taken", place="id", allowed="another id") from None


def give(connection: Connection, *, by: str, person: str, given: Given) -> None:
    """Give a person a role.

    Raises NotPermittedError; ImpossibleNowError for somebody who has left, and for a program and a person in one.
    """
    left = text("SELECT 1 FROM person_named(:person) WHERE ends_on < first_day_of(:site)")
    if connection.scalar(left, {"person": person, "site": given.site}):
        raise ImpossibleNowError(f"{person} has left", place="id", allowed="whoever is still there")
    with _refused():
        try:
            connection.execute(
                text("SELECT give_role(:by, :site, :person, :role, :starts_on, :ends_on)"),
                {
                    "by": by,
                    "person": person,
                    "site": given.site,
                    "role": given.role.value,
                    "starts_on": given.starts_on,
                    "ends_on": given.ends_on,
                },
            )
        except IntegrityError:
            said = "a program holds the role service and no other, and no person holds it"
            raise ImpossibleNowError(said, place="role", allowed="another person, or another role") from None


def end(connection: Connection, *, by: str, site: str, person: str, role: Role | None) -> int:
    """End a person's roles at a site now, or one of them; answers how many. Raises NotPermittedError."""
    with _refused():
        query = "SELECT end_roles(:by, :site, :person, :role)"
        values = {"by": by, "site": site, "person": person, "role": role.value if role else None}
        return int(connection.execute(text(query), values).scalar_one())


def give_token(
    connection: Connection, *, by: str, site: str, program: str, label: str, days: int
) -> tuple[str, datetime]:
    """A new bearer token for a program, shown once, and until when it is good. Raises NotPermittedError."""
    tokens.check_days(days)
    token = "theca_" + secrets.token_urlsafe(32)
    with _refused():
        until = connection.execute(
            text("SELECT give_token(:by, :site, :program, :hash, :label, :days)"),
            {"by": by, "site": site, "program": program, "hash": hashed(token), "label": label, "days": days},
        ).scalar_one()
    return token, until


def end_tokens(connection: Connection, *, by: str, site: str, person: str, label: str | None) -> int:
    """Take a person's tokens away, or those of one label; answers how many. Raises NotPermittedError."""
    with _refused():
        query = "SELECT end_tokens(:by, :site, :person, :label)"
        values = {"by": by, "site": site, "person": person, "label": label}
        return int(connection.execute(text(query), values).scalar_one())


def known(connection: Connection, person: str) -> Known | None:
    """Somebody with every role at the sites in sight; None where there is nobody of that id in sight."""
    found = connection.execute(
        text(
            "SELECT s.id, s.name, m.site_id, m.role, m.starts_on, m.ends_on FROM staff AS s"
            " JOIN membership AS m ON m.staff_id = s.id WHERE s.id = :person"
            " ORDER BY m.site_id, m.role, m.starts_on"
        ),
        {"person": person},
    ).all()
    if not found:
        return None
    roles = tuple(
        Given(site=line.site_id, role=Role(line.role), starts_on=line.starts_on, ends_on=line.ends_on) for line in found
    )
    return Known(id=found[0].id, name=found[0].name, roles=roles)


@contextmanager
def _refused() -> Iterator[None]:
    """What the database refuses to an administrator is not permitted, whatever was believed before."""
    try:
        yield
    except DBAPIError as wrong:
        if getattr(wrong.orig, "sqlstate", "") == _REFUSED:
            raise NotPermittedError("this is not yours to manage", allowed="an administrator of that site") from wrong
        raise


def check_days(given: Given) -> None:
    """Refuse a role that ends before it begins. Raises ImpossibleInputError."""
    if given.starts_on is not None and given.ends_on is not None and given.ends_on < given.starts_on:
        raise ImpossibleInputError("it ends before it begins", place="ends_on", allowed=f"from {given.starts_on}")
