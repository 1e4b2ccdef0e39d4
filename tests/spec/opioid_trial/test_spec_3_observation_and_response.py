"""3. Watching over the person, and reading the response."""

import pytest
from route import (
    AWAKE,
    DAY,
    assessed,
    bolus,
    catheter_in,
    catheter_out,
    checked,
    diary,
    dosed,
    go,
    ready,
    reviewed,
    scored,
)
from world import CLARA, NILS, Value, barred

from workflow.domain.observation import Absence


def test_after_morphine_somebody_is_observed_for_a_day():
    """After intrathecal morphine a person is observed for at least 24 hours; the longer rule is the default. (INF,
    DUR, R)
    """
    walker = dosed()
    walker.later("23h").record(discharged="yes")
    assert "observation" in walker.duties()
    walker.later("1h").record(discharged="yes")
    assert "observation" not in walker.duties()


def test_after_fentanyl_somebody_is_observed_for_six_hours():
    """After intrathecal fentanyl six hours of observation are enough. (PNY132, R)"""
    walker = checked()
    walker.record(trial_drug="fentanyl")
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give("25", drug="fentanyl")
    walker.later("5h").record(discharged="yes")
    assert "observation" in walker.duties()
    walker.later("1h").record(discharged="yes")
    assert "observation" not in walker.duties()


@pytest.mark.parametrize(("item", "value"), [("sedation_score", 3), ("sedation_score", 4), ("breathing_rate", 9)])
def test_sedated_or_breathing_slowly_is_red_now(item: str, value: Value):
    """A sedation score of three or more, or fewer than ten breaths a minute, is red at once: nurse and clinician are
    told now, the lead after ten minutes. (HOUSE, D)
    """
    walker = dosed().later("2h")
    walker.record(NILS, **{item: value})
    red = [m for fired in walker.tick() for m in fired.messages if m.name == "respiratory_alarm"]
    assert {m.recipient for m in red} == {"nils", "clara", "cem"}
    assert {m.urgency for m in red} == {"red"}
    later = [m for fired in walker.later("10min").tick() for m in fired.messages if m.name == "respiratory_alarm"]
    assert "lena" in {m.recipient for m in later}


def test_only_a_clinician_ends_a_red_alarm():
    """A red alarm is ended by a clinician who says it is over, and by nobody else. (HOUSE, D)"""
    walker = dosed()
    walker.record(sedation_score=3)
    assert walker.complete("respiratory_alarm", NILS).refused
    assert not walker.complete("respiratory_alarm", CLARA).refused


def test_another_dose_waits_for_somebody_awake_and_breathing():
    """Another dose needs a sedation score below three and ten breaths a minute, both within the hour. (HOUSE, D)"""
    walker = catheter_in().later("1h")
    walker.record(**AWAKE)
    assert not walker.advance("approve_repeat_dose").refused
    walker.later("61min")
    assert walker.advance("approve_repeat_dose").refused


def test_asleep_is_an_answer_and_no_score():
    """Asleep, refused, unable or away fills the slot of a score, is no score, and is never zero. (HOUSE, D)"""
    walker = dosed()
    scored(walker, (Absence.ASLEEP, Absence.REFUSED, Absence.AWAY, Absence.UNABLE))
    assert walker.response().verdict == "cannot be judged"
    assert not walker.response().scores


def test_relief_is_more_than_half_and_half_is_not():
    """A trial is met by more than 50 percent relief; exactly 50 is on the line and not above it. (SEED, KUM01, R)"""
    walker = dosed(8)
    scored(walker, (4, 4, 4))
    assert (walker.response().verdict, walker.response().margin) == ("not met", 0)
    walker.record(at=walker.ago("1h"), nrs=3)
    assert walker.response().verdict == "met"


def test_relief_is_read_while_the_drug_can_be_felt():
    """Scores count from one to twenty-four hours after morphine; outside that window they do not enter the response.
    (ASA16, U)
    """
    walker = dosed(8)
    walker.later("30min").record(nrs=0)
    walker.later("25h").record(nrs=0)
    assert walker.response().left_out == 2
    assert not walker.response().scores


def test_relief_rests_on_the_mean_of_at_least_three_scores():
    """Relief is the fall from the baseline to the mean of at least three scores in the window. (HOUSE, D)"""
    walker = dosed(8)
    scored(walker, (2, 2))
    assert "2 of 3 scores" in walker.response().because
    scored(walker, (5,))
    assert walker.response().mean == 3


def test_the_baseline_is_a_diary_of_a_week():
    """The baseline is a diary of seven days with four days filled in, ended within fourteen days of dosing. (HOUSE,
    D)
    """
    for days, waited, verdict in ((4, "1d", "met"), (3, "1d", "cannot be judged"), (4, "15d", "cannot be judged")):
        walker = checked()
        diary(walker, 8, days)
        go(walker, "approve_catheter_trial")
        walker.later(waited).record(active_infection="no")
        ready(walker)
        go(walker, "approve_puncture")
        go(walker, "record_catheter_in")
        bolus(walker)
        scored(walker, (2, 2, 2))
        assert walker.response().verdict == verdict


def test_a_baseline_from_before_the_analgesics_changed_is_unknown():
    """A baseline from before a change of analgesics is unknown. (HOUSE, D)"""
    walker = dosed(8)
    scored(walker, (2, 2, 2))
    walker.record(at=walker.ago("3d"), analgesics_changed="yes")
    assert walker.response().verdict == "cannot be judged"


def test_a_trial_is_assessed_when_nobody_is_under_observation_any_more():
    """The response is assessed when a dose was given, the observation is over, and no catheter is in. (HOUSE, D)"""
    walker = catheter_in()
    assert "Doses in this trial: 0" in barred(walker.advance("assess_response"))
    bolus(walker.later("1h"))
    assert "Observations running: 1" in barred(walker.advance("assess_response"))
    walker.later("25h").record(discharged="yes")
    assert "Trial catheter: in" in barred(walker.advance("assess_response"))
    walker.record(**DAY)
    catheter_out(walker)
    assert not walker.advance("assess_response").refused


@pytest.mark.parametrize("item", ["rescue_opioid_use", "function_change", "goal_met", "tolerated"])
def test_a_review_knows_rescue_function_goal_and_tolerance(item: str):
    """A case review knows the rescue and systemic opioid use, the function, the person's own goal, and how the trial
    was tolerated. (HOUSE, D)
    """
    walker = assessed()
    said = {"rescue_opioid_use": "less", "function_change": "better", "goal_met": "partly", "tolerated": "yes"}
    walker.record(**{name: value for name, value in said.items() if name != item})
    assert walker.protocol.item(item).label in barred(walker.advance("send_to_case_review"))


def test_nobody_is_a_non_responder_without_a_signed_review():
    """Nobody becomes a non-responder without a case review that says so, signed by two. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8, 8))
    assert "review_says_non_responder" in barred(walker.advance("sign_non_responder"))
    walker.record(CLARA, review_outcome="non_responder")
    assert walker.advance("sign_non_responder", CLARA).entry.outcome == "proposed"
    walker.together("sign_non_responder")
    assert walker.stage == "non_responder"


def test_a_response_that_cannot_be_judged_makes_no_non_responder():
    """A response that cannot be judged is not a response that was not met. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8))
    walker.record(CLARA, review_outcome="non_responder")
    assert "not_responded" in barred(walker.together("sign_non_responder"))


def test_responded_and_not_tolerated_shuts_the_implant_and_is_no_failed_trial():
    """Who responded and did not tolerate the trial gets no implant, and is no failed trial: the side effect is
    treated and the trial repeated. (HOUSE, D)
    """
    walker = reviewed(tolerated="no")
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    assert "Trial tolerated: no" in barred(walker.together("decide_implant"))
    assert "not_responded" in barred(walker.advance("sign_non_responder"))
    walker.record(CLARA, review_outcome="treat_side_effect")
    assert not walker.advance("repeat_trial").refused


def test_a_trial_may_be_waived_in_advanced_cancer():
    """In advanced cancer, or where a trial was done elsewhere, two clinicians may go to case review without one.
    (PACC17, R)
    """
    walker = checked()
    walker.together("waive_trial", reason="trial_waived_advanced_cancer")
    assert walker.stage == "case_review"
