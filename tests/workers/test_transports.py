"""The ways out of the building, against a real SMTP server on loopback."""

import io
import socket

import pytest

from workers.transports import Console, Smtp, envelope, transport
from workflow.domain.errors import ImpossibleInputError
from workflow.service import people
from workflow.service.deliver import Letter, TryLaterError, UndeliverableError
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
    assert isinstance(transport(Settings(smtp_host="", transport="console")), Console)
    assert isinstance(transport(Settings(smtp_host="mail.example", transport="smtp")), Smtp)


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
