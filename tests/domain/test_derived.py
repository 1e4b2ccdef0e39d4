"""What opens work beside a plain value, repeats of what expires, and the smaller derived values."""

from datetime import date, timedelta

import pytest
from planned import PLANNED, dosed, looked, text
from route import assessed, checked
from world import Walker

from workflow.domain.appointment import AppointmentState
from workflow.domain.criterion import Known, Missing


@pytest.fixture
def walker() -> Walker:
    return checked(Walker(PLANNED))


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


def test_a_pathway_that_ends_cancels_its_procedure_and_asks_about_the_drug_that_was_stopped(walker: Walker):
    walker.appoint("trial_procedure", walker.now + timedelta(days=3))
    walker.record(anticoagulant="apixaban", apixaban_dose="high", last_taken=walker.now.isoformat())
    walker.advance("withdraw", reason="candidate_withdrew")
    assert walker.task("restart_today").is_open


# ----------------------------------------------------------------------------------------------- other derived values


def test_age_counts_birthdays_and_nobody_without_a_birth_date_has_one():
    for born, years in ((date(2000, 3, 2), 26), (date(2000, 3, 3), 25)):
        found = looked(Walker(PLANNED, born_on=born), "age.years")
        assert isinstance(found, Known)
        assert found.number == years
    assert isinstance(looked(Walker(PLANNED), "age.years"), Missing)


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
