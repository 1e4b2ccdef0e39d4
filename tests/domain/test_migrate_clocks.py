"""Tasks and their clocks where the ladders are written anew: what was told stays told, and nobody goes unwatched."""

from datetime import timedelta

from printing import CATHETER_RUNGS, INPUTS_TASK, SAME, fired, migrated, told, version
from route import (
    assessed,
    catheter_in,
    checked,
    screening,
)
from world import CARLA, LENA, NILS, PROTOCOL, Walker

from workflow.domain.ladder import TimerState
from workflow.domain.task import TaskState


def rungs(old: str, *new: str) -> tuple[str, str]:
    return old, "".join(f"      - {{after: {rung}, tell: [nurse, lead]}}\n" for rung in new)


def test_the_next_rung_is_counted_anew_from_the_anchor_and_what_fired_stays_fired():
    walker = catheter_in()
    anchor = walker.task("catheter_in").anchor_at
    walker.later("26h").tick()
    assert walker.timer("catheter_in").rung == 1
    migrated(walker, version(rungs(CATHETER_RUNGS, "2h", "2d", "6d")))
    timer = walker.timer("catheter_in")
    assert (timer.rung, timer.due_at) == (1, anchor + timedelta(days=2))
    assert fired(walker, "catheter_in") == []
    assert fired(walker.later("23h"), "catheter_in") == [1]


def test_a_rung_whose_new_time_has_passed_is_due_now():
    walker = catheter_in()
    walker.later("26h").tick()
    migrated(walker, version(rungs(CATHETER_RUNGS, "2h", "25h", "6d")))
    assert fired(walker, "catheter_in") == [1]


def test_what_is_due_already_stays_due_whatever_the_new_ladder_says():
    walker = catheter_in().later("25h")
    migrated(walker, version(rungs(CATHETER_RUNGS, "9d", "10d")))
    assert fired(walker, "catheter_in") == [0]


def test_a_ladder_told_to_its_end_goes_on_with_a_further_rung():
    walker = catheter_in()
    migrated(walker, version(rungs(CATHETER_RUNGS, "1h", "2h"), number=2))
    anchor = walker.task("catheter_in").anchor_at
    walker.later("3h").tick()
    assert walker.timer("catheter_in").rung == 1  # told, and repeating
    migrated(walker, version(rungs(CATHETER_RUNGS, "1h", "2h", "3d"), number=3))
    timer = walker.timer("catheter_in")
    assert (timer.rung, timer.due_at) == (2, anchor + timedelta(days=3))


def test_a_shorter_ladder_repeats_its_last_rung_and_tells_no_earlier_one():
    walker = catheter_in()
    walker.later("75h").tick()
    assert walker.timer("catheter_in").rung == 2
    migrated(walker, version(rungs(CATHETER_RUNGS, "1h", "2h")))
    timer = walker.timer("catheter_in")
    assert timer.rung == 1
    assert walker.now < timer.due_at <= walker.now + timedelta(hours=12)


def test_a_promise_holds_and_is_cut_to_what_could_be_promised_now():
    walker = catheter_in()
    walker.acknowledge("catheter_in", NILS, wait="20h")
    until = walker.timer("catheter_in").due_at
    migrated(walker, version(rungs(CATHETER_RUNGS, "2h", "2d")))
    assert walker.timer("catheter_in").due_at == until
    red = version(
        (
            "label: Catheter in\n    time: clock\n    on_hold: run\n    urgency: urgent",
            "label: Catheter in\n    time: clock\n    on_hold: run\n    urgency: red",
        ),
        number=3,
    )
    migrated(walker, red)
    assert walker.timer("catheter_in").due_at == walker.now + timedelta(minutes=30)
    assert walker.task("catheter_in").acknowledged_until == walker.now + timedelta(minutes=30)


def test_a_paused_clock_stays_paused_with_the_time_it_has_left():
    walker = screening().later("1d")
    walker.hold()
    before = walker.timer("complete_workup")
    migrated(walker.later("30d"), SAME)
    assert walker.timer("complete_workup") == before
    migrated(walker, version(("{after: 5d, tell: [assignee]}", "{after: 3d, tell: [assignee]}"), number=3))
    timer = walker.timer("complete_workup")
    assert timer.state is TimerState.PAUSED
    assert timer.remaining == (before.remaining or 0) - 2 * 9 * 60  # two working days less
    walker.release()
    assert walker.timer("complete_workup").due_at > walker.now


def test_a_ladder_that_runs_on_hold_now_is_set_going_and_one_that_pauses_now_is_paused():
    runs = "workup:\n    label: Work-up\n    time: working\n    on_hold: "
    walker = screening()
    walker.hold()
    migrated(walker, version((runs + "pause", runs + "run")))
    assert walker.timer("complete_workup").state is TimerState.LIVE
    migrated(walker, PROTOCOL)
    assert walker.timer("complete_workup").state is TimerState.PAUSED


def test_a_task_the_new_version_does_not_have_ends_with_that_reason_and_its_successor_opens_from_now():
    walker = assessed()
    walker.later("3d").tick()
    renamed = version((INPUTS_TASK, INPUTS_TASK.replace("collect_review_inputs", "gather_inputs")))
    fates = {(shift.label, shift.fate) for shift in told(walker, renamed).work}
    assert fates == {
        ("Collect rescue use, function, goal and tolerance", "ended"),
        ("Collect rescue use, function, goal and tolerance", "opened"),
    }
    migrated(walker, renamed)
    gone, new = walker.task("collect_review_inputs"), walker.task("gather_inputs")
    assert (gone.state, gone.closing) == (TaskState.CANCELLED, "opioid_trial@2 has no such task")
    assert (new.anchor_at, walker.timer("gather_inputs").rung) == (walker.now, 0)


def test_a_stay_is_never_left_without_an_open_task():
    two = version(
        (
            "tasks:\n",
            "tasks:\n  ask_payer: {label: Ask, for: coordinator, opens: [{stage: screening}], ladder: workup}\n",
        )
    )
    walker = Walker(two)
    screening(walker)
    walker.complete("complete_workup", LENA)
    assert walker.open() == {"ask_payer"}
    migrated(walker, version(number=3))
    assert walker.open() == {"complete_workup"}
    assert walker.task("complete_workup").key == "s2.complete_workup.2"


def test_a_task_that_is_somebody_elses_now_moves_to_their_list():
    walker = screening()
    migrated(walker, version(("Complete the work-up, for: coordinator", "Complete the work-up, for: nurse")))
    assert walker.task("complete_workup").role == "nurse"


def test_the_hold_is_looked_at_under_whatever_name():
    walker = screening()
    walker.hold()
    renamed = version(("review_hold", "look_at_hold"))
    migrated(walker, renamed)
    assert "look_at_hold" in walker.open()
    walker.release()
    assert "look_at_hold" not in walker.open()


def test_work_counted_back_from_a_planned_appointment_opens_with_it():
    without = version((", {appointment: implant_procedure}", ""))
    walker = Walker(without)
    checked(walker)
    walker.appoint("implant_procedure", walker.now + timedelta(days=20))
    assert "confirm_last_anticoagulant_dose" not in walker.open()
    migrated(walker, version(number=3))
    assert walker.task("confirm_last_anticoagulant_dose").anchor_at == walker.now + timedelta(days=20)


def test_what_a_hold_has_put_off_stays_put_off():
    walker = screening()
    walker.hold()
    walker.later("28d").release()
    due = walker.timer("complete_workup").due_at
    migrated(walker, version(("{after: 5d, tell: [assignee]}", "{after: 6d, tell: [assignee]}")))
    assert walker.timer("complete_workup").due_at == due + timedelta(days=1)


def test_work_that_waits_on_somebody_outside_waits_as_long_as_it_may():
    walker = screening()
    walker.wait("complete_workup", CARLA, wait="20d")
    until = walker.timer("complete_workup").due_at
    migrated(walker, version(("{after: 5d, tell: [assignee]}", "{after: 6d, tell: [assignee]}")))
    assert walker.timer("complete_workup").due_at == until == walker.now + timedelta(days=20)
