"""Passwords and PINs: what may be one, how it is kept (argon2id), and checked at the same cost for nobody."""

import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from workflow.domain.chain_line import ON_THE_MACHINE, PEOPLE
from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.store import chains, credentials
from workflow.store.session import Store, UnavailableError
from workflow.store.staff import hashed as hash_of

SHORTEST, LONGEST = 12, 128  # characters
INVITED_HOURS = 72
_DIFFERENT = 5  # characters
_LONGEST_WORD = 4  # letters of a name that are too short to be looked for
_PIN = re.compile(r"^[0-9]{4,8}\Z", re.ASCII)
_EASY_PIN = re.compile(r"^(\d)\1+\Z", re.ASCII)
_ALLOWED = f"{SHORTEST} to {LONGEST} characters of at least {_DIFFERENT} kinds, without your id and name"

_hasher = PasswordHash((Argon2Hasher(),))


class Lane:
    """So many checks at once and so many that wait, each of which takes 64 MiB and a while; more are turned away."""

    def __init__(self, *, at_once: int, in_line: int) -> None:
        self._at_once, self._in_line = BoundedSemaphore(at_once), BoundedSemaphore(at_once + in_line)

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Wait one's turn. Raises UnavailableError at once where too many wait."""
        if not self._in_line.acquire(blocking=False):
            raise UnavailableError("too many sign-ins at once; nothing was looked at")
        try:
            with self._at_once:
                yield
        finally:
            self._in_line.release()


# Strangers, however many, do not stand before those who have been here.
KNOWN, STRANGERS = Lane(at_once=4, in_line=16), Lane(at_once=2, in_line=6)


def check(password: str, kept: str | None, lane: Lane = KNOWN) -> tuple[bool, str | None]:
    """Whether a password is the one kept, and a newer hash of it where the parameters have changed since.

    Nothing kept: the same work is done against the hash of nothing anybody knows. Raises UnavailableError.
    """
    with lane.passed():
        right, newer = _hasher.verify_and_update(_plain(password), kept or _nobodys())
    return right and kept is not None, newer


def choose(password: str, *, person: str, name: str) -> str:
    """The hash of a new password. Raises ImpossibleInputError for one that is easily guessed."""
    plain = _plain(password)
    folded = plain.casefold()
    own = [word for word in re.split(r"[\s._-]+", f"{person} {name}".casefold()) if len(word) >= _LONGEST_WORD]
    if not SHORTEST <= len(plain) <= LONGEST:
        raise ImpossibleInputError("this password is too short or too long", place="password", allowed=_ALLOWED)
    if len(set(folded)) < _DIFFERENT or person in folded or any(word in folded for word in own):
        raise ImpossibleInputError("this password is easily guessed", place="password", allowed=_ALLOWED)
    return _hashed(plain)


def choose_pin(pin: str) -> str:
    """The hash of a new PIN. Raises ImpossibleInputError."""
    if not _PIN.match(pin) or _EASY_PIN.match(pin) or pin in "01234567890" or pin in "09876543210":
        raise ImpossibleInputError("no PIN", place="pin", allowed="4 to 8 digits, neither all the same nor in a row")
    return _hashed(pin)


def set_password(store: Store, person: str, password: str) -> None:
    """Set a person's password, on the machine; their sessions end. Raises ImpossibleInputError, NotFoundError."""
    with store.transaction() as connection:
        name = credentials.name_of(connection, person)
    if name is None:
        raise NotFoundError(f"nobody is called {person!r}", place="person")
    hashed = choose(password, person=person, name=name)
    with store.transaction() as connection:
        credentials.put_password(connection, person, hashed)
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="set_password", about={"person": person})


def invite(store: Store, person: str) -> str:
    """A code with which a person chooses a password, once, within 72 hours. Raises NotFoundError."""
    code = secrets.token_urlsafe(32)
    with store.transaction() as connection:
        if credentials.name_of(connection, person) is None:
            raise NotFoundError(f"nobody is called {person!r}", place="person")
        credentials.invite(connection, person, hashed=hash_of(code), hours=INVITED_HOURS)
        chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb="invite", about={"person": person})
    return code


def accept(store: Store, code: str, password: str) -> str:
    """Choose a password with an invitation; answers whose. Raises NotFoundError, ImpossibleInputError.

    An invitation is not used up by a password that is refused.
    """
    with store.transaction() as connection:
        found = credentials.invited(connection, hash_of(code))
    if found is None:
        raise NotFoundError("this invitation was used, is older than 72 hours, or is none")
    person, name = found
    hashed = choose(password, person=person, name=name)
    with store.transaction() as connection:
        if not credentials.use_invitation(connection, hash_of(code)):
            raise NotFoundError("this invitation was used, is older than 72 hours, or is none")
        credentials.put_password(connection, person, hashed)
        chains.append(connection, PEOPLE, actor=person, verb="accept_invitation", about={"person": person})
    return person


def _plain(password: str) -> str:
    """The same password however a keyboard composes its letters. Raises ImpossibleInputError for half a letter."""
    plain = unicodedata.normalize("NFC", password)
    if any("\ud800" <= letter <= "\udfff" for letter in plain):
        raise ImpossibleInputError("this password cannot be read", place="password", allowed="text")
    return plain


def _hashed(plain: str) -> str:
    with KNOWN.passed():
        return _hasher.hash(plain)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """A hash, of the same cost, of what nobody knows."""
    return _hasher.hash(secrets.token_urlsafe(32))
