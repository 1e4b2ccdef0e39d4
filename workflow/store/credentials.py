"""What proves who a person is: password, PIN, invitation, and who they are for a provider. Hashes only."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A person's hashes, where they have a password."""

    person: str
    name: str
    password: str = field(repr=False)
    pin: str | None = field(repr=False)


def find(connection: Connection, person: str) -> Credential | None:
    """The hashes of a person who has not left, or None."""
    query = text(
        "SELECT s.id, s.name, c.password, c.pin FROM credential AS c CROSS JOIN LATERAL person_named(c.staff_id) AS s"
        " WHERE s.id = :person"
        " AND (s.ends_on IS NULL OR s.ends_on >= (clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date)"
    )
    found = connection.execute(query, {"person": person}).one_or_none()
    return (
        None if found is None else Credential(person=found.id, name=found.name, password=found.password, pin=found.pin)
    )


def still(connection: Connection, person: str, password: str) -> bool:
    """Whether this hash is still the person's; held so until the transaction ends, so that no change slips by."""
    query = text("SELECT 1 FROM credential WHERE staff_id = :person AND password = :password FOR SHARE")
    return connection.scalar(query, {"person": person, "password": password}) is not None


def name_of(connection: Connection, person: str) -> str | None:
    """What a person is called, or None where nobody has this id."""
    found: str | None = connection.scalar(text("SELECT name FROM person_named(:person)"), {"person": person})
    return found


def put_password(connection: Connection, person: str, hashed: str) -> None:
    """Set a person's password; their sessions end with it."""
    connection.execute(
        text(
            "INSERT INTO credential (staff_id, password, changed_at) VALUES (:person, :hashed, clock_timestamp())"
            " ON CONFLICT (staff_id) DO UPDATE SET password = excluded.password, changed_at = excluded.changed_at"
        ),
        {"person": person, "hashed": hashed},
    )


def put_hash(connection: Connection, person: str, *, old: str, new: str) -> None:
    """Keep the same password under a newer hash; nothing ends."""
    query = text("UPDATE credential SET password = :new WHERE staff_id = :person AND password = :old")
    connection.execute(query, {"person": person, "old": old, "new": new})


def put_pin(connection: Connection, person: str, hashed: str) -> bool:
    """Set a person's PIN. False where they have no password to begin with."""
    query = text("UPDATE credential SET pin = :hashed WHERE staff_id = :person")
    return connection.execute(query, {"person": person, "hashed": hashed}).rowcount == 1


def invite(connection: Connection, person: str, *, hashed: str, hours: int) -> None:
    """Keep an invitation; earlier ones of the person are void."""
    connection.execute(
        text("UPDATE invitation SET used_at = clock_timestamp() WHERE staff_id = :person AND used_at IS NULL"),
        {"person": person},
    )
    connection.execute(
        text(
            "INSERT INTO invitation (hash, staff_id, created_at, expires_at) VALUES (:hash, :person,"
            " clock_timestamp(), clock_timestamp() + make_interval(hours => :hours))"
        ),
        {"hash": hashed, "person": person, "hours": hours},
    )


def invited(connection: Connection, hashed: str) -> tuple[str, str] | None:
    """Whom a good invitation is for, and their name; None where it is none, was used or is too old."""
    query = text(
        "SELECT s.id, s.name FROM invitation AS i CROSS JOIN LATERAL person_named(i.staff_id) AS s"
        " WHERE i.hash = :hash AND i.used_at IS NULL AND i.expires_at > clock_timestamp()"
        " AND (s.ends_on IS NULL OR s.ends_on >= (clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date)"
    )
    found = connection.execute(query, {"hash": hashed}).one_or_none()
    return None if found is None else (found.id, found.name)


def use_invitation(connection: Connection, hashed: str) -> bool:
    """Use an invitation up; False where another was quicker."""
    query = text(
        "UPDATE invitation SET used_at = clock_timestamp()"
        " WHERE hash = :hash AND used_at IS NULL AND expires_at > clock_timestamp()"
    )
    return connection.execute(query, {"hash": hashed}).rowcount == 1


def link(connection: Connection, *, issuer: str, subject: str, person: str) -> None:
    """Note who a person is for a provider; the same subject told again is somebody else's no longer."""
    connection.execute(
        text(
            "INSERT INTO identity_link VALUES (:issuer, :subject, :person, clock_timestamp())"
            " ON CONFLICT (issuer, subject) DO UPDATE SET staff_id = excluded.staff_id, linked_at = excluded.linked_at"
        ),
        {"issuer": issuer, "subject": subject, "person": person},
    )


def linked(connection: Connection, *, issuer: str, subject: str) -> str | None:
    """Whom a provider's subject is, of those who have not left."""
    query = text(
        "SELECT s.id FROM identity_link AS i CROSS JOIN LATERAL person_named(i.staff_id) AS s"
        " WHERE i.issuer = :issuer AND i.subject = :subject"
        " AND (s.ends_on IS NULL OR s.ends_on >= (clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date)"
    )
    found: str | None = connection.scalar(query, {"issuer": issuer, "subject": subject})
    return found
