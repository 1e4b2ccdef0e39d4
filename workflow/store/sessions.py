"""Sessions as rows: begun, kept alive, confirmed, ended. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Row, text

from workflow.domain.scope import RECORDING
from workflow.store.staff import Person, hashed, person

IDLE_MINUTES = 15
LONGEST_HOURS = 14  # a shift of 12.5 hours and its hand-over
KEPT_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person signed in at one browser, and until when: `idle_at` if nothing is done, `ends_at` in any case."""

    id: str
    person: Person
    csrf: str = field(repr=False)
    how: str
    began_at: datetime
    idle_at: datetime
    ends_at: datetime
    confirmed_at: datetime
    tablet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A session in a list: the person's own, or an administrator's view of it."""

    id: str
    person: str
    how: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    tablet: str | None


def signed_in(connection: Connection, secret: str, *, active: bool = True) -> Session | None:
    """The session a secret belongs to, while it lasts; where `active`, its idle limit moves on."""
    query = text("SELECT * FROM who_signed_in(:hash, :active)")
    found = connection.execute(query, {"hash": hashed(secret), "active": active}).all()
    return _session(found) if found else None


def start(
    connection: Connection,
    *,
    session: UUID,
    secret: str,
    csrf: str,
    staff: str,
    how: str,
    tablet: str | None,
    proven: float | None = None,
) -> None:
    """Begin a session; on a tablet, it takes the place of those the person had there.

    `proven`: when the person last proved who they are, in seconds since 1970; None: just now.
    """
    if tablet is not None:
        connection.execute(
            text(
                "UPDATE session SET ended_at = clock_timestamp(), ending = 'signed in again'"
                " WHERE staff_id = :staff AND tablet = :tablet AND ended_at IS NULL"
            ),
            {"staff": staff, "tablet": tablet},
        )
    connection.execute(
        text(
            "INSERT INTO session (id, hash, staff_id, csrf, how, began_at, seen_at, idle_at, ends_at, confirmed_at,"
            " tablet, pins_wrong) SELECT :id, :hash, :staff, :csrf, :how, t.now, t.now,"
            " t.now + make_interval(mins => :idle), t.now + make_interval(hours => :longest),"
            " least(t.now, to_timestamp(CAST(:proven AS float))), :tablet, 0"
            " FROM (SELECT clock_timestamp() AS now) AS t"
        ),
        {
            "id": session,
            "hash": hashed(secret),
            "staff": staff,
            "csrf": csrf,
            "how": how,
            "idle": IDLE_MINUTES,
            "longest": LONGEST_HOURS,
            "proven": proven,
            "tablet": tablet,
        },
    )


def confirm(connection: Connection, session: str, *, staff: str, secret: str, csrf: str, how: str) -> bool:
    """The person proved again who they are: the session goes on under a new secret. False where it has ended."""
    query = text(
        "UPDATE session SET hash = :hash, csrf = :csrf, how = :how, confirmed_at = clock_timestamp(),"
        " seen_at = clock_timestamp(), pins_wrong = 0,"
        " idle_at = least(ends_at, clock_timestamp() + make_interval(mins => :idle))"
        " WHERE id = CAST(:id AS uuid) AND staff_id = :staff AND ended_at IS NULL AND ends_at > clock_timestamp()"
    )
    given = {"id": session, "staff": staff, "hash": hashed(secret), "csrf": csrf, "how": how, "idle": IDLE_MINUTES}
    return connection.execute(query, given).rowcount == 1


def fresh(connection: Connection, session: str, staff: str, *, within_minutes: int) -> bool:
    """Whether a session is the person's, lasts, and was confirmed by a provider within so many minutes."""
    query = text(
        "SELECT 1 FROM session WHERE id::text = :id AND staff_id = :staff AND how = 'oidc' AND ended_at IS NULL"
        " AND ends_at > clock_timestamp() AND idle_at > clock_timestamp()"
        " AND confirmed_at > clock_timestamp() - make_interval(mins => :within)"
    )
    return connection.scalar(query, {"id": session, "staff": staff, "within": within_minutes}) is not None


def count_pin(connection: Connection, tablet: str, staff: str, *, most: int) -> str | None:
    """Count a PIN against the session a person began on a tablet, idle or not; answers its id.

    None where there is no such session, or so many PINs were wrong that the password is asked.
    """
    query = text(
        "UPDATE session SET pins_wrong = pins_wrong + 1 WHERE tablet = :tablet AND staff_id = :staff"
        " AND ended_at IS NULL AND ends_at > clock_timestamp() AND pins_wrong < :most RETURNING id::text"
    )
    found: str | None = connection.scalar(query, {"tablet": tablet, "staff": staff, "most": most})
    return found


def rest(connection: Connection, secret: str) -> None:
    """Another takes the tablet: whoever had it before is idle from now on, and needs their PIN again."""
    query = text(
        "UPDATE session SET idle_at = least(idle_at, clock_timestamp())"
        " WHERE hash = :hash AND tablet IS NOT NULL AND ended_at IS NULL"
    )
    connection.execute(query, {"hash": hashed(secret)})


def unlock(connection: Connection, session: str, *, secret: str, csrf: str) -> None:
    """A PIN was right: the session goes on under a new secret, to record. The absolute limit stays where it was."""
    connection.execute(
        text(
            "UPDATE session SET hash = :hash, csrf = :csrf, how = 'pin', pins_wrong = 0, seen_at = clock_timestamp(),"
            " idle_at = least(ends_at, clock_timestamp() + make_interval(mins => :idle)) WHERE id = CAST(:id AS uuid)"
        ),
        {"id": session, "hash": hashed(secret), "csrf": csrf, "idle": IDLE_MINUTES},
    )


def of(connection: Connection, staff: str | None = None) -> list[Line]:
    """The sessions that last, of one person or of all, the newest first."""
    query = text(
        "SELECT id::text AS id, staff_id, how, began_at, seen_at, ends_at, tablet FROM session"
        " WHERE ended_at IS NULL AND ends_at > clock_timestamp()"
        " AND (idle_at > clock_timestamp() OR tablet IS NOT NULL)"
        " AND (CAST(:staff AS text) IS NULL OR staff_id = :staff) ORDER BY began_at DESC, id LIMIT 500"
    )
    return [_line(one) for one in connection.execute(query, {"staff": staff})]


def end(connection: Connection, *, staff: str, session: str | None = None, ending: str) -> int:
    """End a person's sessions, or one of them by its id; answers how many ended."""
    query = text(
        "UPDATE session SET ended_at = clock_timestamp(), ending = :ending"
        " WHERE staff_id = :staff AND ended_at IS NULL AND (CAST(:id AS text) IS NULL OR id::text = :id)"
    )
    return connection.execute(query, {"staff": staff, "id": session, "ending": ending}).rowcount


def end_of(connection: Connection, secret: str, *, ending: str) -> None:
    """End the session of a secret, if it has one."""
    query = text(
        "UPDATE session SET ended_at = clock_timestamp(), ending = :ending WHERE hash = :hash AND ended_at IS NULL"
    )
    connection.execute(query, {"hash": hashed(secret), "ending": ending})


def _session(found: Sequence[Row[tuple[object, ...]]]) -> Session:
    first = found[0]
    return Session(
        id=str(first.id),
        person=person(found, only=RECORDING if first.how == "pin" else None),
        csrf=first.csrf,
        how=first.how,
        began_at=first.began_at,
        idle_at=first.idle_at,
        ends_at=first.ends_at,
        confirmed_at=first.confirmed_at,
        tablet=first.tablet,
    )


def _line(found: Row[tuple[object, ...]]) -> Line:
    return Line(
        id=found.id,
        person=found.staff_id,
        how=found.how,
        began_at=found.began_at,
        seen_at=found.seen_at,
        ends_at=found.ends_at,
        tablet=found.tablet,
    )
