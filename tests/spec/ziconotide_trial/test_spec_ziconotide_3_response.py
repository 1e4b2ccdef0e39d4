"""3. Reading the response: two successive passes, a week apart."""

from datetime import timedelta
from decimal import Decimal

import pytest
from world import CLARA, Value, barred
from ziconotide_route import (
    BESIDE,
    DAY,
    ROUND,
    answered,
    dosed,
    doses,
    further,
    go,
    home,
    in_trial,
    inject,
    ready,
    reviewed,
    verdict,
    verdict_of,
    walk,
    warned,
    watched,
)


def test_one_pass_is_not_yet_a_response():
    """One dose that passes is not yet a response. (PER10, R)"""
    walker = doses(3)
    assert verdict(walker) == "cannot be judged"
    assert "1 of 2 doses in a row" in walker.response().because


def test_two_successive_passes_are_a_response():
    """Two successive doses a week apart, each with more than half relief, are a response. (PER10, R)"""
    assert verdict(doses(3, 3)) == "met"


def test_a_pass_and_then_a_fail_is_no_response():
    """A pass followed by a fail is no response. (PER10, R)"""
    assert verdict(doses(3, 6)) == "not met"


def test_a_fail_and_then_two_passes_is_a_response():
    """A fail followed by two passes is a response: the last two doses in a row count. (PER10, R)"""
    walker = doses(6, 3)
    assert verdict(walker) == "not met"
    inject(walker)
    watched(walker, 3)
    assert verdict(walker) == "met"


def test_two_passes_less_than_a_week_apart_do_not_count():
    """Two passes less than a week apart are not two occasions; a dose given too early is a deviation by two. (PER10,
    R)
    """
    walker = dosed()
    given = walker.now
    watched(walker)
    home(walker)
    walker.now = given + timedelta(days=6)
    walker.record(**DAY)
    walker.deviate_together("puncture", dose=walker.dose("2.5", drug="ziconotide"))
    watched(walker)
    assert verdict(walker) == "cannot be judged"
    assert "closer together than 7d" in walker.response().because


def test_exactly_half_is_on_the_line_and_does_not_pass():
    """Exactly 50 percent is on the line and does not pass. (SEED, KUM01, PER10, R)"""
    walker = doses(4, 4)
    assert verdict(walker) == "not met"
    assert walker.response().margin == 0
    for ago in ("165h", "333h"):
        walker.record(at=walker.ago(ago), nrs=3)
    assert walker.response().verdict == "met"


def test_a_site_may_set_the_line_and_it_stays_more_than():
    """A site may set the line between 30 and 70 percent; set to 30 it asks for more than 30, and exactly 30 does not
    pass. (MOH13, EJP19, SEED, R)
    """
    for scores, met in ((("7", "7"), False), (("6", "6"), True)):
        walker = doses(*scores, baseline=10, walker=walk({"relief_line": Decimal(30)}))
        assert (verdict(walker) == "met") is met


def test_thirty_percent_twice_without_side_effects_is_shown_beside():
    """The published line of 30 percent or more, on two occasions and without side effects, is judged beside; exactly
    30 passes it. (MOH13, R)
    """
    walker = answered(doses(7, 7, baseline=10))
    assert walker.response().verdict == "not met"
    assert further(walker, "relief_30").verdict == "met"
    answered(walker, worst_side_effect="mild")
    assert further(walker, "relief_30").verdict == "met, not tolerated"


def test_a_non_responder_by_one_line_who_passes_the_other_is_warned_about():
    """Whoever is signed as a non-responder and would have passed the 30 percent line is warned about. (MOH13, R)"""
    walker = reviewed(5, 5)
    walker.record(CLARA, review_outcome="non_responder")
    assert warned(walker, "sign_non_responder") == {"passed_no_lower_line"}
    walker = reviewed(6, 6)
    walker.record(CLARA, review_outcome="non_responder")
    assert warned(walker, "sign_non_responder") == set()


def test_scores_count_while_the_published_hours_run():
    """Scores count from half an hour to six and a half hours after a dose; those before and after do not enter. No
    source on how long a dose works was read. (HOUSE, U)
    """
    walker = dosed()
    given = walker.now
    for minutes, score in ((29, 0), (30, 3), (180, 3), (390, 3), (391, 0)):
        walker.now = given + timedelta(minutes=minutes)
        walker.record(**ROUND, nrs=score)
    response = answered(walker).response()
    assert (len(response.scores), response.mean) == (3, 3)


def test_each_dose_has_scores_of_its_own():
    """Each dose is judged by at least three scores of its own; those of the week before do not stand in. (HOUSE, D)"""
    walker = doses(3)
    inject(walker)
    for score in (3, 3):
        walker.later("1h").record(nrs=score)
    assert verdict(walker) == "cannot be judged"
    assert "dose 2 (2.5 mcg): 2 of 3 scores" in walker.response().because


def test_relief_is_the_mean_and_not_the_best_score():
    """A dose is judged by the mean of its scores, not by the best. (HOUSE, D)"""
    walker = doses(3)
    inject(walker)
    for score in (0, 6, 6, 6, 6, 6):
        walker.later("1h").record(nrs=score)
    assert verdict(walker) == "not met"
    assert walker.response().best == 0


def test_a_baseline_of_zero_cannot_be_relieved():
    """A baseline of zero leaves nothing to relieve: it cannot be judged. (IMM; the rule HOUSE, D)"""
    walker = doses(0, 0, baseline=0)
    assert verdict(walker) == "cannot be judged"
    assert "a baseline of 0" in walker.response().because


def test_a_low_baseline_warns_of_a_floor():
    """A baseline below four warns of a floor effect and decides nothing. (IMM, R)"""
    walker = doses(1, 1, baseline=3)
    assert verdict(walker) == "met"
    assert "floor effect" in walker.response().warning


def test_a_score_just_before_the_dose_will_do():
    """Without a diary a score within four hours before the first dose is the baseline, as published. (MOH13; hours
    HOUSE, D)
    """
    for ago, known in (("4h", True), ("5h", False)):
        walker = in_trial(baseline=8).later("30d")
        walker.record(at=walker.ago(ago), nrs=6)
        walker.record(creatine_kinase=100, platelets=200, inr="1.0", uncontrolled_coagulopathy="no", **DAY)
        inject(walker)
        watched(walker, 2, until="6h")
        assert (walker.response().baseline == 6) is known


def test_a_baseline_from_before_the_analgesics_changed_is_unknown():
    """A baseline from before a change of analgesics is unknown. (HOUSE, D)"""
    walker = doses(3, 3)
    walker.record(at=walker.ago("17d"), analgesics_changed="yes")
    assert verdict(walker) == "cannot be judged"


def test_a_pass_with_worse_function_is_no_response():
    """Scores that pass with function that grew worse are not met. (HOUSE, D)"""
    walker = doses(3, 3)
    assert verdict(walker, function_change="worse") == "not met"
    assert verdict(walker, function_change="same") == "met"


@pytest.mark.parametrize("worst", ["moderate", "severe"])
def test_a_side_effect_above_the_cap_is_met_and_not_tolerated(worst: str):
    """A pass with a side effect worse than mild is met, not tolerated: no implant, and no failed trial either; the
    published rules asked for no side effect at all. (PER10, MOH13; the cap HOUSE, D)
    """
    walker = reviewed(3, 3, worst_side_effect=worst)
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    assert walker.response().verdict == "met, not tolerated"
    assert "responded" in barred(walker.together("decide_implant"))
    walker.record(CLARA, review_outcome="non_responder")
    assert "not_responded" in barred(walker.advance("sign_non_responder"))


def test_responded_and_not_tolerated_is_signed_by_two_or_tried_lower():
    """Responded, not tolerated, is an outcome of its own, signed by two; or the trial is repeated at a lower dose.
    (PER10; the signatures HOUSE, D)
    """
    walker = reviewed(3, 3, worst_side_effect="severe")
    walker.record(CLARA, review_outcome="treat_side_effect")
    assert not walker.advance("repeat_trial").refused
    walker = reviewed(3, 3, worst_side_effect="severe")
    walker.record(CLARA, review_outcome="responded_not_tolerated")
    assert walker.advance("sign_responded_not_tolerated", CLARA).entry.outcome == "proposed"
    walker.together("sign_responded_not_tolerated")
    assert walker.stage == "responded_not_tolerated"


@pytest.mark.parametrize("item", sorted(BESIDE))
def test_what_stands_beside_the_scores_is_known_first(item: str):
    """Rescue use, function, the person's own goal and the worst side effect are known before a review. (HOUSE, D)"""
    walker = doses(3, 3)
    walker.record(**{name: value for name, value in BESIDE.items() if name != item})
    assert walker.response().verdict == "cannot be judged"
    go(walker, "assess_response")
    assert walker.protocol.item(item).label in barred(walker.advance("send_to_case_review"))


def test_a_higher_quality_of_life_is_better():
    """Quality of life is judged the right way up: a higher index is better, a lower one is no gain. (HOUSE, U)"""
    for after, said in (("0.60", "met"), ("0.47", "met"), ("0.46", "not met"), ("0.20", "not met")):
        walker = ready()
        walker.record(at=walker.ago("1h"), eq5d_index="0.40")
        inject(walker)
        walker.later("5h").record(eq5d_index=after)
        assert further(walker, "quality_of_life").verdict == said


def test_a_quality_of_life_that_did_not_rise_warns_before_an_implant():
    """A quality of life that did not rise warns before an implant is planned, and bars nobody. (HOUSE, D)"""
    walker = reviewed()
    assert "quality_of_life_rose" in warned(walker, "decide_implant")


def test_nobody_is_a_non_responder_without_a_signed_review():
    """Nobody becomes a non-responder without a case review that says so, signed by two, on a response that was
    judged. (HOUSE, D)
    """
    walker = reviewed(6, 6)
    assert "review_says_non_responder" in barred(walker.advance("sign_non_responder"))
    walker.record(CLARA, review_outcome="non_responder")
    assert walker.advance("sign_non_responder", CLARA).entry.outcome == "proposed"
    walker.together("sign_non_responder")
    assert walker.stage == "non_responder"


def test_a_response_that_cannot_be_judged_makes_no_non_responder():
    """One pass alone makes neither an implant nor a non-responder. (PER10, R)"""
    walker = reviewed(3)
    values: tuple[Value, ...] = ("non_responder", "implant")
    for said in values:
        walker.record(CLARA, review_outcome=said, life_expectancy_months=60)
    assert verdict_of(walker, "sign_non_responder", "not_responded") == "unknown"
    assert verdict_of(walker, "decide_implant", "responded") == "unknown"
