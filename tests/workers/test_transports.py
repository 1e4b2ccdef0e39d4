"""The ways out of the building, against a real SMTP server on loopback."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from workflow.domain.errors import ImpossibleInputError
from workflow.service import people
from workflow.service.deliver import Letter, TryLaterError, UndeliverableError
from workflow.service.outward.smtp import Smtp, envelope
from workflow.service.outward.ways import Console, Ways, transport
from workflow.settings import Settings
from workflow.store.session import Store, UnavailableError, open_store

LETTER = Letter(to="nurse-1@theca.example", subject="[urgent] Look: C-ABC", body="Look at C-ABC.", reference="e.k~1")


def _smtp(port: int) -> Smtp:
    return Smtp(host="127.0.0.1", port=port, sender="theca@theca.example", tls=False)


def test_a_letter_arrives_and_its_second_copy_carries_the_same_message_id(sink):
    _smtp(sink.port).send(LETTER)
    _smtp(sink.port).send(LETTER)
    first, second = sink.letters
    assert first["To"] == LETTER.to
    assert first["Message-ID"] == second["Message-ID"]
    assert "Look at C-ABC." in first.get_payload(decode=True).decode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [("450 busy", TryLaterError), ("451 later", TryLaterError), ("550 no such box", UndeliverableError)],
)
def test_the_relays_answer_says_whether_to_try_again(sink, answer: str, error: type[Exception]):
    sink.answers.append(answer)
    with pytest.raises(error, match=answer[:3]):
        _smtp(sink.port).send(LETTER)


def test_a_relay_that_is_not_there_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TryLaterError):
        _smtp(port).send(LETTER)


def test_no_header_can_be_smuggled_into_a_letter(sink):
    smuggled = Letter(to="a@b.example\nBcc: c@d.example", subject="s", body="b", reference="r")
    with pytest.raises(UndeliverableError):
        _smtp(sink.port).send(smuggled)
    assert sink.letters == []


def test_without_a_relay_nothing_is_sent_by_printing_it():
    with pytest.raises(UnavailableError, match="no mail relay"):
        transport(Settings(smtp_host="", transport="smtp"))
    printing = transport(Settings(smtp_host="", transport="console"))
    assert {type(way) for way in printing.by.values()} == {Console}
    assert isinstance(transport(Settings(smtp_host="mail.example", transport="smtp")).by["email"], Smtp)


def test_a_letter_takes_the_way_of_its_channel_and_no_other(sink):
    ways = Ways({"email": _smtp(sink.port)})
    ways.send(LETTER)
    with pytest.raises(UndeliverableError, match="pigeon"):
        ways.send(Letter(to=LETTER.to, subject="s", body="b", reference="r", channel="pigeon"))
    assert len(sink.letters) == 1


def test_the_console_prints_what_would_leave():
    out = io.StringIO()
    Console(out).send(LETTER)
    assert LETTER.to in out.getvalue()
    assert envelope(LETTER, "theca@theca.example")["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("email", ["nobody", "a@b\nBcc: c@d", "a b@c.example", "@", "a@b@c"])
def test_an_address_that_is_none_is_refused_when_it_is_entered(database, email: str):
    store: Store = open_store(database.migrate, database.key_file)
    with pytest.raises(ImpossibleInputError, match="e-mail"):
        people.add_person(store, person="x", name="X", email=email)
    store.close()


class Relay:
    """A mail relay that speaks as it is told: each command has its answer, or a line of its own making."""

    def __init__(self, port: int, **answers: Callable[["Relay", int], str | None]) -> None:
        self.port = port
        self.answers = answers
        self.connections = 0
        self.letters = 0
        self.done = threading.Event()

    def speak(self, wire: socket.socket) -> None:
        """One conversation. An answer of None ends it."""
        self.connections += 1
        heard, mine = wire.makefile("rb"), 0
        wire.sendall(b"220 here\r\n")
        while line := heard.readline():
            word = line[:4].strip().lower().decode()
            if word == "data":
                wire.sendall(b"354 go on\r\n")
                while heard.readline() not in (b".\r\n", b""):
                    pass
                mine += 1
                self.letters += 1
            given = self.answers[word](self, mine) if word in self.answers else "250 yes"
            if given is None:
                return
            wire.sendall(given.encode() + b"\r\n")


@contextmanager
def speaking(**answers: Callable[[Relay, int], str | None]) -> Iterator[Relay]:
    """A relay on loopback, in threads that end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        relay = Relay(door.getsockname()[1], **answers)
        threads = list[threading.Thread]()

        def talk(wire: socket.socket) -> None:
            with wire, suppress(OSError):
                relay.speak(wire)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = door.accept()
                    threads.append(threading.Thread(target=talk, args=(wire,), daemon=True))
                    threads[-1].start()

        threading.Thread(target=serve, daemon=True).start()
        yield relay
        relay.done.set()
        door.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(5)


def test_one_connection_serves_a_batch_and_a_refused_letter_does_not_end_it():
    with (
        speaking(rcpt=lambda relay, mine: "550 nobody" if mine == 2 and relay.letters == 2 else "250 yes") as relay,
        _smtp(relay.port).held() as line,
    ):
        line.send(LETTER)
        line.send(LETTER)
        with pytest.raises(UndeliverableError, match="550"):
            line.send(LETTER)
        relay.letters = 10
        line.send(LETTER)
    assert (relay.connections, relay.letters) == (1, 11)


def test_without_a_batch_each_letter_has_a_connection_of_its_own():
    with speaking() as relay:
        for _ in range(3):
            Ways({"email": _smtp(relay.port)}).send(LETTER)
    assert relay.connections == 3


@pytest.mark.parametrize("goodbye", [None, "421 enough for one connection"])
def test_a_connection_that_ended_between_two_letters_is_opened_again(goodbye: str | None):
    with speaking(mail=lambda _, mine: goodbye if mine == 1 else "250 yes") as relay, _smtp(relay.port).held() as line:
        for _ in range(3):
            line.send(LETTER)
    assert (relay.connections, relay.letters) == (3, 3)


@pytest.mark.parametrize("word", ["rcpt", "data"])
def test_a_relay_that_says_goodbye_in_the_middle_is_called_again_for_the_next_letter(word: str):
    goodbyes = ["421 too busy"]
    answers = {word: lambda *_: goodbyes.pop() if goodbyes else "250 yes"}
    with speaking(**answers) as relay, _smtp(relay.port).held() as line:
        with pytest.raises(TryLaterError, match="421"):
            line.send(LETTER)
        line.send(LETTER)
    assert relay.connections == 2


def test_a_relay_that_ends_every_conversation_is_asked_twice_and_then_later():
    with (
        speaking(mail=lambda relay, _: None if relay.connections > 1 else "250 yes") as relay,
        _smtp(relay.port).held() as line,
    ):
        line.send(LETTER)
        relay.connections = 10
        with pytest.raises(TryLaterError):
            line.send(LETTER)
    assert (relay.connections, relay.letters) == (11, 1)


def test_a_connection_lost_after_the_final_dot_is_tried_again_later_and_not_at_once():
    with (
        speaking(data=lambda relay, _: None if relay.letters == 2 else "250 taken") as relay,
        _smtp(relay.port).held() as line,
    ):
        line.send(LETTER)
        with pytest.raises(TryLaterError, match="Disconnected"):
            line.send(LETTER)
        assert relay.letters == 2
        line.send(LETTER)
    assert (relay.connections, relay.letters) == (2, 3)


@pytest.mark.parametrize(("word", "answer"), [("auth", "535 wrong password"), ("mail", "550 not from you")])
def test_what_is_wrong_about_us_makes_no_letter_undeliverable(word: str, answer: str):
    def greeting(*_: object) -> str:
        return "250-here\r\n250 AUTH PLAIN"

    answers = {"ehlo": greeting, "auth": lambda *_: "235 come in", word: lambda *_: answer}
    with speaking(**answers) as relay:
        smtp = Smtp(host="127.0.0.1", port=relay.port, sender="t@t.example", tls=False, user="u", password="p")
        with pytest.raises(TryLaterError, match=answer[:3]):
            smtp.send(LETTER)


def test_a_relay_without_tls_gets_no_letter():
    with speaking() as relay, pytest.raises(TryLaterError):
        Smtp(host="127.0.0.1", port=relay.port, sender="t@t.example").send(LETTER)
    assert relay.letters == 0


@pytest.mark.parametrize("word", ["ehlo", "rcpt", "data"])
def test_a_relay_that_says_nothing_is_cut_off(word: str):
    def hang(relay: Relay, _: int) -> None:
        relay.done.wait(10)

    with speaking(**{word: hang}) as relay:
        began = monotonic()
        with pytest.raises(TryLaterError):
            Smtp(host="127.0.0.1", port=relay.port, sender="t@t.example", tls=False, step=0.3).send(LETTER)
    assert monotonic() - began < 3


def test_a_relay_that_speaks_a_byte_at_a_time_is_cut_off_in_all():
    with socket.create_server(("127.0.0.1", 0)) as door:
        stop = threading.Event()

        def dribble() -> None:
            wire, _ = door.accept()
            with wire, suppress(OSError):
                for _ in range(100):
                    wire.sendall(b"2")
                    if stop.wait(0.1):
                        return

        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        began = monotonic()
        with pytest.raises(TryLaterError):
            Smtp(host="127.0.0.1", port=door.getsockname()[1], sender="t@t.example", tls=False, total=0.8).send(LETTER)
        assert 0.5 < monotonic() - began < 5
        stop.set()
        thread.join(5)
