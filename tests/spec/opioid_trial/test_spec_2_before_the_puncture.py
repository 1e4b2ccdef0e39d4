"""2. What forbids a trial, and what its day asks for."""

import pytest
from route import DAY, checked, go, ready, reviewed, single_shot
from world import CLARA, Value, Walker, barred

from workflow.domain.errors import ImpossibleInputError


def begin(walker: Walker, name: str = "approve_single_shot_trial") -> str:
    return barred(walker.advance(name))


def puncture(walker: Walker) -> str:
    return barred(walker.advance("approve_puncture"))


@pytest.mark.parametrize(
    ("item", "answer"),
    [("active_infection", "yes"), ("uncontrolled_coagulopathy", "yes"), ("permanent_contraindication", "yes")],
)
def test_infection_coagulopathy_or_a_contraindication_for_good_forbid_a_trial(item: str, answer: str):
    """An active infection, an uncontrolled coagulopathy or a contraindication for good forbids a trial. (SEED, R)"""
    walker = checked()
    walker.record(CLARA, **{item: answer})
    assert "no_contraindication" in begin(walker)


def test_a_remote_infection_is_asked_about_within_a_week():
    """That there is no infection, remote ones included, was established within seven days. (NACC17, R)"""
    assert "Active or remote infection has expired" in begin(checked().later("8d"))


def test_imaging_shows_a_passable_canal_within_a_year():
    """Imaging not older than a year shows that the spinal canal can be passed. (HOUSE, D)"""
    walker = checked()
    walker.record(spinal_imaging_clear="no")
    assert "passable spinal canal" in begin(walker)


@pytest.mark.parametrize(("item", "value"), [("platelets", 99), ("inr", "1.41")])
def test_platelets_of_a_hundred_and_an_inr_of_one_point_four(item: str, value: Value):
    """Fewer than 100 platelets or an INR above 1.4 does not allow a puncture. (common practice, U)"""
    walker = checked()
    walker.record(**{item: value})
    assert "bloods" in begin(walker)
    walker.record(**{item: {"platelets": 100, "inr": "1.40"}[item]})
    assert not begin(walker)


def test_bloods_count_for_thirty_days():
    """Platelets and INR are not older than thirty days. (window HOUSE, D)"""
    walker = checked().later("31d")
    walker.record(active_infection="no", uncontrolled_coagulopathy="no")
    assert "Platelets has expired" in begin(walker)
    assert "INR has expired" in begin(walker)


def test_sixty_platelets_in_palliative_cancer_take_two_clinicians_and_a_plan():
    """Sixty platelets in palliative cancer may pass by two clinicians with a haematology plan, for a week: a number
    can be overridden. (HOUSE, D)
    """
    walker = checked()
    walker.record(platelets=60)
    walker.dispense("bloods", "palliative_with_haematology_plan")
    assert not begin(walker)


def test_nobody_overrides_an_infection():
    """A clinician's recorded judgement - infection, coagulopathy, no consent, wrong person - is overridden by
    nobody. (HOUSE, D)
    """
    walker = checked()
    walker.record(CLARA, active_infection="yes")
    assert "declares no waiver or override" in barred(walker.dispense("no_contraindication", "because"))


def test_an_anticoagulant_is_planned_for_with_its_prescriber():
    """Who takes an anticoagulant goes on only when its prescriber has agreed to a plan. (ASRA18, R)"""
    walker = checked()
    walker.record(anticoagulant="apixaban")
    assert "Anticoagulant plan agreed" in begin(walker)
    walker.record(anticoagulant_plan_agreed="yes")
    assert not begin(walker)


def test_the_trial_has_its_own_consent():
    """The trial has a signed consent of its own. (HOUSE, D)"""
    walker = checked()
    walker.record(CLARA, consent_trial="no")
    assert "Consent to the trial signed" in begin(walker)


def test_the_payer_accepts_the_method_or_is_asked():
    """Whether the payer accepts a single shot instead of a catheter is asked; unknown is not yes. (NCD, R)"""
    walker = checked()
    walker.record(payer_accepts_method="no")
    assert "Payer accepts this trial method" in begin(walker)


@pytest.mark.parametrize("item", sorted(set(DAY) - {"escort_named", "staff_and_naloxone_ready"}))
def test_the_day_asks_for_identity_consent_fever_allergy_pregnancy_and_sedatives(item: str):
    """On the day, at the bedside, within twelve hours: two identifiers, consent, fever or infection, allergies,
    pregnancy, and what opioids and sedatives were taken. (HOUSE, D; NACC17, PNY132, R)
    """
    walker = single_shot().later("1d")
    walker.record(**{name: value for name, value in DAY.items() if name != item})
    assert walker.protocol.item(item).label in puncture(walker)
    walker.record(**{item: DAY[item]})
    walker.later("13h").record(**{name: value for name, value in DAY.items() if name != item})
    assert "has expired" in puncture(walker)


def test_the_place_is_staffed_with_naloxone_at_hand():
    """The place is staffed and equipped for observation, with naloxone at hand. (INF, R)"""
    walker = ready(single_shot())
    walker.record(staff_and_naloxone_ready="no")
    assert "naloxone" in puncture(walker)


def test_a_responsible_adult_takes_the_person_home():
    """A responsible adult is named before the puncture. (PNY132, R)"""
    walker = ready(single_shot())
    walker.record(escort_named="no")
    assert "Responsible adult" in puncture(walker)


def test_on_an_anticoagulant_the_last_dose_was_as_told():
    """Who takes an anticoagulant took the last dose as planned. (ASRA18, R)"""
    walker = ready(single_shot())
    walker.record(anticoagulant="rivaroxaban")
    assert "Last anticoagulant dose as planned" in puncture(walker)
    walker.record(anticoagulant_clear_today="yes")
    assert not puncture(walker)


def test_on_warfarin_the_inr_is_of_the_day():
    """On warfarin the INR is not older than a day. (ASRA18, R)"""
    walker = ready(single_shot())
    walker.later("1h").record(anticoagulant="warfarin", anticoagulant_clear_today="yes")
    assert "INR on the day (on warfarin) has expired" in puncture(walker)
    walker.record(inr="1.3")
    assert not puncture(walker)


def test_an_approval_is_of_its_day():
    """An approval of the puncture is good for twelve hours and for one act. (HOUSE, D)"""
    walker = ready(single_shot())
    assert not puncture(walker)
    walker.later("13h").record(**DAY)
    assert "no authorisation stands" in barred(walker.give())


def test_a_dose_is_written_in_its_unit_and_never_computed():
    """A dose is recorded as ordered and as given, in the drug's own unit; morphine outside 0.05 to 0.5 mg asks for a
    named reason, and above 1 mg is refused. (PACC17, U)
    """
    walker = ready(single_shot())
    assert not puncture(walker)
    for amount in ("0.6", "1.1"):
        with pytest.raises(ImpossibleInputError):
            walker.give(amount)
    assert not walker.give("0.6", reason="tolerant, 300 mg oral a day").refused


def test_a_trial_has_two_attempts_at_most():
    """There are at most two trials, the second with another drug, dose or method. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8, 8))
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.together("waive_trial", reason="trial_done_elsewhere")
    walker.record(CLARA, review_outcome="repeat")
    assert "Trials so far: 2, asked for below 2" in barred(walker.advance("repeat_trial"))
