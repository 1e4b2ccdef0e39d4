"""Work that waits on an outsider: each attempt to reach them counts, and after so many the next step opens."""

from dataclasses import replace
from datetime import timedelta

import pytest
from route import referred
from world import CARLA, CLARA, LENA, NILS, PROTOCOL, SAM, Walker, barred

from workflow.domain import decide
from workflow.domain.decide import Means
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.protocol import Chase, ProtocolVersion
from workflow.domain.task import Outsider

TRIAGE, NEXT = "triage_referral", "complete_workup"


def chasing(attempts: int = 3, opens: str = NEXT) -> ProtocolVersion:
    rule = replace(PROTOCOL.tasks[TRIAGE], chase=Chase(attempts=attempts, opens=opens))
    return replace(PROTOCOL, tasks={**PROTOCOL.tasks, TRIAGE: rule})


def waiting(protocol: ProtocolVersion | None = None) -> Walker:
    walker = referred(Walker(protocol or chasing()))
    assert not walker.wait(TRIAGE, CARLA, wait="3d").refused
    return walker


def tried(walker: Walker, *, by=CARLA, reached: bool = False, chase: timedelta | None = None) -> Decision:
    at = None if chase is None else walker.now + chase
    key = walker.task(TRIAGE).key
    return walker.do(decide.contact, by, key=key, how=Means.PHONE, reached=reached, note="engaged", chase_at=at)


def test_an_attempt_counts_is_written_down_and_changes_no_clock():
    walker = waiting()
    before = walker.timer(TRIAGE)
    decision = tried(walker)
    assert decision.entry.about == {
        "task": walker.task(TRIAGE).key,
        "on": "cardiology",
        "how": "phone",
        "reached": "no",
        "note": "engaged",
        "chase_at": None,
        "attempt": 1,
    }
    assert (walker.task(TRIAGE).contacts, walker.task(TRIAGE).waiting_on) == (1, "cardiology")
    assert walker.timer(TRIAGE) == before


def test_the_nth_attempt_opens_the_next_step_in_the_same_decision_and_each_further_nth_tells_of_it_again():
    walker = waiting()
    opened = [tried(walker).entry.about.get("opens") for _ in range(6)]
    key = walker.task(NEXT).key
    assert opened == [None, None, key, None, None, key]
    assert len([task for task in walker.episode.tasks.values() if task.name == NEXT]) == 1
    walker.acknowledge(NEXT, CARLA, wait="5d")
    for _ in range(3):
        tried(walker)
    assert walker.task(NEXT).acknowledged_until is None
    assert walker.timer(NEXT).due_at == walker.now


def test_somebody_reached_who_has_no_answer_yet_counts_too():
    walker = waiting(chasing(attempts=1))
    assert tried(walker, reached=True).entry.about["reached"] == "yes"
    assert NEXT in walker.open()


def test_a_duty_opens_from_a_chase_as_well():
    walker = waiting(chasing(attempts=2, opens=PROTOCOL.safety_task))
    tried(walker)
    assert PROTOCOL.safety_task not in walker.duties()
    tried(walker)
    assert PROTOCOL.safety_task in walker.duties()


def test_without_a_chase_attempts_only_count():
    walker = waiting(PROTOCOL)
    before = walker.open()
    for _ in range(10):
        tried(walker)
    assert (walker.task(TRIAGE).contacts, walker.open()) == (10, before)


def test_a_new_chase_date_keeps_to_the_bounds_of_a_wait():
    walker = waiting()
    with pytest.raises(ImpossibleTimeError) as wrong:
        tried(walker, chase=timedelta(days=4))  # beyond the one that is ahead
    assert wrong.value.place == "chase_at"
    walker.later("3d").tick()
    with pytest.raises(ImpossibleTimeError):
        tried(walker, chase=timedelta(days=30, minutes=1))
    assert not tried(walker, chase=timedelta(days=30)).refused
    assert walker.timer(TRIAGE).due_at == walker.now + timedelta(days=30)


def test_chase_date_after_chase_date_still_climbs_to_the_lead():
    walker, heard = waiting(), set[str]()
    for _ in range(4):
        walker.now = walker.timer(TRIAGE).due_at
        tried(walker, chase=timedelta(days=30))
        heard |= {message.recipient for fired in walker.tick() for message in fired.messages}
    assert "lena" in heard


@pytest.mark.parametrize("verb", ["acknowledge", "claim"])
def test_whoever_takes_it_back_ends_the_wait_and_a_new_wait_counts_anew(verb: str):
    walker = waiting()
    tried(walker)
    if verb == "claim":
        walker.claim(TRIAGE, CARLA)
    else:
        walker.acknowledge(TRIAGE, CARLA, wait="1d")
    assert walker.task(TRIAGE).waiting_on is None
    assert "it waits on nobody" in barred(tried(walker))
    walker.later("1d").wait(TRIAGE, CARLA, wait="1d")
    assert walker.task(TRIAGE).contacts == 0


def test_waiting_longer_on_the_same_outsider_goes_on_counting():
    walker = waiting()
    tried(walker)
    walker.later("3d").tick()
    walker.wait(TRIAGE, CARLA, wait="1d")
    assert walker.task(TRIAGE).contacts == 1
    until = walker.now + timedelta(hours=1)
    walker.do(decide.wait, CARLA, key=walker.task(TRIAGE).key, on=Outsider.GP, until=until, reason="asked them instead")
    assert walker.task(TRIAGE).contacts == 0


def test_work_that_waits_on_nobody_is_not_chased_and_who_may_is_who_may_take_it():
    assert "it waits on nobody" in barred(tried(referred()))
    walker = waiting()
    assert "is for coordinator" in barred(tried(walker, by=SAM))
    assert not tried(walker, by=LENA).refused
    assert walker.task(TRIAGE).contacts == 1
    walker.advance("withdraw", CLARA, reason="moved_away")
    assert "ended already" in barred(tried(walker, by=NILS))
