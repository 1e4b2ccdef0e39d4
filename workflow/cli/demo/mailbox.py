"""Where the demo's e-mails arrive: an SMTP server of its own on loopback that keeps what it is given."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
_SUBJECT = re.compile(r"^\[(?P<urgency>\w+)\] Theca: work is due for (?P<code>\S+?)(?: \(escalation (?P<rung>\d+)\))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail as it arrived."""

    to: str
    subject: str
    body: str
    whole: str  # every header and the text, to look for what must not be in it

    @property
    def urgency(self) -> str:
        """How it is to be read. What the work is called stands in the app only."""
        return self._part("urgency")

    @property
    def code(self) -> str:
        """Whom it is about: the candidate's code."""
        return self._part("code")

    @property
    def rung(self) -> int:
        """0 for a reminder, from 1 for an escalation."""
        return int(self._part("rung") or 0)

    def _part(self, name: str) -> str:
        found = _SUBJECT.match(self.subject)
        return (found[name] or "") if found else ""


@dataclass  # no slots: the mail server looks through its members, and early Pythons 3.11 stumble over theirs
class Mailbox:
    """What has arrived so far, in order."""

    port: int
    mails: list[Mail] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one e-mail."""
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        body, subject = message.get_content(), str(message["Subject"]).strip()
        whole = "\n".join([*(f"{name}: {value}" for name, value in message.items()), "", body])
        self.mails.append(Mail(to=", ".join(envelope.rcpt_tos), subject=subject, body=body, whole=whole))
        return "250 kept"

    def wait(self, enough: Callable[[list[Mail]], bool], *, quiet: float, most: float) -> bool:
        """Wait until enough has arrived and nothing more came for `quiet` seconds; `most` seconds altogether.

        Answers whether it was enough.
        """
        end, pause = time.monotonic() + most, threading.Event()
        seen, still_since = -1, time.monotonic()
        while time.monotonic() < end:
            if len(self.mails) != seen:
                seen, still_since = len(self.mails), time.monotonic()
            if time.monotonic() - still_since >= quiet and enough(self.mails):
                return True
            pause.wait(0.2)
        return enough(self.mails)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mailbox that takes e-mail while this block runs."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    box = Mailbox(port)
    controller = Controller(box, hostname=HOST, port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
