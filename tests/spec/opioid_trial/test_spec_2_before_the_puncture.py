"""2. What forbids a trial, and what its day asks for."""

from datetime import timedelta

import pytest
from opioid_route import AWAKE, DAY, checked, dosed, go, ready, reviewed, signed, single_shot, verdict
from world import CLARA, Value, Walker, barred

from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError


def begin(walker: Walker, name: str = "approve_single_shot_trial") -> str:
    return barred(walker.advance(name))


def puncture(walker: Walker) -> str:
    return barred(walker.advance("approve_puncture"))


@pytest.mark.parametrize(
    "item",
    [
        "active_infection",
        "uncontrolled_coagulopathy",
        "very_short_life_expectancy",
        "permanent_contraindication",
        "respiratory_depression",
        "maoi_within_14_days",
    ],
)
def test_what_forbids_a_trial(item: str):
    """An active infection, an uncontrolled coagulopathy, too short a life expectancy, respiratory depression, an MAO
    inhibitor within 14 days, or a contraindication for good forbids a trial. (SEED, INF, R)
    """
    walker = checked(**{item: "yes"})
    assert walker.protocol.item(item).label in begin(walker)


def test_a_remote_infection_is_asked_about_within_a_week():
    """That there is no infection, remote ones included, was established within seven days. (NACC17; window HOUSE, D)"""
    assert "Active or remote infection has expired" in begin(checked().later("8d"))


def test_an_infection_is_a_hold_with_a_date_to_look_again():
    """An active infection opens a duty to look again after a week, which ends when there is none any more. (SEED;
    HOUSE, D)
    """
    walker = checked(active_infection="yes")
    assert walker.timer("recheck_infection").due_at == walker.now + timedelta(days=7)
    walker.hold("infection_to_treat")
    walker.later("10d").record(active_infection="no")
    assert "recheck_infection" not in walker.duties()


def test_a_fever_on_the_day_asks_for_the_infection_to_be_looked_at():
    """A fever on the day shuts the puncture and opens the duty to look again at the infection. (NACC17, R)"""
    walker = ready(single_shot())
    walker.record(fever_or_infection_today="yes")
    assert "Fever or infection today" in puncture(walker)
    assert "recheck_infection" in walker.duties()


def test_a_bleeding_risk_is_looked_at_again_after_two_weeks():
    """An uncontrolled coagulopathy opens a duty of its own, to look again after two weeks. (SEED; HOUSE, D)"""
    walker = checked(uncontrolled_coagulopathy="yes")
    assert walker.timer("recheck_coagulopathy").due_at == walker.now + timedelta(days=14)
    walker.record(uncontrolled_coagulopathy="no")
    assert "recheck_coagulopathy" not in walker.duties()


def test_too_short_a_life_expectancy_leads_to_palliative_care_signed_by_two():
    """Only a life expectancy that a clinician judges too short for a trial ends the way: two sign, and the palliative
    path is somebody's duty until a named team has accepted. (SEED; HOUSE, D)
    """
    walker = checked()
    assert "too short for a trial: no" in barred(walker.advance("refer_to_palliative"))
    walker.record(CLARA, very_short_life_expectancy="yes")
    signed(walker, "refer_to_palliative")
    assert (walker.stage, walker.duties()) == ("palliative_path", {"palliative_follow_on"})
    assert walker.episode.closed_at is None
    walker.record(palliative_team_accepted_by="Hospice North")
    assert walker.episode.closed_at is not None


def test_imaging_shows_a_passable_canal_within_a_year():
    """Imaging not older than a year shows that the spinal canal can be passed. (HOUSE, D)"""
    walker = checked(spinal_imaging_clear="no")
    assert "passable spinal canal" in begin(walker)


def test_imaging_in_cancer_is_of_the_last_three_months():
    """In cancer, imaging since the last progression, not older than three months, shows access, tumour and conus.
    (PACC24; window HOUSE, D)
    """
    walker = checked(pain_origin="cancer")
    assert "access, tumour and conus" in begin(walker)
    walker.record(cancer_imaging_complete="yes")
    assert not begin(walker)


@pytest.mark.parametrize(("item", "value"), [("platelets", 99), ("inr", "1.41")])
def test_platelets_of_a_hundred_and_an_inr_of_one_point_four(item: str, value: Value):
    """Fewer than 100 platelets or an INR above 1.4 does not allow a puncture. (common practice, U)"""
    walker = checked(**{item: value})
    assert "bloods" in begin(walker)
    walker.record(**{item: {"platelets": 100, "inr": "1.40"}[item]})
    assert not begin(walker)


def test_bloods_count_for_thirty_days():
    """Platelets and INR are not older than thirty days. (window HOUSE, D)"""
    walker = checked().later("31d")
    walker.record(active_infection="no", uncontrolled_coagulopathy="no")
    assert "Platelets has expired" in begin(walker)
    assert "INR has expired" in begin(walker)


def test_signs_of_infection_in_the_blood_are_of_two_weeks():
    """White cells and CRP are looked at, not longer than two weeks ago. (NACC17; window HOUSE, D)"""
    walker = checked().later("15d")
    walker.record(active_infection="no", maoi_within_14_days="no")
    assert "White cells has expired" in begin(walker)
    assert "CRP has expired" in begin(walker)


def test_sixty_platelets_in_palliative_cancer_take_two_clinicians_and_a_plan():
    """Sixty platelets in palliative cancer may pass by two clinicians with a haematology plan, for a week: a number
    can be overridden. (HOUSE, D)
    """
    walker = checked(platelets=60)
    walker.dispense("bloods", "palliative_with_haematology_plan")
    assert not begin(walker)


def test_nobody_overrides_an_infection():
    """A clinician's recorded judgement - infection, coagulopathy, no consent, wrong person - is overridden by
    nobody. (HOUSE, D)
    """
    walker = checked(active_infection="yes")
    assert "declares no waiver or override" in barred(walker.dispense("no_contraindication", "because"))


def test_the_trial_has_its_own_consent():
    """The trial has a signed consent of its own. (HOUSE, D)"""
    walker = checked(consent_trial="no")
    assert "Consent to the trial signed" in begin(walker)


def test_another_drug_or_method_is_consented_to_anew():
    """A consent names the drug and the method; another drug or method asks for consent again. (HOUSE, D)"""
    walker = checked(trial_drug="hydromorphone")
    assert "consented_to_trial" in begin(walker)
    walker.record(consent_drug="hydromorphone", consent_method="catheter")
    assert "Method consented to" in begin(walker)
    walker.record(consent_method="single_shot")
    assert not begin(walker)


def test_a_method_nobody_declared_begins_no_trial():
    """A trial begins by the method that was chosen: not chosen is unknown, and the other one is shut. (PACC17, R)"""
    walker = checked()
    assert verdict(walker, "approve_catheter_trial", "catheter_accepted") == "shut"
    assert "Method chosen" in begin(walker, "approve_catheter_trial")
    walker.correct("trial_method", None)
    assert verdict(walker, "approve_single_shot_trial", "single_shot_accepted") == "unknown"
    assert begin(walker)


def test_the_payer_accepts_the_method_or_is_asked():
    """Whether the payer accepts a single shot instead of a catheter is asked; unknown is not yes. (NCD, SUR707, R)"""
    walker = checked(payer_accepts_single_shot="no")
    assert "Payer accepts a single-shot trial" in begin(walker)
    walker.correct("payer_accepts_single_shot", None)
    assert verdict(walker, "approve_single_shot_trial", "single_shot_accepted") == "unknown"


def test_whose_rules_apply_is_written_down():
    """Which country's or payer's rules apply is recorded before a trial, for they differ. (NHSE15, R)"""
    walker = checked()
    walker.correct("jurisdiction", None)
    assert "Whose rules of access apply" in begin(walker)


@pytest.mark.parametrize("item", sorted(set(DAY) - {"escort_named", "inpatient_bed", "staff_and_naloxone_ready"}))
def test_the_day_asks_at_the_bedside(item: str):
    """On the day, at the bedside, within twelve hours: two identifiers, consent, fever or infection, allergies,
    pregnancy, what opioids and sedatives were taken, and the preparation. (HOUSE, D)
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


def test_a_catheter_trial_has_a_bed():
    """A catheter trial is done as an inpatient; a single shot asks for no bed. (PACC24, R)"""
    walker = checked(method="catheter")
    go(walker, "approve_catheter_trial")
    ready(walker).record(inpatient_bed="no")
    assert "Inpatient bed" in puncture(walker)
    walker = ready(single_shot())
    walker.record(inpatient_bed="no")
    assert not puncture(walker)


def test_sleep_apnoea_raises_the_tier_and_bars_nobody():
    """Sleep apnoea or chronic lung disease is shown as a raised monitoring tier before the puncture, and bars nobody.
    (INF; HOUSE, D)
    """
    walker = ready(single_shot())
    walker.record(sleep_apnoea_or_copd="yes")
    assert verdict(walker, "approve_puncture", "breathing_watched") == "shut"
    assert not puncture(walker)


def test_an_approval_is_of_its_day():
    """An approval of the puncture is good for twelve hours and for one act. (HOUSE, D)"""
    walker = ready(single_shot())
    assert not puncture(walker)
    walker.later("13h").record(**DAY)
    assert "no authorisation stands" in barred(walker.give())


@pytest.mark.parametrize(
    ("drug", "plausible", "odd", "refused"),
    [
        ("morphine", "0.2", "0.6", "1.1"),
        ("hydromorphone", "0.05", "0.15", "0.3"),
        ("fentanyl", "25", "100", "151"),
        ("sufentanil", "10", "30", "41"),
    ],
)
def test_a_dose_is_written_in_its_unit_and_never_computed(drug: str, plausible: str, odd: str, refused: str):
    """A dose is recorded as ordered and as given, in the drug's own unit; outside its published range it asks for a
    named reason, and above its hard maximum it is refused. (PACC17, U)
    """
    walker = ready(single_shot(trial_drug=drug, consent_drug=drug))
    assert not puncture(walker)
    for amount, unit in ((odd, ""), (refused, ""), (plausible, "g")):
        with pytest.raises(ImpossibleInputError):
            walker.give(amount, drug=drug, unit=unit)
    with pytest.raises(ImpossibleInputError):
        walker.give(refused, drug=drug, reason="as ordered")
    assert not walker.give(odd, drug=drug, reason="tolerant: 300 mg oral a day").refused


def test_the_drug_given_is_the_drug_of_the_trial():
    """A trial is of one drug; a dose of another one is not a dose of this trial. (HOUSE, D)"""
    walker = ready(single_shot())
    assert not puncture(walker)
    with pytest.raises(ImpossibleNowError):
        walker.give("25", drug="fentanyl")


def test_a_single_shot_is_one_dose():
    """A single-shot trial has one dose: no other is approved in it. (SEED, R)"""
    walker = dosed().later("2h")
    walker.record(**DAY, **AWAKE)
    assert "Doses in this trial: 1" in puncture(walker)
    assert walker.advance("approve_repeat_dose", CLARA).refused


def test_a_trial_has_two_attempts_at_most():
    """There are at most two trials. (HOUSE, D)"""
    walker = again()
    walker.together("waive_trial", reason="trial_done_elsewhere")
    assert walker.stage == "case_review"
    walker.record(CLARA, review_outcome="repeat", repeat_changes="drug")
    assert "Trials so far: 2, asked for below 2" in barred(walker.advance("repeat_trial"))


def again() -> Walker:
    """Back in the contraindication check after a first trial without relief."""
    walker = reviewed(scores=(8, 8, 8))
    walker.record(CLARA, review_outcome="repeat", repeat_changes="drug", prior_trial_documented="yes")
    signed(walker, "repeat_trial")
    return walker


def test_a_second_trial_waits_until_the_drug_has_worn_off():
    """A second trial waits 48 hours from the last dose of the first one: a washout, set by the site. (HOUSE, D)"""
    walker = again()
    walker.record(trial_drug="hydromorphone", consent_drug="hydromorphone")
    assert "washed_out" in begin(walker)
    assert not begin(walker.later("24h"))
