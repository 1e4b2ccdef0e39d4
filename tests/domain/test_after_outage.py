"""After an outage a ladder does what it declares: each rung told late, all told once, or what passed left out."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from laws import _one_timer_for_each_task
from world import CARLA, LENA, NILS, PROTOCOL, Walker

from workflow.domain.decide import PriorTrial, RunningDuty
from workflow.domain.decide.fire import LATE
from workflow.domain.decision import Decision
from workflow.domain.ladder import AfterOutage, TimerState
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.trial import Method

TRIAGE = "triage_referral"


def declaring(policy: AfterOutage, ladder: str = "triage") -> ProtocolVersion:
    """The first printing, with one ladder's policy after an outage."""
    changed = replace(PROTOCOL.ladders[ladder], after_outage=policy)
    return replace(PROTOCOL, ladders=MappingProxyType({**PROTOCOL.ladders, ladder: changed}))


def referred(policy: AfterOutage) -> Walker:
    """Somebody referred now; the reminder comes after 3 working days, the escalation after 6, then every 2."""
    walker = Walker(declaring(policy))
    walker.enrol()
    return walker


def told(decision: Decision | None) -> set[str]:
    assert decision is not None
    return {message.recipient for message in decision.messages}


def ticks(walker: Walker) -> list[Decision]:
    return [decision for decision in walker.tick() if decision is not None]


def test_fire_tells_every_rung_that_passed_one_after_the_other():
    walker = referred(AfterOutage.FIRE).later("30d")
    assert [told(decision) for decision in ticks(walker)] == [{"carla"}, {"carla", "lena"}]


def test_collapse_tells_once_everybody_of_the_highest_rung_and_of_the_one_it_stood_at():
    walker = referred(AfterOutage.COLLAPSE).later("30d")
    (decision,) = ticks(walker)
    assert told(decision) == {"carla", "lena"}
    assert {message.rung for message in decision.messages} == {1}
    assert len({message.recipient for message in decision.messages}) == len(decision.messages)
    assert decision.entry.about["passed_over"] == [0]
    assert walker.timer(TRIAGE).due_at > walker.now
    walker.verify()


def test_collapse_goes_no_higher_than_time_has():
    walker = referred(AfterOutage.COLLAPSE).later("4d")
    walker.later("1h")
    (decision,) = ticks(walker)
    assert (told(decision), decision.entry.about["rung"]) == ({"carla"}, 0)
    assert "passed_over" not in decision.entry.about
    assert walker.timer(TRIAGE).rung == 1


def test_the_reminder_after_a_collapse_is_a_whole_repeat_away():
    walker = referred(AfterOutage.COLLAPSE).later("30d")
    ticks(walker)
    calendar = walker.situation(CARLA).calendar
    ladder = walker.protocol.ladders["triage"]
    assert walker.timer(TRIAGE).due_at == calendar.after(walker.now, ladder.repeat, ladder.time)


def test_skip_tells_nobody_of_what_passed_and_says_so_in_its_line():
    walker = referred(AfterOutage.SKIP).later("4d")
    (decision,) = ticks(walker)
    assert decision.messages == ()
    assert decision.entry.about["skipped"] == [0]
    assert decision.entry.occurred_at < decision.entry.at
    assert (walker.timer(TRIAGE).rung, walker.timer(TRIAGE).state) == (1, TimerState.LIVE)
    assert walker.timer(TRIAGE).due_at > walker.now


def test_skip_goes_on_with_the_first_rung_that_is_still_ahead():
    walker = referred(AfterOutage.SKIP).later("4d")
    ticks(walker)
    walker.now = walker.timer(TRIAGE).due_at
    (decision,) = ticks(walker)
    assert told(decision) == {"carla", "lena"}


@pytest.mark.parametrize("outages", [1, 2, 5])
def test_skip_never_falls_silent_however_often_the_software_stands_still(outages: int):
    walker = referred(AfterOutage.SKIP).later("30d")
    for _ in range(outages):
        (decision,) = ticks(walker)
        assert decision.messages == ()
        timer = walker.timer(TRIAGE)
        assert timer.state is TimerState.LIVE
        assert walker.now < timer.due_at <= walker.now + timedelta(days=5)
        _one_timer_for_each_task(walker.episode)
        walker.now = timer.due_at + LATE + timedelta(minutes=1)
    walker.tick()
    walker.now = walker.timer(TRIAGE).due_at
    assert told(ticks(walker)[0]) == {"carla", "lena"}


def test_what_is_skipped_at_the_last_rung_comes_again_a_whole_repeat_from_now():
    """Not at its old hour: an outage that comes every day at that hour would silence it for ever."""
    walker = Walker(declaring(AfterOutage.SKIP, "hold_review"))
    walker.enrol()
    walker.hold()
    walker.later("40d")
    walker.tick()
    assert walker.timer("review_hold").due_at == walker.now + timedelta(days=7)


def test_what_a_hold_has_put_off_is_no_outage():
    """The hold outlasts the ladder; when it ends each rung is still told, and none left out."""
    walker = Walker(declaring(AfterOutage.SKIP, "workup"))
    walker.enrol()
    walker.record(referral_reason="pain", pain_origin="cancer")
    walker.advance("accept_referral")
    walker.hold()
    walker.later("40d")
    walker.release()
    key, rungs = walker.task("complete_workup").key, []
    for _ in range(3):
        walker.now = walker.timer("complete_workup").due_at
        rungs += [message.rung for decision in ticks(walker) for message in decision.messages if message.task == key]
    assert sorted(set(rungs)) == [0, 1, 2]


@pytest.mark.parametrize("policy", AfterOutage)
def test_a_timer_that_is_late_by_less_than_a_quarter_of_an_hour_is_told_as_ever(policy: AfterOutage):
    walker = referred(policy)
    walker.now = walker.timer(TRIAGE).due_at + LATE
    (decision,) = ticks(walker)
    assert told(decision) == {"carla"}
    assert decision.entry.about["rung"] == 0


@pytest.mark.parametrize("policy", AfterOutage)
def test_what_a_promise_has_put_off_is_no_outage(policy: AfterOutage):
    """The second rung's time passes while somebody has promised; it is told when the promise ends, and not left out."""
    walker = referred(policy)
    walker.now = walker.timer(TRIAGE).due_at
    walker.acknowledge(TRIAGE, CARLA, wait="7d")
    walker.later("7d")
    heard = set().union(*(told(decision) for decision in ticks(walker)))
    walker.now = walker.timer(TRIAGE).due_at
    heard |= set().union(*(told(decision) for decision in ticks(walker)))
    assert "lena" in heard


def test_a_collapse_does_not_break_a_promise():
    """A duty's rung that is due is told at once; the ones after it wait for the promise, also late."""
    walker = Walker(declaring(AfterOutage.COLLAPSE, "catheter"))
    walker.enrol()
    since = walker.ago("60h")
    trial = PriorTrial(
        method=Method.CATHETER, drug="morphine", started_at=since, punctured_at=since, source="theatre list"
    )
    walker.adopt("catheter_trial", trials=(trial,), duties=(RunningDuty(name="catheter_in", since=since),))
    walker.acknowledge("catheter_in", NILS, wait="24h")
    promised = walker.task("catheter_in").acknowledged_until
    walker.later("20h")  # the second rung, after 3 days, has passed meanwhile
    heard = next(d for d in ticks(walker) if d.entry.about["task"] == walker.task("catheter_in").key)
    assert (told(heard), heard.entry.about["rung"]) == ({"nils"}, 0)
    assert walker.timer("catheter_in").due_at == promised


def test_a_rung_that_is_told_late_names_when_it_was_due():
    walker = referred(AfterOutage.COLLAPSE)
    due = walker.timer(TRIAGE).due_at
    walker.later("30d")
    (decision,) = ticks(walker)
    assert decision.entry.occurred_at == due
    assert {message.due_at for message in decision.messages} == {due}


def test_a_first_printing_behaves_as_it_did():
    """What declares nothing fires: a frozen version means what it meant."""
    assert {ladder.after_outage for ladder in PROTOCOL.ladders.values()} == {AfterOutage.FIRE}


def test_who_is_told_late_is_looked_up_late():
    """The roster is asked when the rung fires, not when it was due."""
    walker = referred(AfterOutage.COLLAPSE)
    walker.reassign(TRIAGE, NILS, by=LENA)
    walker.later("30d")
    (decision,) = ticks(walker)
    assert told(decision) == {"nils", "carla", "lena"}
