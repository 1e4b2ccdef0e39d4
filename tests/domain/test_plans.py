"""Plans at work in the kernel: rounds of observation, anticoagulants, refills, repeats, ladders that follow."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from planned import PLANNED, dosed, iso, looked, taking, text
from route import checked, diary, go, ready
from world import NILS, Walker

from workflow.domain.appointment import AppointmentState
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Known, Missing
from workflow.domain.observation import Absence
from workflow.domain.observing import ObservationPlan, Rounds, rounds
from workflow.domain.refill import RefillRule, reckon


@pytest.fixture
def walker() -> Walker:
    return checked(Walker(PLANNED))


# ------------------------------------------------------------------------------------------------------ observation


def test_rounds_go_on_from_one_another():
    plan = ObservationPlan(
        key="p",
        label="P",
        drug="morphine",
        method=None,
        lasts=Duration(24, "h"),
        rounds=(
            Rounds(every=Duration(1, "h"), until=Duration(12, "h")),
            Rounds(every=Duration(2, "h"), until=Duration(24, "h")),
        ),
        items=("nrs",),
        tolerance=Duration(20, "min"),
    )
    given = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
    hours = [(at - given) / timedelta(hours=1) for at in plan.times(given)]
    assert hours == [*range(1, 13), 14, 16, 18, 20, 22, 24]
    assert [len(one.lacks) for one in rounds(plan, given, ())] == [1] * 18


def test_a_round_is_made_once_everything_in_it_has_a_value_or_a_reason_for_none(walker: Walker):
    dosed(walker).later("1h").record(pain=3)
    assert text(looked(walker, "observation.complete")) == "no"
    walker.later("20min").record(sedation_score=Absence.ASLEEP)
    walker.later("40min").record(pain=3, sedation_score=1)
    found = looked(walker, "observation.complete")
    assert isinstance(found, Known)
    assert found.shown.startswith("2 of 3 rounds; ")
    walker.later("2h").record(pain=Absence.REFUSED, sedation_score=1)
    assert text(looked(walker, "observation.complete")) == "yes"


def test_a_value_outside_the_tolerance_makes_no_round(walker: Walker):
    dosed(walker).later("81min").record(pain=3, sedation_score=1)
    assert "0 of 3 rounds" in getattr(looked(walker, "observation.complete"), "shown", "")


def test_all_rounds_made_early_and_the_plan_still_runs(walker: Walker):
    dosed(walker)
    for wait in ("1h", "1h", "100min"):
        walker.later(wait).record(pain=3, sedation_score=1)
    assert text(looked(walker, "observation.complete")) == "no"
    walker.later("20min")
    assert text(looked(walker, "observation.complete")) == "yes"


def test_the_watch_calls_for_the_next_round_and_climbs_for_a_missed_one(walker: Walker):
    given = dosed(walker).now
    assert walker.timer("watch").due_at == given + timedelta(minutes=75)
    walker.later("1h").record(pain=3, sedation_score=1)
    assert walker.timer("watch").due_at == given + timedelta(minutes=135)
    walker.later("76min").tick()
    walker.later("46min").tick()
    assert walker.timer("watch").rung == 1
    walker.record(at=given + timedelta(hours=2), pain=Absence.AWAY, sedation_score=Absence.AWAY)
    assert walker.timer("watch").due_at == given + timedelta(hours=4, minutes=15)
    assert walker.timer("watch").rung == 0


def test_whoever_looks_again_is_called_for_the_next_round_and_at_the_end_for_the_missed_one(walker: Walker):
    given = dosed(walker).now
    walker.later("2h").record(pain=3, sedation_score=1)
    assert walker.timer("watch").due_at == given + timedelta(hours=4, minutes=15)
    walker.later("2h").record(pain=3, sedation_score=1)
    assert walker.timer("watch").due_at == given + timedelta(hours=1, minutes=15)
    assert text(looked(walker, "observation.complete")) == "no"


def test_a_promise_ends_with_the_round_it_was_made_for(walker: Walker):
    dosed(walker).later("70min")
    walker.acknowledge("watch", NILS, wait="30min")
    walker.later("5min").record(pain=3, sedation_score=1)
    assert walker.task("watch").acknowledged_until is None


# ---------------------------------------------------------------------------------------------------- anticoagulants


def test_nothing_taken_is_clear_and_nothing_known_is_unknown(walker: Walker):
    assert text(looked(walker, "anticoagulant.clear")) == "yes"
    walker.record(anticoagulant="apixaban")
    assert isinstance(looked(walker, "anticoagulant.clear"), Missing)
    walker.record(apixaban_dose="high")
    assert "last dose taken is not recorded" in getattr(looked(walker, "anticoagulant.clear"), "because", "")
    walker.record(anticoagulant="warfarin")
    assert "no interruption for warfarin" in getattr(looked(walker, "anticoagulant.clear"), "because", "")


@pytest.mark.parametrize(("dose", "hours"), [("high", 72), ("low", 36)])
def test_the_wait_counts_from_the_dose_and_not_from_its_entry(walker: Walker, dose: str, hours: int):
    taking(walker, dose).record(last_taken=iso(walker.now - timedelta(hours=hours, minutes=-1)))
    assert text(looked(walker, "anticoagulant.clear")) == "no"
    walker.later("1min")
    assert text(looked(walker, "anticoagulant.clear")) == "yes"


def test_a_plan_wants_time_and_the_prescribers_agreement(walker: Walker):
    taking(walker)
    starts = walker.now + timedelta(days=10)
    assert "no booked procedure" in getattr(looked(walker, "anticoagulant.planned"), "because", "")
    walker.appoint("trial_procedure", starts)
    walker.record(planned_stop=iso(starts - timedelta(hours=71)))
    assert "agreement" in getattr(looked(walker, "anticoagulant.planned"), "because", "")
    walker.record(anticoagulant_plan_agreed="yes")
    assert text(looked(walker, "anticoagulant.planned")) == "no"
    walker.record(planned_stop=iso(starts - timedelta(hours=72)))
    assert text(looked(walker, "anticoagulant.planned")) == "yes"


def test_a_catheter_trial_is_one_interruption_and_a_dose_in_it_counts_anew(walker: Walker):
    diary(walker)
    taking(walker).record(last_taken=iso(walker.now - timedelta(days=4)), anticoagulant_plan_agreed="yes")
    go(walker, "approve_catheter_trial")
    ready(walker).record(anticoagulant="apixaban", apixaban_dose="high", anticoagulant_clear_today="yes")
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    assert text(looked(walker, "anticoagulant.restart")) == "no"
    assert not any(task.name == "taken_with_catheter" for task in walker.episode.open_tasks)
    walker.later("1d").record(last_taken=iso(walker.now))
    assert walker.task("taken_with_catheter").is_open
    assert text(looked(walker, "anticoagulant.clear")) == "no"
    walker.later("3d")
    assert text(looked(walker, "anticoagulant.clear")) == "yes"


@pytest.mark.parametrize(("blood", "hours"), [("no", 24), ("yes", 48)])
def test_the_restart_waits_for_the_catheter_and_longer_after_blood(walker: Walker, blood: str, hours: int):
    diary(walker)
    taking(walker).record(
        last_taken=iso(walker.now - timedelta(days=4)), blood_seen=blood, anticoagulant_plan_agreed="yes"
    )
    go(walker, "approve_single_shot_trial")
    ready(walker).record(anticoagulant="apixaban", apixaban_dose="high", anticoagulant_clear_today="yes")
    go(walker, "approve_puncture")
    walker.give()
    assert walker.timer("off").due_at == walker.now + timedelta(hours=hours, minutes=15)
    walker.later(f"{hours}h")
    assert text(looked(walker, "anticoagulant.restart")) == "yes"
    walker.record(taken_again=iso(walker.now))
    assert not walker.episode.open_duties or all(duty.name != "off" for duty in walker.episode.open_duties)
    assert isinstance(looked(walker, "anticoagulant.clear"), Missing)


def test_a_cancelled_procedure_asks_about_the_drug_that_was_stopped(walker: Walker):
    walker.appoint("trial_procedure", walker.now + timedelta(days=3))
    walker.conclude("1", AppointmentState.CANCELLED)
    assert all(task.name != "restart_today" for task in walker.episode.open_tasks)
    walker.appoint("trial_procedure", walker.now + timedelta(days=3))
    taking(walker).record(last_taken=iso(walker.now))
    walker.conclude("2", AppointmentState.CANCELLED)
    assert walker.task("restart_today").is_open


# ------------------------------------------------------------------------------------------------------------ refill

RULE = RefillRule(
    filled_at="f",
    volume="v",
    reserve="r",
    concentration="c",
    daily_dose="d",
    printed="p",
    kind="k",
    keeps={"first": Duration(14, "d"), "later": Duration(40, "d")},
    margin=Duration(2, "d"),
)
FILLED = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@pytest.mark.parametrize(
    ("changed", "days"),
    [
        ({}, 34),  # (20 - 2) x 2 / 1 = 36 days, less two
        ({"d": "0.5"}, 38),  # 72 days, but it keeps for 40
        ({"v": "2"}, None),
        ({"d": "0"}, None),
        ({"c": "0"}, None),
        ({"r": None}, None),
    ],
)
def test_the_arithmetic_of_a_filling(changed: dict[str, str | None], days: int | None):
    said = {"v": "20", "r": "2", "c": "2", "d": "1", **changed}
    numbers = {name: Decimal(value) for name, value in said.items() if value is not None}
    due = reckon(RULE, filled_at=FILLED, numbers=numbers, kind="later")
    assert due == (None if days is None else FILLED + timedelta(days=days))


def test_a_first_filling_keeps_shorter_and_an_unknown_one_not_at_all():
    numbers = {"v": Decimal(20), "r": Decimal(2), "c": Decimal(2), "d": Decimal(1)}
    assert reckon(RULE, filled_at=FILLED, numbers=numbers, kind="first") == FILLED + timedelta(days=12)
    assert reckon(RULE, filled_at=FILLED, numbers=numbers, kind=None) is None
    assert reckon(RULE, filled_at=None, numbers=numbers, kind="first") is None


def filled(walker: Walker, **more: object) -> Walker:
    walker.record(volume=20, reserve=2, strength=2, daily=1, filling="later", filled=iso(walker.now), **more)
    return walker


def test_the_earlier_of_the_two_days_counts_and_a_gap_is_known(walker: Walker):
    began = filled(walker, sheet="2026-04-01").now
    found = looked(walker, "refill.due")
    gap = looked(walker, "refill.gap")
    assert isinstance(found, Known)
    assert isinstance(gap, Known)
    printed = datetime.fromisoformat("2026-04-01T00:00:00+01:00")
    assert found.number == Decimal(int((printed - walker.now).total_seconds())) / 86400
    assert gap.number == abs(Decimal(int((printed - began - timedelta(days=34)).total_seconds())) / 86400)


def test_an_old_sheet_says_nothing_of_a_new_filling(walker: Walker):
    filled(walker, sheet="2026-04-01").later("30d")
    filled(walker)
    assert isinstance(looked(walker, "refill.gap"), Missing)
    assert isinstance(looked(walker, "refill.due"), Known)


def test_the_reminder_follows_the_filling_and_a_faster_pump(walker: Walker):
    due = filled(walker).now + timedelta(days=34)
    assert walker.timer("fill_pump").due_at == due - timedelta(days=14)
    began = walker.now
    walker.later("1d").record(daily=2)
    assert walker.timer("fill_pump").due_at == began + timedelta(days=16 - 14)
    walker.later("1d").record(daily=1)
    assert walker.timer("fill_pump").due_at == began + timedelta(days=16 - 14)
