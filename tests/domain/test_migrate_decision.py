"""An episode goes on under another version of its protocol: what stays, what lapses, and which work opens."""

import pytest
from printing import INPUTS_TASK, SAME, V1, WITHOUT_OFF, fired, migrated, told, version
from route import (
    assessed,
    catheter_in,
    catheter_out,
    checked,
    go,
    ready,
    reviewed,
    screening,
    single_shot,
)
from world import CEM, CLARA, PROTOCOL, Walker, barred

from workflow.domain.errors import ImpossibleInputError


def test_the_same_text_under_another_number_changes_nothing_but_the_pin():
    walker = catheter_in()
    before = walker.episode
    decision = migrated(walker, SAME)
    assert decision.entry.verb == "migrate"
    assert decision.entry.about["from"] == "opioid_trial@1"
    assert decision.entry.about["to"] == "opioid_trial@2"
    assert decision.entry.actor == "lena"
    assert (walker.episode.tasks, walker.episode.timers) == (before.tasks, before.timers)
    walker.verify()


def test_it_goes_there_and_back():
    walker = screening()
    migrated(walker, SAME)
    migrated(walker, PROTOCOL)
    assert walker.episode.protocol == "opioid_trial@1"
    assert told(walker, PROTOCOL).bars[0].gate == "version"


def test_a_migration_wants_a_reason():
    with pytest.raises(ImpossibleInputError, match="says why"):
        migrated(screening(), SAME, reason="  ")


def test_the_forecast_tells_a_gate_that_shuts_and_writes_nothing():
    walker = checked()
    walker.record(platelets=120)
    to = version(('platelets, at_least: "100"', 'platelets, at_least: "150"'))
    before = walker.episode
    shifts = [s for s in told(walker, to).gates if s.way == "Approve a single-shot trial"]
    assert [(s.gate, s.before, s.after) for s in shifts] == [("bloods", "open", "shut")]
    assert "Platelets: 120" in shifts[0].because
    assert "asked for at least 150" in shifts[0].because
    assert walker.episode is before


def test_the_forecast_names_steps_taken_that_would_not_pass_now():
    walker = checked()
    walker.record(platelets=120)
    go(walker, "approve_single_shot_trial")
    to = version(('platelets, at_least: "100"', 'platelets, at_least: "150"'))
    assert told(walker, to).would_not_pass == ("Approve a single-shot trial",)
    migrated(walker, to)
    assert len(walker.episode.passages) == 3  # passed stays passed


def test_relief_is_judged_by_the_new_line():
    walker = reviewed(scores=(4, 4, 4))  # 50 %: not above
    assert walker.episode.trials["1"].response == "not met"
    migrated(walker, version(('above: "50"', 'at_least: "50"')))
    assert walker.episode.trials["1"].response == "met"
    assert walker.last is not None
    assert walker.last.entry.about["response_after"] == "met"


# -- what lapses


def test_an_approval_given_under_the_old_gates_is_good_for_nothing_any_more():
    walker = ready(single_shot())
    go(walker, "approve_puncture")
    assert told(walker, SAME).lapsed == ("approve_puncture",)
    migrated(walker, SAME)
    assert "no authorisation stands" in barred(walker.later("1min").give())


def test_an_override_lapses_and_its_gate_is_shut_again():
    walker = checked()
    walker.record(platelets=90)
    walker.dispense("bloods", "palliative_with_haematology_plan")
    assert walker.option("approve_single_shot_trial").verdict == "overridden"
    shifts = {(s.gate, s.before, s.after) for s in told(walker, SAME).gates}
    assert ("bloods", "overridden", "shut") in shifts
    migrated(walker, SAME)
    assert walker.later("1min").option("approve_single_shot_trial").verdict == "shut"


def test_what_waits_for_a_second_person_must_be_asked_for_anew():
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    walker.advance("decide_implant", CLARA)
    migrated(walker, SAME)
    assert "give_second_opinion" not in walker.open()
    assert all(asked.settled_at is not None for asked in walker.episode.proposals.values())
    walker.advance("decide_implant", CEM)
    assert walker.stage == "case_review"
    walker.advance("decide_implant", CLARA)
    assert walker.stage == "implant_planning"


def test_a_new_duty_opens_from_the_fact_that_stands():
    walker = Walker(version(*WITHOUT_OFF))
    checked(walker)
    stopped = walker.now
    walker.record(anticoagulant_status="stopped")
    migrated(walker.later("2d"), version(number=3))
    assert walker.task("anticoagulant_off").anchor_at == stopped
    assert fired(walker, "anticoagulant_off") == [0]


def test_a_new_duty_does_not_open_where_its_fact_is_over():
    walker = Walker(version(*WITHOUT_OFF))
    checked(walker)
    walker.record(anticoagulant_status="stopped")
    walker.later("1d").record(anticoagulant_status="restarted")
    migrated(walker.later("1d"), version(number=3))
    assert walker.duties() == set()


def test_a_catheter_that_is_in_is_watched_by_a_new_duty_from_when_it_went_in():
    duty = V1[V1.index("  catheter_in:\n") : V1.index("  anticoagulant_off:\n    label: Anticoagulant stopped")]
    walker = catheter_in()
    placed = walker.task("catheter_in").anchor_at
    more = version(
        (duty, duty + duty.replace("catheter_in:", "catheter_site:").replace("Trial catheter in", "Catheter site"))
    )
    migrated(walker.later("3h"), more)
    assert walker.task("catheter_site").anchor_at == placed
    catheter_out(walker)
    assert "catheter_site" not in walker.duties()


def test_an_alarm_of_long_ago_is_not_raised_by_a_new_duty():
    without = version(
        (V1[V1.index("  respiratory_alarm:\n") : V1.index("  safety_review:\n    label")], ""),
    )
    walker = Walker(without)
    screening(walker)
    walker.record(sedation_score=3)
    migrated(walker.later("60d"), version(number=3))
    assert walker.duties() == set()


def test_a_correction_after_the_migration_finds_its_way_past_tasks_that_are_gone():
    walker = assessed()
    migrated(walker, version((INPUTS_TASK, INPUTS_TASK.replace("collect_review_inputs", "gather_inputs"))))
    walker.correct("platelets", 60)
    assert "safety_review" in walker.duties()


def test_a_duty_of_the_stage_opens_from_when_the_stay_began():
    walker = screening()
    began = walker.episode.stint_at
    migrated(
        walker.later("3d"),
        version(("screening: {label: Screening}", "screening: {label: Screening, duties: [pump_in_body]}")),
    )
    assert walker.task("pump_in_body").anchor_at == began
