"""1. Who may be tried."""

import pytest
from opioid_route import REFERRAL, SCREENING, referred, screening, verdict
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
    """A referral is accepted when it says why it was made and whether the pain comes from cancer. (SEED, R)"""
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
    assert verdict(walker, "complete_screening", "refractory") == "unknown"
    assert complete(walker)


def test_pain_that_is_not_from_cancer_asks_for_a_psychological_assessment():
    """Where the pain is not from cancer, a psychological assessment comes before a trial. (PACC24, R)"""
    walker = screened(psychology_assessment=None)
    assert "Psychological assessment" in complete(walker)
    walker.record(psychology_assessment="yes")
    assert not complete(walker)


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("opioid_reduction_attempted", "Systemic opioid reduction attempted"),
        ("health_optimised", "Health and function optimised"),
    ],
)
def test_pain_that_is_not_from_cancer_asks_for_less_opioid_and_better_health_first(item: str, label: str):
    """Where the pain is not from cancer, reducing the systemic opioids and improving health and function are
    attempted before a trial. (PACC24, R)
    """
    assert label in complete(screened(**{item: "no"}))


@pytest.mark.parametrize("stage", ["short_life_expectancy", "stable_likely_to_recur"])
def test_pain_from_active_cancer_asks_for_neither(stage: str):
    """Where the pain comes from a cancer that goes on or is likely to recur, neither a psychological assessment nor a
    reduction is asked for. (PACC24, PNY132, R)
    """
    walker = screened(psychology_assessment=None, opioid_reduction_attempted=None, health_optimised=None)
    walker.record(pain_origin="cancer", cancer_class=stage)
    assert not complete(walker)


def test_a_cancer_in_remission_counts_as_pain_that_is_not_from_cancer():
    """A cancer in remission or cured asks for what pain of another origin asks for. (PNY132, U)"""
    walker = screened(psychology_assessment=None)
    walker.record(pain_origin="cancer", cancer_class="remission_or_cured")
    assert "Psychological assessment" in complete(walker)


def test_the_class_of_a_cancer_is_asked():
    """Which class a cancer is in is asked; unknown does not let past the assessment. (PNY132, R)"""
    walker = screened(psychology_assessment=None)
    walker.record(pain_origin="cancer")
    assert verdict(walker, "complete_screening", "prepared") == "unknown"
    assert complete(walker)


def test_a_psychological_assessment_counts_for_a_year():
    """A psychological assessment is not older than a year. (PACC24; window HOUSE, D)"""
    walker = screened()
    walker.later("366d").record(capacity_confirmed="yes", substance_use_asked="yes", body_size_adequate="yes")
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
        ("interpreter", "Interpreter"),
        ("substance_use_asked", "Substance use"),
        ("body_size_adequate", "Body size"),
        ("sleep_apnoea_or_copd", "Sleep apnoea"),
        ("goal_agreed", "own goal"),
    ],
)
def test_screening_asks_for_more_than_pain(item: str, label: str):
    """Screening also asks for capacity, other implanted devices, an interpreter, substance use, body size, sleep
    apnoea and lung disease, and the person's own goal. (HOUSE, D)
    """
    assert label in complete(screened(**{item: None}))


def test_an_interpreter_who_is_needed_has_been_found():
    """Where an interpreter is needed, one is booked before screening is complete. (HOUSE, D)"""
    walker = screened(interpreter="not_found_yet")
    assert "Interpreter" in complete(walker)
    walker.record(interpreter="booked")
    assert not complete(walker)


def test_a_body_too_small_for_a_pump_may_still_be_tried():
    """Body size is asked early, and limits the pump, not the trial. (MAKER; HOUSE, D)"""
    assert not complete(screened(body_size_adequate="no"))


def test_a_duplicate_is_declined_with_its_reason():
    """A referral may be declined on its way, for a declared reason. (HOUSE, D)"""
    walker = referred()
    walker.advance("decline", CLARA, reason="duplicate_referral")
    assert walker.stage == "declined"
