"""1. Who may be tried."""

import pytest
from route import REFERRAL, SCREENING, referred, screening
from world import CLARA, Value, Walker, barred


def complete(walker: Walker) -> str:
    return barred(walker.advance("complete_screening"))


def screened(**answers: Value | None) -> Walker:
    """In screening with everything answered well, but for these; None leaves one out."""
    walker = screening()
    said = {item: value for item, value in (SCREENING | answers).items() if value is not None}
    walker.record(**said)
    return walker


def test_a_referral_says_why_and_where_the_pain_comes_from():
    """A referral is accepted when it says why it was made and whether the pain comes from cancer. (HOUSE, D)"""
    walker = referred()
    assert walker.advance("accept_referral").refused
    walker.record(**REFERRAL)
    assert not walker.advance("accept_referral").refused


@pytest.mark.parametrize("way", ["oral_escalation_failed", "rotation_failed", "side_effects_intolerable"])
def test_refractory_by_any_one_of_three(way: str):
    """Escalation that was inadequate, a rotation that failed, or side effects nobody could bear: any one of the
    three makes a candidate refractory to systemic opioids. (SEED, R)
    """
    assert not complete(screened(**({"oral_escalation_failed": "no"} | {way: "yes"})))


def test_not_refractory_when_none_of_the_three_holds():
    """Who failed none of the three is not refractory and goes no further. (SEED, R)"""
    walker = screened(oral_escalation_failed="no", rotation_failed="no", side_effects_intolerable="no")
    assert "refractory" in complete(walker)


def test_a_question_not_asked_is_not_answered_with_no():
    """That nobody asked whether systemic opioids failed is unknown, and does not let a candidate through. (HOUSE, D)"""
    walker = screened(oral_escalation_failed=None)
    report = next(r for r in walker.option("complete_screening").reports if r.gate == "refractory")
    assert report.verdict == "unknown"
    assert complete(walker)


def test_pain_that_is_not_from_cancer_asks_for_a_psychological_assessment():
    """Where the pain is not from cancer, a psychological assessment comes before a trial. (PACC24, R)"""
    walker = screened(psychology_assessment=None)
    assert "Psychological assessment" in complete(walker)
    walker.record(psychology_assessment="yes")
    assert not complete(walker)


def test_pain_that_is_not_from_cancer_asks_for_an_attempt_to_reduce_opioids():
    """Where the pain is not from cancer, reducing the systemic opioids is attempted before a trial. (PACC24, R)"""
    assert "Systemic opioid reduction attempted" in complete(screened(opioid_reduction_attempted="no"))


def test_pain_from_cancer_asks_for_neither():
    """Where the pain comes from cancer, neither a psychological assessment nor a reduction is asked for. (PACC24, R)"""
    walker = screened(psychology_assessment=None, opioid_reduction_attempted=None)
    walker.record(pain_origin="cancer")
    assert not complete(walker)


def test_a_psychological_assessment_counts_for_a_year():
    """A psychological assessment is not older than a year. (PACC24; window HOUSE, D)"""
    walker = screened()
    walker.later("366d").record(capacity_confirmed="yes")
    assert "Psychological assessment supports a trial has expired" in complete(walker)


def test_two_clinicians_may_go_on_without_the_assessment():
    """Two clinicians may let somebody who grows worse while waiting go on without the assessment, for two weeks.
    (HOUSE, D)
    """
    walker = screened(psychology_assessment=None)
    walker.dispense("prepared", "deteriorating_while_waiting")
    walker.later("15d").record(capacity_confirmed="yes")
    assert "Psychological assessment" in complete(walker)
    walker.dispense("prepared", "deteriorating_while_waiting")
    assert not complete(walker)


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("capacity_confirmed", "Capacity to consent"),
        ("other_implants_checked", "Other implanted devices"),
        ("goal_agreed", "own goal"),
    ],
)
def test_screening_asks_for_capacity_other_implants_and_the_persons_own_goal(item: str, label: str):
    """Screening also asks for capacity to consent, for other implanted devices, and for the person's own goal.
    (HOUSE, D)
    """
    assert label in complete(screened(**{item: None}))


def test_a_duplicate_is_declined_with_its_reason():
    """A referral may be declined on its way, for a declared reason. (HOUSE, D)"""
    walker = referred()
    walker.advance("decline", CLARA, reason="duplicate_referral")
    assert walker.stage == "declined"
