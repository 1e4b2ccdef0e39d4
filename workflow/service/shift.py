"""Ward tablets: a full sign-in when the shift begins, then a PIN to record. Signing asks for the password.

A PIN opens nothing by itself: it wakes a session that its person began with the password, on this tablet, within the
shift. What it wakes may record and no more.
"""

import secrets

from sqlalchemy import Connection

from workflow.domain.chain_line import ON_THE_MACHINE, PEOPLE, of_site
from workflow.domain.errors import NotFoundError
from workflow.domain.policy import Verb, require
from workflow.service import passwords
from workflow.service.sign_in import NotConfirmedError, Opened, SignInRefusedError, Whence, confirm, take
from workflow.store import brakes, chains, credentials, sessions, tablets
from workflow.store.brakes import Brake
from workflow.store.session import Store
from workflow.store.sessions import Session
from workflow.store.staff import Person
from workflow.store.tablets import Listed, Tablet

PINS = 5  # wrong ones, before the password is asked again


def set_pin(store: Store, session: Session, *, password: str, pin: str) -> None:
    """Choose one's own PIN. Raises NotConfirmedError, TooManyTriesError, ImpossibleInputError."""
    hashed = passwords.choose_pin(pin)
    confirm(store, session.person, password=password)
    with store.transaction() as connection:
        if not credentials.put_pin(connection, session.person.id, hashed):
            raise NotConfirmedError
        who = session.person.id
        chains.append(connection, PEOPLE, actor=who, verb="set_pin", about={"person": who})


def unlock(store: Store, *, person: str, pin: str, whence: Whence) -> Opened:
    """Wake a person's session on this tablet with their PIN, to record. Raises SignInRefusedError, without a hint.

    Five wrong PINs put the session to sleep until the password is given.
    """
    tablet = tablet_of(store, whence.tablet) if whence.tablet else None
    if tablet is None:
        raise SignInRefusedError
    brake = Brake(key=brakes.key("tablet", tablet.id), free=20, forgiven_every=10, first_wait=1, longest_wait=30)
    take(store, brake)
    with store.transaction() as connection:
        found = credentials.find(connection, person)
        asleep = sessions.count_pin(connection, tablet.id, person, most=PINS)
    right, _ = passwords.check(pin, found.pin if found and asleep else None)
    if not right or asleep is None:
        raise SignInRefusedError
    secret = secrets.token_urlsafe(32)
    with store.transaction() as connection:
        brakes.give_back(connection, freed=(brake,))
        if whence.session is not None:
            sessions.rest(connection, whence.session)
        sessions.unlock(connection, asleep, secret=secret, csrf=secrets.token_urlsafe(32))
        begun = sessions.signed_in(connection, secret)
        if begun is None:
            raise SignInRefusedError
        chains.append_sign_in(connection, actor=person, verb="unlock", about={"how": "pin", "tablet": tablet.id})
        return Opened(session=begun, secret=secret, browser="")


def add(store: Store, person: Person | None, *, site: str, label: str) -> tuple[str, str]:
    """A tablet to be: its id, and a code that enrols one browser within the hour.

    `person` is None on the machine itself. Raises NotFoundError for a site elsewhere, NotPermittedError.
    """
    _manages(person, site)
    with store.transaction([site]) as connection:
        if not tablets.there_is(connection, site):
            raise NotFoundError(f"no site {site!r}", place="site")
        added = tablets.add(connection, site=site, label=label, by=person.id if person else "machine")
        _note(connection, person, "add_tablet", site=site, tablet=added[0])
        return added


def enrol(store: Store, code: str) -> str:
    """What a tablet keeps from now on, for its code. Raises NotFoundError for a code used, too old or none."""
    site, _, rest = code.partition("~")
    id_, _, secret = rest.partition("~")
    kept = None
    if site and secret and "," not in site:
        with store.transaction([site]) as connection:
            kept = tablets.enrol(connection, site=site, tablet=id_, code=secret)
            if kept is not None:
                _note(connection, None, "enrol_tablet", site=site, tablet=id_)
    if kept is None:
        raise NotFoundError("this code was used, is older than an hour, or is none")
    return kept


def of(store: Store, person: Person | None, site: str) -> list[Listed]:
    """A site's tablets. Raises NotFoundError, NotPermittedError."""
    _manages(person, site)
    with store.transaction([site]) as connection:
        return tablets.of(connection, site)


def revoke(store: Store, person: Person | None, *, site: str, tablet: str) -> None:
    """Let a tablet be none any more; the sessions on it end. Raises NotFoundError, NotPermittedError."""
    _manages(person, site)
    with store.transaction([site]) as connection:
        tablets.revoke(connection, site=site, tablet=tablet)
        _note(connection, person, "revoke_tablet", site=site, tablet=tablet)


def tablet_of(store: Store, kept: str) -> Tablet | None:
    """The tablet that keeps this."""
    with store.transaction() as connection:
        return tablets.find(connection, kept)


def _note(connection: Connection, person: Person | None, verb: str, *, site: str, tablet: str) -> None:
    actor = person.id if person else ON_THE_MACHINE
    chains.append(connection, of_site(site), actor=actor, verb=verb, about={"tablet": tablet})


def _manages(person: Person | None, site: str) -> None:
    if person is None:
        return
    if site not in person.sites:
        raise NotFoundError("there is no such site among yours", place="site", allowed=", ".join(person.sites))
    require(person.at(site), Verb.MANAGE)
