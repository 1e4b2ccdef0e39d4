"""Sites, the people who work there, and what is published: set up by an administrator, as theca_migrate.

Every change leaves its line: in the chain of the site, of the people, or of the protocols. An address is never in it,
only that it changed.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from workflow.domain.actor import Role
from workflow.domain.chain_line import ON_THE_MACHINE, PEOPLE, PROTOCOLS, of_site
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.protocol import ProtocolVersion
from workflow.service import recalendar
from workflow.service.intake import rows
from workflow.store import chains, parameters, protocols, rekey, sites, staff, tokens
from workflow.store.rekey import Changed
from workflow.store.session import Store
from workflow.store.sites import Habits
from workflow.store.tokens import Token
from workflow.store.vault import KeyFileError, Vault

AS_IT_IS = Habits()
COLUMNS = ("person", "name", "email", "site", "role")


def add_site(
    store: Store,
    *,
    site: str,
    name: str,
    zone: str,
    country: str,
    subdivision: str | None = None,
    habits: Habits = AS_IT_IS,
    dry: bool = False,
) -> int:
    """Add a site, or change it: `zone` an IANA name, `country` and `subdivision` ISO 3166, for its public holidays.

    Answers how many clocks moved with its working time, or would (`dry`). Raises ImpossibleInputError naming what is
    wrong and what is allowed.
    """

    def write(connection: Connection) -> None:
        sites.add(connection, site=site, name=name, zone=zone, country=country, subdivision=subdivision, habits=habits)
        chains.append(
            connection, of_site(site), actor=ON_THE_MACHINE, verb="set_site", about=sites.as_set(connection, site)
        )

    return recalendar.change(store, site, write, why="the site's hours or holidays changed", dry=dry)


def add_closure(store: Store, *, site: str, day: date, label: str, dry: bool = False) -> int:
    """A day the site is closed beside weekends and public holidays; answers how many clocks moved, or would.

    Raises ImpossibleInputError.
    """

    def write(connection: Connection) -> None:
        sites.add_closure(connection, site=site, day=day, label=label)
        about = {"day": day, "label": label}
        chains.append(connection, of_site(site), actor=ON_THE_MACHINE, verb="close_day", about=about)

    return recalendar.change(store, site, write, why=f"closed on {day}: {label}", dry=dry)


def remove_closure(store: Store, *, site: str, day: date, dry: bool = False) -> int:
    """The site is open on that day after all; answers how many clocks moved, or would. Raises ImpossibleInputError."""

    def write(connection: Connection) -> None:
        if not sites.remove_closure(connection, site=site, day=day) and not recalendar.unfinished(connection, site):
            raise ImpossibleInputError(f"{site} has no closure on {day}", place="day", allowed="theca calendar show")
        chains.append(connection, of_site(site), actor=ON_THE_MACHINE, verb="open_day", about={"day": day})

    return recalendar.change(store, site, write, why=f"open on {day} after all", dry=dry)


def add_person(store: Store, *, person: str, name: str, email: str = "") -> None:
    """Add a person, or change their name and address."""
    with store.transaction() as connection:
        _add_person(connection, person=person, name=name, email=email)


def add_role(store: Store, *, site: str, person: str, role: Role, starts_on: date, ends_on: date | None = None) -> None:
    """Give a person a role at a site, from a day to a day. Raises ImpossibleInputError for a site or person unknown."""
    with store.transaction() as connection:
        _add_role(connection, site=site, person=person, role=role, starts_on=starts_on, ends_on=ends_on)


def end_person(store: Store, person: str, *, on: date | None = None) -> None:
    """A person leaves: with this last day, or at once. Roles end, nothing opens for them. Raises NotFoundError."""
    with store.transaction() as connection:
        staff.end_person(connection, person, on=on)
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="end_person", about={"person": person, "on": on})


def add_token(
    store: Store, *, person: str, label: str, days: int, scopes: Sequence[str] = (), site: str | None = None
) -> str:
    """A bearer token for a person, shown once and kept as a hash. Raises ImpossibleInputError.

    It gives what the person's roles give, or no more of it than `scopes`, at all their sites or at one.
    """
    with store.transaction() as connection:
        token = tokens.add(connection, person, label, days=days, scopes=scopes, site=site)
        about = {"person": person, "label": label, "days": days, "scopes": list(scopes), "site": site}
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="add_token", about=about)
        return token


def list_tokens(store: Store, person: str | None = None) -> list[Token]:
    """Every token, or a person's, the newest first."""
    with store.transaction() as connection:
        return tokens.of(connection, person)


def revoke_token(store: Store, token: str) -> Token:
    """Let a token open nothing any more. Raises NotFoundError."""
    with store.transaction() as connection:
        revoked = tokens.revoke(connection, token)
        about = {"person": revoked.person, "label": revoked.label}
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="revoke_token", about=about)
        return revoked


def load(store: Store, data: bytes, *, today: date) -> list[str]:
    """People and their roles from CSV (person, name, email, site, role), a row per role; answers who is in it.

    Raises ImpossibleInputError naming the line; then nothing of the file was taken.
    """
    found = rows(data, COLUMNS)
    with store.transaction() as connection:
        for row in found:
            cells = row.cells
            if cells["role"] not in list(Role):
                raise ImpossibleInputError(
                    f"line {row.line}: no role {cells['role']!r}", place="role", allowed=", ".join(Role)
                )
            _add_person(connection, person=cells["person"], name=cells["name"], email=cells["email"])
            _add_role(connection, site=cells["site"], person=cells["person"], role=Role(cells["role"]), starts_on=today)
    return sorted({row.cells["person"] for row in found})


def set_parameter(
    store: Store, *, site: str, protocol: str, name: str, value: Decimal, person: str, reason: str
) -> Decimal:
    """Set a site's value of a parameter of the newest version of a protocol; answers the one before.

    Raises UnknownNameError, ImpossibleValueError naming the bounds, NotPermittedError, NotFoundError.
    """
    with store.transaction() as connection:
        version = protocols.fetch(connection, protocol)
        before = parameters.in_force(connection, site, version.key)
        parameters.put(connection, version, site=site, name=name, value=value, by=person, reason=reason)
        was = before.get(name, version.parameters[name].default)
        about = {"protocol": version.name, "parameter": name, "before": was, "value": value, "reason": reason.strip()}
        chains.append(connection, of_site(site), actor=person, verb="set_parameter", about=about)
        return was


def site_parameters(store: Store, *, site: str, protocol: str) -> tuple[ProtocolVersion, list[parameters.Set]]:
    """The newest version of a protocol, and every value a site has set for it, newest first. Raises NotFoundError."""
    with store.transaction() as connection:
        version = protocols.fetch(connection, protocol)
        return version, parameters.history(connection, site, version.key)


def publish(store: Store, text: str) -> ProtocolVersion:
    """Publish a protocol version for good. Raises ProtocolError, or UnsoundError where the number is taken."""
    with store.transaction() as connection:
        version, new = protocols.publish(connection, text)
        if new:
            about = {"protocol": version.name, "sha256": version.sha256}
            chains.append(connection, PROTOCOLS, actor=ON_THE_MACHINE, verb="publish", about=about)
        return version


def rotate_key(store: Store, new: Vault) -> Changed:
    """Exchange the key file. Raises KeyFileError where the store's own is not the one that was in use."""
    try:
        with store.transaction() as connection:
            changed = rekey.rotate(connection, store.vault, new)
            about = {"candidates": changed.candidates, "addresses": changed.addresses}
            chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="rotate_key", about=about)
    except InvalidTag:
        raise KeyFileError("this key file is not the one that is in use; nothing was changed") from None
    return changed


def _add_person(connection: Connection, *, person: str, name: str, email: str) -> None:
    changed = staff.add_person(connection, staff=person, name=name, email=email)
    about = {"person": person, "name": name, "address": "changed" if changed else "kept"}
    chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="set_person", about=about)


def _add_role(
    connection: Connection, *, site: str, person: str, role: Role, starts_on: date, ends_on: date | None = None
) -> None:
    staff.add_role(connection, site=site, staff=person, role=role, starts_on=starts_on, ends_on=ends_on)
    about = {"person": person, "role": role, "starts_on": starts_on, "ends_on": ends_on}
    chains.append(connection, of_site(site), actor=ON_THE_MACHINE, verb="give_role", about=about)
