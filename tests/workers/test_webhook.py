"""A webhook is signed, says no name, and leads nowhere but to where the whole world could reach."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from tests.attack.addresses import FORBIDDEN
from workflow.domain.errors import ImpossibleInputError
from workflow.service.deliver import Letter, TryLaterError, UndeliverableError
from workflow.service.outward import guard
from workflow.service.outward.webhook import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FACTS = {"urgency": "urgent", "code": "C-ABC234", "escalation": "1", "due_at": "2026-11-22T10:00:00Z"}
PUBLIC, PRIVATE = "93.184.216.34", "10.1.2.3"


@dataclass
class Receiver:
    """Somebody's webhook on loopback: keeps what it is sent, and answers as it is told."""

    port: int = 0
    ca: Path | None = None
    answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)

    def serve(self, wire: socket.socket) -> None:
        lines = wire.makefile("rb")
        lines.readline()
        headers = dict[str, str]()
        while line := lines.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        self.heard.append((headers, lines.read(int(headers["content-length"]))))
        wire.sendall(self.answer)


@contextmanager
def receiving(receiver: Receiver, secured: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        receiver.port = door.getsockname()[1]

        def run() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = door.accept()
                    receiver.connections += 1
                    with suppress(OSError, KeyError), wire, _secured(wire, secured) as inner:
                        receiver.serve(inner)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield receiver
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _secured(wire: socket.socket, secured: ssl.SSLContext | None) -> socket.socket:
    return secured.wrap_socket(wire, server_side=True) if secured else wire


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as one:
        yield one


def _letter(to: str) -> Letter:
    return Letter(to=to, subject="s", body="b", reference="e.k.1", channel="webhook", secret=SECRET, facts=FACTS)


def _to(receiver: Receiver) -> Letter:
    return _letter(f"http://127.0.0.1:{receiver.port}/hook")


LOCAL = Webhook(allow_loopback=True)


def test_what_arrives_is_signed_as_standard_webhooks_has_it_and_says_only_the_facts(receiver: Receiver):
    LOCAL.send(_to(receiver))
    LOCAL.send(_to(receiver))
    (headers, body), (again, _) = receiver.heard
    told = Verifier(SECRET).verify(body, headers)
    assert set(told) == {"type", "timestamp", "data"}
    assert (told["type"], told["data"]) == ("work.due", FACTS)
    assert headers["webhook-id"] == again["webhook-id"]
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(body.replace(b"urgent", b"normal"), headers)
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + "A" * 32).verify(body, headers)


def test_an_old_signature_is_not_good_for_ever(receiver: Receiver):
    replace(LOCAL, now=lambda: datetime.now(UTC) - timedelta(minutes=6)).send(_to(receiver))
    ((headers, body),) = receiver.heard
    with pytest.raises(WebhookVerificationError, match="too old"):
        Verifier(SECRET).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (204, None), (299, None)]
    + [(code, UndeliverableError) for code in (300, 301, 302, 307, 308, 400, 401, 403, 404, 410, 422)]
    + [(code, TryLaterError) for code in (408, 425, 429, 500, 502, 503, 504)],
)
def test_the_answer_says_whether_to_try_again(receiver: Receiver, status: int, error: type[Exception] | None):
    receiver.answer = f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode()
    if error is None:
        LOCAL.send(_to(receiver))
    else:
        with pytest.raises(error, match=str(status)):
            LOCAL.send(_to(receiver))
    assert receiver.connections == 1


def test_a_redirect_is_not_followed(receiver: Receiver):
    with receiving(Receiver()) as inside:
        receiver.answer = f"HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:{inside.port}/\r\n\r\n".encode()
        with pytest.raises(UndeliverableError, match="302"):
            LOCAL.send(_to(receiver))
    assert inside.connections == 0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 x\r\n\r\n", b"\x00" * 100_000, b"HTTP/1.1 200 " + b"x" * 70_000])
def test_an_answer_that_is_none_is_tried_again(receiver: Receiver, answer: bytes):
    receiver.answer = answer
    with pytest.raises(TryLaterError):
        LOCAL.send(_to(receiver))


def test_a_body_without_end_holds_nobody_up(receiver: Receiver):
    receiver.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 2000
    LOCAL.send(_to(receiver))


def test_an_answer_a_byte_at_a_time_is_cut_off():
    stop = threading.Event()

    class Slow(Receiver):
        def serve(self, wire: socket.socket) -> None:
            for _ in range(100):
                wire.sendall(b"H")
                if stop.wait(0.05):
                    return

    with receiving(Slow()) as slow:
        began = monotonic()
        with pytest.raises(TryLaterError):
            replace(LOCAL, wait=0.5).send(_to(slow))
        assert 0.3 < monotonic() - began < 3
        stop.set()


def test_nobody_there_is_tried_again(free_port: Callable[[], int]):
    with pytest.raises(TryLaterError):
        LOCAL.send(_letter(f"http://127.0.0.1:{free_port()}/"))

    def unknown(*_: object) -> Sequence[str]:
        raise socket.gaierror

    with pytest.raises(TryLaterError):
        Webhook(resolve=unknown).send(_letter("https://host.example/"))


@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_url_that_is_not_plainly_public_https_is_refused_before_any_look_up(url: str):
    asked = list[str]()

    def noting(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return [PUBLIC]

    with pytest.raises(UndeliverableError):
        Webhook(resolve=noting).send(_letter(url))
    assert asked == []
    with pytest.raises(ImpossibleInputError) as wrong:
        guard.read(url)
    assert wrong.value.allowed.startswith("https://")


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example", "https://host.example/x?y=@z", "https://host.example:8443/", "https://a-b.c.example?x",
        "https://93.184.216.34/", "https://[2606:2800:220:1::1]/", "https://[64:ff9b::5db8:d822]:4443/",
    ],
)  # fmt: skip
def test_a_public_https_url_is_read(url: str):
    assert guard.read(url).secure


@pytest.mark.parametrize(
    "addresses",
    [
        [PRIVATE], ["127.0.0.1"], ["::1"], ["fe80::1"], ["169.254.169.254"], [PUBLIC, PRIVATE], ["::ffff:10.0.0.1"],
        ["0.0.0.0"], ["64:ff9b::a00:1"], ["2002:a00:1::"], [PUBLIC, "::1"], ["100.100.100.200"], ["192.168.0.1"],
    ],
)  # fmt: skip
def test_a_name_with_one_address_inside_is_refused(addresses: list[str], monkeypatch: pytest.MonkeyPatch):
    dialled = list[object]()
    monkeypatch.setattr(socket, "create_connection", lambda *to, **_: dialled.append(to))
    with pytest.raises(UndeliverableError):
        Webhook(resolve=lambda *_: addresses).send(_letter("https://host.example/"))
    assert dialled == []


def test_the_checked_address_is_the_one_that_is_dialled(monkeypatch: pytest.MonkeyPatch):
    """The name answers public first and private from then on; nobody asks twice."""
    answers, dialled = [[PUBLIC], [PRIVATE], [PRIVATE]], list[tuple[str, int]]()

    def dial(to: tuple[str, int], *_: object) -> socket.socket:
        dialled.append(to)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", dial)
    with pytest.raises(TryLaterError):
        Webhook(resolve=lambda *_: answers.pop(0)).send(_letter("https://host.example/"))
    assert (dialled, len(answers)) == ([(PUBLIC, 443)], 2)


def test_loopback_is_let_through_only_where_the_setting_says_so(receiver: Receiver):
    with pytest.raises(UndeliverableError):
        Webhook().send(_to(receiver))
    for url in ("http://10.0.0.1:8080/", "http://host.example:8080/", "http://0.0.0.0:8080/", "http://127.0.0.1:22/"):
        with pytest.raises(UndeliverableError):
            replace(LOCAL, resolve=lambda *_: [PRIVATE]).send(_letter(url))
    with pytest.raises(UndeliverableError, match="may not go"):
        replace(LOCAL, resolve=lambda *_: [PUBLIC]).send(_letter("http://localhost:8080/"))
    LOCAL.send(_letter(f"http://localhost:{receiver.port}/"))
    assert receiver.connections == 1


def test_tls_is_checked_against_the_name_and_not_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ca, server = _authority(tmp_path, "host.example")
    names = list[str | None]()
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    plain = socket.create_connection
    with receiving(Receiver(), server) as one:
        monkeypatch.setattr(socket, "create_connection", lambda _to, *rest: plain(("127.0.0.1", one.port), *rest))
        trusting = Webhook(resolve=lambda *_: [PUBLIC], tls=lambda: ssl.create_default_context(cafile=str(ca)))
        trusting.send(_letter("https://host.example:8443/hook"))
        for wrong in (Webhook(resolve=lambda *_: [PUBLIC]), trusting):
            to = "https://host.example/" if wrong is not trusting else "https://other.example/"
            with pytest.raises(TryLaterError, match="Cert"):
                wrong.send(_letter(to))
    assert names == ["host.example", "host.example", "other.example"]
    ((headers, _),) = one.heard
    assert headers["host"] == "host.example:8443"


def test_public_means_public():
    for text in (PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1", "2002:101:101::"):
        assert guard.public(ip_address(text)), text


def _authority(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for a name that nobody knows, and a server that shows it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert").write_bytes(made.public_bytes(pem))
    (folder / "key").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert", folder / "key")
    return folder / "cert", server
