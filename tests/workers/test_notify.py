"""Webhooks and other services of a person: entered by an administrator, sealed, used by the workers, tried."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from standardwebhooks.webhooks import Webhook as Verifier
from typer.testing import CliRunner

from workflow.cli.notify import app as notify_app
from workflow.cli.people import staffs
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, NotFoundError
from workflow.service import deliver, fire, notify
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.service.letters import Letter, TryLaterError, UndeliverableError
from workflow.service.outward import services
from workflow.service.outward.services import Services
from workflow.service.outward.smtp import Smtp
from workflow.service.outward.ways import Ways
from workflow.store import staff
from workflow.store.candidates import Identity
from workflow.store.session import Store, open_store
from workflow.store.staff import Person
from workflow.store.vault import KeyFileError

URL = "https://hooks.example/theca"
NURSE = "nurse-1"


class Kept:
    """A way out that keeps what it is given, or says no."""

    def __init__(self, *answers: Exception) -> None:
        self.letters: list[Letter] = []
        self.answers = list(answers)

    def send(self, letter: Letter) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.letters.append(letter)


@pytest.fixture
def admin(database) -> Iterator[Store]:
    opened = open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


def _all(kept: Kept) -> Ways:
    return Ways(dict.fromkeys(("email", "webhook", "apprise"), kept))


def test_an_address_is_sealed_and_only_the_workers_may_read_it(admin: Store, store: Store, worker_store: Store):
    secret = notify.set_channel(admin, person=NURSE, kind="webhook", url=URL)
    assert secret.startswith("whsec_")
    with admin.transaction() as connection:
        sealed = connection.scalar(text("SELECT sealed FROM address"))
    assert URL.encode() not in sealed
    assert secret.encode() not in sealed
    with store.transaction(["north"]) as connection:
        assert connection.execute(text("SELECT staff_id, kind FROM address")).all() == [(NURSE, "webhook")]
    with pytest.raises(ProgrammingError, match="permission denied"), store.transaction() as connection:
        connection.execute(text("SELECT sealed FROM address"))
    kept = Kept()
    notify.attempt(worker_store, _all(kept), NURSE, channel="webhook")
    assert (kept.letters[0].to, kept.letters[0].secret) == (URL, secret)
    assert secret not in repr(kept.letters)


def test_an_address_given_to_somebody_else_does_not_open(admin: Store, worker_store: Store):
    notify.set_channel(admin, person=NURSE, kind="webhook", url=URL)
    with admin.transaction() as connection:
        connection.execute(text("UPDATE address SET staff_id = 'lead-1'"))
    with pytest.raises(KeyFileError, match="for somebody else"):
        notify.attempt(worker_store, _all(Kept()), "lead-1")


def test_what_cannot_be_an_address_is_refused_when_it_is_entered(admin: Store, monkeypatch: pytest.MonkeyPatch):
    for kind, url in [("webhook", "http://hooks.example/"), ("webhook", "https://10.0.0.1/"), ("apprise", "no such")]:
        with pytest.raises(ImpossibleInputError) as wrong:
            notify.set_channel(admin, person=NURSE, kind=kind, url=url)
        assert wrong.value.place == "url"
        assert wrong.value.allowed
    with pytest.raises(ImpossibleInputError, match="no channel"):
        notify.set_channel(admin, person=NURSE, kind="pigeon", url=URL)
    with pytest.raises(ImpossibleInputError, match="nobody"):
        notify.set_channel(admin, person="nobody", kind="webhook", url=URL)
    monkeypatch.setattr(services, "apprise", None)
    with pytest.raises(ImpossibleNowError, match="not installed"):
        notify.set_channel(admin, person=NURSE, kind="apprise", url="json://hooks.example")
    with pytest.raises(UndeliverableError, match="not installed"):
        Services().send(Letter(to="json://hooks.example", subject="s", body="b", reference="r", channel="apprise"))


def test_a_new_address_takes_the_place_of_the_old_and_can_be_forgotten(admin: Store, worker_store: Store):
    first = notify.set_channel(admin, person=NURSE, kind="webhook", url=URL)
    second = notify.set_channel(admin, person=NURSE, kind="webhook", url=URL + "/2")
    assert first != second
    with worker_store.transaction(["north"]) as connection:
        (nurse,) = [one for one in staff.roster(connection, "north").members if one.id == NURSE]
        assert nurse.channels == ("in_app", "email", "webhook")
    notify.remove_channel(admin, person=NURSE, kind="webhook")
    with pytest.raises(NotFoundError):
        notify.remove_channel(admin, person=NURSE, kind="webhook")
    with worker_store.transaction(["north"]) as connection:
        (nurse,) = [one for one in staff.roster(connection, "north").members if one.id == NURSE]
        assert nurse.channels == ("in_app", "email")


def test_a_reminder_leaves_by_webhook_signed_and_without_a_name(
    admin: Store, desk: Desk, worker_store: Store, someone: Callable[..., Person]
):
    secret = notify.set_channel(admin, person="coordinator-1", kind="webhook", url=URL)
    with admin.transaction() as connection:
        connection.execute(text("UPDATE site SET routine = 'at_once', quiet_from = '00:00', quiet_until = '00:00'"))
    identity = Identity(external_id="M-4711", family_name="Nightjar", given_name="Ada", birth_date="1960-02-29")
    asked = {"site": "north", "identity": identity, "protocol": "opioid_trial"}
    enrol(desk, someone("coordinator"), occurred_at=datetime.now(UTC) - timedelta(days=30), **asked)
    assert fire.sweep(worker_store)
    hook, mail = Kept(), Kept()
    deliver.relay(worker_store, Ways({"webhook": hook, "email": mail}), link="https://theca.example")
    letter = hook.letters[0]
    assert {one.to for one in hook.letters} == {URL}
    assert (letter.kind, letter.secret, letter.channel) == ("work.due", secret, "webhook")
    assert set(letter.facts) == {"urgency", "code", "escalation", "due_at", "link", "acknowledge_link"}
    assert letter.facts["acknowledge_link"].startswith("https://theca.example/a/")
    assert "coordinator-1@theca.example" in {one.to for one in mail.letters}
    said = json.dumps(dict(letter.facts)) + letter.subject + letter.body
    assert [word for word in ("Nightjar", "Ada", "M-4711", "1960", "triage", "Triage") if word in said] == []


def test_a_person_is_tried_on_every_channel_and_each_says_why_not(admin: Store, worker_store: Store):
    notify.set_channel(admin, person=NURSE, kind="webhook", url=URL)
    kept = Kept(UndeliverableError("the relay answered 550"), TryLaterError("TimeoutError"))
    told = notify.attempt(worker_store, _all(kept), NURSE)
    assert [(one.channel, one.because) for one in told] == [
        ("in_app", ""),
        ("email", "the relay answered 550"),
        ("webhook", "TimeoutError"),
    ]
    assert all(one.sent for one in notify.attempt(worker_store, _all(kept), NURSE))
    assert len(kept.letters) == 2
    (alone,) = notify.attempt(worker_store, _all(kept), NURSE, channel="apprise")
    assert alone.because == "no address is known"
    with pytest.raises(NotFoundError, match="nobody is called"):
        notify.attempt(worker_store, _all(kept), "nobody")
    with pytest.raises(ImpossibleInputError, match="pigeon"):
        notify.attempt(worker_store, _all(kept), NURSE, channel="pigeon")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.parametrize(("answer", "error"), [(True, None), (False, TryLaterError)])
def test_apprise_says_yes_or_no(answer: bool, error: type[Exception] | None, monkeypatch: pytest.MonkeyPatch):
    told = dict[str, object]()

    def notifying(_self: object, **said: object) -> bool:
        told.update(said)
        return answer

    monkeypatch.setattr(services.apprise.Apprise, "notify", notifying)
    letter = Letter(to="json://hooks.example/x", subject="s", body="b", reference="r", channel="apprise")
    if error is None:
        Services().send(letter)
    else:
        with pytest.raises(error):
            Services().send(letter)
    assert (told["title"], told["body"]) == ("s", "b")
    with pytest.raises(UndeliverableError):
        Services().send(Letter(to="nothing", subject="s", body="b", reference="r", channel="apprise"))


@pytest.fixture
def at_the_desk(database, sink, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """A verb on the command line, with this test's database and mail sink."""
    for name, value in {
        "DATABASE_URL": database.app,
        "DATABASE_ADMIN_URL": database.migrate,
        "DATABASE_WORKER_URL": database.worker,
        "THECA_KEY_FILE": str(database.key_file),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
        "SMTP_TLS": "false",
    }.items():
        monkeypatch.setenv(name, value)

    def run(app: object, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.output

    return run


def test_on_the_command_line_a_test_letter_arrives_and_leaves_no_row(at_the_desk, sink, worker_store: Store):
    code, said = at_the_desk(notify_app, "test", NURSE)
    assert (code, len(sink.letters)) == (0, 1)
    assert sink.letters[0]["To"] == "nurse-1@theca.example"
    assert "sent" in said
    sink.answers.append("550 no such box")
    code, said = at_the_desk(notify_app, "test", NURSE, "--channel", "email", "--json")
    assert (code, json.loads(said)["tried"]) == (
        1,
        [{"channel": "email", "sent": False, "because": "the relay answered 550"}],
    )
    with worker_store.transaction(["north"]) as connection:
        assert connection.scalar(text("SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM delivery)")) == 0


def test_without_a_relay_the_other_channels_are_tried_all_the_same(at_the_desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SMTP_HOST", "")
    code, said = at_the_desk(notify_app, "test", NURSE)
    assert code == 1
    assert "always there" in said
    assert "not sent: no way out is set up for email" in said
    monkeypatch.setenv("TRANSPORT", "console")
    code, said = at_the_desk(notify_app, "test", NURSE)
    assert code == 0
    assert "printed, not sent" in said


def test_on_the_command_line_a_secret_is_shown_once_and_verifies(at_the_desk, worker_store: Store):
    code, said = at_the_desk(staffs, "channel", NURSE, "webhook", URL)
    assert code == 0
    Verifier(said.strip())
    assert said.startswith("whsec_")
    assert at_the_desk(staffs, "channel", NURSE, "webhook", "https://localhost/")[0] == 1
    assert at_the_desk(staffs, "channel", NURSE, "webhook")[0] == 2
    assert at_the_desk(staffs, "channel", NURSE, "--remove", "webhook")[0] == 0
    assert at_the_desk(staffs, "channel", NURSE, "--remove", "webhook")[0] == 1


def test_a_relay_signs_nothing_with_the_secret_of_a_webhook():
    assert "whsec" not in repr(Smtp(host="h", port=25, sender="s", password="whsec"))
