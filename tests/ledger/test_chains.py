"""Chains that are no episode's: every change leaves its line, the next line only, and only whoever may."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.conftest import PROTOCOL
from workflow.domain.actor import Role
from workflow.domain.chain_line import chain_line
from workflow.domain.errors import ImpossibleInputError
from workflow.service import notify, own_sessions, passwords, people, rota, shift, sign_in
from workflow.store import chains
from workflow.store.rota import Absence
from workflow.store.session import Store


def lines(store: Store, chain: str) -> list[chains.Told]:
    with store.transaction(["north", "south"]) as connection:
        return chains.read(connection, chain)


def test_the_next_line_follows_the_last(migrate_store: Store):
    with migrate_store.transaction() as connection:
        first = chains.append(connection, "site:north", actor="admin-1", verb="try", about={"n": 1})
        second = chains.append(connection, "site:north", actor="admin-1", verb="try", about={"n": 2})
    told = lines(migrate_store, "site:north")
    assert second == first + 1 == told[-1].seq
    assert [one.about["n"] for one in told[-2:]] == [1, 2]
    assert [one.seq for one in told] == list(range(1, second + 1))


def test_setting_up_left_its_lines(migrate_store: Store):
    verbs = {one.verb for one in lines(migrate_store, "site:north")}
    assert {"set_site", "give_role"} <= verbs
    published = [one for one in lines(migrate_store, "protocols") if one.verb == "publish"]
    assert published[0].about["protocol"] == "opioid_trial@1"
    assert len(published[0].about["sha256"]) == 64
    assert {one.verb for one in lines(migrate_store, "people")} >= {"set_person"}


def test_every_change_of_a_site_and_its_people_leaves_one_line(migrate_store: Store):
    def told(chain: str, change: Callable[[], object]) -> list[str]:
        before = len(lines(migrate_store, chain))
        change()
        return [one.verb for one in lines(migrate_store, chain)[before:]]

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    away = Absence(person="nurse-1", starts_at=tomorrow, ends_at=tomorrow + timedelta(days=2))
    office = rota.Office(store=migrate_store, site="north")
    day, hook = date(2027, 1, 4), "https://hooks.hospital.example/a"
    s, north = migrate_store, "site:north"
    assert told(north, lambda: people.add_closure(s, site="north", day=day, label="Closed")) == ["close_day"]
    assert told(north, lambda: people.remove_closure(s, site="north", day=day)) == ["open_day"]
    assert told(north, lambda: rota.add_absence(office, away)) == ["away"]
    assert told(north, lambda: rota.add_absence(office, away)) == []
    assert told("people", lambda: people.add_person(s, person="ada", name="Ada", email="a@b.example")) == ["set_person"]
    assert told("people", lambda: people.add_token(s, person="ada", label="first", days=3)) == ["add_token"]
    assert told("people", lambda: notify.set_channel(s, person="ada", kind="webhook", url=hook)) == ["set_channel"]
    role = {"site": "north", "person": "ada", "role": Role.NURSE}
    assert told(north, lambda: people.add_role(s, **role, starts_on=day)) == ["give_role"]


def test_no_address_and_no_secret_is_ever_in_a_line(migrate_store: Store):
    people.add_person(migrate_store, person="ada", name="Ada", email="canary@hospital.example")
    token = people.add_token(migrate_store, person="ada", label="first", days=3)
    hook = "https://hooks.hospital.example/canary"
    secret = notify.set_channel(migrate_store, person="ada", kind="webhook", url=hook)
    with migrate_store.transaction() as connection:
        written = b"".join(connection.scalars(text("SELECT head FROM chain_line")))
    assert not [one for one in ("canary", token, secret) if one.encode() in written]


def test_a_parameter_says_what_it_was_and_who_set_it(migrate_store: Store):
    settable = 'shortest: {label: Life, unit: mo, default: "6", range: ["3", "12"], source: SEED, mark: R}'
    text_ = PROTOCOL.read_text().replace("protocol: opioid_trial", "protocol: settable")
    text_ = text_.replace(
        'item: life_expectancy_months, above: "6"', 'item: life_expectancy_months, above: "$shortest"'
    )
    people.publish(migrate_store, f"{text_}\nparameters:\n  {settable}\n")
    told = {"site": "north", "protocol": "settable", "name": "shortest", "person": "lead-1", "reason": "agreed"}
    people.set_parameter(migrate_store, value=Decimal(9), **told)
    last = lines(migrate_store, "site:north")[-1]
    assert (last.verb, last.actor) == ("set_parameter", "lead-1")
    assert (last.about["before"], last.about["value"], last.about["reason"]) == ("6", "9", "agreed")


def test_what_is_undone_leaves_no_line(migrate_store: Store):
    before = len(lines(migrate_store, "people"))
    with pytest.raises(ImpossibleInputError):
        people.load(
            migrate_store,
            b"person,name,email,site,role\nada,Ada,,north,nurse\nbo,Bo,,north,king\n",
            today=date(2027, 1, 1),
        )
    assert len(lines(migrate_store, "people")) == before


@pytest.mark.parametrize("chain", ["", "site:", "site:NORTH", "episode:x", "sign-in:today", "other", "site:a b"])
def test_there_is_no_other_chain(migrate_store: Store, chain: str):
    with migrate_store.transaction() as connection, pytest.raises((ImpossibleInputError, DBAPIError)):
        chains.append(connection, chain, actor="a", verb="v", about={})


def test_the_app_writes_the_sites_in_sight_and_todays_sign_ins_and_nothing_else(store: Store):
    today = f"sign-in:{datetime.now(UTC):%Y-%m-%d}"
    for sites, chain, may in (
        (["north"], "site:north", True),
        (["north"], "site:south", False),
        ([], "site:north", False),
        ([], today, True),
        ([], "sign-in:2020-01-01", False),
        ([], "people", True),
        (["north"], "protocols", False),
    ):
        with store.transaction(sites) as connection:
            if may:
                assert chains.append(connection, chain, actor="a", verb="v", about={}, site="north") >= 1
            else:
                with pytest.raises(DBAPIError, match="not yours to write"):
                    chains.append(connection, chain, actor="a", verb="v", about={})


@pytest.mark.parametrize(
    "forged", [{"seq": 99}, {"prev": "1" * 64}, {"hash": "0" * 64}, {"actor": "other"}, {"verb": "other"}]
)
def test_the_database_refuses_any_line_but_the_next(store: Store, forged: dict[str, object]):
    with store.transaction(["north"]) as connection:
        last = connection.execute(text("SELECT * FROM chain_next('site:north')")).one()
        line = chain_line(
            "site:north",
            seq=last.seq + 1,
            at=last.now,
            actor="a",
            verb="v",
            about={},
            site="north",
            prev=last.hash,
            engine="0",
        )
        values = {name: getattr(line, name) for name in ("seq", "at", "actor", "verb", "prev", "hash", "head")} | forged
        with pytest.raises(DBAPIError, match="not the next line"):
            connection.execute(
                text("SELECT chain_append('site:north', :seq, :at, :actor, :verb, :prev, :hash, :head)"), values
            )


def test_another_sites_chain_is_not_in_sight(store: Store):
    with store.transaction(["south"]) as connection:
        assert chains.read(connection, "site:north") == []
        assert chains.read(connection, "people") == []
        assert chains.read(connection, "site:south") != []


def test_signing_in_and_whatever_opens_something_leaves_its_line(store: Store, migrate_store: Store):
    chosen = "correct horse battery 9"
    passwords.set_password(migrate_store, "nurse-1", chosen)
    opened = sign_in.sign_in(store, person="nurse-1", password=chosen, whence=sign_in.Whence(address="192.0.2.1"))
    sign_in.step_up(store, opened.session, password=chosen)
    own_sessions.end(store, opened.session.person)
    with pytest.raises(sign_in.SignInRefusedError):
        sign_in.sign_in(store, person="nurse-1", password="another horse 9", whence=sign_in.Whence(address="192.0.2.1"))
    tablet, code = shift.add(migrate_store, None, site="north", label="Ward 3")
    shift.enrol(store, code)
    shift.revoke(migrate_store, None, site="north", tablet=tablet)
    today = lines(migrate_store, f"sign-in:{datetime.now(UTC):%Y-%m-%d}")
    assert [(one.actor, one.verb) for one in today] == [
        ("nurse-1", verb) for verb in ("sign_in", "confirm", "sign_out")
    ]
    assert lines(migrate_store, "people")[-1].verb == "set_password"
    told = [(one.verb, one.about["tablet"]) for one in lines(migrate_store, "site:north")[-3:]]
    assert told == [(verb, tablet) for verb in ("add_tablet", "enrol_tablet", "revoke_tablet")]
    with migrate_store.transaction() as connection:
        written = b"".join(connection.scalars(text("SELECT head FROM chain_line")))
    assert chosen.encode() not in written
    assert opened.secret.encode() not in written
