"""Links in letters: signed, good for 72 hours and for one act. Opening one changes nothing; a button on its page does.

The signature says only which message this is. Whom it is for, which task it is about and whether that still stands
is looked up when the link is used: the recipient acts by the roles they hold that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection

from workflow.domain import decide
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleNowError, ImpossibleTimeError, NotFoundError
from workflow.domain.policy import Verb, permits
from workflow.domain.situation import Situation
from workflow.service.act import Asked, Desk, perform
from workflow.store import episodes, links, protocols
from workflow.store.links import Addressed
from workflow.store.vault import Vault

LASTS = timedelta(hours=72)
LONGEST_TOKEN = 1000
_MORNING = time(9)

# How long "mine" may last, by the name of its button. What of it a task's urgency allows is asked of the decision.
CHOICES: Mapping[str, timedelta | time] = MappingProxyType(
    {
        "half-hour": timedelta(minutes=30),
        "two-hours": timedelta(hours=2),
        "tomorrow": _MORNING,
        "three-days": timedelta(days=3),
        "week": timedelta(days=7),
    }
)


class SpentLinkError(ImpossibleNowError):
    """This link was used, is older than 72 hours, or is no longer yours."""

    code = "link_spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the signature vouches for: one message at one site, and when the letter was written."""

    site: str
    episode: str
    message: str  # its alias: its key names the work and the person, and a plain hash of so few words is guessed
    written: int  # seconds since 1970

    @property
    def once(self) -> str:
        """What is kept of a used link: the same for every letter that told of this message."""
        return sha256(f"{self.site}|{self.episode}|{self.message}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands behind a link now: no name and no clinical word, and the times a person may choose from."""

    code: str
    urgency: str
    due_at: datetime  # in the site's zone
    choices: Mapping[str, datetime]  # in the site's zone


def acknowledge_url(vault: Vault, public_url: str, *, site: str, episode: str, message: str, now: datetime) -> str:
    """A link with which the recipient of a message can take its task on."""
    written = [site, episode, vault.alias("link", site, episode, message), int(now.timestamp())]
    return f"{public_url.rstrip('/')}/a/{_serializer(vault).dumps(written)}"


def open_page(desk: Desk, token: str) -> Page:
    """What a link offers. Changes nothing, so that whatever follows links in mail does no harm.

    Raises NotFoundError for what we did not sign, SpentLinkError, ImpossibleNowError where there is nothing to take.
    """
    signed = read(desk.store.vault, token)
    with desk.store.transaction([signed.site]) as connection:
        found = _entitled(desk.store.vault, connection, signed)
        situation = _situation(connection, signed, found)
    zone = ZoneInfo(found.zone)
    allowed = {name: at for name in CHOICES if (at := _until(situation, name)) and _may(situation, found.task, at)}
    if not allowed:
        raise ImpossibleNowError("this work is done, or no longer yours to take, or taken for longer already")
    local = {name: at.astimezone(zone) for name, at in allowed.items()}
    return Page(code=found.code, urgency=found.urgency, due_at=found.due_at.astimezone(zone), choices=local)


def press(desk: Desk, token: str, choice: str) -> datetime:
    """Take the task on, in the recipient's name and by their own roles; answers until when, in the site's zone.

    Raises what `open_page` raises, and NotFoundError for a button that is none. Then nothing has changed.
    """
    signed = read(desk.store.vault, token)
    if choice not in CHOICES:
        raise NotFoundError("there is no such button", allowed=", ".join(CHOICES))
    with desk.store.transaction([signed.site]) as connection:
        found = _entitled(desk.store.vault, connection, signed)
    taken = list[datetime]()

    def deciding(s: Situation) -> Decision:
        until = _until(s, choice)
        try:
            decision = decide.acknowledge(s, key=found.task, until=until, by_link=True)
        except ImpossibleTimeError:
            raise ImpossibleNowError("this work cannot wait so long now") from None
        if decision.refused:
            raise ImpossibleNowError("this work is done, or no longer yours to take")
        taken.append(until)
        return decision

    asked = Asked(person=found.recipient, episode=signed.episode, once=signed.once)
    perform(desk, asked, Verb.ACKNOWLEDGE, deciding)
    return taken[-1].astimezone(ZoneInfo(found.zone))


def read(vault: Vault, token: str) -> Signed:
    """What a token says. Raises NotFoundError for what we did not sign."""
    try:
        said = _serializer(vault).loads(token[: LONGEST_TOKEN + 1])
    except BadData:
        said = None
    match said:
        case [str(site), str(episode), str(message), int(written)] if _is_id(episode):
            return Signed(site=site, episode=episode, message=message, written=written)
    raise NotFoundError("there is no such link")


def _is_id(episode: str) -> bool:
    try:
        return str(UUID(episode)) == episode
    except ValueError:
        return False


def _entitled(vault: Vault, connection: Connection, signed: Signed) -> Addressed:
    """The message behind a link that still stands. Raises NotFoundError, SpentLinkError."""
    site, episode = signed.site, signed.episode
    keys = links.keys(connection, site=site, episode=episode)
    key = next((key for key in keys if vault.alias("link", site, episode, key) == signed.message), "")
    found = links.find(connection, site=site, episode=episode, key=key, link=signed.once)
    if found is None:
        raise NotFoundError("there is no such link")
    if found.used:
        raise SpentLinkError("this link was used")
    if found.now - datetime.fromtimestamp(signed.written, UTC) > LASTS:
        raise SpentLinkError("this link is older than 72 hours")
    if not permits(found.recipient.at(signed.site), Verb.ACKNOWLEDGE):
        raise SpentLinkError("whom this link was for no longer works there in a role that may take this")
    return found


def _situation(connection: Connection, signed: Signed, found: Addressed) -> Situation:
    loaded = episodes.load(connection, signed.site, [signed.episode], sealed=False)[signed.episode]
    return Situation(
        protocol=protocols.cached(connection, found.protocol),
        episode=loaded.episode,
        calendar=loaded.calendar,
        actor=found.recipient.at(signed.site),
        now=found.now,
        settings=loaded.settings,
    )


def _until(s: Situation, choice: str) -> datetime:
    """The end of a choice: so long from now, or the next morning at the site."""
    wanted = CHOICES[choice]
    if isinstance(wanted, timedelta):
        return s.now + wanted
    zone = ZoneInfo(s.calendar.zone)
    tomorrow = s.now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, wanted, zone).astimezone(UTC)


def _may(s: Situation, task: str, until: datetime) -> bool:
    try:
        return not decide.acknowledge(s, key=task, until=until).refused
    except (ImpossibleTimeError, NotFoundError):
        return False


def _serializer(vault: Vault) -> URLSafeSerializer:
    """No clock of its own: a link's age is counted on the database's."""
    key = vault.signing_key("acknowledge")
    return URLSafeSerializer(
        key, salt="theca.acknowledge", signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
    )
