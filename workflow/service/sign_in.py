"""Signing in, and proving again who one is. An outsider's guesses slow the outsider down, and nobody else.

    brakes ► look the person up ► check, outside any transaction ► begin a session under a new secret

Who has signed in from a browser before has a bucket of their own there, and so has an address: whoever hammers from
elsewhere fills other buckets. No number of wrong passwords locks an account.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import Connection

from workflow.domain.chain_line import PEOPLE
from workflow.domain.errors import TroubleError
from workflow.service import passwords
from workflow.store import brakes, chains, credentials, sessions, tablets
from workflow.store.brakes import Brake
from workflow.store.session import Store
from workflow.store.sessions import Session
from workflow.store.staff import Person

FRESH_MINUTES = 5


class NotConfirmedError(TroubleError):
    """That is not your password, or you have none here."""

    code = "not_confirmed"


class SignInRefusedError(TroubleError):
    """That person with that password is nobody here."""

    code = "sign_in_refused"


class TooManyTriesError(TroubleError):
    """Too many tries; wait a while."""

    code = "too_many_tries"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(allowed=f"again in {seconds} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whence:
    """Where a request came from: its address, and what its browser keeps for us. Only the address is always there."""

    address: str
    browser: str | None = field(default=None, repr=False)
    tablet: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session with what its browser is to keep: its secret, and what the browser will be known by."""

    session: Session
    secret: str = field(repr=False)
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """The buckets a try was counted in, and the sources it came from."""

    own: tuple[Brake, ...]
    shared: tuple[Brake, ...]
    known: bool

    @property
    def all(self) -> tuple[Brake, ...]:
        """The shared first, in an order that is always the same."""
        return (*self.shared, *self.own)


def sign_in(store: Store, *, person: str, password: str, whence: Whence) -> Opened:
    """Begin a session with a password. Raises SignInRefusedError, saying nothing of why; TooManyTriesError."""
    slowed = count(store, person, whence)
    with store.transaction() as connection:
        found = credentials.find(connection, person)
    lane = passwords.KNOWN if slowed.known else passwords.STRANGERS
    right, newer = passwords.check(password, found.password if found else None, lane)
    if found is None or not right:
        raise SignInRefusedError
    with store.transaction() as connection:
        if not credentials.still(connection, person, found.password):
            raise SignInRefusedError
        if newer is not None:
            credentials.put_hash(connection, person, old=found.password, new=newer)
        return welcome(connection, person, how="password", whence=whence, slowed=slowed)


def welcome(
    connection: Connection,
    person: str,
    *,
    how: str,
    whence: Whence,
    slowed: Slowed | None = None,
    proven: float | None = None,
) -> Opened:
    """Begin a session for somebody who proved who they are: a new secret, and the one before it ends.

    `proven`: when they did, in seconds since 1970; None: just now.
    """
    tablet = tablets.find(connection, whence.tablet) if whence.tablet else None
    if whence.session is not None and tablet is not None:
        sessions.rest(connection, whence.session)  # a colleague's shift goes on, once they give their PIN
    elif whence.session is not None:
        sessions.end_of(connection, whence.session, ending="signed in again")
    browser = whence.browser or secrets.token_urlsafe(32)
    if slowed is not None:
        brakes.give_back(connection, freed=slowed.own, lightened=slowed.shared)
    brakes.remember(connection, person, _sources(whence.address, browser))
    brakes.forget(connection)
    secret = secrets.token_urlsafe(32)
    sessions.start(
        connection,
        session=uuid4(),
        secret=secret,
        csrf=secrets.token_urlsafe(32),
        staff=person,
        how=how,
        tablet=tablet.id if tablet else None,
        proven=proven,
    )
    about = {"how": how, "tablet": tablet.id if tablet else None}
    chains.append_sign_in(connection, actor=person, verb="sign_in", about=about)
    return Opened(session=_begun(connection, secret), secret=secret, browser=browser)


def confirm(store: Store, person: Person, *, password: str) -> None:
    """Let a person prove again who they are. Signs nothing itself.

    Raises NotConfirmedError; TooManyTriesError after some, with waits of at most a minute.
    """
    brake = Brake(key=brakes.key("confirm", person.id), free=5, forgiven_every=60, first_wait=2, longest_wait=60)
    take(store, brake)
    with store.transaction() as connection:
        found = credentials.find(connection, person.id)
    right, _ = passwords.check(password, found.password if found else None)
    if not right:
        raise NotConfirmedError
    with store.transaction() as connection:
        brakes.give_back(connection, freed=(brake,))


def confirm_session(store: Store, person: Person, session_id: str) -> None:
    """Let a person who signs in through a provider prove who they are by having done so within five minutes.

    Raises NotConfirmedError for a session that is another's, has ended, was begun otherwise, or is not fresh.
    """
    with store.transaction() as connection:
        if not sessions.fresh(connection, session_id, person.id, within_minutes=FRESH_MINUTES):
            raise NotConfirmedError("sign in with your provider again", allowed="POST /api/v1/sessions/oidc")


def step_up(store: Store, session: Session, *, password: str) -> Opened:
    """Confirm a session with the password: it goes on under a new secret. Raises what `confirm` raises."""
    confirm(store, session.person, password=password)
    with store.transaction() as connection:
        return continued(connection, session.person.id, session.id, how="password")


def continued(connection: Connection, person: str, session_id: str, *, how: str) -> Opened:
    """A session goes on, confirmed, under a new secret and a new token. Raises NotConfirmedError where it is over."""
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    if not sessions.confirm(connection, session_id, staff=person, secret=secret, csrf=csrf, how=how):
        raise NotConfirmedError("your session is over")
    chains.append_sign_in(connection, actor=person, verb="confirm", about={"how": how, "session": session_id})
    return Opened(session=_begun(connection, secret), secret=secret, browser="")


def change_password(store: Store, session: Session, *, password: str, new: str, whence: Whence) -> Opened:
    """Change one's own password: every session of the person ends, and this browser gets a new one.

    Raises NotConfirmedError, TooManyTriesError, ImpossibleInputError.
    """
    who = session.person
    confirm(store, who, password=password)
    hashed = passwords.choose(new, person=who.id, name=who.name)
    with store.transaction() as connection:
        credentials.put_password(connection, who.id, hashed)
        chains.append(connection, PEOPLE, actor=who.id, verb="change_password", about={"person": who.id})
        return welcome(connection, who.id, how="password", whence=whence)


def count(store: Store, person: str, whence: Whence) -> Slowed:
    """Count a try to sign in. Raises TooManyTriesError; then it was not counted."""
    sources = _sources(whence.address, whence.browser)
    with store.transaction() as connection:
        known = brakes.knows(connection, person, sources)
    slowed = _brakes(person, sources, known)
    take(store, *slowed.all)
    return slowed


@contextmanager
def counted(store: Store, person: str, whence: Whence) -> Iterator[None]:
    """Count a try of something else that may be guessed at; what comes to a good end is not held against anybody."""
    slowed = count(store, person, whence)
    yield
    with store.transaction() as connection:
        brakes.give_back(connection, freed=slowed.own, lightened=slowed.shared)


def count_begun(store: Store, whence: Whence) -> None:
    """Count a sign-in that begins and may end elsewhere, by where it comes from. Raises TooManyTriesError."""
    address = _sources(whence.address, None)[0]
    take(store, Brake(key=brakes.key("begun", address), free=120, forgiven_every=2, first_wait=1, longest_wait=10))


def take(store: Store, *held: Brake) -> None:
    """Count a try in these buckets. Raises TooManyTriesError; then it was not counted in any."""
    with store.transaction() as connection:
        wait = brakes.take(connection, held)
        if wait:
            raise TooManyTriesError(wait)  # and the transaction is undone


def _brakes(person: str, sources: list[str], known: str | None) -> Slowed:
    """The buckets of a try: a known browser has one of its own, a known address shares one with other known people."""
    address = sources[-1]
    if known is not None:
        pair = Brake(key=brakes.key("known", person, known), free=8, forgiven_every=60, first_wait=2, longest_wait=60)
        if known != address:
            return Slowed(own=(pair,), shared=(), known=True)
        many = Brake(key=brakes.key("knowing", address), free=60, forgiven_every=10, first_wait=1, longest_wait=30)
        return Slowed(own=(pair,), shared=(many,), known=True)
    pair = Brake(key=brakes.key("pair", person, address), free=5, forgiven_every=300, first_wait=2, longest_wait=900)
    many = Brake(key=brakes.key("source", address), free=20, forgiven_every=30, first_wait=2, longest_wait=300)
    return Slowed(own=(pair,), shared=(many,), known=False)


def _sources(address: str, browser: str | None) -> list[str]:
    """What a try may be known by, the surer first: hashes of the browser and of the address."""
    told = [brakes.key("address", address)]
    return [brakes.key("browser", browser), *told] if browser else told


def _begun(connection: Connection, secret: str) -> Session:
    found = sessions.signed_in(connection, secret)
    assert found is not None, "a session that has just begun"
    return found
