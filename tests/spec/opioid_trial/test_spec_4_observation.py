"""4. Watching over the person."""

from datetime import timedelta

import pytest
from opioid_route import (
    AWAKE,
    DAY,
    LEAVING,
    bolus,
    catheter_in,
    discharged,
    dosed,
    given,
    look,
    rounds,
    verdict,
    watched,
)
from world import CLARA, NILS, Value

from workflow.domain.observation import Absence
from workflow.domain.trial import Method


@pytest.mark.parametrize(("drug", "amount", "count"), [("morphine", "0.2", 18), ("hydromorphone", "0.05", 18)])
def test_after_morphine_there_are_rounds_for_a_day(drug: str, amount: str, count: int):
    """After intrathecal morphine or hydromorphone there is a round every hour for twelve hours and every two hours
    until the 24th; labels ask for 24 hours, others for six, and the longer is the default. (INF, MIT, DUR, R)
    """
    walker = given(drug, amount)
    start = walker.now
    due = list(rounds(walker))
    assert [due[0] - start, due[11] - start, due[-1] - start] == [timedelta(hours=h) for h in (1, 12, 24)]
    assert len(due) == count


@pytest.mark.parametrize(("drug", "amount"), [("fentanyl", "25"), ("sufentanil", "10")])
def test_after_fentanyl_or_sufentanil_somebody_is_watched_for_six_hours(drug: str, amount: str):
    """After fentanyl or sufentanil there are rounds for six hours: one table says two, a guideline six, and the
    longer is the default. (ASA16, PNY132; rounds HOUSE, D)
    """
    walker = given(drug, amount)
    start = walker.now
    watched(walker)
    assert walker.now - start == timedelta(hours=6)
    discharged(walker)


def test_a_round_nobody_made_is_never_taken_for_well():
    """A round that nobody made keeps the observation running, though its time is over and everything else was done.
    (HOUSE, D)
    """
    walker = dosed()
    for number, due_at in enumerate(rounds(walker)):
        walker.now = due_at
        if number != 5:
            look(walker, 3)
    walker.record(**LEAVING)
    walker.record(discharged="yes")
    assert "observation" in walker.duties()


def test_a_round_wants_every_item():
    """A round is made when pain, sedation, breathing, oxygen, legs, nausea, itch, bladder and rescue were looked at.
    (HOUSE, D)
    """
    walker = dosed().later("1h")
    walker.record(nrs=3, **AWAKE)
    assert walker.timer("observation").due_at == walker.now + timedelta(minutes=5)
    look(walker, 3)
    assert walker.timer("observation").due_at == walker.now + timedelta(hours=1, minutes=5)


def test_asleep_makes_a_round():
    """Asleep, refused, unable and away make a round as a value does. (HOUSE, D)"""
    walker = dosed()
    watched(walker, scores=())
    discharged(walker)
    assert walker.response().scores == ()


def test_leaving_after_six_hours_of_morphine_is_signed_by_two():
    """To leave six hours after morphine is a choice that two clinicians sign. (PNY132, R)"""
    walker = dosed()
    for due_at in list(rounds(walker))[:6]:
        walker.now = due_at
        look(walker, 3)
    walker.record(**LEAVING)
    walker.record(discharged="yes")
    assert "observation" in walker.duties()
    walker.dispense("observation_complete", "shorter_observation_signed")
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


@pytest.mark.parametrize("item", sorted(LEAVING))
def test_nobody_leaves_without_walking_bladder_adult_driving_and_a_number(item: str):
    """Nobody leaves observation without walking as before, an emptied bladder, a named adult, being told not to
    drive, and an emergency number. (PNY132; HOUSE, D)
    """
    walker = dosed()
    watched(walker)
    walker.record(**(LEAVING | {item: "no"}))
    walker.record(discharged="yes")
    assert "observation" in walker.duties()


def test_somebody_nobody_saw_awake_does_not_leave():
    """A day of rounds that say *away* is complete, and lets nobody leave: sedation and breathing must be seen and
    sound within the last four hours. (HOUSE, D)
    """
    walker = dosed()
    for due_at in rounds(walker):
        walker.now = due_at
        plan = walker.protocol.plan("morphine", Method.SINGLE_SHOT)
        assert plan is not None
        walker.record(**dict.fromkeys(plan.items, Absence.AWAY))
    walker.record(**LEAVING)
    walker.record(discharged="yes")
    assert "observation" in walker.duties()
    walker.record(**AWAKE)
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


def test_a_catheter_placed_and_never_used_is_watched_for_a_day():
    """Where a catheter was placed and no dose given, a day of observation is enough. (HOUSE, D)"""
    walker = catheter_in()
    walker.record(**LEAVING)
    walker.later("23h").record(discharged="yes")
    assert "observation" in walker.duties()
    walker.later("1h").record(**LEAVING, **AWAKE)
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


@pytest.mark.parametrize(
    ("item", "value"), [("sedation_score", 3), ("sedation_score", 4), ("breathing_rate", 9), ("oxygen_saturation", 89)]
)
def test_sedated_or_breathing_slowly_is_red_now(item: str, value: Value):
    """A sedation score of three or more, fewer than ten breaths a minute, or a saturation below 90 % is red at once:
    nurse and clinician are told now, the lead after ten minutes. (HOUSE, D)
    """
    walker = dosed().later("2h")
    walker.record(NILS, **{item: value})
    red = [m for fired in walker.tick() for m in fired.messages if m.name == "respiratory_alarm"]
    assert {m.recipient for m in red} == {"nils", "clara", "cem"}
    assert {m.urgency for m in red} == {"red"}
    later = [m for fired in walker.later("10min").tick() for m in fired.messages if m.name == "respiratory_alarm"]
    assert "lena" in {m.recipient for m in later}


def test_legs_weaker_than_before_are_red_now():
    """Legs weaker than before the puncture are a bleeding until shown otherwise: red at once. (HOUSE, D)"""
    walker = dosed().later("2h")
    walker.record(leg_power="reduced")
    assert "leg_weakness" in walker.duties()
    assert walker.timer("leg_weakness").due_at == walker.now


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


def test_another_dose_within_a_day_warns_and_bars_nobody():
    """Another dose less than a day after the one before is shown as a warning; the labels watch each one for a day.
    (INF, DUR, R)
    """
    walker = catheter_in().later("1h")
    bolus(walker)
    walker.later("6h").record(**AWAKE, **DAY)
    assert verdict(walker, "approve_repeat_dose", "earlier_dose_worn_off") == "shut"
    assert not walker.advance("approve_repeat_dose").refused
