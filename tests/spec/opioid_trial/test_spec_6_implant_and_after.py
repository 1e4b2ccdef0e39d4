"""6. The implant, and what stays in the body."""

from decimal import Decimal

import pytest
from opioid_route import (
    DAY,
    HANDOVER,
    IMPLANT,
    OPIOID,
    authorised,
    checked,
    filled,
    go,
    implanted,
    planned,
    ready_for_implant,
    reviewed,
    reviewed_after_catheter,
    signed,
    verdict,
)
from world import CEM, CLARA, INES, START, Value, Walker, barred

from workflow.domain.decide import PriorTrial, RunningDuty
from workflow.domain.trial import Method


def approve(walker: Walker) -> str:
    return barred(walker.advance("approve_implant", INES))


def plan(months: int, walker: Walker | None = None) -> str:
    walker = walker or reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=months)
    return barred(walker.together("decide_implant"))


def set_by_site(months: str) -> Walker:
    """A site that has set life expectancy itself; in case review after a pass."""
    walker = reviewed()
    walker.settings = {"life_expectancy_pump": Decimal(months)}
    return walker


def test_a_pump_asks_for_more_than_six_months():
    """A pump asks for a life expectancy of more than six months; six is not more. (SEED, ESMO, R)"""
    assert "Life expectancy (months): 6" in plan(6)
    assert not plan(7)


def test_a_site_sets_the_months_itself():
    """A site may set the months a pump asks for, three as PACC and Medicare accept among them. (PACC24, NCD, R)"""
    assert not plan(4, set_by_site("3"))
    assert "asked for above 3" in plan(3, set_by_site("3"))
    assert "asked for above 12" in plan(12, set_by_site("12"))


def test_a_life_expectancy_nobody_judged_is_unknown_and_no_pass():
    """A life expectancy that nobody recorded, or that is older than 90 days, is unknown, and no pass. (SEED; window
    HOUSE, D)
    """
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant")
    assert verdict(walker, "decide_implant", "life_expectancy_for_pump") == "unknown"
    walker.record(life_expectancy_months=60)
    walker.later("91d")
    assert verdict(walker, "decide_implant", "life_expectancy_for_pump") == "unknown"


def test_between_three_and_six_months_a_panel_may_agree():
    """Between three and six months two clinicians may agree with the panel, for two weeks. (PACC24, NCD, R)"""
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=4)
    walker.dispense("life_expectancy_for_pump", "between_three_and_six_months_panel_agrees")
    walker.together("decide_implant")
    assert walker.stage == "implant_planning"


def test_life_expectancy_limits_the_pump_and_not_the_trial():
    """A life expectancy of four months limits the implanted pump, and not the trial. (SEED, R)"""
    walker = checked()
    walker.record(life_expectancy_months=4)
    assert not walker.advance("approve_single_shot_trial").refused


def test_up_to_three_months_an_external_system_is_thought_of():
    """Where life expectancy is too short for a trial, an external system or port is thought of under three months;
    beyond that this is shown, and bars nobody. (ONC99, R)
    """
    walker = checked()
    walker.record(CLARA, very_short_life_expectancy="yes", life_expectancy_months=2)
    assert verdict(walker, "refer_to_palliative", "external_system_fits") == "open"
    walker.record(life_expectancy_months=4)
    assert verdict(walker, "refer_to_palliative", "external_system_fits") == "shut"
    signed(walker, "refer_to_palliative")


def test_an_implant_is_planned_on_a_review_that_says_so_signed_by_two():
    """An implant is planned on a case review that says implant, signed by two clinicians. (HOUSE, D)"""
    walker = reviewed()
    walker.record(CLARA, life_expectancy_months=60, review_outcome="other_therapy")
    assert "review_says_implant" in barred(walker.advance("decide_implant"))
    walker.record(CLARA, review_outcome="implant")
    assert walker.advance("decide_implant", CLARA).entry.outcome == "proposed"
    assert walker.stage == "case_review"


def test_the_review_is_looked_at_again_after_ninety_days():
    """A review is good for ninety days; after that the case goes back and is reviewed again. (HOUSE, D)"""
    walker = planned().later("91d")
    walker.record(**DAY, **IMPLANT)
    assert "Case review outcome has expired" in approve(walker)
    go(walker, "back_to_case_review")
    planned(walker)
    walker.record(**DAY, **IMPLANT, platelets=250, inr="1.0", anticoagulant="none")
    assert not approve(walker)


def test_the_review_is_of_this_trial():
    """A review of an earlier trial does not carry an implant after a later one. (HOUSE, D)"""
    walker = reviewed(scores=(8, 8, 8))
    walker.record(CLARA, review_outcome="implant")
    walker.record(CLARA, review_outcome="repeat", repeat_changes="drug", prior_trial_documented="yes")
    signed(walker, "repeat_trial")
    walker.together("waive_trial", reason="trial_done_elsewhere")
    assert verdict(walker, "decide_implant", "review_says_implant") == "unknown"


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("consent_implant", "Consent to the implant"),
        ("payer_covers_implant", "Payer authorises the implant"),
        ("body_size_adequate", "pump at 2.5 cm or less"),
        ("specialised_centre", "specialised"),
        ("antibiotic_ordered", "Antibiotic ordered by weight"),
    ],
)
def test_an_implant_has_its_own_consent_payer_centre_and_room_for_the_pump(item: str, label: str):
    """An implant has a consent and a payer's authorisation of its own, a specialised centre, an antibiotic by weight,
    and a body that takes the pump at 2.5 cm or less. (SEED, NACC17, MAKER, R)
    """
    walker = planned().later("2d")
    walker.record(**(DAY | IMPLANT | {item: "no"}))
    assert label in approve(walker)


@pytest.mark.parametrize("item", sorted(HANDOVER))
def test_the_implanter_has_the_whole_hand_over_form(item: str):
    """The implanter has a form with pump size, tip level, drug, start dose as ordered, and whom to ask. (CMSC; HOUSE,
    D)
    """
    walker = planned().later("2d")
    walker.record(**DAY, **{name: value for name, value in IMPLANT.items() if name != item})
    assert walker.protocol.item(item).label in approve(walker)


def test_carriers_are_decolonised_before_the_implant():
    """Who carries MSSA or MRSA is decolonised before the implant. (NACC17, R)"""
    walker = ready_for_implant(mrsa_screen="positive")
    assert "infection_prevented" in approve(walker)
    walker.record(decolonised="yes")
    assert not approve(walker)


def test_glucose_tobacco_and_hormones_warn_and_bar_nobody():
    """An HbA1c above 8, tobacco, or no endocrine baseline is shown before an implant, and bars nobody. (NACC17,
    PNY132; numbers common practice, U)
    """
    walker = ready_for_implant(hba1c="8.1")
    assert verdict(walker, "approve_implant", "health_before_implant") == "shut"
    assert not approve(walker)


def test_the_drug_planned_is_the_drug_that_was_tried():
    """A drug other than the one tried is not implanted. (HOUSE, D)"""
    walker = ready_for_implant(implant_drug="hydromorphone")
    assert "Drug planned and drug tried" in approve(walker)
    walker.record(implant_drug="morphine")
    assert not approve(walker)


def test_a_mixture_takes_two_clinicians():
    """A mixture was not tried as such: two clinicians answer for it, after a review. (HOUSE, D)"""
    walker = ready_for_implant(implant_drug="mixture")
    assert approve(walker)
    walker.dispense("drug_as_tried", "mixture_agreed_by_review")
    assert not approve(walker)


def test_another_tip_level_warns_and_bars_nobody():
    """A tip level other than the one of the trial is shown as a warning, for another level has another effect.
    (SEED, R)
    """
    walker = ready_for_implant(reviewed_after_catheter(), implant_tip_level="t10")
    assert verdict(walker, "approve_implant", "tip_level_as_tried") == "shut"
    assert not approve(walker)
    walker.record(implant_tip_level="l2")
    assert verdict(walker, "approve_implant", "tip_level_as_tried") == "open"


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("active_infection", "yes"),
        ("uncontrolled_coagulopathy", "yes"),
        ("very_short_life_expectancy", "yes"),
        ("fever_or_infection_today", "yes"),
        ("inr", "1.5"),
    ],
)
def test_infection_fever_or_bleeding_risk_shut_the_implant_on_the_day(item: str, value: Value):
    """Infection, fever, coagulopathy, an INR above 1.4 or a life expectancy that has become too short shuts the
    implant, however long it was planned. (NACC17, ASRA18, SEED, R)
    """
    walker = ready_for_implant()
    walker.record(**{item: value})
    assert approve(walker)
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))


def test_an_implant_is_approved_on_its_day_by_two():
    """An implant is approved on its day, by an implanter or clinician and a second, other one; the approval is good
    for twelve hours. (HOUSE, D)
    """
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))
    assert not walker.advance("approve_implant", CEM).refused
    walker.later("13h").record(**DAY)
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))


def test_a_score_corrected_below_the_line_shuts_the_implant():
    """Relief is judged again whenever a score is corrected: a pass that was none shuts the implant and opens a safety
    review. (HOUSE, D)
    """
    walker = ready_for_implant()
    for score in [o for o in walker.episode.observations.values() if o.item == "nrs" and o.number == 3]:
        walker.correct("nrs", 8, key=score.key)
    assert walker.response().verdict == "not met"
    assert "safety_review" in walker.duties()
    assert "responded" in approve(walker)


def test_no_implant_while_a_trial_catheter_is_in():
    """While the duty of a trial catheter is open, no pump is implanted. (HOUSE, D)"""
    walker = ready_for_implant()
    assert verdict(walker, "approve_implant", "trial_catheter_out") == "open"
    walker = Walker(OPIOID)
    walker.enrol()
    walker.later("1d")
    before = {"method": Method.CATHETER, "drug": "morphine", "started_at": START, "punctured_at": START}
    running = RunningDuty(name="catheter_in", since=START)
    walker.adopt("implant_planning", duties=(running,), trials=(PriorTrial(**before, source="letter"),))
    assert verdict(walker, "approve_implant", "trial_catheter_out") == "shut"


def test_a_pump_in_the_body_has_somebody_until_a_named_team_accepts():
    """A pump in the body, and its next filling, are somebody's duty until it is out or a named team has accepted the
    follow-up. (HOUSE, D)
    """
    walker = filled()
    walker.later("10d").record(wound_healed="yes")
    go(walker, "start_follow_up")
    assert "Open duties: 2" in barred(walker.advance("close_follow_up"))
    walker.record(follow_up_accepted_by="Pump clinic North")
    assert not walker.advance("close_follow_up").refused
    assert walker.episode.closed_at is not None


def test_a_pump_is_asked_after_at_least_monthly():
    """Whoever has a pump is asked after once a month at least; unanswered, it climbs to the clinician and the lead.
    (HOUSE, D)
    """
    walker = implanted()
    told: dict[str, int] = {}
    for day in range(1, 62):
        for fired in walker.later("1d").tick():
            for message in fired.messages:
                if message.name == "pump_in_body":
                    told.setdefault(message.recipient, day)
    assert told == {"nils": 30, "clara": 45, "cem": 45, "lena": 60}


def test_follow_up_begins_when_the_wound_has_healed():
    """Follow-up begins when the wound has healed; it is looked at between day 7 and day 14. (HOUSE, D)"""
    walker = implanted()
    assert (walker.timer("check_wound").due_at - walker.now).days == 7
    assert "Wound healed" in barred(walker.advance("start_follow_up"))
    walker.record(wound_healed="yes")
    assert not walker.advance("start_follow_up").refused


def test_death_leaves_only_the_pump_to_be_seen_to():
    """Death ends every duty but the pump, which is removed before a cremation. (HOUSE, U)"""
    walker = implanted()
    walker.record(anticoagulant_last_dose=walker.now.isoformat())
    walker.advance("record_death")
    assert walker.open() == {"pump_in_body"}


def test_a_passed_gate_that_no_longer_holds_is_looked_at():
    """A correction that undoes a gate somebody passed opens a red safety review, and moves nobody. (HOUSE, D)"""
    walker = authorised()
    go(walker, "record_implant")
    walker.later("1d").correct("inr", "2.8")
    assert "safety_review" in walker.duties()
    assert walker.stage == "implanted"
