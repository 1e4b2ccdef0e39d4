"""A decision on real rows: what is written is what was decided, in few round trips, at one site."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from workflow.domain.canonical import canonical
from workflow.domain.decision import Outcome
from workflow.domain.errors import KeyReusedError, NotFoundError, StaleError
from workflow.domain.ledger import digest
from workflow.domain.observation import Reading
from workflow.service import act
from workflow.service.act import Asked, Desk
from workflow.service.audit import audit
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

Enrol = Callable[..., str]
People = Callable[..., Person]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every round trip of an engine, BEGIN and COMMIT among them."""
    sent: list[str] = []
    hooks = {
        "begin": lambda _connection: sent.append("BEGIN"),
        "commit": lambda _connection: sent.append("COMMIT"),
        "before_cursor_execute": lambda _c, _cursor, statement, *_rest: sent.append(statement),
    }
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    yield sent
    for name, hook in hooks.items():
        event.remove(engine, name, hook)


def test_an_advance_takes_at_most_five_round_trips(
    desk: Desk, enrolled: Enrol, referral_told: Callable[[str], None], someone: People
):
    episode = enrolled()
    referral_told(episode)
    with statements(desk.store.engine) as sent:
        answer = act.advance(
            desk, Asked(person=someone("coordinator"), episode=episode, key="k1", body="b"), name="accept_referral"
        )
    assert answer.outcome is Outcome.DONE
    assert answer.stage == "screening"
    assert len(sent) <= 5, sent


def test_rows_and_ledger_agree_after_a_walk(
    desk: Desk, database, enrolled: Enrol, referral_told: Callable[[str], None], someone: People
):
    episode = enrolled()
    asked = Asked(person=someone("coordinator"), episode=episode)
    refused = act.advance(desk, asked, name="accept_referral")
    assert refused.outcome is Outcome.REFUSED
    assert "is not recorded" in str(refused.basis)
    referral_told(episode)
    act.advance(desk, asked, name="accept_referral")
    act.hold(desk, asked, reason="waiting_for_payer")
    act.release(desk, asked, reason="they answered")
    act.appoint(desk, asked, kind="visit", starts_at=datetime(2027, 3, 1, 9, tzinfo=UTC))
    act.acknowledge(
        desk, asked, task="s2.complete_workup.1", until=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    )
    act.record(
        desk,
        Asked(person=someone("nurse"), episode=episode),
        readings=(
            Reading(item="inr", observed_at=datetime.now(UTC), number=Decimal("1.10"), unit="{INR}"),
            Reading(item="anticoagulant_status", observed_at=datetime.now(UTC), text="stopped"),
        ),
    )
    act.advance(desk, asked, name="withdraw", reason="moved_away")
    verify = open_store(database.verify, database.key_file)
    found = audit(verify)
    verify.close()
    assert found.flaws == ()
    assert (found.episodes, found.lines) == (1, 10)


def test_the_audit_sees_a_row_changed_behind_the_ledgers_back(desk: Desk, database, enrolled: Enrol):
    episode = enrolled()
    with desk.store.transaction(["north"]) as connection:
        connection.execute(text("UPDATE task SET role = 'nurse' WHERE episode_id = :id"), {"id": episode})
    verify = open_store(database.verify, database.key_file)
    kinds = {flaw.kind for flaw in audit(verify).flaws}
    verify.close()
    assert kinds == {"fold"}


def test_a_stale_page_is_refused_and_nothing_is_written(
    desk: Desk, enrolled: Enrol, referral_told: Callable[[str], None], someone: People
):
    episode = enrolled()
    referral_told(episode)
    with pytest.raises(StaleError):
        act.advance(desk, Asked(person=someone("coordinator"), episode=episode, version=1), name="accept_referral")
    assert _lines(desk.store) == 2


def test_the_same_key_is_answered_from_the_ledger_and_another_body_is_refused(
    desk: Desk, enrolled: Enrol, someone: People
):
    episode = enrolled()
    asked = Asked(person=someone("coordinator"), episode=episode, key="k", body="one")
    first = act.hold(desk, asked, reason="waiting_for_payer")
    again = act.hold(desk, asked, reason="waiting_for_payer")
    assert again.replayed
    assert (again.seq, again.version, again.about) == (first.seq, first.version, first.about)
    with pytest.raises(KeyReusedError):
        act.release(desk, Asked(person=someone("coordinator"), episode=episode, key="k", body="two"), reason="x")
    assert _lines(desk.store) == 2


def test_another_site_is_not_there(desk: Desk, enrolled: Enrol, someone: People):
    episode = enrolled()
    with pytest.raises(NotFoundError):
        act.hold(desk, Asked(person=someone("lead", site="south"), episode=episode), reason="waiting_for_payer")


def test_without_a_site_in_sight_there_are_no_rows(desk: Desk, enrolled: Enrol):
    enrolled()
    with desk.store.transaction(["north"]) as connection:
        assert connection.scalar(text("SELECT count(*) FROM episode")) == 1
    with desk.store.transaction() as connection:  # the pooled connection that just saw north
        assert connection.scalar(text("SELECT count(*) FROM episode")) == 0
    with desk.store.transaction(["south"]) as connection:
        assert connection.scalar(text("SELECT count(*) FROM episode")) == 0


def test_every_table_with_a_site_is_under_forced_row_security_and_its_keys_begin_with_it(database):
    engine = create_engine(database.migrate)
    with engine.connect() as connection:
        owned = set(
            connection.scalars(
                text(
                    "SELECT c.table_name FROM information_schema.columns AS c JOIN information_schema.tables AS t"
                    " USING (table_schema, table_name) WHERE c.column_name = 'site_id' AND t.table_type = 'BASE TABLE'"
                )
            )
        )
        secured = set(
            connection.scalars(text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))
        )
        first = dict(
            connection.execute(
                text(
                    "SELECT c.relname, a.attname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid"
                    " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indisprimary"
                )
            ).all()
        )
    engine.dispose()
    assert secured == owned | {"staff", "address"}  # people, seen by where they work
    assert {first[table] for table in owned} == {"site_id"}


@pytest.mark.parametrize("role", ["app", "worker", "verify", "migrate"])
def test_nobody_here_is_a_superuser(database, role: str):
    engine = create_engine(getattr(database, role))
    with engine.connect() as connection:
        who = connection.execute(text("SELECT rolsuper, rolname FROM pg_roles WHERE rolname = current_user")).one()
    engine.dispose()
    assert who.rolsuper is False
    assert who.rolname == f"theca_{role}"


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE ledger SET verb = 'nothing'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "INSERT INTO ledger SELECT * FROM ledger",
        "UPDATE ledger_payload SET sealed = ''",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "SELECT * FROM token",
        "DELETE FROM episode",
        "INSERT INTO quarantine SELECT * FROM quarantine",
    ],
)
def test_the_app_can_only_append_to_the_ledger(desk: Desk, enrolled: Enrol, attempt: str):
    enrolled()
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        desk.store.transaction(["north"]) as c,
    ):
        c.execute(text(attempt))


def test_not_even_the_owner_edits_the_ledger(database, enrolled: Enrol):
    enrolled()
    engine = create_engine(database.migrate)
    with engine.begin() as connection:
        connection.execute(text("SET ROLE theca_owner"))
        with pytest.raises(DBAPIError, match="only ever appended"):
            connection.execute(text("UPDATE ledger SET verb = 'nothing'"))
    engine.dispose()


FORGED = (
    {"seq": 3},
    {"prev": "1" * 64},
    {"hash": "1" * 64},
    {"site_id": "south"},
    {"actor": "nurse-1"},
    {"verb": "record"},
    {"outcome": "refused"},
    {"at": "2020-01-01T00:00:00Z"},
    {"occurred_at": "2020-01-01T00:00:00Z"},
    {"head": b"{}".hex()},
    {"head": b"3".hex()},
)


@pytest.mark.parametrize("change", [{}, *FORGED], ids=str)
def test_the_ledger_takes_the_next_line_as_its_head_says_and_no_other(desk: Desk, enrolled: Enrol, change: dict):
    episode = enrolled()
    with desk.store.transaction(["north"]) as connection:
        last = connection.execute(text("SELECT hash, head FROM ledger")).one()
    said = json.loads(bytes(last.head)) | {"seq": 2, "prev": last.hash}
    head = canonical(said)
    line = {"site_id": "north", "episode_id": episode, "hash": digest(head), "head": head.hex(), "sealed": "00"}
    line |= {name: said[name] for name in ("seq", "prev", "actor", "verb", "outcome", "at", "occurred_at")}
    with pytest.raises(DBAPIError if change else Undone):
        _append_and_undo(desk.store, line | change)
    assert _lines(desk.store) == 1


class Undone(Exception):  # noqa: N818 - not an error: it takes a transaction back
    """What was done is taken back."""


def _append_and_undo(store: Store, line: dict) -> None:
    with store.transaction(["north"]) as connection:
        query = text("SELECT ledger_append(CAST(:lines AS jsonb))")
        connection.execute(query, {"lines": json.dumps([line])})
        raise Undone


def test_no_name_of_ones_own_can_stand_before_those_an_owners_function_uses(database):
    engine = create_engine(database.migrate)
    query = (
        "SELECT array_to_string(proconfig, ',') FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        paths = connection.scalars(text(query)).all()
    engine.dispose()
    assert len(paths) >= 5
    assert set(paths) == {"search_path=pg_catalog, public, pg_temp"}


def test_nobody_signed_in_makes_temporary_tables(database):
    engine = create_engine(database.superuser.rsplit("/", 1)[0] + "/theca_template")
    query = (
        "SELECT rolname FROM pg_roles WHERE rolname ~ '^theca_(app|worker|verify)$'"
        " AND has_database_privilege(oid, current_database(), 'TEMPORARY')"
    )
    with engine.connect() as connection:
        allowed = connection.scalars(text(query)).all()
    engine.dispose()
    assert allowed == []


def _lines(store: Store) -> int:
    with store.transaction(["north"]) as connection:
        return int(connection.scalar(text("SELECT count(*) FROM ledger")))
