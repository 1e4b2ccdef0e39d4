"""Which ways out the settings give, and which of them a letter takes. In-app messages need none."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from workflow.service.letters import Letter, Transport, UndeliverableError
from workflow.service.outward.services import Services
from workflow.service.outward.smtp import Smtp
from workflow.service.outward.webhook import Webhook
from workflow.settings import Settings
from workflow.store.session import UnavailableError

CHANNELS = ("email", "webhook", "apprise")


@dataclass(frozen=True, slots=True)
class Console:
    """For looking: letters are printed."""

    out: TextIO

    def send(self, letter: Letter) -> None:
        print(f"to {letter.to}\n{letter.subject}\n\n{letter.body}", file=self.out, flush=True)


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways out by channel; each letter takes its own."""

    by: Mapping[str, Transport]

    def send(self, letter: Letter) -> None:
        """Send a letter the way its channel says. Raises UndeliverableError or TryLaterError."""
        way = self.by.get(letter.channel)
        if way is None:
            raise UndeliverableError(f"no way out is set up for {letter.channel}")
        way.send(letter)

    @contextmanager
    def held(self) -> Iterator["Ways"]:
        """The same ways, with one connection to the relay for all letters of the block."""
        relay = self.by.get("email")
        if not isinstance(relay, Smtp):
            yield self
            return
        with relay.held() as line:
            yield Ways({**self.by, "email": line})


def transport(now: Settings) -> Ways:
    """The ways the settings ask for. Raises UnavailableError without a relay: printing is not sending."""
    found = ways(now)
    if "email" not in found.by:
        raise UnavailableError("no mail relay is set", allowed="SMTP_HOST names it; TRANSPORT=console only prints")
    return found


def ways(now: Settings) -> Ways:
    """The ways the settings ask for, without e-mail where they name no relay."""
    if now.transport == "console":
        return Ways(dict.fromkeys(CHANNELS, Console(sys.stdout)))
    webhook = Webhook(allow_loopback=now.webhook_allow_loopback)
    others: dict[str, Transport] = {"webhook": webhook, "apprise": Services()}
    if not now.smtp_host:
        return Ways(others)
    relay = Smtp(
        host=now.smtp_host,
        port=now.smtp_port,
        sender=now.mail_from,
        user=now.smtp_user,
        password=now.smtp_password,
        tls=now.smtp_tls,
    )
    return Ways({**others, "email": relay})
