"""Where a webhook or another service of a person is: sealed with the key file, bound to the person and the kind."""

import json
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.store.outbox import Claimed
from workflow.store.vault import Vault

KINDS = ("webhook", "apprise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where letters go, and what they are signed with there."""

    to: str = field(repr=False)
    secret: str = field(default="", repr=False)


def put(connection: Connection, vault: Vault, *, staff: str, kind: str, address: Address) -> None:
    """Keep a person's address of a kind; the one before is gone. Raises ImpossibleInputError for nobody."""
    if not connection.scalar(text("SELECT 1 FROM staff WHERE id = :staff"), {"staff": staff}):
        raise ImpossibleInputError(f"nobody is called {staff!r}", place="person")
    plain = json.dumps({"to": address.to, "secret": address.secret}).encode()
    connection.execute(
        text(
            "INSERT INTO address (staff_id, kind, sealed) VALUES (:staff, :kind, :sealed)"
            " ON CONFLICT (staff_id, kind) DO UPDATE SET sealed = excluded.sealed"
        ),
        {"staff": staff, "kind": kind, "sealed": vault.seal(plain, place=_place(staff, kind))},
    )


def remove(connection: Connection, *, staff: str, kind: str) -> None:
    """Forget a person's address of a kind. Raises NotFoundError where there is none."""
    gone = connection.execute(
        text("DELETE FROM address WHERE staff_id = :staff AND kind = :kind"), {"staff": staff, "kind": kind}
    )
    if not gone.rowcount:
        raise NotFoundError(f"{staff!r} has no {kind}", place="person")


def of(connection: Connection, vault: Vault, staff: str) -> dict[str, Address]:
    """Every way out to a person by channel, e-mail among them. Raises NotFoundError for nobody."""
    person = connection.execute(text("SELECT email FROM staff WHERE id = :staff"), {"staff": staff}).one_or_none()
    if person is None:
        raise NotFoundError(f"nobody is called {staff!r}", place="person")
    found = connection.execute(
        text("SELECT kind, sealed FROM address WHERE staff_id = :staff ORDER BY kind DESC"), {"staff": staff}
    )
    mail = {"email": Address(to=person.email)} if person.email else {}
    return mail | {line.kind: opened(vault, staff=staff, kind=line.kind, sealed=line.sealed) for line in found}


def resealed(connection: Connection, old: Vault, new: Vault) -> int:
    """Seal every address with another key file; answers how many. Raises InvalidTag where the old one is not theirs."""
    found = connection.execute(text("SELECT staff_id, kind, sealed FROM address")).all()
    for line in found:
        known = opened(old, staff=line.staff_id, kind=line.kind, sealed=line.sealed)
        put(connection, new, staff=line.staff_id, kind=line.kind, address=known)
    return len(found)


def of_message(vault: Vault, one: Claimed) -> Address:
    """Where a claimed message goes; nowhere where its channel has no address any more."""
    if one.channel == "email":
        return Address(to=one.email)
    if one.sealed is None:
        return Address(to="")
    return opened(vault, staff=one.recipient, kind=one.channel, sealed=one.sealed)


def opened(vault: Vault, *, staff: str, kind: str, sealed: bytes) -> Address:
    """A sealed address again. Raises InvalidTag where it was changed, or put to somebody else."""
    plain = json.loads(vault.open(sealed, place=_place(staff, kind)))
    return Address(to=plain["to"], secret=plain["secret"])


def _place(staff: str, kind: str) -> str:
    return f"address|{staff}|{kind}"
