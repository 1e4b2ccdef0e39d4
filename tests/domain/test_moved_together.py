"""An appointment moves, and all that hangs on it in one decision; a hold stops what may stand still, and no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from planned import PLANNED, taking
from route import catheter_in, checked, reviewed
from world import CARLA, LENA, SAM, Walker

from workflow.domain.actor import Role
from workflow.domain.decision import Decision
from workflow.domain.ladder import OnHold, TimerState
from workflow.domain.protocol import TaskRule, Trigger
from workflow.domain.task import Scope

TELL = TaskRule(
    key="tell_when_to_stop",
    label="Tell when to stop",
    role=Role.SCHEDULER,
    ladder="ahead",
    scope=Scope.APPOINTMENT,
    opens=(Trigger(appointment="trial_procedure"),),
    follows="anticoagulant.stop",
)
PROTOCOL = replace(PLANNED, tasks=MappingProxyType({**PLANNED.tasks, TELL.key: TELL}))
HANGS = {
    "confirm_last_anticoagulant_dose": timedelta(days=-7),  # from the appointment itself
    "tell_when_to_stop": timedelta(days=-14, hours=-72),  # from the day the anticoagulant stops
    "repeat_tests": timedelta(days=-7),  # what will have expired by then
}


@pytest.fixture
def walker() -> Walker:
    """On apixaban, with a procedure in forty days."""
    walker = taking(checked(Walker(PROTOCOL)))
    walker.appoint("trial_procedure", walker.now + timedelta(days=40))
    return walker


def moved(walker: Walker, days: int) -> Decision:
    return walker.reschedule("1", walker.now + timedelta(days=days))


@pytest.mark.parametrize("on_hold", [False, True])
@pytest.mark.parametrize("days", [60, 35])
def test_one_decision_moves_every_clock_that_hangs_on_the_appointment(walker: Walker, days: int, on_hold: bool):
    if on_hold:
        walker.hold()
    starts_at = walker.now + timedelta(days=days)
    decision = moved(walker, days)
    for name, ahead in HANGS.items():
        key = walker.task(name).key
        assert decision.after.timers[key].due_at == starts_at + ahead, name
        assert decision.after.timers[key].state is TimerState.LIVE
        assert key in decision.entry.put["timers"], name
    if not on_hold:
        assert set(decision.entry.put["timers"]) == {walker.task(name).key for name in HANGS}


def test_what_was_told_for_the_old_day_is_told_again_for_the_new_one(walker: Walker):
    walker.later("33d").tick()
    assert {walker.timer(name).rung for name in HANGS} == {1}
    moved(walker, 30)
    assert {walker.timer(name).rung for name in HANGS} == {0}


def test_a_promise_for_the_old_day_ends_with_it(walker: Walker):
    walker.acknowledge("tell_when_to_stop", SAM, wait="20h")
    walker.acknowledge("confirm_last_anticoagulant_dose", SAM, wait="2d")
    starts_at = walker.now + timedelta(days=60)
    moved(walker, 60)
    for name in ("tell_when_to_stop", "confirm_last_anticoagulant_dose"):
        assert walker.task(name).acknowledged_until is None
        assert walker.timer(name).due_at == starts_at + HANGS[name]


def test_nearer_than_anything_expires_the_repeat_ends_in_the_same_decision(walker: Walker):
    key = walker.task("repeat_tests").key
    decision = moved(walker, 5)
    assert not decision.after.tasks[key].is_open
    assert decision.after.timers[key].state is TimerState.ENDED
    again = moved(walker, 50)
    (opened,) = [task for task in again.after.open_tasks if task.name == "repeat_tests"]
    assert again.after.timers[opened.key].due_at == walker.now + timedelta(days=50 - 7)


def test_another_dose_moves_the_day_it_stops_and_nothing_else(walker: Walker):
    starts_at = walker.episode.appointments["1"].starts_at
    before = walker.timer("confirm_last_anticoagulant_dose")
    decision = walker.record(apixaban_dose="low")
    assert walker.timer("tell_when_to_stop").due_at == starts_at - timedelta(hours=36, days=14)
    assert walker.timer("confirm_last_anticoagulant_dose") == before
    assert set(decision.entry.put["timers"]) == {walker.task("tell_when_to_stop").key}


# ------------------------------------------------------------------------------------------------------------- on hold


@pytest.mark.parametrize(("way", "some"), [(checked, True), (catheter_in, False), (reviewed, True)])
def test_a_hold_stops_the_clocks_declared_pausable_and_touches_no_other(way: Callable[[], Walker], some: bool):
    walker = way()
    before = dict(walker.episode.timers)
    pausable = {
        task.key
        for task in walker.episode.open_tasks
        if walker.protocol.ladders[walker.protocol.tasks[task.name].ladder].on_hold is OnHold.PAUSE
    }
    assert bool(pausable) == some
    walker.hold()
    for key, timer in before.items():
        if key in pausable:
            assert walker.episode.timers[key].state is TimerState.PAUSED
        else:
            assert walker.episode.timers[key] == timer
    walker.later("1h").release()
    for key, timer in before.items():
        if key not in pausable:
            assert walker.episode.timers[key] == timer


def test_the_review_of_a_hold_climbs_its_own_ladder_to_the_lead_and_repeats():
    walker = checked()
    walker.hold()
    since, told = walker.now, list[tuple[int, set[str]]]()
    for day in range(1, 36):
        for fired in walker.later("1d").tick():
            if fired.entry.about["task"] == walker.task("review_hold").key:
                told.append((day, {message.recipient for message in fired.messages}))
    assert [day for day, _ in told] == [7, 14, 21, 28, 35]
    assert all(LENA.id in who for _, who in told[2:])
    assert CARLA.id in told[0][1]
    assert walker.episode.hold is not None
    assert walker.episode.hold.since == since


def test_a_duty_runs_on_through_a_hold_as_it_would_have_without():
    held, free = catheter_in(), catheter_in()
    held.hold()
    rungs = []
    for walker in (held, free):
        fired = [one for _ in range(6) for one in walker.later("1d").tick()]
        rungs.append(
            [
                (one.entry.occurred_at, one.entry.about["rung"])
                for one in fired
                if "catheter_in" in str(one.entry.about["task"])
            ]
        )
    assert rungs[0] == rungs[1] != []
