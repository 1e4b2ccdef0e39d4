"""A letter that does not arrive: a task for the coordinator, and the next rung at once. Nothing that ended wakes."""

from dataclasses import replace

import pytest
from route import screening
from world import CARLA, CLARA, PROTOCOL, ROSTER, Walker

from workflow.domain import decide
from workflow.domain.actor import Role, system
from workflow.domain.criterion import Known, Subject
from workflow.domain.decide import of_storm
from workflow.domain.decision import Decision, Message
from workflow.domain.ladder import TimerState, Urgency
from workflow.domain.protocol import UNDELIVERED
from workflow.domain.roster import Member, Roster

TRIAGE = "triage_referral"


@pytest.fixture
def walker() -> Walker:
    """A referral whose first reminder is due now."""
    walker = Walker()
    walker.enrol()
    walker.now = walker.timer(TRIAGE).due_at
    return walker


@pytest.fixture
def letter(walker: Walker) -> Message:
    """That reminder, written to the coordinator."""
    (fired,) = walker.tick()
    return _to("carla", fired)


def _to(recipient: str, fired: Decision) -> Message:
    return next(message for message in fired.messages if message.recipient == recipient)


def _lost(walker: Walker, letter: Message) -> Decision | None:
    about = {"task": letter.task, "message": letter.key, "rung": letter.rung, "recipient": letter.recipient}
    decision = decide.undelivered(walker.situation(system("delivery")), **about, reason="550")
    return None if decision is None else walker.take(decision)


def test_every_version_has_the_engines_own_duty():
    own = PROTOCOL.tasks[UNDELIVERED]
    assert (own.by_engine, own.role, own.completable) == (True, Role.COORDINATOR, True)
    ladder = PROTOCOL.ladders[own.ladder]
    assert ladder.urgency is Urgency.URGENT
    assert [(str(rung.after), rung.tell) for rung in ladder.rungs] == [("0min", ("coordinator",)), ("4h", ("lead",))]


def test_the_coordinator_gets_a_task_and_the_next_rung_is_due_now(walker: Walker, letter: Message):
    assert walker.timer(TRIAGE).due_at > walker.now
    told = _lost(walker, letter)
    assert told is not None
    assert (told.entry.verb, told.entry.about["reason"]) == ("undelivered", "550")
    assert walker.task(UNDELIVERED).role is Role.COORDINATOR
    assert (walker.timer(TRIAGE).rung, walker.timer(TRIAGE).due_at) == (1, walker.now)
    rungs = {(message.name, message.rung, message.recipient) for each in walker.tick() for message in each.messages}
    assert {(UNDELIVERED, 0, "carla"), (TRIAGE, 1, "lena")} <= rungs


def test_two_dead_letters_of_one_rung_hurry_its_ladder_once(walker: Walker, letter: Message):
    _lost(walker, letter)
    walker.tick()
    above = walker.timer(TRIAGE)
    assert above.due_at > walker.now
    assert _lost(walker, letter) is None
    assert walker.timer(TRIAGE) == above


def test_the_last_rung_repeats_at_its_own_pace_however_many_letters_die(walker: Walker, letter: Message):
    while walker.timer(TRIAGE).rung != letter.rung:
        walker.now = walker.timer(TRIAGE).due_at
        letter = _to("lena", next(each for each in walker.tick() if each.messages))
    repeats = walker.timer(TRIAGE)
    assert _lost(walker, letter) is not None
    assert walker.timer(TRIAGE) == repeats


def test_whoever_acknowledged_since_is_left_in_peace_and_the_task_opens_all_the_same(walker: Walker, letter: Message):
    walker.acknowledge(TRIAGE, CARLA, wait="1d")
    promised = walker.timer(TRIAGE)
    assert _lost(walker, letter) is not None
    assert walker.timer(TRIAGE) == promised
    assert walker.task(UNDELIVERED).is_open


def test_a_promise_about_lost_letters_ends_with_the_next_one(walker: Walker, letter: Message):
    _lost(walker, letter)
    fired = {message.name: each for each in walker.tick() for message in each.messages}
    walker.acknowledge(UNDELIVERED, CARLA, wait="20h")
    assert walker.timer(UNDELIVERED).due_at > walker.now
    assert _lost(walker, _to("lena", fired[TRIAGE])) is not None
    assert walker.task(UNDELIVERED).acknowledged_until is None
    assert walker.timer(UNDELIVERED).due_at == walker.now


def test_nothing_opens_for_work_that_has_ended(walker: Walker, letter: Message):
    walker.advance("decline", CLARA, reason="not_suitable")
    assert _lost(walker, letter) is None
    assert UNDELIVERED not in walker.open()


def test_a_dead_letter_about_the_duty_itself_goes_to_the_lead_once_and_opens_no_other(walker: Walker, letter: Message):
    _lost(walker, letter)
    fired = {each.messages[0].name: each for each in walker.tick()}
    assert _lost(walker, _to("carla", fired[UNDELIVERED])) is not None
    (second,) = walker.tick()
    assert {message.recipient for message in second.messages} == {"lena"}
    stands = walker.timer(UNDELIVERED)
    assert stands.due_at > walker.now
    assert _lost(walker, _to("lena", second)) is None
    assert walker.timer(UNDELIVERED) == stands
    assert sum(task.name == UNDELIVERED for task in walker.episode.tasks.values()) == 1


def test_a_promise_about_the_duty_itself_stands_when_one_of_its_own_letters_dies(walker: Walker, letter: Message):
    _lost(walker, letter)
    fired = {each.messages[0].name: each for each in walker.tick()}
    walker.acknowledge(UNDELIVERED, CARLA, wait="20h")
    promised = walker.timer(UNDELIVERED)
    assert _lost(walker, _to("carla", fired[UNDELIVERED])) is None
    assert walker.timer(UNDELIVERED) == promised


def test_a_rung_that_is_due_already_is_left_as_it_is(walker: Walker, letter: Message):
    due = walker.timer(TRIAGE)
    walker.now = due.due_at
    assert _lost(walker, letter) is not None
    assert walker.timer(TRIAGE) == due


def test_a_clock_that_a_hold_stopped_stays_stopped():
    walker, work = screening(), "complete_workup"
    walker.now = walker.timer(work).due_at
    fired = next(each for each in walker.tick() if each.messages[0].name == work)
    walker.hold()
    stopped = walker.timer(work)
    assert stopped.state is TimerState.PAUSED
    assert _lost(walker, _to("carla", fired)) is not None
    assert walker.timer(work) == stopped


def test_a_person_may_say_that_it_is_done(walker: Walker, letter: Message):
    _lost(walker, letter)
    walker.complete(UNDELIVERED, CARLA, note="rang her")
    assert not walker.task(UNDELIVERED).is_open


def test_a_lost_letter_is_no_open_duty_to_a_gate(walker: Walker, letter: Message):
    _lost(walker, letter)
    counted = walker.situation(CARLA).view(walker.now).look(Subject(derived="count.open_duties"))
    assert isinstance(counted, Known)
    assert counted.number == 0


@pytest.mark.parametrize(
    ("roster", "told"),
    [
        (ROSTER, ["lena"]),
        (Roster(members=(Member(id="carla", roles=frozenset({Role.LEAD})),)), []),
    ],
)
def test_a_storm_is_one_line_to_every_other_lead(walker: Walker, letter: Message, roster: Roster, told: list[str]):
    s = replace(walker.situation(system("delivery")), roster=roster)
    found = decide.storm(s, task=letter.task, message=letter.key, rung=0, recipient="carla", count=17)
    messages = found.messages if found else ()
    assert [message.recipient for message in messages] == told
    assert [of_storm(message.key) for message in messages] == ["carla"] * len(told)
    assert of_storm(letter.key) == ""
    if found:
        assert walker.take(found).entry.told == tuple(message.key for message in messages)
