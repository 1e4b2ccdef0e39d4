"""What leaves when, and together: quiet hours, the morning's digest, and more urgent work than letters may tell of."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import text
from writing import CARLA, Kept, Killed, aged, digest_at, flaws, hhmm, rows, send, sql, states, triaged, wake

from workflow.domain.quiet import LetterHours
from workflow.service import deliver, fire
from workflow.service.act import Desk
from workflow.service.deliver import Letter, TryLaterError
from workflow.store import house as houses
from workflow.store import outbox
from workflow.store.session import Store, UnavailableError, open_store
from workflow.store.staff import Person

# --------------------------------------------------------------------------------------------- quiet hours and digest


def test_before_the_morning_nothing_leaves_and_no_attempt_is_counted(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told(2)
    at_home(digest_at(hhmm(timedelta(hours=2))))
    out = Kept()
    assert send(worker_store, out) == 0
    assert out.asked == 0
    assert [row.attempts for row in rows(worker_store)] == [0, 0]
    assert {row.next_try_at.replace(second=0) for row in rows(worker_store)} == {
        datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=2)
    }
    assert sql(worker_store, "SELECT 1 FROM delivery") == []
    assert set(states(worker_store, "channel = 'in_app'")) == {"sent"}


def test_in_the_morning_one_letter_lists_all_that_waits_for_a_person_and_nothing_that_ended(
    told: Callable[..., list[str]],
    worker_store: Store,
    desk: Desk,
    someone: Callable[..., Person],
    at_home: Callable[..., None],
    database,
):
    episodes = told(4, everybody=True)
    aged(worker_store, minutes=60)
    triaged(desk, someone("coordinator"), episodes[0])
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    out = Kept()
    assert send(worker_store, out) == 6  # three messages each to two coordinators
    assert send(worker_store, out) == 0
    assert len(out.letters) == 2
    (letter,) = out.to(CARLA)
    assert letter.subject == "[routine] Theca: 3 pieces of work are due"
    assert [episode in letter.body for episode in episodes] == [False, True, True, True]
    found = {str(row.episode_id): row for row in rows(worker_store)}
    assert found[episodes[0]].state == "cancelled"
    assert found[episodes[0]].reason == "the task is no longer open"
    assert found[episodes[0]].letter is None
    assert {found[one].state for one in episodes[1:]} == {"sent"}
    assert {found[one].letter for one in episodes[1:]} == {letter.reference}
    assert len(sql(worker_store, "SELECT 1 FROM delivery")) == 8
    assert flaws(database) == ()


def test_work_that_was_told_of_twice_stands_in_the_digest_once(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    (episode,) = told()
    sql(worker_store, "UPDATE timer SET due_at = clock_timestamp() - interval '1 second'")
    fire.sweep(worker_store)
    aged(worker_store, minutes=60)
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    out = Kept()
    send(worker_store, out)
    (letter,) = out.to(CARLA)
    assert states(worker_store) == ["sent", "sent"]
    assert letter.subject == "[routine] Theca: 1 piece of work is due"
    assert letter.body.count(episode) == 1
    assert "(escalation 1)" in letter.body


def test_a_summary_takes_no_routine_work_along(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    (routine,) = told()
    told(2, urgency="urgent")
    aged(worker_store, minutes=60)
    at_home(LetterHours(quiet_from=time(0), quiet_until=hhmm(timedelta(hours=2)), digest=True), urgent_per_hour=1)
    out = Kept()
    send(worker_store, out)
    assert [letter.kind for letter in out.to(CARLA)] == ["work.due", "work.summary"]
    assert not [letter for letter in out.letters if routine in letter.body]


def test_nothing_urgent_waits_for_the_morning(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told(urgency="urgent")
    told()
    at_home(LetterHours(quiet_from=hhmm(-timedelta(hours=1)), quiet_until=hhmm(timedelta(hours=2)), digest=True))
    out = Kept()
    assert send(worker_store, out) == 1
    assert out.letters[0].subject.startswith("[urgent]")


def test_at_once_waits_for_the_end_of_quiet_hours_and_no_longer(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told()
    out = Kept()
    at_home(LetterHours(quiet_from=hhmm(-timedelta(hours=1)), quiet_until=hhmm(timedelta(hours=2)), digest=False))
    assert send(worker_store, out) == 0
    at_home(LetterHours(quiet_from=hhmm(-timedelta(hours=2)), quiet_until=hhmm(-timedelta(hours=1)), digest=False))
    wake(worker_store)
    assert send(worker_store, out) == 1


def test_a_digest_whose_worker_died_before_the_mark_is_sent_again_as_it_was_and_nothing_else_twice(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    first = told(3)
    aged(worker_store, minutes=60)
    at_home(digest_at(hhmm(-timedelta(minutes=30))))

    class Dying(Kept):
        def send(self, letter: Letter) -> None:
            super().send(letter)
            raise Killed

    dying, out = Dying(), Kept()
    with pytest.raises(Killed):
        send(worker_store, dying)
    (later,) = told()
    aged(worker_store, minutes=60)
    sql(worker_store, "UPDATE message SET lease_until = clock_timestamp() - interval '1 second' WHERE letter <> ''")
    assert send(worker_store, out) == 4
    again, other = sorted(out.letters, key=lambda letter: later in letter.body)
    assert again.reference == dying.letters[0].reference
    assert [episode in again.body for episode in first] == [True] * 3
    assert later not in again.body
    assert other.reference != again.reference
    assert not [episode for episode in first if episode in other.body]


def test_a_digest_that_cannot_leave_is_tried_again_as_the_same_letter(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told(2)
    aged(worker_store, minutes=60)
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    out = Kept(TryLaterError("busy"))
    assert send(worker_store, out) == 0
    name = {row.letter for row in rows(worker_store)}
    wake(worker_store)
    assert send(worker_store, out) == 2
    assert name == {out.letters[0].reference}
    assert len(out.letters) == 1


def test_what_was_written_after_the_morning_waits_for_the_next(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    (early,) = told()
    aged(worker_store, minutes=60)
    told()
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    out = Kept()
    assert send(worker_store, out) == 1
    assert early in out.letters[0].body
    (later,) = rows(worker_store, "state = 'waiting' AND recipient = 'coordinator-1'")
    assert timedelta(hours=23) < later.next_try_at - datetime.now(UTC) < timedelta(hours=24)


def test_only_one_worker_at_a_time_chooses_what_leaves_together(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told(2)
    aged(worker_store, minutes=60)
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    out = Kept()
    with worker_store.transaction(["north"]) as connection:
        keys = [(str(row.episode_id), row.key) for row in rows(worker_store)]
        outbox.alone(connection, "north", outbox.heads(connection, "north", keys)[0])
        with pytest.raises(UnavailableError):
            send(worker_store, out)
    assert out.asked == 0


def test_two_workers_make_one_digest(told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]):
    told(6)
    aged(worker_store, minutes=60)
    at_home(digest_at(hhmm(-timedelta(minutes=30))))
    out = Kept()
    ((site, keys),) = deliver.due_batches(worker_store)
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(deliver.deliver, worker_store, out, site, keys[i::3], link="") for i in range(3)]
    assert sum(job.result() for job in jobs) == 6
    assert len(out.letters) == 1


def test_a_site_says_how_it_wants_its_letters(worker_store: Store, database):
    admin = open_store(database.migrate, database.key_file)
    sql(admin, "UPDATE site SET quiet_from = '19:30', quiet_until = '06:15', routine = 'digest', urgent_per_hour = 7,"
        " emergency_number = '112' WHERE site_id = 'north'")  # fmt: skip
    admin.close()
    with worker_store.transaction(["north"]) as connection:
        found = houses.house(connection, "north")
    assert found.hours == LetterHours(quiet_from=time(19, 30), quiet_until=time(6, 15), digest=True)
    assert (found.urgent_per_hour, found.emergency_number, found.calendar.zone) == (7, "112", "Europe/Berlin")


# ------------------------------------------------------------------------------------------------------------- storm


def test_beyond_the_most_an_hour_urgent_work_leaves_as_one_summary_and_the_lead_gets_a_line(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None], database
):
    episodes = told(8, urgency="urgent")
    at_home(LetterHours(quiet_from=time(0), quiet_until=time(0), digest=True), urgent_per_hour=3)
    out = Kept()
    assert send(worker_store, out) == 8
    *single, summary = out.to(CARLA)
    assert len(single) == 3
    assert summary.subject == "[urgent] Theca: 5 pieces of urgent work wait"
    assert "the oldest since 2" in summary.body
    assert sum(episode in summary.body for episode in episodes) == 5
    assert [row.letter == summary.reference for row in rows(worker_store)].count(True) == 5
    assert set(states(worker_store)) == {"sent"}

    assert send(worker_store, out) == 2  # the line to the two leads
    lines = [letter for letter in out.letters if letter.kind == "work.storm"]
    assert {letter.to for letter in lines} == {"lead-1@theca.example", "lead-2@theca.example"}
    assert lines[0].subject == "[urgent] Theca: much urgent work waits for a colleague"
    assert "coordinator" not in f"{lines[0].subject} {lines[0].body} {lines[0].facts}"
    assert len(sql(worker_store, "SELECT 1 FROM ledger WHERE verb = 'storm'")) == 1
    assert flaws(database) == ()


def test_the_line_to_the_lead_leaves_though_the_newest_piece_of_work_is_done(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    told(5, urgency="urgent")
    at_home(LetterHours(quiet_from=time(0), quiet_until=time(0), digest=True), urgent_per_hour=1)
    out = Kept()
    send(worker_store, out)
    sql(worker_store, "UPDATE task SET state = 'done'")
    send(worker_store, out)
    assert {letter.to for letter in out.letters if letter.kind == "work.storm"} == {
        "lead-1@theca.example",
        "lead-2@theca.example",
    }


def test_while_a_storm_goes_on_there_is_a_summary_an_hour_and_red_is_never_held_back(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    at_home(LetterHours(quiet_from=time(0), quiet_until=time(0), digest=True), urgent_per_hour=1)
    out = Kept()
    told(3, urgency="urgent")
    send(worker_store, out)
    assert [letter.kind for letter in out.to(CARLA)] == ["work.due", "work.summary"]
    told(2, urgency="urgent")
    told(1, urgency="red")
    send(worker_store, out)
    assert [letter.subject.split()[0] for letter in out.to(CARLA)] == ["[urgent]", "[urgent]", "[red]"]
    waits = rows(worker_store, "state = 'waiting' AND channel = 'email' AND recipient = 'coordinator-1'")
    assert len(waits) == 2
    assert {row.attempts for row in waits} == {0}
    hour = timedelta(hours=1)
    assert all(hour - timedelta(minutes=1) < row.next_try_at - datetime.now(UTC) <= hour for row in waits)
    for letter, ago, left in (("IS NULL", 20, 40), ("IS NOT NULL", 50, 10)):  # a letter is free, or a summary, first
        wake(worker_store)
        sql(worker_store, "UPDATE message SET settled_at = clock_timestamp() - make_interval(mins => :ago)"
            f" WHERE state = 'sent' AND urgency = 'urgent' AND letter {letter}", ago=ago)  # fmt: skip
        send(worker_store, out)
        (head, *_) = rows(worker_store, "state = 'waiting' AND recipient = 'coordinator-1'")
        assert abs(head.next_try_at - datetime.now(UTC) - timedelta(minutes=left)) < timedelta(minutes=1)
    for letter, ago in (("IS NULL", 59), ("IS NOT NULL", 61)):
        sql(worker_store, "UPDATE message SET settled_at = clock_timestamp() - make_interval(mins => :ago)"
            f" WHERE state = 'sent' AND urgency = 'urgent' AND letter {letter}", ago=ago)  # fmt: skip
    wake(worker_store)
    send(worker_store, out)
    assert [letter.kind for letter in out.to(CARLA)][3:] == ["work.summary"]


def test_a_summary_nobody_could_send_counts_as_the_hours_summary(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None]
):
    at_home(LetterHours(quiet_from=time(0), quiet_until=time(0), digest=True), urgent_per_hour=1)
    told(1, urgency="urgent")
    send(worker_store, Kept())
    told(2, urgency="urgent")
    send(worker_store, Kept(TryLaterError("busy")))
    told(1, urgency="urgent")
    out = Kept()
    send(worker_store, out)
    assert out.to(CARLA) == []
    assert len({row.letter for row in rows(worker_store) if row.letter}) == 1


def test_a_candidate_who_cannot_be_read_stops_nobodys_letters(
    told: Callable[..., list[str]], worker_store: Store, at_home: Callable[..., None], database
):
    told(3, urgency="urgent")
    at_home(LetterHours(quiet_from=time(0), quiet_until=time(0), digest=True), urgent_per_hour=1)
    admin = open_store(database.migrate, database.key_file)
    with admin.transaction(["north"]) as connection:
        connection.execute(text("UPDATE candidate SET wrapped = decode(repeat('00', 60), 'hex')"))
    admin.close()
    out = Kept()
    assert send(worker_store, out) == 3
    assert [letter.kind for letter in out.to(CARLA)] == ["work.due", "work.summary"]
    assert sql(worker_store, "SELECT 1 FROM ledger WHERE verb = 'storm'") == []
