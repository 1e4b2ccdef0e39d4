"""E-mail through one relay. One connection serves a batch; a relay that hangs is cut off.

A 5xx to the recipient or to the letter is final. Before a recipient is named it is about us (a password, a sender the
relay does not know), and everything about us may be tried again. A connection lost after the final dot may have taken
the letter or not: it is tried again, under the same Message-ID.
"""

import hashlib
import io
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

from workflow.service.letters import DownError, Letter, TryLaterError, UndeliverableError
from workflow.service.outward.deadline import Deadline, Heard

STEP = 10.0  # seconds for one answer; HOUSE (D)
TOTAL = 15.0  # seconds to connect, and again for one letter: both are less than a lease; HOUSE (D)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """One relay, and how to sign in there."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = True
    step: float = STEP
    total: float = TOTAL

    def send(self, letter: Letter) -> None:
        """Hand one letter to the relay, over a connection of its own. Raises UndeliverableError or TryLaterError."""
        with self.held() as line:
            line.send(letter)

    @contextmanager
    def held(self) -> Iterator["Line"]:
        """A line that keeps its connection from one letter to the next, until the block ends."""
        line = Line(self)
        try:
            yield line
        finally:
            line.close()


class Line:
    """A connection to the relay, opened when the first letter comes."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._relay: _Relay | None = None

    def send(self, letter: Letter) -> None:
        """Hand one letter over. A connection that ended between two letters is opened again, once."""
        try:
            message = envelope(letter, self._smtp.sender)
        except ValueError as wrong:
            raise UndeliverableError("no letter can be addressed so") from wrong
        fresh = self._relay is None
        try:
            self._hand_over(message)
        except _NotBegunError:
            if fresh:
                raise
            self._hand_over(message)

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        relay, self._relay = self._relay, None
        if relay is not None:
            with suppress(smtplib.SMTPException, OSError):
                relay.allow(Deadline(step=self._smtp.step, total=self._smtp.step))
                relay.quit()
            relay.close()

    def _hand_over(self, message: EmailMessage) -> None:
        relay = self._relay or self._open()
        relay.allow(Deadline(step=self._smtp.step, total=self._smtp.total))
        try:
            relay.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            raise _refused(code) from refused
        except smtplib.SMTPDataError as refused:
            raise _refused(refused.smtp_code) from refused
        except smtplib.SMTPSenderRefused as refused:
            raise self._lost(f"the relay answered {refused.smtp_code} to the sender") from refused
        except smtplib.SMTPNotSupportedError as odd:
            raise UndeliverableError("the relay cannot write this address") from odd
        except (smtplib.SMTPException, OSError) as lost:
            raise self._lost(type(lost).__name__) from lost

    def _open(self) -> "_Relay":
        """Connect and sign in. Raises TryLaterError: nothing of it is about a letter."""
        smtp = self._smtp
        try:
            relay = self._relay = _Relay(smtp.host, smtp.port, Deadline(step=smtp.step, total=smtp.total))
            if smtp.tls:
                relay.starttls(context=ssl.create_default_context())
            if smtp.user:
                relay.login(smtp.user, smtp.password)
        except smtplib.SMTPResponseException as refused:
            raise self._lost(f"the relay answered {refused.smtp_code} before any letter") from refused
        except (smtplib.SMTPException, OSError) as lost:
            raise self._lost(type(lost).__name__) from lost
        return relay

    def _lost(self, reason: str) -> TryLaterError:
        begun = self._relay is not None and self._relay.begun
        self._drop()
        return TryLaterError(reason) if begun else _NotBegunError(reason)

    def _drop(self) -> None:
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.close()


def _refused(code: int) -> Exception:
    """The relay did not take this letter, and stays on the line for the next."""
    reason = f"the relay answered {code}"
    return UndeliverableError(reason) if 500 <= code < 600 else TryLaterError(reason)


class _NotBegunError(DownError):
    """The relay was gone before this letter began; it has certainly not taken it."""


class _Relay(smtplib.SMTP):
    """The library's client, with an end to every wait."""

    def __init__(self, host: str, port: int, deadline: Deadline) -> None:
        self._deadline = deadline
        self.begun = False
        super().__init__(host, port)

    def allow(self, deadline: Deadline) -> None:
        """Another letter, and time for it."""
        self._deadline = deadline
        self.begun = False
        if self.sock is not None:
            self.sock.settimeout(deadline.left())

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        answer = super().mail(sender, options)
        self.begun = 200 <= answer[0] < 300
        return answer

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(Heard(self.sock, self._left))
        return super().getreply()

    def _left(self) -> float:
        return self._deadline.left()

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        return socket.create_connection((host, port), self._left())


def envelope(letter: Letter, sender: str) -> EmailMessage:
    """The letter as e-mail; its Message-ID is the same on every attempt, so that a relay can drop a copy."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=400))  # a subject stays on its line
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Message-ID"] = f"<{hashlib.sha256(letter.reference.encode()).hexdigest()[:40]}@theca>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message
