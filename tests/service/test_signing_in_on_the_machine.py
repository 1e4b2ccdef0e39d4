"""What an administrator does on the machine so that people can sign in, typed as it is typed."""

import json
import os

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from workflow.cli.people import staffs, tokens
from workflow.cli.signed import sessions, tablets
from workflow.service import passwords, shift, sign_in
from workflow.service.sign_in import NotConfirmedError, SignInRefusedError, Whence
from workflow.store import credentials
from workflow.store import session as store_session
from workflow.store.session import Store

PASSWORD = "heron on a quiet canal"
HERE = Whence(address="192.0.2.1")


@pytest.fixture
def typed(database, monkeypatch: pytest.MonkeyPatch):
    """Type one verb; answers how it ended."""
    for name in [name for name in os.environ if name.startswith(("DATABASE_", "THECA_", "OIDC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL", database.app)
    monkeypatch.setenv("DATABASE_ADMIN_URL", database.migrate)
    monkeypatch.setenv("THECA_KEY_FILE", str(database.key_file))

    def type_(app: object, *words: str, lines: str = "") -> Result:
        return CliRunner().invoke(app, list(words), input=lines)

    return type_


def test_a_password_is_read_from_a_line_and_never_an_argument(typed, store: Store):
    assert typed(staffs, "password", "nurse-1", lines=PASSWORD + "\n").exit_code == 0
    opened = sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE)
    assert opened.session.person.id == "nurse-1"
    assert typed(staffs, "password", "nurse-1", PASSWORD).exit_code == 2
    for line in ("", "robins\n", "nurse-1 is my name\n", "aaaaaaaaaaaaaaaa\n", "x" * 12 + "y" * 117 + "\n"):
        refused = typed(staffs, "password", "nurse-1", lines=line)
        assert refused.exit_code == 1
        assert line.strip() not in refused.output or not line.strip()
    assert typed(staffs, "password", "no-such-one", lines=PASSWORD + "\n").exit_code == 1


def test_an_invitation_is_good_once_and_not_spent_on_a_weak_password(typed, store: Store):
    first = typed(staffs, "invite", "nurse-1").output.strip()
    code = typed(staffs, "invite", "nurse-1").output.strip()
    with pytest.raises(passwords.NotFoundError):
        passwords.accept(store, first, PASSWORD)  # the newer one made it void
    with pytest.raises(passwords.ImpossibleInputError):
        passwords.accept(store, code, "short")
    assert passwords.accept(store, code, PASSWORD) == "nurse-1"
    with pytest.raises(passwords.NotFoundError):
        passwords.accept(store, code, PASSWORD)
    assert sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE)
    assert typed(staffs, "invite", "no-such-one").exit_code == 1


def test_sessions_are_listed_and_ended(typed, store: Store):
    typed(staffs, "password", "nurse-1", lines=PASSWORD + "\n")
    opened = sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE)
    listed = json.loads(typed(sessions, "list", "--json").output)
    assert [(one["id"], one["person"]) for one in listed] == [(opened.session.id, "nurse-1")]
    assert opened.secret not in str(listed)
    assert "nurse-1" in typed(sessions, "list").output
    assert typed(sessions, "end", "nurse-1", "--session", "x").exit_code == 1
    assert "1 session ended" in typed(sessions, "end", "nurse-1").output
    assert json.loads(typed(sessions, "list", "--json").output) == []


def test_tablets_are_added_listed_and_revoked(typed, store: Store):
    code = typed(tablets, "add", "north", "Ward 3").output.strip()
    assert shift.tablet_of(store, shift.enrol(store, code)).site == "north"
    listed = json.loads(typed(tablets, "list", "north", "--json").output)
    assert [(one["label"], one["added_by"]) for one in listed] == [("Ward 3", "machine")]
    assert "enrolled" in typed(tablets, "list", "north").output
    assert typed(tablets, "revoke", "north", listed[0]["id"]).exit_code == 0
    assert "revoked" in typed(tablets, "list", "north").output
    assert typed(tablets, "revoke", "south", listed[0]["id"]).exit_code == 1
    assert typed(tablets, "add", "nowhere", "Ward 3").exit_code == 1


def test_a_code_for_a_tablet_is_good_for_an_hour(typed, store: Store, database):
    code = typed(tablets, "add", "north", "Ward 3").output.strip()
    admin = store_session.open_store(database.migrate, database.key_file)
    with admin.transaction() as connection:
        connection.execute(text("UPDATE tablet SET added_at = added_at - interval '61 minutes'"))
    admin.close()
    with pytest.raises(passwords.NotFoundError):
        shift.enrol(store, code)


def test_tokens_are_narrowed_listed_and_revoked(typed):
    made = typed(tokens, "add", "lead-1", "lab", "--scope", "reading", "--scope", "contact", "--site", "north")
    assert made.exit_code == 0
    listed = json.loads(typed(tokens, "list", "lead-1", "--json").output)
    assert [(one["label"], one["scopes"], one["site"]) for one in listed if one["label"] == "lab"] == [
        ("lab", "contact,reading", "north")
    ]
    id_ = next(one["id"] for one in listed if one["label"] == "lab")
    assert typed(tokens, "revoke", id_).exit_code == 0
    assert "revoked" in typed(tokens, "list", "lead-1").output
    assert typed(tokens, "add", "lead-1", "lab", "--scope", "juggling").exit_code == 1


def test_who_leaves_leaves_at_once_or_after_a_day(typed, store: Store):
    typed(staffs, "password", "nurse-1", lines=PASSWORD + "\n")
    assert typed(staffs, "end", "nurse-1", "--on", "2199-01-01").exit_code == 0
    assert sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE).session.person.sites == ("north",)
    assert typed(staffs, "end", "nurse-1").exit_code == 0
    with pytest.raises(SignInRefusedError):
        sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE)
    assert typed(staffs, "end", "no-such-one").exit_code == 1


def test_a_hash_of_older_parameters_is_made_anew_and_nobody_is_signed_out(typed, store: Store):
    typed(staffs, "password", "nurse-1", lines=PASSWORD + "\n")
    weak = passwords.PasswordHash((passwords.Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),))
    with store.transaction() as connection:
        now = credentials.find(connection, "nurse-1").password
        credentials.put_hash(connection, "nurse-1", old=now, new=weak.hash(PASSWORD))
    first = sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE)
    with store.transaction() as connection:
        kept = credentials.find(connection, "nurse-1").password
        assert sign_in.sessions.signed_in(connection, first.secret) is not None
    assert kept.split("$")[3] == now.split("$")[3]  # the parameters of today


def test_confirming_asks_the_password_of_that_person(typed, store: Store):
    typed(staffs, "password", "nurse-1", lines=PASSWORD + "\n")
    person = sign_in.sign_in(store, person="nurse-1", password=PASSWORD, whence=HERE).session.person
    sign_in.confirm(store, person, password=PASSWORD)
    with pytest.raises(NotConfirmedError):
        sign_in.confirm(store, person, password="another quiet canal")
    assert typed(staffs, "link", "nurse-1", "f81d4fae").exit_code == 2  # no provider is set
