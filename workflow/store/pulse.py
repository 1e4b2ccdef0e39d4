"""Signs of life: when each part last did its work, and whose turn it is where only one of many shall."""

from datetime import timedelta

from sqlalchemy import Connection, text


def age(connection: Connection, name: str) -> timedelta | None:
    """How long ago a part gave a sign of life; None where it never did."""
    query = "SELECT clock_timestamp() - at FROM pulse WHERE name = :name"
    found: timedelta | None = connection.scalar(text(query), {"name": name})
    return found


def turn(connection: Connection, name: str, every: timedelta) -> bool:
    """Take a turn that comes once in `every`, over all processes. False where somebody else has just taken it."""
    query = (
        "INSERT INTO pulse AS p VALUES (:name, clock_timestamp()) ON CONFLICT (name)"
        " DO UPDATE SET at = clock_timestamp() WHERE p.at NOT BETWEEN clock_timestamp() - :every AND clock_timestamp()"
        " RETURNING name"
    )
    return connection.scalar(text(query), {"name": name, "every": every}) is not None
