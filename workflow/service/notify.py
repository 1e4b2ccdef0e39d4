"""Does a letter reach this person? One test letter on each of their channels; nothing is written anywhere."""

import base64
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from workflow.domain.chain_line import ON_THE_MACHINE, PEOPLE
from workflow.domain.errors import ImpossibleInputError
from workflow.service.letters import Letter, Transport, TryLaterError, UndeliverableError
from workflow.service.outward import guard, services
from workflow.store import addresses, chains
from workflow.store.addresses import KINDS, Address
from workflow.store.session import Store
from workflow.store.vault import KeyFileError

IN_APP = "in_app"
CHANNELS = (IN_APP, "email", *KINDS)
_BODY = """This is a test letter: Theca can reach you here. There is nothing to do.

Theca is not an emergency channel.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a test on one channel; `because` is empty where it was sent."""

    channel: str
    because: str = ""

    @property
    def sent(self) -> bool:
        return not self.because


def attempt(store: Store, out: Transport, person: str, *, channel: str | None = None) -> tuple[Tried, ...]:
    """Send a test letter on every channel of a person, or on one. Raises NotFoundError for nobody, KeyFileError."""
    if channel is not None and channel not in CHANNELS:
        raise ImpossibleInputError(f"no channel {channel!r}", place="channel", allowed=", ".join(CHANNELS))
    try:
        with store.transaction() as connection:
            known = addresses.of(connection, store.vault, person)
    except InvalidTag:
        raise KeyFileError("an address was sealed with another key file, or for somebody else") from None
    tried = tuple(_tried(out, each, known.get(each)) for each in CHANNELS if channel in (None, each))
    return tried if channel is not None else tuple(one for one in tried if one.channel in {IN_APP, "email", *known})


def set_channel(store: Store, *, person: str, kind: str, url: str, allow_loopback: bool = False) -> str:
    """Keep where a person's webhook or other service is; answers the secret it is signed with, shown once.

    Raises ImpossibleInputError for a URL it may not have, and for nobody.
    """
    if kind == "webhook":
        guard.read(url, allow_loopback=allow_loopback)
        address = Address(to=url, secret="whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())
    elif kind == "apprise":
        services.check(url)
        address = Address(to=url)
    else:
        raise ImpossibleInputError(f"no channel {kind!r} is set so", place="kind", allowed=", ".join(KINDS))
    with store.transaction() as connection:
        addresses.put(connection, store.vault, staff=person, kind=kind, address=address)
        _note(connection, "set_channel", person=person, kind=kind)
    return address.secret


def remove_channel(store: Store, *, person: str, kind: str) -> None:
    """Forget a person's webhook or other service. Raises NotFoundError where there is none."""
    with store.transaction() as connection:
        addresses.remove(connection, staff=person, kind=kind)
        _note(connection, "remove_channel", person=person, kind=kind)


def _note(connection: Connection, verb: str, *, person: str, kind: str) -> None:
    chains.append(connection, PEOPLE, actor=ON_THE_MACHINE, verb=verb, about={"person": person, "kind": kind})


def _tried(out: Transport, channel: str, address: Address | None) -> Tried:
    if channel == IN_APP:
        return Tried(channel=channel)
    if address is None:
        return Tried(channel=channel, because="no address is known")
    try:
        out.send(_letter(channel, address))
    except (UndeliverableError, TryLaterError) as wrong:
        return Tried(channel=channel, because=str(wrong))
    return Tried(channel=channel)


def _letter(channel: str, address: Address) -> Letter:
    return Letter(
        to=address.to,
        subject="[test] Theca can reach you",
        body=_BODY,
        reference=f"test.{secrets.token_hex(16)}",
        channel=channel,
        secret=address.secret,
        kind="test",
        facts={"urgency": "routine"},
    )
