"""Plans at work in the kernel: rounds of observation, anticoagulants, refills, repeats, ladders that follow."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from route import assessed, checked, diary, go, ready
from world import CLARA, FILE, NILS, Walker

from workflow.authoring.schema import read
from workflow.domain.appointment import AppointmentState
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.observation import Absence
from workflow.domain.observing import ObservationPlan, Rounds, rounds
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.refill import RefillRule, reckon

ITEMS = """
  pain: {label: Pain after the dose, kind: number, unit: "{score}", range: ["0", "10"]}
  apixaban_dose: {label: Dose, kind: choice, choices: [low, high]}
  planned_stop: {label: Last dose planned, kind: time}
  last_taken: {label: Last dose taken, kind: time}
  taken_again: {label: First dose afterwards, kind: time}
  blood_seen: {label: Traumatic puncture, kind: yes_no}
  filled: {label: Pump filled, kind: time}
  volume: {label: Filled with, kind: number, unit: mL, range: ["1", "60"]}
  reserve: {label: Reserve, kind: number, unit: mL, range: ["0", "10"]}
  strength: {label: Concentration, kind: number, unit: mg/mL, range: ["0", "50"]}
  daily: {label: Daily dose, kind: number, unit: mg/d, range: ["0", "20"], decimals: 1}
  sheet: {label: Low-reservoir date on the sheet, kind: date}
  filling: {label: Filling, kind: choice, choices: [first, later]}
  outcome: {label: After the increase, kind: choice, choices: [relieved, not_relieved]}
"""
PLANS = """
observation_plans:
  four_hours:
    label: After morphine
    drug: morphine
    lasts: 4h
    rounds: [{every: 1h, until: 2h}, {every: 2h, until: 4h}]
    items: [pain, sedation_score]
    tolerance: 20min
    source: HOUSE
    mark: D
anticoagulants:
  drug: anticoagulant
  inputs: [apixaban_dose]
  agreed: anticoagulant_plan_agreed
  planned: planned_stop
  last_dose: last_taken
  restarted: taken_again
  traumatic: blood_seen
  procedures: [trial_procedure]
  interruptions:
    low:
      of: apixaban
      when: {item: apixaban_dose, is: low}
      stop: 36h
      restart: 6h
      restart_after_trauma: 48h
      source: HOUSE
      mark: D
    high: {of: apixaban, stop: 72h, restart: 24h, restart_after_trauma: 48h, source: HOUSE, mark: D}
refill:
  filled_at: filled
  volume: volume
  reserve: reserve
  concentration: strength
  daily_dose: daily
  printed: sheet
  kind: filling
  keeps: {first: 14d, later: 40d}
  margin: 2d
  gap: 2d
  source: HOUSE
  mark: D
"""
LADDER = """
  ahead:
    label: Ahead
    time: clock
    on_hold: run
    urgency: urgent
    rungs:
      - {after: -14d, tell: [nurse]}
      - {after: -1d, tell: [nurse, lead]}
    repeat: 1d
  each_round:
    label: Each round
    time: clock
    on_hold: run
    urgency: urgent
    rungs:
      - {after: 15min, tell: [nurse]}
      - {after: 1h, tell: [lead]}
    repeat: 1h
"""
DUTIES = """
  watch:
    label: Watch
    for: nurse
    opens: [{act: puncture}]
    closes: [{item: discharged, is: "yes"}]
    ladder: each_round
    follows: observation.next_round
  fill_pump:
    label: Fill the pump
    for: nurse
    opens: [{item: filled, recorded: "yes"}]
    closes: [{item: pump_removed, is: "yes"}]
    ladder: ahead
    follows: refill.due
  off:
    label: Off
    for: nurse
    opens: [{item: last_taken, recorded: "yes"}]
    closes: [{item: taken_again, recorded: "yes"}]
    ladder: each_round
    follows: anticoagulant.restart
  taken_with_catheter:
    label: Taken with the catheter in
    for: clinician
    opens: [{item: last_taken, recorded: "yes", during: catheter_in}]
    closes: [{done: "yes"}]
    ladder: red
  not_relieved_twice:
    label: Look for a reason
    for: clinician
    opens: [{item: outcome, is: not_relieved, times: "2"}]
    closes: [{done: "yes"}]
    ladder: red
  steep:
    label: Rising
    for: clinician
    opens: [{item: daily, above: "50", rise_over: 365d, source: HOUSE, mark: D}]
    closes: [{done: "yes"}]
    ladder: red
  restart_today:
    label: Restart today
    for: clinician
    opens: [{cancelled: trial_procedure, during: off}]
    closes: [{done: "yes"}]
    ladder: red
"""
REPEAT = """
  repeat_tests:
    label: Repeat what expires
    for: coordinator
    scope: appointment
    opens: [{appointment: trial_procedure}]
    ladder: before_appointment
    repeats_expiring: "yes"
"""


@pytest.fixture(scope="module")
def planned() -> ProtocolVersion:
    """The opioid trial's first printing, with plans written into it."""
    text = FILE.read_text()
    for before, added in (
        ("\ngates:\n", ITEMS),
        ("\ntasks:\n", LADDER),
        ("\nduties:\n", REPEAT),
        ("\nappointments:\n", DUTIES),
    ):
        at = text.index(before)
        text = text[:at] + added.rstrip() + "\n" + text[at:]
    needs = "  trial_procedure: {label: Trial procedure, needs: [platelets, inr]}\n"
    return read(text.replace("  trial_procedure: Trial procedure\n", needs) + PLANS)


@pytest.fixture
def walker(planned: ProtocolVersion) -> Walker:
    return checked(Walker(planned))


def dosed(walker: Walker) -> Walker:
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    assert not walker.give().refused
    return walker


def looked(walker: Walker, derived: str, of: str = "") -> Known | Missing:
    return walker.situation(CLARA).view(walker.now).look(Subject(derived=derived, of=of))


def text(found: Known | Missing) -> str | None:
    return None if isinstance(found, Missing) else found.text


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


def test_a_promise_ends_with_the_round_it_was_made_for(walker: Walker):
    dosed(walker).later("70min")
    walker.acknowledge("watch", NILS, wait="30min")
    walker.later("5min").record(pain=3, sedation_score=1)
    assert walker.task("watch").acknowledged_until is None


# ---------------------------------------------------------------------------------------------------- anticoagulants


def iso(at: datetime) -> str:
    return at.isoformat()


def taking(walker: Walker, dose: str = "high") -> Walker:
    walker.record(anticoagulant="apixaban", apixaban_dose=dose)
    return walker


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
    gap=Duration(2, "d"),
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


# ---------------------------------------------------------------------------------------------- triggers and repeats


def test_twice_in_a_row_is_two_in_a_row(walker: Walker):
    for said in ("not_relieved", "relieved", "not_relieved"):
        walker.later("1d").record(outcome=said)
        assert all(task.name != "not_relieved_twice" for task in walker.episode.open_tasks)
    walker.later("1d").record(outcome="not_relieved")
    assert walker.task("not_relieved_twice").is_open


def test_a_rise_counts_from_what_was_in_force_a_year_ago(walker: Walker):
    walker.record(daily=10)
    walker.later("300d").record(daily=15)
    assert all(task.name != "steep" for task in walker.episode.open_tasks)
    walker.later("60d").record(daily="15.1")
    assert walker.task("steep").is_open


def test_an_item_that_expires_first_opens_its_repeat_and_blocks_no_booking(walker: Walker):
    walker.appoint("trial_procedure", walker.now + timedelta(days=10))
    assert all(task.name != "repeat_tests" for task in walker.episode.open_tasks)
    walker.reschedule("1", walker.now + timedelta(days=60))
    repeat = walker.task("repeat_tests")
    assert repeat.anchor_at == walker.now + timedelta(days=60)
    walker.later("35d").record(platelets=200)
    assert walker.task("repeat_tests").is_open
    walker.record(inr="1.1")
    assert walker.episode.tasks[repeat.key].closing == "all it needs will be valid"
    walker.correct("inr", None)
    assert walker.task("repeat_tests").is_open


def test_a_repeat_ends_with_its_appointment(walker: Walker):
    walker.appoint("trial_procedure", walker.now + timedelta(days=60))
    walker.conclude("1", AppointmentState.CANCELLED)
    assert all(task.name != "repeat_tests" for task in walker.episode.open_tasks)


# ----------------------------------------------------------------------------------------------- other derived values


def test_age_counts_birthdays_and_nobody_without_a_birth_date_has_one(planned: ProtocolVersion):
    for born, years in ((date(2000, 3, 2), 26), (date(2000, 3, 3), 25)):
        found = looked(Walker(planned, born_on=born), "age.years")
        assert isinstance(found, Known)
        assert found.number == years
    assert isinstance(looked(Walker(planned), "age.years"), Missing)


def test_the_last_dose_is_that_of_this_trial(walker: Walker):
    dosed(walker)
    assert isinstance(looked(walker, "dose.last"), Missing)  # what is given now was authorised before it
    walker.later("1min")
    found = looked(walker, "dose.last")
    assert isinstance(found, Known)
    assert found.shown.endswith(" mg")


def test_days_since_a_day(walker: Walker):
    walker.record(sheet="2026-02-01")
    found = looked(walker, "days_since", "sheet")
    assert isinstance(found, Known)
    assert found.number == (walker.now.date() - date(2026, 2, 1)).days


def test_two_items_are_the_same_or_not_or_unknown(walker: Walker):
    assert isinstance(looked(walker, "same", "volume/reserve"), Missing)
    walker.record(volume=5, reserve=5)
    assert text(looked(walker, "same", "volume/reserve")) == "yes"
    walker.record(reserve=2)
    assert text(looked(walker, "same", "volume/reserve")) == "no"
    found = looked(walker, "difference", "volume/reserve")
    assert isinstance(found, Known)
    assert found.number == 3


def test_the_drug_that_was_tried():
    walker = assessed()
    assert text(looked(walker, "same", "trial_drug/trial.drug")) == "yes"
    walker.record(trial_drug="fentanyl")
    assert text(looked(walker, "same", "trial_drug/trial.drug")) == "no"


def test_a_baseline_can_be_looked_at():
    found = looked(assessed(), "response.baseline")
    assert isinstance(found, Known)
    assert found.number == 8
    assert isinstance(looked(checked(), "response.baseline"), Missing)
