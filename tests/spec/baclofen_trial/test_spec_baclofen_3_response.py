"""3. Reading the response."""

from decimal import Decimal

import pytest
from baclofen_route import (
    BACLOFEN,
    HOME,
    ROUND,
    dosed,
    give,
    go,
    graded,
    planned,
    ready,
    reviewed,
    seen,
    single_shot,
    stepped,
    told,
    watched,
)
from world import CLARA, NILS, Value, Walker, barred

from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleValueError
from workflow.domain.observation import Absence
from workflow.domain.response import Judgement, Response

MET, NOT_MET, UNJUDGED = Judgement.MET, Judgement.NOT_MET, Judgement.UNJUDGED


def verdict(walker: Walker) -> Judgement:
    return walker.response().verdict


def further(walker: Walker, name: str) -> Response:
    """What a response beside the one on tone says."""
    found = walker.situation(CLARA).view(walker.now).response(name)
    assert found is not None
    return found


def tried(origin: str, before: str, *grades: Value, **settings: Decimal) -> Walker:
    """A single dose on this baseline, graded at 1, 2 and 4 h and on, function as before."""
    walker = dosed(origin, mas=before, **settings)
    graded(walker, *grades)
    return walker


def test_one_plus_counts_one_and_a_half_and_is_shown_as_one_plus():
    """Grade 1+ of the Modified Ashworth Scale counts 1.5 between 1 and 2, and is shown as 1+. (EVI, U)"""
    walker = tried("cerebral", "2", "2", "1+", "2")
    assert walker.response().relief == Decimal("0.5")
    assert walker.newest_in(1, "mas").shown == "2"
    assert {o.shown for o in walker.episode.observations.values() if o.item == "mas"} == {"2", "1+"}
    assert verdict(walker) is NOT_MET


def test_from_three_to_one_plus_is_one_and_a_half_points():
    """A fall from 3 to 1+ is one and a half points: enough in cerebral origin, short of it in spinal. (HUMANA, R)"""
    assert verdict(tried("cerebral", "3", "3", "2", "1+")) is MET
    walker = tried("spinal", "3", "3", "2", "1+")
    assert (verdict(walker), walker.response().margin) == (NOT_MET, Decimal("-0.5"))


def test_from_four_to_two_passes_in_spinal_origin():
    """In spinal origin a fall of two grades passes, and exactly two is enough. (HUMANA, R)"""
    walker = tried("spinal", "4", "4", "3", "2")
    assert (verdict(walker), walker.response().margin) == (MET, 0)
    assert "exactly on the line" in walker.response().because


def test_from_three_to_two_passes_in_cerebral_and_not_in_spinal_origin():
    """In cerebral origin a fall of one grade passes; in spinal origin it does not. (HUMANA, R)"""
    assert verdict(tried("cerebral", "3", "3", "3", "2")) is MET
    assert verdict(tried("spinal", "3", "3", "3", "2")) is NOT_MET


def test_without_an_origin_nothing_can_be_judged():
    """Where the origin is not known, it is not known which line counts, and nothing is judged. (HUMANA, R)"""
    walker = tried("spinal", "4", "4", "3", "2")
    walker.correct("spasticity_origin", None)
    assert verdict(walker) is UNJUDGED
    assert "Origin of the spasticity is missing" in walker.response().because


def test_a_site_moves_the_line_within_its_bounds():
    """The line of each origin is the site's to set, from one to three grades; outside that it is refused. (HUMANA, R;
    bounds HOUSE, D)
    """
    assert verdict(tried("spinal", "4", "4", "3", "2", pass_spinal=Decimal(3))) is NOT_MET
    assert verdict(tried("spinal", "3", "3", "3", "2", pass_spinal=Decimal(1))) is MET
    for value in ("0.5", "4"):
        with pytest.raises(ImpossibleValueError, match="not open to a site"):
            BACLOFEN.parameters["pass_spinal"].set_to(Decimal(value))


def test_the_best_of_three_grades_counts_and_the_worst_is_kept_beside_it():
    """Of at least three grades after one dose the best is held against the line; the worst stands beside it. (HOUSE,
    D)
    """
    walker = tried("spinal", "4", "4", "3", "2", "3")
    assert (walker.response().mean, walker.response().best, walker.response().worst) == (2, 2, 4)
    assert verdict(walker) is MET


def test_two_grades_cannot_be_judged():
    """With fewer than three grades inside the effect window a dose cannot be judged. (ITBL; number HOUSE, D)"""
    walker = tried("spinal", "4", "2", "2")
    assert verdict(walker) is UNJUDGED
    assert "2 of 3 scores" in walker.response().because


@pytest.mark.parametrize("absence", [Absence.ASLEEP, Absence.REFUSED, Absence.UNABLE, Absence.AWAY])
def test_asleep_or_missing_is_no_grade_and_never_zero(absence: Absence):
    """Asleep, refused, unable or away is an answer, no grade, and never zero. (HOUSE, D)"""
    walker = tried("spinal", "4", absence, "2", absence)
    assert verdict(walker) is UNJUDGED
    assert "1 of 3 scores" in walker.response().because


def test_a_grade_before_the_drug_works_is_not_used():
    """A bolus works from 30 minutes on: a grade before that does not count. (LIOR, R)"""
    walker = dosed()
    for minutes in (10, 10, 9):
        walker.later(f"{minutes}min").record(mas="0")
    assert verdict(walker) is UNJUDGED
    walker.later("1min").record(mas="0")
    assert len(walker.response().scores) == 1


def test_a_grade_at_nine_hours_is_not_used():
    """A bolus works for up to eight hours: a grade at nine hours does not count. (LIOR, R)"""
    walker = tried("spinal", "4", "4", "3", "3")
    walker.later("4h").record(mas="3")
    assert len(walker.response().scores) == 4
    walker.later("1h").record(mas="0")
    assert (len(walker.response().scores), verdict(walker)) == (4, NOT_MET)


def test_each_dose_is_judged_by_its_own_grades():
    """Each dose is judged by itself: what 50 mcg did not do says nothing about 75. (ITBL, R)"""
    walker = tried("spinal", "4", "4", "4", "4")
    watched(walker)
    assert verdict(walker) is NOT_MET
    stepped(walker, "75", "4", "3", "2")
    assert "dose 2 (75 mcg)" in walker.response().because
    assert verdict(walker) is MET


def test_the_baseline_is_the_last_grade_before_the_first_dose():
    """What a dose is held against is the last grade in the day before the first one; a single grade will do. (CMSC;
    window HOUSE, D)
    """
    walker = single_shot()
    walker.record(mas="2")
    walker.later("1h")
    ready(walker, mas="4")
    go(walker, "approve_puncture")
    give(walker)
    graded(walker, "4", "3", "2")
    assert (walker.response().baseline, verdict(walker)) == (4, MET)


def test_a_baseline_from_before_antispasmodics_changed_is_unknown():
    """A baseline from before a change of antispasmodics is unknown. (HOUSE, D)"""
    walker = single_shot()
    ready(walker)
    walker.record(at=walker.ago("10min"), antispasmodics_changed="yes")
    go(walker, "approve_puncture")
    give(walker)
    graded(walker, "4", "3", "2")
    assert verdict(walker) is UNJUDGED


def test_a_low_baseline_is_told():
    """Below grade 2 a fall of two cannot be seen: that is told, and decides nothing. (HOUSE, D)"""
    walker = tried("cerebral", "1+", "1", "1", "0")
    assert "floor effect" in walker.response().warning
    assert verdict(walker) is MET


def test_worse_function_is_no_pass_whatever_the_grade():
    """Who can no longer stand or transfer as before has not passed, however far the grade fell. (HOUSE, D)"""
    walker = dosed()
    graded(walker, "3", "2", "1", function="worse")
    assert verdict(walker) is NOT_MET
    assert "Function after the dose" in walker.response().because
    watched(walker)
    assert "responded" in barred(implant_asked(walker))


def implant_asked(walker: Walker) -> Decision:
    """An implant asked for by a review that says so."""
    reviewed(walker).record(CLARA, review_outcome="implant")
    walker.record(payer_asks_four_hours="no")
    return walker.together("decide_implant")


def test_without_a_judgement_of_function_nothing_passes():
    """Without a judgement of function a fall of the grade is no pass yet. (HOUSE, D)"""
    walker = dosed()
    for hours in (1, 1, 2):
        walker.later(f"{hours}h").record(mas="2")
    assert verdict(walker) is UNJUDGED


def test_responded_and_not_tolerated_is_neither_a_pass_nor_a_failure():
    """Who responded with a severe side effect gets no implant, and is no non-responder: the effect is treated and the
    trial repeated. (HOUSE, D)
    """
    walker = dosed()
    graded(walker, "3", "2", "2", side_effect="severe")
    assert verdict(walker) is Judgement.NOT_TOLERATED
    watched(walker)
    assert "responded" in barred(implant_asked(walker))
    assert seen(walker, "sign_non_responder", "not_responded").verdict == "shut"
    walker.record(CLARA, review_outcome="treat_side_effect")
    assert not walker.together("repeat_trial").refused


def test_spasms_alone_may_pass():
    """Tone or spasms may fall: a Penn score from 3 to 1 passes though the grade did not move. (ITBL, EVI, R)"""
    walker = dosed(to_lower="both")
    graded(walker, "4", "4", "4")
    walker.record(penn=1)
    assert (verdict(walker), further(walker, "spasms").verdict) == (NOT_MET, MET)
    watched(walker)
    assert not implant_asked(walker).refused


def test_a_penn_score_that_fell_by_one_does_not_pass():
    """A Penn score must fall by two. (EVI, R)"""
    walker = dosed(to_lower="both")
    graded(walker, "4", "4", "4")
    walker.record(penn=2)
    assert further(walker, "spasms").verdict is NOT_MET


def test_where_there_are_only_spasms_no_grade_is_needed():
    """Where there are only spasms, they are counted and judged alone. (ITBL, R)"""
    walker = single_shot(to_lower="spasms").later("1h")
    ready(walker, mas=Absence.UNABLE, penn=4)
    go(walker, "approve_puncture")
    give(walker)
    walker.later("4h").record(penn=4, function_change="same", worst_side_effect="none")
    watched(walker)
    ready(walker.later("16h"), mas=Absence.UNABLE, penn=4)
    assert not walker.advance("approve_puncture").refused


@pytest.mark.parametrize(("item", "value"), [("mas", "1-2"), ("mas", "1.5"), ("mas", "Ashworth 2"), ("penn", "4.5")])
def test_a_range_or_another_scale_is_refused(item: str, value: str):
    """A grade is one grade of the Modified Ashworth Scale: a range, a half, or a grade of the original scale is
    refused. (HOUSE, D)
    """
    with pytest.raises(ImpossibleValueError):
        dosed().later("1h").record(**{item: value})


@pytest.mark.parametrize("item", ["ashworth_original", "spasticity_nrs"])
def test_another_instrument_is_kept_and_not_judged(item: str):
    """The original Ashworth scale and a spasticity NRS may be recorded; neither is judged. (HOUSE, D)"""
    walker = dosed()
    for hours in (1, 1, 2):
        walker.later(f"{hours}h").record(**{item: 1})
    assert verdict(walker) is UNJUDGED
    assert not walker.response().scores


def test_the_four_hour_grade_must_be_there():
    """The grade at four hours is always taken: without it the response is not assessed, unless a clinician says why it
    could not be had. (CAST, UHB, R)
    """
    walker = dosed()
    for minutes in (40, 60, 60):
        walker.later(f"{minutes}min").record(mas="4")
    walker.record(function_change="same", worst_side_effect="none")
    walker.later("320min")
    for hour in range(1, 9):
        walker.record(at=walker.ago(f"{8 - hour}h"), **ROUND)
    walker.record(**HOME, discharged="yes")
    assert "last_dose_judged" in barred(walker.advance("assess_response"))
    assert walker.complete("dose_judgement", NILS).refused
    walker.complete("dose_judgement", CLARA, note="fell asleep, could not be positioned")
    assert not walker.advance("assess_response").refused


def test_a_four_hour_grade_entered_late_counts_for_its_hour():
    """A grade taken at four hours and entered later counts as taken at four hours. (HOUSE, D)"""
    walker = dosed()
    given_at = walker.now
    walker.later("20h").record(at=walker.ago("16h"), mas="3", function_change="same")
    assert walker.newest("mas").observed_at - given_at == walker.now - walker.ago("4h")
    assert "dose_judgement" not in walker.duties()


def test_scores_are_asked_for_at_one_two_and_four_hours():
    """The nurse is asked for a score at one, two and four hours; at five the clinician is told. (ITBL, CAST, R; the
    fifth hour HOUSE, D)
    """
    walker = dosed()
    asked = {}
    for hour in range(1, 6):
        asked[hour] = {m.recipient for m in told(walker.later("1h"), "dose_judgement")}
    assert asked == {1: {"nils"}, 2: {"nils"}, 3: set(), 4: {"nils", "clara", "cem"}, 5: {"clara", "cem"}}


def test_the_payers_four_hours_are_asked_for_only_where_the_payer_asks():
    """One payer asks for a fall of two held four hours; the label does not. It bars an implant only where the payer
    asks for it. (EVI, R)
    """
    walker = tried("spinal", "4", "4", "2", "2", "3", "4")
    watched(walker, hours=8)
    assert (verdict(walker), further(walker, "tone_held").verdict) == (MET, NOT_MET)
    reviewed(walker).record(CLARA, review_outcome="implant")
    assert seen(walker, "decide_implant", "payer_hold_met").verdict == "unknown"
    walker.record(payer_asks_four_hours="yes")
    assert "payer_hold_met" in barred(walker.together("decide_implant"))
    walker.record(payer_asks_four_hours="no")
    assert not walker.together("decide_implant").refused


def test_a_fall_held_four_hours_satisfies_that_payer():
    """Grades two under the baseline from two to six hours are a fall held four hours; without a grade after the fourth
    hour that cannot be judged. (EVI, R)
    """
    held = tried("spinal", "4", "4", "2", "2", "2")
    assert further(held, "tone_held").verdict is MET
    assert further(tried("spinal", "4", "3", "2", "2"), "tone_held").verdict is UNJUDGED


def test_a_corrected_grade_that_undoes_a_pass_is_looked_at():
    """A corrected grade that undoes a pass somebody went on opens a red safety review, and moves nobody. (HOUSE, D)"""
    walker = planned()
    key = next(o.key for o in walker.episode.observations.values() if o.item == "mas" and o.text == "2")
    walker.correct("mas", "3", key=key)
    assert "safety_review" in walker.duties()
    assert walker.stage == "implant_planning"


def test_a_fever_corrected_later_is_looked_at_for_a_second_dose_too():
    """What a second puncture was approved on is looked at again like the first: a fever found out later opens the
    safety review. (HOUSE, D)
    """
    walker = tried("spinal", "4", "4", "4", "4")
    watched(walker)
    stepped(walker, "75", "4", "4", "4")
    assert "safety_review" not in walker.duties()
    walker.correct("fever_or_infection_today", "yes")
    assert "safety_review" in walker.duties()
