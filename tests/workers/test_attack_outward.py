"""What an outsider can make of a letter: everything that leaves is read, guessed at and set against plain hashes."""

import base64
import hashlib
import logging
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from writing import TRIAGE, Kept, rows, send, sql

from workflow.service import notify
from workflow.service.letters import Letter, UndeliverableError
from workflow.service.outward.services import Services
from workflow.service.outward.smtp import envelope
from workflow.service.outward.webhook import Webhook
from workflow.store.session import Store, open_store
from workflow.store.vault import KeyFileError, create_key_file

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PEOPLE = ("coordinator-1", "coordinator-2", "lead-1", "nurse-1")


def _inside(token: str) -> str:
    """What anybody reads in a link without any key."""
    packed = token.removeprefix(".").partition(".")[0]
    raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    return (zlib.decompress(raw) if token.startswith(".") else raw).decode()


def _guesses(episode: str) -> set[str]:
    """The plain hashes of every key a stranger who knows the protocol and the staff could think of."""
    keys = [
        f"{TRIAGE}~{n}~{person}~{channel}" for n in range(4) for person in PEOPLE for channel in ("email", "webhook")
    ]
    said = {f"{before}{key}" for key in keys for before in ("", f"{episode}.", f"{episode}|", f"north|{episode}|")}
    said |= {each.replace("~", ".") for each in said}
    return {hashlib.sha256(each.encode()).hexdigest() for each in said} | {
        hashlib.sha256(hashlib.sha256(each.encode()).hexdigest().encode()).hexdigest() for each in said
    }


def test_neither_a_link_nor_an_id_of_a_letter_can_be_guessed_back_to_the_work_or_the_person(
    told: Callable[..., list[str]], worker_store: Store
):
    (episode,) = told()
    out = Kept()
    assert send(worker_store, out) == 1
    (letter,) = out.letters
    (row,) = rows(worker_store)
    assert row.key == f"{TRIAGE}~1~coordinator-1~email"  # what is guessed at is what it is
    token = letter.facts["acknowledge_link"].rpartition("/a/")[2]
    _, headers = Webhook().signed(replace(letter, secret=SECRET))
    outside = f"{_inside(token)} {envelope(letter, 'theca@localhost')['Message-ID']} {headers['webhook-id']}"
    assert not [guess for guess in _guesses(episode) if guess[:40] in outside]
    assert not [word for word in ("riage", "coordinator") if word in outside + letter.reference]
    again = Kept()
    sql(worker_store, "UPDATE message SET state = 'waiting', settled_at = NULL WHERE key = :key", key=row.key)
    assert send(worker_store, again) == 1
    assert again.letters[0].reference == letter.reference  # a copy can still be told


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.parametrize("to", ["slack://SECRET/x", "nosuch://SECRET", "tgram://SECRET/1"])
def test_an_address_that_apprise_cannot_read_any_more_is_in_no_log(to: str, caplog: pytest.LogCaptureFixture):
    letter = Letter(to=to, subject="s", body="b", reference="r", channel="apprise")
    with caplog.at_level(logging.DEBUG), pytest.raises(UndeliverableError) as refused:
        Services().send(letter)
    assert "SECRET" not in caplog.text + str(refused.value)


def test_addresses_sealed_with_another_key_file_are_said_to_be(database, tmp_path: Path):
    with closing(open_store(database.migrate, database.key_file)) as store:
        notify.set_channel(store, person="nurse-1", kind="webhook", url="https://host.example/x")
    create_key_file(tmp_path / "key")
    with closing(open_store(database.migrate, tmp_path / "key")) as store, pytest.raises(KeyFileError):
        notify.attempt(store, Kept(), "nurse-1")
