"""A published version stays what it was: in the table, for whoever is enrolled, and whatever is tried."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.authoring.damage import damages
from workflow.authoring.schema import load
from workflow.domain.errors import ProtocolError, TroubleError, UnsoundError
from workflow.service import people
from workflow.service.act import Desk
from workflow.store import protocols
from workflow.store.session import open_store

V1 = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml"
TRIED = 300


@pytest.fixture
def admin(database):
    opened = open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


@pytest.fixture
def in_force(desk: Desk) -> Callable[[], str]:
    """The name and the sum of what the next candidate would be enrolled on, as the API sees it."""

    def _in_force() -> str:
        with desk.store.transaction() as connection:
            version = protocols.fetch(connection, "opioid_trial")
        return f"{version.name} {version.sha256}"

    return _in_force


def test_the_same_text_again_changes_nothing(admin, in_force: Callable[[], str]):
    before = in_force()
    people.publish(admin, V1.read_text(encoding="utf-8"))
    assert in_force() == before


def test_another_text_under_the_same_number_is_refused(admin, in_force: Callable[[], str]):
    before = in_force()
    with pytest.raises(UnsoundError, match="next number"):
        people.publish(admin, V1.read_text(encoding="utf-8") + "# a remark\n")
    assert in_force() == before


def test_damaged_files_leave_the_version_in_force_and_people_are_enrolled_on_it(
    admin, in_force: Callable[[], str], enrolled: Callable[..., str]
):
    before, text_ = in_force(), V1.read_bytes()
    refused = {"as a protocol": 0, "as another text": 0, "named another version": 0}
    for number in range(TRIED):
        damage = damages(text_, number)
        read = load(damage, "v1.yaml").version
        if read is not None and read.name != "opioid_trial@1":
            refused["named another version"] += 1  # what publishes those is another decision
            continue
        with pytest.raises(TroubleError) as wrong:
            people.publish(admin, damage.decode("utf-8", "surrogateescape"))
        refused["as a protocol" if isinstance(wrong.value, ProtocolError) else "as another text"] += 1
    assert sum(refused.values()) == TRIED
    assert refused["as a protocol"] > TRIED / 2
    assert refused["as another text"] > TRIED / 10
    assert in_force() == before
    assert enrolled()


@pytest.mark.parametrize("role", ["app", "worker", "verify"])
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE protocol_version SET text = text || '# a remark'",
        "DELETE FROM protocol_version",
        "INSERT INTO protocol_version SELECT key, 2, 'x', text, published_at FROM protocol_version",
    ],
)
def test_only_who_publishes_may_write_there(database, role: str, attempt: str):
    engine = create_engine(getattr(database, role))
    with engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(attempt))
    engine.dispose()


@pytest.mark.parametrize(
    "tampered",
    [
        "text = text || E'# a remark\\n'",
        "text = replace(text, 'at_most: \"1.4\"', 'at_most: \"9.4\"')",
        "sha256 = repeat('0', 64)",
        "number = 2",
    ],
)
def test_a_row_changed_by_a_superuser_is_refused(database, desk: Desk, tampered: str):
    _as_superuser(database, f"UPDATE protocol_version SET {tampered}")
    with desk.store.transaction() as connection, pytest.raises(UnsoundError):
        protocols.fetch(connection, "opioid_trial")


def test_nobody_is_enrolled_on_a_changed_row(database, enrolled: Callable[..., str]):
    _as_superuser(database, "UPDATE protocol_version SET text = text || E'# a remark\\n'")
    with pytest.raises(UnsoundError):
        enrolled()


def _as_superuser(database, statement: str) -> None:
    engine = create_engine(database.superuser).execution_options(isolation_level="AUTOCOMMIT")
    url = engine.url.set(database=database.name)
    engine.dispose()
    inside = create_engine(url, isolation_level="AUTOCOMMIT")
    with inside.connect() as connection:
        connection.execute(text(statement))
    inside.dispose()
