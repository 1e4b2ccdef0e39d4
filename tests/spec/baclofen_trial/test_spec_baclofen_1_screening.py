"""1. Who may be tried."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from baclofen_route import ADULT, BACLOFEN, REFERRAL, SCREENING, but, referred, screening, seen
from world import START, Value, Walker, barred

from workflow.domain.errors import ImpossibleValueError


def complete(walker: Walker) -> str:
    return barred(walker.advance("complete_screening"))


def screened(**answers: Value | None) -> Walker:
    """In screening with everything answered well, but for these; None leaves one out."""
    walker = screening()
    walker.record(**but(SCREENING, **answers))
    return walker


def born(day: date | None) -> Walker:
    """Screened well, and born on this day."""
    walker = screened()
    walker.born_on = day
    return walker


def test_a_referral_says_where_the_spasticity_comes_from():
    """A referral says why it was made, and whether the spasticity is of spinal or of cerebral origin, because that
    decides what passes. (HUMANA, R)
    """
    walker = referred()
    walker.record(referral_reason=REFERRAL["referral_reason"])
    assert "Origin of the spasticity" in barred(walker.advance("accept_referral"))
    walker.record(**REFERRAL)
    assert not walker.advance("accept_referral").refused


def test_only_severe_spasticity_is_tried():
    """A trial is for severe spasticity. (ITBL, R)"""
    assert "Severe spasticity" in complete(screened(severe_spasticity="no"))


@pytest.mark.parametrize("way", ["oral_antispasmodics_failed", "side_effects_intolerable"])
def test_oral_drugs_failed_or_could_not_be_borne(way: str):
    """Oral antispasmodics failed, or their side effects could not be borne: either will do. (ITBL, R)"""
    assert not complete(screened(**({"oral_antispasmodics_failed": "no"} | {way: "yes"})))
    assert "Oral antispasmodics failed: no" in complete(
        screened(oral_antispasmodics_failed="no", side_effects_intolerable="no")
    )


@pytest.mark.parametrize(("weeks", "passes"), [(5, False), (6, True)])
def test_six_weeks_of_oral_drugs_and_physiotherapy_come_first(weeks: int, passes: bool):
    """Oral antispasmodics were tried for at least six weeks, with physiotherapy. (EVI, R)"""
    assert (not complete(screened(conservative_weeks=weeks))) is passes
    assert "Physiotherapy alongside" in complete(screened(physiotherapy_tried="no"))


def test_a_site_may_ask_for_more_weeks_within_its_bounds():
    """How many weeks are asked for is the site's to set, from four to 26. (EVI, R; bounds HOUSE, D)"""
    walker = screening(conservative_weeks_asked=Decimal(13))
    walker.record(**SCREENING)
    assert "asked for at least 13" in complete(walker)
    with pytest.raises(ImpossibleValueError):
        BACLOFEN.parameters["conservative_weeks_asked"].set_to(Decimal(3))


def test_a_child_of_three_is_not_tried_and_one_of_four_is():
    """Nobody is tried before the fourth birthday. (ITBL, R)"""
    fourth_birthday = START.date().replace(year=START.year - 4)
    assert "Age in years: 3" in complete(born(fourth_birthday + timedelta(days=1)))
    assert not complete(born(fourth_birthday))


def test_without_a_birth_date_the_age_is_unknown_and_not_four():
    """Whose birth date nobody knows is of unknown age, which is not old enough. (HOUSE, D)"""
    walker = born(None)
    assert seen(walker, "complete_screening", "old_enough").verdict == "unknown"
    assert "no birth date" in complete(walker)


@pytest.mark.parametrize(("days", "passes"), [(335, False), (364, False), (365, True)])
def test_a_year_passes_after_a_traumatic_brain_injury(days: int, passes: bool):
    """After a traumatic brain injury a year passes first; eleven months are not a year. (ITBL, R)"""
    injured_on = (START - timedelta(days=days)).date().isoformat()
    walker = screened(traumatic_brain_injury="yes", injured_on=injured_on)
    assert (not complete(walker)) is passes


def test_a_brain_injury_nobody_asked_about_is_unknown():
    """Whether a traumatic brain injury is behind it has to be asked; without an answer or a date it is unknown.
    (ITBL, R)
    """
    for answers in ({"traumatic_brain_injury": None}, {"traumatic_brain_injury": "yes"}):
        walker = screened(**answers)
        assert seen(walker, "complete_screening", "brain_injury_old_enough").verdict == "unknown"
        assert complete(walker)


@pytest.mark.parametrize(("depth", "passes"), [("2.5", True), ("2.6", False)])
def test_a_pump_lies_no_deeper_than_two_and_a_half_centimetres(depth: str, passes: bool):
    """A pump would lie no deeper than 2.5 cm, in a body of adequate size. (ITBL, MAKER, R)"""
    assert (not complete(screened(pump_depth=depth))) is passes
    assert "Body size" in complete(screened(body_size_adequate="no"))


def test_a_spinal_anomaly_stands_in_the_way():
    """An anomaly of the spine that hinders catheter or flow stands in the way. (ITBL, R)"""
    assert "Spinal anomaly" in complete(screened(spinal_anomaly="yes"))


@pytest.mark.parametrize("item", ["injury_at_t6_or_above", "communication_difficulty", "earlier_withdrawal"])
def test_what_the_boxed_warning_names_warns_and_bars_nobody(item: str):
    """A cord injury at T6 or above, difficulty in communicating, or an earlier withdrawal warns at every step up to the
    implant, and bars nobody. (ITBL, R)
    """
    walker = screened(**{item: "yes"})
    report = seen(walker, "complete_screening", "boxed_warning")
    assert (report.verdict, report.warns) == ("shut", True)
    assert not complete(walker)
    transitions = BACLOFEN.transitions
    steps = ("approve_single_shot_trial", "approve_catheter_trial", "decide_implant", "approve_implant")
    assert all("boxed_warning" in transitions[name].warns for name in steps)


@pytest.mark.parametrize("item", ["injury_at_t6_or_above", "communication_difficulty", "earlier_withdrawal"])
def test_what_the_boxed_warning_names_must_have_been_asked(item: str):
    """What the boxed warning names has been asked before screening is complete. (ITBL, R)"""
    assert "screened" in complete(screened(**{item: None}))


def test_seizures_in_the_past_warn_and_have_been_asked_about():
    """Seizures in the past are asked about; they warn, because withdrawal and overdose can bring them back, and bar
    nobody. (HOUSE, D)
    """
    assert "Seizures in the past" in complete(screened(seizure_history=None))
    walker = screened(seizure_history="yes")
    assert seen(walker, "complete_screening", "seizure_risk").warns
    assert not complete(walker)


def test_somebody_can_recognise_withdrawal():
    """The person or a carer can recognise withdrawal and call; otherwise there is no trial. (ITBL, R)"""
    assert "recognise withdrawal" in complete(screened(carer_can_recognise_withdrawal="no"))


@pytest.mark.parametrize(
    "item",
    [
        "capacity_confirmed",
        "interpreter",
        "substance_use_asked",
        "other_implants_checked",
        "goal_agreed",
        "to_lower",
        "muscle_group",
    ],
)
def test_screening_asks_for_capacity_interpreter_substances_implants_goal_and_what_to_grade(item: str):
    """Screening also asks for capacity, an interpreter, substance use, other implants, the person's goal, what there
    is to lower, and which muscles are graded. (HOUSE, D)
    """
    assert BACLOFEN.item(item).label in complete(screened(**{item: None}))


def test_a_rule_taken_out_is_missed():
    """The sentences above rest on the file: without its gate a child of three would pass. (HOUSE, D)"""
    rule = BACLOFEN.transition("complete_screening")
    loose = replace(rule, gates=tuple(gate for gate in rule.gates if gate != "old_enough"))
    walker = screened()
    walker.protocol = replace(BACLOFEN, transitions={**BACLOFEN.transitions, rule.name: loose})
    walker.born_on = ADULT.replace(year=START.year - 3)
    assert not complete(walker)
