"""Single sign-ons that were begun in a browser: each comes back once, to the same browser, within ten minutes."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from workflow.store.staff import hashed

MINUTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the provider's answer must fit: its nonce, the PKCE verifier, and the session it is to confirm if any."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    session: str | None
    began: float  # seconds since 1970


def start(connection: Connection, begun: Begun, *, state: str, browser: str) -> None:
    """Keep what is needed when the browser comes back; what never came back is forgotten."""
    connection.execute(
        text("DELETE FROM oidc_attempt WHERE created_at < clock_timestamp() - make_interval(mins => :minutes)"),
        {"minutes": MINUTES},
    )
    connection.execute(
        text(
            "INSERT INTO oidc_attempt (state, browser, nonce, verifier, session_id, created_at) VALUES (:state,"
            " :browser, :nonce, :verifier, CAST(:session AS uuid), clock_timestamp())"
        ),
        {
            "state": hashed(state),
            "browser": hashed(browser),
            "nonce": begun.nonce,
            "verifier": begun.verifier,
            "session": begun.session,
        },
    )


def take(connection: Connection, *, state: str, browser: str) -> Begun | None:
    """What was begun under this state in this browser, once; None for anything else."""
    query = text(
        "DELETE FROM oidc_attempt WHERE state = :state AND browser = :browser"
        " AND created_at > clock_timestamp() - make_interval(mins => :minutes)"
        " RETURNING nonce, verifier, session_id::text AS session, extract(epoch FROM created_at)::float AS began"
    )
    given = {"state": hashed(state), "browser": hashed(browser), "minutes": MINUTES}
    found = connection.execute(query, given).mappings().one_or_none()
    return None if found is None else Begun(**found)


def take_groups(connection: Connection, person: str, held: str) -> int:
    """Give a person the roles their groups stand for, as JSON [[site, role], ...]; answers how many changed."""
    query = text("SELECT take_groups(:person, CAST(:held AS jsonb))")
    return int(connection.execute(query, {"person": person, "held": held}).scalar_one())
