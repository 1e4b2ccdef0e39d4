"""What leaves: webhooks that would lead inside, headers smuggled into letters, formulas in files that others open."""

import csv
import io
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP

from tests.attack.addresses import FORBIDDEN, INNER, disguised
from tests.attack.ground import Ground
from tests.attack.of_fields import COMMANDS
from tests.attack.watch import shown
from tests.faults.results import Bar, Result, none
from workflow.domain.errors import TroubleError
from workflow.service import notify, people
from workflow.service.intake import Intake, Refused, Row, error_file
from workflow.service.letters import Letter, TryLaterError, UndeliverableError
from workflow.service.outward.smtp import envelope
from workflow.service.outward.webhook import Webhook
from workflow.store.session import Store, open_store

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "93.184.216.34"
# What begins a formula in one spreadsheet or another.
FORMULAS = [f"{mark}{word}" for mark in "=+-@\t\r" for word in ("1+1", "HYPERLINK(1)", "cmd|' /C calc'!A1", " x", "")]
SMUGGLED = [
    "a@theca.example\r\nBcc: b@elsewhere.example", "a@theca.example\nSubject: x", "a@theca.example\rX: y",
    "a@theca.example%0aBcc:b@elsewhere.example", "a@theca.example,b@elsewhere.example",
    "a@theca.example;b@elsewhere.example",
    "a@theca.example b@elsewhere.example", "<a@theca.example>\r\n\r\nbody", '"a\r\nBcc: x"@theca.example',
    "a@theca.example\x00",
    "a@theca.example\u2028Bcc: x", "a@theca.example\x0bBcc: x", "a@theca.example\x85Bcc: x",
    "group:a@theca.example;", "@", "a@", "a",
    "a@[127.0.0.1\r\n]", "=?utf-8?q?a=0d=0aBcc?=@theca.example", "a@theca.example>\r\nRCPT TO:<b@elsewhere.example>",
]  # fmt: skip


@dataclass
class Listener:
    """Somebody inside who counts who comes."""

    port: int = 0
    came: int = 0


@contextmanager
def listening() -> Iterator[Listener]:
    """A port of this machine that a webhook must not reach."""
    found = Listener()
    with socket.create_server(("", 0)) as door:
        found.port = door.getsockname()[1]

        def run() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = door.accept()
                    found.came += 1
                    wire.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield found
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def letter(to: str, *, subject: str = "s", body: str = "b") -> Letter:
    return Letter(
        to=to, subject=subject, body=body, reference="e.k.1", channel="webhook", secret=SECRET, facts={"code": "C-1"}
    )


def inward(ground: Ground, *, every: int = 1) -> Result:
    """Every way to write an inner address, and every answer of a name server that is one: nobody inside is reached."""
    admin, let_in = open_store(ground.house.urls["theca_migrate"], ground.house.key_file), list[str]()
    written = [*FORBIDDEN, *disguised()][::every]
    with closing(admin), listening() as inside:
        for url in written:
            if _sent(Webhook(), url) or _kept(admin, url):
                let_in.append(url)
        for host in _own_names():
            for path in ("/", "/x@host.example", "/?a=https://host.example/"):
                if _sent(Webhook(), f"https://{host}:{inside.port}{path}"):
                    let_in.append(host)
        named = [*INNER, "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
        for address in named:
            for answers in ([address], [PUBLIC, address], [address, PUBLIC]):
                if _sent(Webhook(resolve=_answering(answers)), "https://host.example:8443/x"):
                    let_in.append(f"a name that is {answers}")
        tried = len(written) + 3 * len(_own_names()) + 3 * len(named)
        came = inside.came
    return shown(
        "addresses that lead inside",
        Bar(what="addresses", seen=tried, least=50),
        none(f"let through: {', '.join(let_in[:5])}", len(let_in)),
        none("connections inside", came),
    )


def smuggled(ground: Ground) -> Result:
    """Addresses and words with lines in them: refused where they are entered, and harmless where they get further."""
    admin, kept, headers = open_store(ground.house.urls["theca_migrate"], ground.house.key_file), 0, list[str]()
    wanted = {
        "from",
        "to",
        "subject",
        "message-id",
        "date",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }
    with closing(admin):
        for word in SMUGGLED:
            with suppress(TroubleError):
                people.add_person(admin, person="smuggler-1", name="Smuggler", email=word)
                kept += 1
    for word in [*SMUGGLED, *COMMANDS]:
        for made in (letter(word), letter("a@theca.example", subject=word), letter("a@theca.example", body=word)):
            with suppress(ValueError, IndexError, AttributeError):
                sent = message_from_bytes(envelope(made, "theca@localhost").as_bytes(), policy=SMTP)
                more = {name.lower() for name in sent.keys()} - wanted  # noqa: SIM118 - a message has several of a name
                if more & {"bcc", "x"} or len(sent.get_all("to", [])) != 1 or len(sent.get_all("subject", [])) != 1:
                    headers.append(f"{word[:30]!r}: {sorted(more)}")
    return shown(
        "lines smuggled into letters",
        Bar(what="words", seen=3 * (len(SMUGGLED) + len(COMMANDS)), least=100),
        none("addresses entered that are several or none", kept),
        none(f"letters with more than their headers: {', '.join(headers[:3])}", len(headers)),
    )


def formulas(ground: Ground) -> Result:
    """Cells that a spreadsheet would run, in every column of a refused row: written as text."""
    live, fields = list[str](), ("mrn", "family_name", "reason")
    for word in [*FORMULAS, *COMMANDS]:
        for at in fields:
            row = Row(line=2, cells={name: word if name == at else "x" for name in fields})
            text = error_file(Intake(refused=[Refused(row=row, because=word)]), fields)
            cells = [cell for line in list(csv.reader(io.StringIO(text)))[1:] for cell in line]
            live += [cell for cell in cells if cell[:1] in set("=+-@\t\r")]
    return shown(
        "formulas in files that others open",
        Bar(what="cells", seen=4 * 3 * (len(FORMULAS) + len(COMMANDS)), least=100),
        none(f"cells that would run: {', '.join(live[:5])}", len(live)),
    )


def _sent(webhook: Webhook, url: str) -> bool:
    """Whether a letter got further than to be refused for where it leads. A name nobody knows leads nowhere."""
    try:
        webhook.send(letter(url))
    except UndeliverableError:
        return False
    except TryLaterError as later:
        return "gaierror" not in str(later)
    return True


def _kept(admin: Store, url: str) -> bool:
    """Whether the address can be entered as somebody's."""
    try:
        notify.set_channel(admin, person="nurse-1", kind="webhook", url=url)
    except TroubleError:
        return False
    return True


def _own_names() -> list[str]:
    return [
        "localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "ip6-loopback",
        socket.gethostname(),
        socket.getfqdn(),
    ]


def _answering(addresses: list[str]):
    def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve
