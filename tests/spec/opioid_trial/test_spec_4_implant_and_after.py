"""4. The implant, and what stays in the body."""

import pytest
from route import DAY, IMPLANT, authorised, go, implanted, planned, ready_for_implant, reviewed
from world import CEM, CLARA, INES, Value, Walker, barred


def approve(walker: Walker) -> str:
    return barred(walker.advance("approve_implant", INES))


def plan(months: int) -> str:
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=months)
    return barred(walker.together("decide_implant"))


def test_a_pump_asks_for_more_than_six_months():
    """A pump asks for a life expectancy of more than six months; six is not more. (SEED, R)"""
    assert "Life expectancy (months): 6" in plan(6)
    assert not plan(7)


def test_between_three_and_six_months_a_panel_may_agree():
    """Between three and six months two clinicians may agree with the panel, for two weeks. (PACC24, NCD, R)"""
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=4)
    walker.dispense("life_expectancy_for_pump", "between_three_and_six_months_panel_agrees")
    walker.together("decide_implant")
    assert walker.stage == "implant_planning"


def test_life_expectancy_limits_the_pump_and_not_the_trial():
    """A short life expectancy limits the implanted pump, and not the trial. (SEED, R)"""
    rules = reviewed().protocol.transitions
    assert not [r.name for r in rules.values() if "trial" in r.to and "life_expectancy_for_pump" in r.gates]


def test_an_implant_is_planned_on_a_review_that_says_so_signed_by_two():
    """An implant is planned on a case review that says implant, signed by two clinicians. (HOUSE, D)"""
    walker = reviewed()
    walker.record(CLARA, life_expectancy_months=60, review_outcome="other_therapy")
    assert "review_says_implant" in barred(walker.advance("decide_implant"))
    walker.record(CLARA, review_outcome="implant")
    assert walker.advance("decide_implant", CLARA).entry.outcome == "proposed"
    assert walker.stage == "case_review"


def test_the_review_is_looked_at_again_after_ninety_days():
    """A review is good for ninety days; after that the case is reviewed again. (HOUSE, D)"""
    walker = planned().later("91d")
    walker.record(**DAY, **IMPLANT)
    assert "Case review outcome has expired" in approve(walker)


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("consent_implant", "Consent to the implant"),
        ("handover_to_implanter", "Hand-over to the implanter"),
        ("body_size_adequate", "pump at 2.5 cm or less"),
    ],
)
def test_an_implant_has_its_own_consent_a_handover_and_room_for_the_pump(item: str, label: str):
    """An implant has a consent of its own, a complete hand-over to the implanter, and a body that takes the pump at
    2.5 cm or less. (HOUSE, D)
    """
    walker = planned().later("2d")
    walker.record(**DAY, **{name: value for name, value in IMPLANT.items() if name != item})
    assert label in approve(walker)


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("active_infection", "yes"),
        ("uncontrolled_coagulopathy", "yes"),
        ("fever_or_infection_today", "yes"),
        ("inr", "1.5"),
    ],
)
def test_infection_fever_or_bleeding_risk_shut_the_implant_on_the_day(item: str, value: Value):
    """Infection, fever, coagulopathy or an INR above 1.4 shuts the implant, however long it was planned. (NACC17,
    ASRA18, R)
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


def test_a_pump_in_the_body_has_somebody_until_a_named_team_accepts():
    """A pump in the body is somebody's duty until it is out or a named team has accepted the follow-up. (HOUSE, D)"""
    walker = implanted()
    walker.later("10d").record(wound_healed="yes")
    go(walker, "start_follow_up")
    assert "Open duties: 1 (Pump in the body)" in barred(walker.advance("close_follow_up"))
    walker.record(follow_up_accepted_by="Pump clinic North")
    assert not walker.advance("close_follow_up").refused


def test_a_pump_is_asked_after_at_least_monthly():
    """Whoever has a pump is asked after once a month at least; unanswered, it climbs to the clinician and the lead.
    (HOUSE, D)
    """
    walker = implanted()
    told = {}
    for day in range(1, 62):
        for fired in walker.later("1d").tick():
            for message in fired.messages:
                if message.name == "pump_in_body":
                    told.setdefault(message.recipient, day)
    assert told == {"nils": 30, "clara": 45, "cem": 45, "lena": 60}


def test_follow_up_begins_when_the_wound_has_healed():
    """Follow-up begins when the wound has healed. (HOUSE, D)"""
    walker = implanted()
    assert "Wound healed" in barred(walker.advance("start_follow_up"))
    walker.record(wound_healed="yes")
    assert not walker.advance("start_follow_up").refused


def test_death_leaves_only_the_pump_to_be_seen_to():
    """Death ends every duty but the pump, which is removed before a cremation. (HOUSE, U)"""
    walker = implanted()
    walker.record(anticoagulant_status="stopped")
    walker.advance("record_death")
    assert walker.open() == {"pump_in_body"}


def test_a_passed_gate_that_no_longer_holds_is_looked_at():
    """A correction that undoes a gate somebody passed opens a red safety review, and moves nobody. (HOUSE, D)"""
    walker = authorised()
    go(walker, "record_implant")
    walker.later("1d").correct("inr", "2.8")
    assert "safety_review" in walker.duties()
    assert walker.stage == "implanted"
