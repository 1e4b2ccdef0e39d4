"""The ways out of the building. In-app messages need none: they are there once they are written."""

import hashlib
import smtplib
import ssl
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import TextIO

from workflow.service.deliver import Letter, Transport, TryLaterError, UndeliverableError
from workflow.settings import Settings
from workflow.store.session import UnavailableError

_WAIT = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """E-mail through one relay. 5xx is final; everything else may be tried again."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: bool = True

    def send(self, letter: Letter) -> None:
        """Hand one letter to the relay. Raises UndeliverableError or TryLaterError."""
        try:
            message = envelope(letter, self.sender)
        except ValueError as wrong:
            raise UndeliverableError("no letter can be addressed so") from wrong
        try:
            with smtplib.SMTP(self.host, self.port, timeout=_WAIT) as relay:
                if self.tls:
                    relay.starttls(context=ssl.create_default_context())
                if self.user:
                    relay.login(self.user, self.password)
                relay.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            raise _final(code) from refused
        except smtplib.SMTPResponseException as refused:
            raise _final(refused.smtp_code) from refused
        except (smtplib.SMTPException, OSError) as lost:
            raise TryLaterError(type(lost).__name__) from lost


@dataclass(frozen=True, slots=True)
class Console:
    """For looking: letters are printed."""

    out: TextIO

    def send(self, letter: Letter) -> None:
        print(f"to {letter.to}\n{letter.subject}\n\n{letter.body}", file=self.out, flush=True)


def transport(now: Settings) -> Transport:
    """The transport the settings ask for. Raises UnavailableError without a relay: printing is not sending."""
    if now.transport == "console":
        return Console(sys.stdout)
    if not now.smtp_host:
        raise UnavailableError("no mail relay is set", allowed="SMTP_HOST names it; TRANSPORT=console only prints")
    return Smtp(
        host=now.smtp_host,
        port=now.smtp_port,
        sender=now.mail_from,
        user=now.smtp_user,
        password=now.smtp_password,
        tls=now.smtp_tls,
    )


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


def _final(code: int) -> Exception:
    reason = f"the relay answered {code}"
    return UndeliverableError(reason) if 500 <= code < 600 else TryLaterError(reason)
