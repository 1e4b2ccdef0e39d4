"""A person's own sessions: seen and ended by themselves. On the machine, anybody's."""

from workflow.domain.chain_line import ON_THE_MACHINE
from workflow.store import chains, sessions
from workflow.store.session import Store
from workflow.store.sessions import Line
from workflow.store.staff import Person


def of(store: Store, person: Person) -> list[Line]:
    """A person's sessions that last, the newest first."""
    with store.transaction() as connection:
        return sessions.of(connection, person.id)


def end(store: Store, person: Person, session: str | None = None) -> int:
    """End one of a person's sessions, or all of them; answers how many ended."""
    with store.transaction() as connection:
        ended = sessions.end(connection, staff=person.id, session=session, ending="signed out")
        chains.append_sign_in(connection, actor=person.id, verb="sign_out", about={"ended": ended})
        return ended


def everybodys(store: Store, person: str | None = None) -> list[Line]:
    """The sessions that last, of one person or of all: on the machine."""
    with store.transaction() as connection:
        return sessions.of(connection, person)


def end_for(store: Store, person: str, session: str | None = None) -> int:
    """End somebody's sessions, or one of them, on the machine; answers how many ended."""
    with store.transaction() as connection:
        ended = sessions.end(connection, staff=person, session=session, ending="by an administrator")
        about = {"person": person, "ended": ended}
        chains.append_sign_in(connection, actor=ON_THE_MACHINE, verb="end_sessions", about=about)
        return ended
