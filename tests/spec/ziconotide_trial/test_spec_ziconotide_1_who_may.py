"""1. Who may be tried with ziconotide, and what rules it out."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from world import CLARA, Value, Walker, barred
from ziconotide_route import (
    PROTOCOL,
    SCREENING,
    answered,
    checked,
    dosed,
    filled,
    go,
    home,
    in_trial,
    inject,
    ready,
    referred,
    reviewed,
    screening,
    verdict_of,
    walk,
    warned,
    watched,
)

from workflow.domain.decide import PriorTrial
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.observation import Absence
from workflow.domain.trial import Method


def begin(walker: Walker) -> str:
    return barred(walker.advance("approve_single_shot_trial"))


def screened(**answers: Value | None) -> str:
    """What bars screening with everything answered well, but for these; None leaves one out."""
    walker = screening()
    walker.record(**{item: value for item, value in (SCREENING | answers).items() if value is not None})
    return barred(walker.advance("complete_screening"))


@pytest.mark.parametrize(
    "way", ["oral_escalation_failed", "rotation_failed", "side_effects_intolerable", "intrathecal_morphine_failed"]
)
def test_refractory_by_any_one_of_four(way: str):
    """Systemic treatment that was not enough, a rotation that failed, side effects nobody could bear, or intrathecal
    morphine that failed: any one of them makes a candidate refractory. (SEED, PRIUS, R)
    """
    assert "refractory" in screened(oral_escalation_failed="no")
    assert not screened(**({"oral_escalation_failed": "no"} | {way: "yes"}))


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("capacity_confirmed", "Capacity to consent"),
        ("interpreter", "Interpreter"),
        ("other_implants_checked", "Other implanted devices"),
        ("substance_use_asked", "Substance use"),
        ("goal_agreed", "own goal"),
        ("mood_assessed", "Mood and suicide risk"),
    ],
)
def test_screening_asks_what_it_must(item: str, label: str):
    """Screening asks for capacity, an interpreter, other implants, substance use, the person's own goal, and mood
    with suicide risk. (HOUSE, PRIUS, D)
    """
    assert label in screened(**{item: None})


def test_pain_that_is_not_from_cancer_asks_for_a_psychological_assessment():
    """Where the pain is not from cancer, a psychological assessment comes before a trial. (PACC24, R)"""
    assert "Psychological assessment" in screened(psychology_assessment=None)
    assert not screened(psychology_assessment=None, pain_origin="cancer")


def test_ziconotide_is_for_adults():
    """Ziconotide is for adults; where the birth date is not known somebody says so. (PRIUS, R)"""
    for born_on, said, passes in (
        (date(2009, 3, 2), None, False),
        (date(2008, 3, 2), None, True),
        (None, None, False),
        (None, "yes", True),
    ):
        walker = screening(walk(born_on=born_on))
        walker.record(**SCREENING | ({"adult": said} if said else {}))
        assert walker.advance("complete_screening").refused is not passes


def test_psychosis_is_asked_for_and_not_asked_is_unknown():
    """Whether there ever was a psychosis that nobody asked about is unknown, and unknown lets nobody through. (PRIUS,
    R)
    """
    walker = checked(psychosis_history=None)
    assert verdict_of(walker, "approve_single_shot_trial", "no_psychosis") == "unknown"
    assert "Psychosis now or ever before is not recorded" in begin(walker)
    walker.record(psychosis_history=Absence.REFUSED)
    assert verdict_of(walker, "approve_single_shot_trial", "no_psychosis") == "unknown"


def test_a_psychosis_shuts_ziconotide_for_ever():
    """A psychosis, now or ever, rules ziconotide out; a later no does not open the way again, and no time does.
    (PRIUS, R)
    """
    walker = checked(psychosis_history="yes")
    assert verdict_of(walker, "approve_single_shot_trial", "no_psychosis") == "shut"
    walker.later("400d").record(CLARA, psychosis_history="no", ziconotide_ruled_out_told="yes")
    assert "Psychosis recorded before: 1" in begin(walker)


def test_nobody_overrides_a_psychosis():
    """Nobody overrides a psychosis: there is no dispensation, for two clinicians either. (PRIUS, R)"""
    walker = checked(psychosis_history="yes")
    assert "declares no waiver or override" in barred(walker.dispense("no_psychosis", "because"))
    assert "no_psychosis" in begin(walker)


def test_a_slip_of_the_pen_is_corrected_and_seen():
    """A psychosis entered for the wrong person is corrected where it was entered, with its reason; nothing else
    takes it back. (HOUSE, D)
    """
    walker = checked(psychosis_history="yes")
    walker.correct("psychosis_history", "no")
    assert not begin(walker)


def test_a_psychosis_between_two_doses_shuts_the_next():
    """A psychosis recorded in the trial shuts every further dose at once. (PRIUS, R)"""
    walker = ready()
    assert not walker.advance("approve_puncture").refused
    walker.record(CLARA, complication="psychosis")
    assert "no_psychosis" in barred(walker.give("2.5", drug="ziconotide"))


def test_a_psychosis_ends_the_way_by_two_and_is_told():
    """A psychosis ends the way, signed by two; the case closes when the person, the referrer and the record have been
    told. (PRIUS, R)
    """
    walker = in_trial()
    assert "contraindicated_for_good" in barred(walker.advance("contraindicate"))
    walker.later("1d").record(CLARA, psychosis_history="yes")
    walker.together("contraindicate")
    assert (walker.stage, walker.episode.closed_at) == ("contraindicated", None)
    walker.record(ziconotide_ruled_out_told="yes")
    assert walker.episode.closed_at is not None


@pytest.mark.parametrize(
    ("item", "answer"),
    [
        ("hypersensitivity", "yes"),
        ("active_infection", "yes"),
        ("uncontrolled_coagulopathy", "yes"),
        ("spinal_imaging_clear", "no"),
        ("permanent_contraindication", "yes"),
    ],
)
def test_the_labels_other_contraindications_shut_the_trial(item: str, answer: str):
    """Hypersensitivity, an infection at the injection site or elsewhere, an uncontrolled bleeding diathesis and an
    obstructed spinal canal forbid the trial, and nobody overrides them. (PRIUS, NACC17, R)
    """
    walker = checked(**{item: answer})
    assert "no_contraindication" in begin(walker)
    assert "declares no waiver or override" in barred(walker.dispense("no_contraindication", "because"))


def test_creatine_kinase_is_known_before_a_dose():
    """Creatine kinase is measured before dosing; missing is not normal. (MOH13, R)"""
    assert "Creatine kinase is not recorded" in begin(checked(creatine_kinase=None))


def test_creatine_kinase_counts_for_thirty_days():
    """A creatine kinase older than thirty days does not count. (window HOUSE, D)"""
    walker = ready().later("24d")
    walker.record(creatine_kinase=110, at=walker.ago("31d"))
    walker.correct("creatine_kinase", 120, at=walker.ago("31d"))
    assert verdict_of(walker, "approve_puncture", "ck_baseline") == "unknown"
    walker.record(creatine_kinase=115)
    assert verdict_of(walker, "approve_puncture", "ck_baseline") == "open"


def test_the_payer_is_asked_whether_a_single_shot_will_do():
    """A payer may ask for a catheter trial: whether a single shot is accepted is asked, and unknown is not yes. (NCD,
    R)
    """
    assert "Payer accepts a single-shot trial is not recorded" in begin(checked(payer_accepts_single_shot=None))


def test_neither_epidural_nor_a_catheter_nor_an_infusion_is_declared():
    """Ziconotide is tried by single shots into the intrathecal space: no catheter is declared, for the risk of
    meningitis, and no epidural way. (PRIEU, R)
    """
    methods = {rule.begins_trial for rule in PROTOCOL.transitions.values() if rule.begins_trial}
    assert methods == {"single_shot", "waived"}
    assert "catheter_removal" not in PROTOCOL.acts
    walker = ready()
    walker.record(CLARA, intrathecal_route_ready="no")
    assert "intrathecal, not epidural" in barred(walker.advance("approve_puncture"))


def test_a_catheter_trial_from_elsewhere_is_over_before_it_is_taken_over():
    """Somebody tried by catheter elsewhere is taken over when that trial has ended, and not while it runs. (PRIEU;
    the rule HOUSE, D)
    """
    began = walk().now - timedelta(days=20)
    prior = PriorTrial(method=Method.CATHETER, drug="ziconotide", started_at=began, source="letter")
    with pytest.raises(ImpossibleInputError, match="no catheter trial runs here"):
        referred().adopt("case_review", trials=(prior,))
    walker = referred()
    walker.adopt("case_review", trials=(replace(prior, ended_at=began + timedelta(days=4)),))
    assert walker.stage == "case_review"


def test_an_intrathecal_opioid_warns_and_bars_nobody():
    """An intrathecal opioid beside ziconotide is not recommended: it warns before the trial, and bars nobody. (PRIUS,
    R)
    """
    walker = checked(intrathecal_opioid="yes")
    assert warned(walker, "approve_single_shot_trial") == {"no_intrathecal_opioid"}
    assert not begin(walker)


def test_an_opioid_in_the_pump_warns_at_the_refill():
    """An opioid in the pump beside ziconotide warns at every refill. (PRIUS, R)"""
    walker = filled()
    walker.record(
        identity_confirmed="yes", fever_or_infection_today="no", refill_checked="yes", intrathecal_opioid="yes"
    )
    assert "no_intrathecal_opioid" in warned(walker, "approve_refill")
    assert not walker.advance("approve_refill").refused


def test_depression_warns():
    """Depression or suicidal thoughts warn before the trial, for ziconotide may worsen them. (PRIUS, R)"""
    assert warned(checked(low_mood="yes"), "approve_single_shot_trial") == {"mood_steady"}
    assert warned(checked(), "approve_single_shot_trial") == set()


def test_sixty_five_warns():
    """From sixty-five years on confusion is likelier: it warns. (PRIUS, R)"""
    assert "under_sixty_five" in warned(checked(walk(born_on=date(1961, 3, 1))), "approve_single_shot_trial")
    assert "under_sixty_five" not in warned(checked(), "approve_single_shot_trial")


def test_an_anticoagulant_is_planned_with_its_times():
    """Who takes an anticoagulant goes on when the last dose is planned far enough before the booked procedure and the
    prescriber agrees; without kidney function, dose and indication it is unknown. (NEURAX, ASRA18, R)
    """
    walker = checked(anticoagulant="apixaban")
    assert "cannot be planned without" in begin(walker)
    walker.record(
        anticoagulant_regimen="5 mg twice a day",
        anticoagulant_indication="atrial_fibrillation",
        creatinine_clearance=80,
        anticoagulant_plan_agreed="yes",
    )
    starts_at = walker.now + timedelta(days=6)
    walker.appoint("trial_procedure", starts_at)
    walker.record(anticoagulant_stop_planned=(starts_at - timedelta(hours=71)).isoformat())
    assert verdict_of(walker, "approve_single_shot_trial", "anticoagulant_planned") == "shut"
    walker.later("1h").record(anticoagulant_stop_planned=(starts_at - timedelta(hours=72)).isoformat())
    assert not begin(walker)


def test_a_referral_says_why_and_a_duplicate_is_declined():
    """A referral says why and where the pain comes from; a duplicate is declined with its reason. (HOUSE, D)"""
    walker = referred()
    assert walker.advance("accept_referral").refused
    walker.advance("decline", CLARA, reason="duplicate_referral")
    assert walker.stage == "declined"


def test_a_trial_may_be_waived_but_not_past_a_psychosis():
    """A trial may be waived by two clinicians where one was done elsewhere, and never past a psychosis. (PACC17,
    PRIUS, R)
    """
    walker = checked()
    walker.together("waive_trial", reason="trial_done_elsewhere")
    assert walker.stage == "case_review"
    walker = checked(psychosis_history="yes")
    assert "no_psychosis" in barred(walker.together("waive_trial", reason="trial_done_elsewhere"))


@pytest.mark.parametrize("end", ["withdraw", "record_death"])
def test_somebody_may_leave_at_any_time(end: str):
    """A candidate may withdraw, and a death be recorded, wherever they stand; what is open is not forgotten, death
    ends it. (HOUSE, D)
    """
    walker = dosed()
    walker.advance(end, reason="candidate_withdrew" if end == "withdraw" else None)
    assert walker.duties() == ({"observation"} if end == "withdraw" else set())


def test_two_trials_at_most():
    """There are two trials at most, the second at another dose. (HOUSE, D)"""
    walker = reviewed(6, 6).later("3d")
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.record(active_infection="no", creatine_kinase=120, platelets=250, inr="1.0", uncontrolled_coagulopathy="no")
    go(walker, "approve_single_shot_trial")
    inject(walker)
    watched(walker, 6)
    home(walker)
    answered(walker)
    go(walker, "assess_response")
    go(walker, "send_to_case_review")
    walker.record(CLARA, review_outcome="repeat")
    assert "Trials so far: 2, asked for below 2" in barred(walker.advance("repeat_trial"))
