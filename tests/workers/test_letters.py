"""Letters: in which order and in what words they leave, and what becomes of those that do not arrive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from writing import LABEL, TRIAGE, Kept, Killed, aged, digest_at, flaws, hhmm, rows, send, sql, states, triaged, wake

from workflow.domain.quiet import LetterHours
from workflow.service import deliver, fire
from workflow.service.act import Desk
from workflow.service.deliver import Letter, TryLaterError, UndeliverableError
from workflow.service.letters import DownError
from workflow.service.outward.smtp import Smtp
from workflow.store import outbox
from workflow.store.outbox import Head
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

# ------------------------------------------------------------------------------------------------------------- order


def test_a_message_that_waits_holds_back_nothing_more_urgent_and_the_older_of_its_like_goes_first(
    told: Callable[..., list[str]], worker_store: Store
):
    (episode,) = told()
    copy = (
        "INSERT INTO message SELECT site_id, episode_id, key || :more, task, name, rung, recipient, channel, :urgency,"
        " due_at, created_at + interval '1 second', state, attempts, created_at, NULL, NULL, NULL, NULL, NULL"
        " FROM message WHERE key = :key"
    )
    (first,) = rows(worker_store)
    for more, urgency in (("b", "routine"), ("c", "urgent"), ("d", "urgent"), ("e", "red")):
        sql(worker_store, copy, more=more, urgency=urgency, key=first.key)
    sql(worker_store, "UPDATE message SET created_at = created_at - interval '5 seconds' WHERE key LIKE '%d'")
    with worker_store.transaction() as connection:
        due = [key for _, found, key in outbox.due(connection, 10) if found == episode]
    assert due == [first.key + "e", first.key + "d", first.key]
    sql(worker_store, "UPDATE message SET next_try_at = clock_timestamp() + interval '1 hour'"
        " WHERE urgency = 'routine' AND state = 'waiting' AND key = :key", key=first.key)  # fmt: skip
    with worker_store.transaction() as connection:
        due = [key for _, found, key in outbox.due(connection, 10) if found == episode]
    assert due == [first.key + "e", first.key + "d"]  # the older routine one holds the younger back, and no other


def test_what_is_due_is_found_without_reading_what_is_settled_or_waits_for_the_morning(
    told: Callable[..., list[str]], worker_store: Store, database
):
    told()
    many = (
        "INSERT INTO message SELECT site_id, episode_id, key || n, task, name, rung, recipient || (n % 50), channel,"
        " urgency, due_at, created_at, :state, 1, CAST(:next AS timestamptz), NULL, NULL, created_at, NULL, NULL"
        " FROM message, generate_series(1, :many) AS n WHERE key LIKE '%coordinator-1~email'"
    )
    sql(worker_store, many, state="sent", next="2020-01-01Z", many=100_000)
    sql(worker_store, many.replace("key || n", "key || 'w' || n"), state="waiting", next="2099-01-01Z", many=10_000)
    admin = open_store(database.migrate, database.key_file)
    with admin.transaction() as connection:
        connection.execute(text("ANALYZE message"))
        read = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM due_messages(500)"
        connection.execute(text(read))
        (plan,) = connection.execute(text(read)).scalar_one()
    admin.close()
    assert plan["Plan"]["Actual Rows"] == 1
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 60


# ------------------------------------------------------------------------------------------------------------- words


def test_a_letter_says_whose_since_when_and_where_to_go_and_not_what_the_work_is(
    told: Callable[..., list[str]], worker_store: Store
):
    (episode,) = told()
    out = Kept()
    assert send(worker_store, out) == 1
    (letter,) = out.letters
    code = sql(worker_store, "SELECT code FROM candidate")[0].code
    assert letter.subject == f"[routine] Theca: work is due for {code}"
    assert f"http://theca.example/e/{episode}\n" in letter.body
    assert "http://theca.example/a/" in letter.body
    (due,) = (row.due_at for row in rows(worker_store))
    local = due.astimezone(ZoneInfo("Europe/Berlin")).isoformat(sep=" ", timespec="minutes")
    assert f"Due since: {local} (Europe/Berlin)" in letter.body
    assert "Theca is not an emergency channel." in letter.body
    said = " ".join((letter.subject, letter.body, *letter.facts.values()))
    assert not [word for word in (LABEL, "riage", "Nightjar", "M-0", "1960") if word in said]


def test_a_red_letter_says_what_number_to_call_and_an_awaited_reply_is_mentioned_without_a_name(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told(urgency="red")
    sql(worker_store, "UPDATE message SET rung = 2 WHERE state = 'waiting'")
    sql(worker_store, "UPDATE task SET waiting_on = 'cardiology'")
    at_home(LetterHours(quiet_from=time(0), quiet_until=time(23, 59), digest=True), emergency_number="112")
    out = Kept()
    assert send(worker_store, out) == 1
    (letter,) = out.letters
    assert letter.subject.startswith("[red] Theca: ")
    assert letter.subject.endswith(" (escalation 2)")
    assert "In an emergency call 112." in letter.body
    assert "A reply from outside is awaited." in letter.body
    assert "cardiology" not in letter.body


def test_without_an_address_of_the_service_there_is_no_link(told: Callable[..., list[str]], worker_store: Store):
    told()
    out = Kept()
    deliver.relay(worker_store, out, link="")
    assert "/e/" not in out.letters[0].body
    assert "/a/" not in out.letters[0].body


# ------------------------------------------------------------------------------------------------------ dead letters


def test_a_dead_letter_is_a_task_for_the_coordinator_and_the_next_rung_at_once(
    told: Callable[..., list[str]], worker_store: Store, database
):
    (episode,) = told()
    assert send(worker_store, Kept(UndeliverableError("the relay answered 550"))) == 0
    assert states(worker_store) == ["dead"]
    (task,) = sql(worker_store, "SELECT * FROM task WHERE name = 'undelivered'")
    assert (str(task.episode_id), task.role, task.state) == (episode, "coordinator", "open")
    (line,) = sql(worker_store, "SELECT * FROM ledger WHERE verb = 'undelivered'")
    assert line.actor == "system:delivery"
    (clock,) = sql(worker_store, "SELECT rung, due_at <= clock_timestamp() AS due FROM timer WHERE key = :k", k=TRIAGE)
    assert (clock.rung, clock.due) == (1, True)
    fire.sweep(worker_store)
    assert {row.recipient for row in rows(worker_store, "name = 'undelivered'")} == {"coordinator-1", "coordinator-2"}
    assert "lead-1" in {row.recipient for row in rows(worker_store, "rung = 1")}
    assert flaws(database) == ()


def test_a_letter_whose_work_ended_while_it_was_refused_is_cancelled_and_nobodys_work(
    told: Callable[..., list[str]], worker_store: Store, desk: Desk, someone: Callable[..., Person]
):
    (episode,) = told()

    class Late(Kept):
        def send(self, _: Letter) -> None:
            triaged(desk, someone("coordinator"), episode)
            raise UndeliverableError("the relay answered 550")

    send(worker_store, Late())
    assert states(worker_store) == ["cancelled"]
    assert sql(worker_store, "SELECT 1 FROM task WHERE name = 'undelivered'") == []


def test_a_digest_that_is_refused_is_work_for_every_candidate_it_lists(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None], database
):
    told(3)
    aged(worker_store, minutes=60)
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    send(worker_store, Kept(UndeliverableError("the relay answered 550")))
    assert states(worker_store) == ["dead"] * 3
    assert len(sql(worker_store, "SELECT DISTINCT episode_id FROM task WHERE name = 'undelivered'")) == 3
    assert flaws(database) == ()


def test_a_letter_that_three_workers_died_of_is_dead_and_kills_no_fourth(
    told: Callable[..., list[str]], worker_store: Store
):
    told()
    for _ in range(3):
        with pytest.raises(Killed):
            send(worker_store, Kept(Killed()))
        wake(worker_store)
    out = Kept(Killed())
    send(worker_store, out)
    assert out.asked == 0
    assert states(worker_store) == ["dead"]
    assert sql(worker_store, "SELECT 1 FROM task WHERE name = 'undelivered'")


def test_a_letter_that_is_only_late_never_counts_as_one_that_workers_died_of(
    told: Callable[..., list[str]], worker_store: Store
):
    told()
    for _ in range(5):
        send(worker_store, Kept(TryLaterError("busy")))
        wake(worker_store)
    assert send(worker_store, Kept()) == 1


def test_a_refusal_by_a_real_relay_is_a_task(told: Callable[..., list[str]], worker_store: Store, sink):
    told()
    sink.answers.append("550 no such box")
    out = Smtp(host="127.0.0.1", port=sink.port, sender="theca@theca.example", tls=False)
    assert send(worker_store, out) == 0
    assert states(worker_store) == ["dead"]
    assert sql(worker_store, "SELECT 1 FROM task WHERE name = 'undelivered'")


# ----------------------------------------------------------------------------------------------------------- re-check


def test_whoever_is_away_or_no_longer_works_there_by_the_sites_date_is_not_written_to(
    told: Callable[..., list[str]], worker_store: Store, database
):
    admin = open_store(database.migrate, database.key_file)
    told()
    sql(admin, "INSERT INTO absence VALUES ('north', 'coordinator-1', clock_timestamp() - interval '1 hour',"
        " clock_timestamp() + interval '1 hour', NULL)")  # fmt: skip
    out = Kept()
    assert send(worker_store, out) == 0
    assert [row.reason for row in rows(worker_store)] == ["the person is away"]
    sql(admin, "DELETE FROM absence")
    for zone, sent in (("Pacific/Kiritimati", 0), ("Etc/GMT+12", 1)):  # 26 hours apart: never the same day
        (new,) = told()
        sql(admin, "UPDATE site SET zone = :zone WHERE site_id = 'north'", zone=zone)
        sql(admin, "UPDATE membership SET ends_on = (clock_timestamp() AT TIME ZONE 'Etc/GMT+12')::date"
            " WHERE staff_id = 'coordinator-1'".replace("::", "\\:\\:"))  # fmt: skip
        assert send(worker_store, out) == sent
        assert states(worker_store, f"episode_id = '{new}' AND recipient = 'coordinator-1' AND channel = 'email'") == [
            "sent" if sent else "cancelled"
        ]
        sql(admin, "UPDATE membership SET ends_on = NULL")
    admin.close()


# ------------------------------------------------------------------------------------------- a relay that is not there


def test_a_relay_that_does_not_answer_is_left_alone_until_the_next_tick(
    told: Callable[..., list[str]], worker_store: Store
):
    told(8)
    out = Kept(*[DownError("refused")] * 20)
    assert send(worker_store, out) == 0
    assert out.asked == 5
    assert sum(row.attempts for row in rows(worker_store)) == 5
    assert set(states(worker_store)) == {"waiting"}


def test_a_relay_that_says_later_to_each_is_asked_about_each(told: Callable[..., list[str]], worker_store: Store):
    told(8)
    out = Kept(*[DownError("refused")] * 4, *[TryLaterError("451")] * 4)
    send(worker_store, out)
    assert out.asked == 8


def test_a_port_where_nobody_listens_is_a_relay_that_does_not_answer(
    told: Callable[..., list[str]], worker_store: Store, free_port: Callable[[], int]
):
    told(7)
    out = Smtp(host="127.0.0.1", port=free_port(), sender="theca@theca.example", tls=False)
    assert send(worker_store, out) == 0
    assert sum(row.attempts for row in rows(worker_store)) == 5


def test_a_batch_leaves_over_one_connection(told: Callable[..., list[str]], worker_store: Store, sink):
    told(4)
    out = Smtp(host="127.0.0.1", port=sink.port, sender="theca@theca.example", tls=False)
    assert send(worker_store, out) == 4
    assert len(sink.letters) == 4


def test_a_head_is_one_of_its_kind_only_while_it_is_free(told: Callable[..., list[str]], worker_store: Store):
    told(2)
    with worker_store.transaction(["north"]) as connection:
        keys = [(str(row.episode_id), row.key) for row in rows(worker_store)]
        first, second = outbox.heads(connection, "north", keys)
        assert isinstance(first, Head)
        (claimed,) = outbox.claim(connection, "north", [first.at])
        assert outbox.heads(connection, "north", keys) == [second]
        outbox.postpone(
            connection, outbox.claim(connection, "north", [second.at], letter="digest.1"), wait=0, reason=""
        )
        assert outbox.claim(connection, "north", [second.at]) == []  # it belongs to a letter by now
        assert outbox.settle(connection, [replace(claimed, token="another")], state="sent", reason="late") == 0
