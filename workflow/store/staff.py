"""Sites, people, roles and tokens; who answers at a site now."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any

from sqlalchemy import Connection, Row, text

from workflow.domain.actor import Actor, Role
from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.domain.roster import Member, Roster
from workflow.domain.scope import scope_of

_LONGEST = 200  # characters of a name or a label
_PERSON = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signed in, and which roles they hold at which sites today.

    `only`: the verbs that the way they came in leaves them (a narrower token, a PIN); None: all their roles carry.
    """

    id: str
    name: str
    roles: Mapping[str, frozenset[Role]]
    only: frozenset[str] | None = None

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(sorted(self.roles))

    def at(self, site: str) -> Actor:
        """This person at one site."""
        return Actor(id=self.id, roles=self.roles.get(site, frozenset()), only=self.only)


def who_is(connection: Connection, token: str) -> Person | None:
    """The person a bearer token stands for, or None."""
    found = connection.execute(text("SELECT * FROM who_is(:hash)"), {"hash": hashed(token)}).all()
    return person(found, only=scope_of(found[0].scopes)) if found else None


def person(lines: Sequence[Row[Any]], *, only: frozenset[str] | None) -> Person:
    """Who the lines of an answer tell of, a line per role, in no more than these verbs."""
    roles: dict[str, set[Role]] = {}
    for line in lines:
        if line.site_id is not None:
            roles.setdefault(line.site_id, set()).add(Role(line.role))
    frozen = {site: frozenset(held) for site, held in roles.items()}
    return Person(id=lines[0].staff_id, name=lines[0].name, roles=frozen, only=only)


def hashed(token: str) -> str:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def add_person(connection: Connection, *, staff: str, name: str, email: str) -> bool:
    """Add a person, or change their name and address; answers whether the address is another than before.

    Raises ImpossibleInputError where one of the three is none.
    """
    check_person(staff, email=email, name=name)
    before = connection.scalar(text("SELECT email FROM staff WHERE id = :staff"), {"staff": staff})
    connection.execute(
        text(
            "INSERT INTO staff VALUES (:staff, :name, :email)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email"
        ),
        {"staff": staff, "name": name, "email": email},
    )
    return (before or "") != email


def check_person(staff: str, *, email: str, name: str | None = None) -> None:
    """Refuse what can be no person's id, name or address. Raises ImpossibleInputError."""
    if not _PERSON.match(staff) or staff == "nobody":
        allowed = "a-z, 0-9, . _ - (1 to 64)"
        raise ImpossibleInputError("no id for a person", said=staff, place="person", allowed=allowed)
    if name is not None:
        check_text("name", name)
    _check_address(email)


def check_text(what: str, said: str) -> None:
    """Refuse what does not read as it is written: it stands under what its owner did."""
    if not said.strip() or not said.isprintable() or len(said) > _LONGEST:
        raise ImpossibleInputError(f"no {what}", place=what, allowed=f"one line, 1 to {_LONGEST} characters")


def _check_address(email: str) -> None:
    """Refuse what cannot be the address of a letter; empty is allowed and means in-app only."""
    try:
        good = not email or ("@" in Address(addr_spec=email).addr_spec and email.isprintable())
    except (HeaderParseError, ValueError, IndexError):
        good = False
    if not good:
        allowed = "like ada@hospital.example"
        raise ImpossibleInputError("this is no e-mail address", said=email, place="email", allowed=allowed)


def add_role(
    connection: Connection, *, site: str, staff: str, role: Role, starts_on: date, ends_on: date | None = None
) -> None:
    """Give a person a role at a site from a day to a day. Raises ImpossibleInputError for a site or person unknown."""
    for table, column, value in (("site", "site_id", site), ("staff", "id", staff)):
        if not connection.scalar(text(f"SELECT 1 FROM {table} WHERE {column} = :value"), {"value": value}):  # noqa: S608
            raise ImpossibleInputError(f"no {table} {value!r}", place=table)
    connection.execute(
        text(
            "INSERT INTO membership VALUES (:site, :staff, :role, :starts_on, :ends_on)"
            " ON CONFLICT (site_id, staff_id, role, starts_on) DO UPDATE SET ends_on = excluded.ends_on"
        ),
        {"site": site, "staff": staff, "role": role.value, "starts_on": starts_on, "ends_on": ends_on},
    )


def end_person(connection: Connection, staff: str, *, on: date | None) -> None:
    """A person leaves after a day, or at once: what is left of their roles, sessions and tokens ends. NotFoundError."""
    last = "CAST(:day AS date)" if on else "(clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date - 1"
    query = text(f"UPDATE staff SET ends_on = {last} WHERE id = :staff RETURNING ends_on")  # noqa: S608 - ours
    day = connection.scalar(query, {"staff": staff} | ({"day": on} if on else {}))
    if day is None:
        raise NotFoundError(f"nobody is called {staff!r}", place="person")
    connection.execute(
        text("UPDATE membership SET ends_on = :day WHERE staff_id = :staff AND (ends_on IS NULL OR ends_on > :day)"),
        {"staff": staff, "day": day},
    )


def zone(connection: Connection, site: str) -> str:
    """The time zone of a site in sight."""
    return str(connection.execute(text("SELECT zone FROM site WHERE site_id = :site"), {"site": site}).scalar_one())


def roster(connection: Connection, site: str) -> Roster:
    """Who works at the site today, as its own calendar counts days: who is away, stands in and is on call now."""
    found = connection.execute(text(_ROSTER), {"site": site}).one_or_none()
    if found is None:
        return Roster()
    deputies: dict[str, tuple[str, ...]] = {}
    for person, deputy in found.deputies or ():
        deputies[person] = (*deputies.get(person, ()), deputy)
    return Roster(
        members=tuple(_member(one) for one in found.members or ()),
        away=dict(found.away or ()),
        deputies=deputies,
        on_call=frozenset(found.on_call or ()),
    )


def _member(one: Mapping[str, Any]) -> Member:
    return Member(
        id=one["id"],
        roles=frozenset(Role(role) for role in one["roles"]),
        channels=("in_app", *(("email",) if one["email"] else ()), *one["kinds"]),
    )


_ROSTER = """
SELECT
  (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id) FROM (
    SELECT s.id, s.email, array_agg(m.role) AS roles,
      ARRAY(SELECT a.kind FROM address AS a WHERE a.staff_id = s.id ORDER BY a.kind) AS kinds
    FROM membership AS m JOIN staff AS s ON s.id = m.staff_id
    WHERE m.site_id = h.site_id AND m.starts_on <= h.today AND (m.ends_on IS NULL OR m.ends_on >= h.today)
      AND (s.ends_on IS NULL OR s.ends_on >= h.today)
    GROUP BY s.id, s.email) AS p) AS members,
  (SELECT jsonb_agg(jsonb_build_array(a.staff_id, a.substitute) ORDER BY a.starts_at) FROM absence AS a
    WHERE a.site_id = h.site_id AND a.starts_at <= h.now AND a.ends_at > h.now) AS away,
  (SELECT jsonb_agg(jsonb_build_array(d.staff_id, d.deputy_id) ORDER BY d.staff_id, d.deputy_id) FROM deputy AS d
    WHERE d.site_id = h.site_id) AS deputies,
  (SELECT jsonb_agg(c.staff_id) FROM on_call AS c
    WHERE c.site_id = h.site_id AND c.starts_at <= h.now AND c.ends_at > h.now) AS on_call
FROM (SELECT site_id, clock_timestamp() AS now, (clock_timestamp() AT TIME ZONE zone)::date AS today FROM site
  WHERE site_id = :site) AS h
"""
