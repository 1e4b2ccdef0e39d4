"""What keeps an episode under its version: whatever is under way, or may be judged again, must still be declared."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from printing import MAP, NO_FENTANYL, RENAMED_STAGE, SAME, V1, WITHOUT_OFF, migrated, version
from route import (
    catheter,
    checked,
    dosed,
    go,
    implanted,
    planned,
    referred,
    reviewed,
    screening,
)
from world import CLARA, Walker

from workflow.domain.decide import PriorTrial
from workflow.domain.trial import Method


def _with_visit() -> Walker:
    walker = screening()
    walker.appoint("visit", walker.now + timedelta(days=3))
    return walker


def _duty_over() -> Walker:
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    walker.later("1d").record(anticoagulant_status="restarted")
    return walker


def _fentanyl_named() -> Walker:
    walker = screening()
    walker.record(trial_drug="fentanyl")
    return walker


def _fentanyl_running() -> Walker:
    walker = checked()
    walker.record(trial_drug="fentanyl")
    go(walker, "approve_catheter_trial")
    return walker


def _goal_told() -> Walker:
    walker = screening()
    walker.record(goal_agreed="walk to the shop")
    return walker


def _stopped() -> Walker:
    walker = screening()
    walker.record(anticoagulant_status="stopped")
    return walker


def _scored() -> Walker:
    walker = screening()
    walker.record(nrs=7)
    return walker


def _weighed() -> Walker:
    walker = screening()
    walker.record(life_expectancy_months=20)
    return walker


VISIT = (("  visit: Visit\n", ""), (V1[V1.index("  confirm_visit:") : V1.index("  review_hold:")], ""))
NO_CATHETER = ((V1[V1.index("  approve_catheter_trial:\n") : V1.index("  waive_trial:\n")], ""),)
ACCEPT = V1[V1.index("  accept_referral:\n") : V1.index("  complete_screening:\n")]
TAKEN = ((ACCEPT, ACCEPT.replace("accept_referral", "take_referral")),)
TAKEN_ALONE = ((ACCEPT, TAKEN[0][1].replace("by: [coordinator, clinician]", "by: [coordinator]")),)


@pytest.mark.parametrize(
    ("walk", "replaced", "gate", "because"),
    [
        (reviewed, RENAMED_STAGE, "stage transition", "stands in Case review, and opioid_trial@2 has no stage"),
        (
            _fentanyl_running,
            NO_FENTANYL,
            "drug item",
            "trial 1, under way, is of fentanyl, which opioid_trial@2 does not",
        ),
        (_fentanyl_named, NO_FENTANYL, "item", "fentanyl is not a possible value"),
        (dosed, (("unit: mg\n", "unit: mcg\n"),), "drug", "recorded in another unit than mcg"),
        (catheter, NO_CATHETER, "transition method", "Approve a catheter trial was taken"),
        (_stopped, WITHOUT_OFF, "duty", "the duty Anticoagulant stopped is open"),
        (_duty_over, WITHOUT_OFF, "duty", "is over, and could not run again after a correction"),
        (_with_visit, VISIT, "appointment", "Visit is planned; opioid_trial@2 has no such kind"),
        (screening, TAKEN_ALONE, "transition", "Accept the referral was taken, and could not be judged again"),
        (_weighed, (("unit: mo,", "unit: wk,"),), "item", "its unit is wk"),
        (
            _weighed,
            (
                (
                    'life_expectancy_months: {label: Life expectancy, kind: number, unit: mo, range: ["0", "600"]',
                    'life_expectancy_months: {label: Life expectancy, kind: number, unit: mo, range: ["0", "12"]',
                ),
            ),
            "item",
            "20 mo is not a possible value",
        ),
        (
            _goal_told,
            (("goal for the trial, kind: text", "goal for the trial, kind: date"),),
            "item",
            "its kind is date",
        ),
        (
            _scored,
            (('unit: "{score}", range: ["0", "10"]', 'unit: "{score}", range: ["0", "100"]'),),
            "item",
            "scores of two scales would be mixed",
        ),
        (_scored, (("better: lower", "better: higher"),), "item", "scores of two scales would be mixed"),
    ],
)
def test_what_is_under_way_or_may_be_judged_again_must_be_declared(
    walk: Callable[[], Walker], replaced: tuple[tuple[str, str], ...], gate: str, because: str
):
    walker = walk()
    before = walker.episode
    decision = migrated(walker, version(*replaced))
    assert decision.refused
    assert " ".join(bar.gate for bar in decision.entry.basis) == gate
    assert because in decision.entry.basis[0].because
    assert walker.episode.protocol == "opioid_trial@1"
    assert walker.episode.tasks == before.tasks


def test_a_renamed_stage_goes_by_its_map():
    walker = reviewed()
    assert not migrated(walker, version(*RENAMED_STAGE), MAP).refused
    assert walker.stage == "board_review"
    planned(walker)
    assert walker.stage == "implant_planning"


def test_a_step_taken_goes_by_its_new_name_where_it_is_the_same_step():
    walker = screening()
    assert not migrated(walker, version(*TAKEN)).refused
    assert [passage.name for passage in walker.episode.passages.values()] == ["take_referral"]
    walker.correct("pain_origin", None)
    assert "safety_review" in walker.duties()


def test_a_step_that_is_another_one_now_goes_by_its_map():
    walker = screening()
    assert not migrated(walker, version(*TAKEN_ALONE), {"accept_referral": "take_referral"}).refused
    assert [passage.name for passage in walker.episode.passages.values()] == ["take_referral"]


def test_a_migration_moves_nobody_to_an_end():
    walker = reviewed()
    decision = migrated(walker, version(*RENAMED_STAGE), {"case_review": "declined"})
    assert decision.refused
    assert "a migration moves nobody" in decision.entry.basis[0].because


def test_a_drug_of_an_earlier_trial_may_go():
    walker = Walker()
    walker.enrol(at=walker.ago("60d"))
    first, second = (
        PriorTrial(
            method=Method.SINGLE_SHOT,
            drug=drug,
            started_at=walker.ago(f"{days}d"),
            ended_at=walker.ago(f"{days - 1}d"),
            source="letter",
        )
        for drug, days in (("fentanyl", 40), ("morphine", 20))
    )
    walker.adopt("case_review", trials=(first, second))
    assert not migrated(walker, version(*NO_FENTANYL)).refused


def test_a_closed_episode_stays_under_the_version_it_ended_under():
    walker = referred()
    walker.advance("decline", CLARA, reason="not_suitable")
    assert walker.episode.closed_at is not None
    assert migrated(walker, SAME).refused


def test_withdrawn_with_a_pump_it_goes_on_and_its_duty_with_it():
    walker = implanted()
    walker.advance("withdraw", CLARA, reason="moved_away")
    assert walker.episode.closed_at is None
    migrated(walker, SAME)
    assert "pump_in_body" in walker.duties()
