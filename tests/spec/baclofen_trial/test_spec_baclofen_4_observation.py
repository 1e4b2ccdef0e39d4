"""4. Watching over the person after a dose."""

import pytest
from baclofen_route import BACLOFEN, HOME, ROUND, assessed, but, dosed, graded, told, watched
from world import Value, barred

from workflow.domain.observation import Absence


@pytest.mark.parametrize(
    ("item", "value"),
    [("sedation_score", 3), ("breathing_rate", 9), ("oxygen_saturation", 89)],
)
def test_sedated_breathing_slowly_or_short_of_oxygen_is_red_now(item: str, value: Value):
    """A sedation score of three, fewer than ten breaths a minute or an oxygen saturation below 90 % is red at once for
    nurse, clinician and implanter; the lead hears after ten minutes. (HOUSE, D)
    """
    walker = dosed().later("2h")
    walker.record(**{item: value})
    now = told(walker, "respiratory_alarm")
    assert {m.recipient for m in now} == {"nils", "clara", "cem", "ines"}
    assert {m.urgency for m in now} == {"red"}
    assert "lena" in {m.recipient for m in told(walker.later("10min"), "respiratory_alarm")}


def test_somebody_is_watched_every_hour_for_eight_hours():
    """After a dose somebody is watched every hour for eight hours, the longer end of the label's four to eight; a round
    nobody made keeps the observation open. (ITBL, R; rounds HOUSE, D)
    """
    walker = dosed().later("8h")
    for hour in (1, 2, 3, 4, 5, 6, 8):
        walker.record(at=walker.ago(f"{8 - hour}h"), **ROUND)
    walker.record(**HOME, discharged="yes")
    assert "observation" in walker.duties()
    walker.record(at=walker.ago("1h"), **but(ROUND, leg_power=Absence.ASLEEP))
    walker.later("1min").record(discharged="yes")
    assert "observation" not in walker.duties()


def test_seven_hours_are_not_eight():
    """Nobody leaves before the eight hours are over, unless two clinicians sign a shorter observation. (ITBL, R)"""
    walker = dosed().later("7h")
    for hour in range(1, 8):
        walker.record(at=walker.ago(f"{7 - hour}h"), **ROUND)
    walker.record(**HOME, discharged="yes")
    assert "observation" in walker.duties()
    walker.dispense("observation_complete", "shorter_observation_signed")
    walker.record(discharged="yes")
    assert "observation" not in walker.duties()


@pytest.mark.parametrize("item", sorted(HOME))
def test_home_goes_who_moves_as_before_with_somebody(item: str):
    """Home goes who stands or transfers as before, has emptied the bladder, has an adult at hand, was told not to
    drive and has a number to call. (HOUSE, D; PNY132, R)
    """
    walker = dosed().later("8h")
    walker.correct("escort_named", None)
    for hour in range(1, 9):
        walker.record(at=walker.ago(f"{8 - hour}h"), **ROUND)
    walker.record(**but(HOME, **{item: None}), discharged="yes")
    assert "observation" in walker.duties()
    walker.record(**{item: "yes"}, discharged="yes")
    assert "observation" not in walker.duties()


def test_a_missed_round_is_told_to_the_nurse_and_then_to_others():
    """A round that is not made is told to the nurse after ten minutes, to the clinician after thirty, to the lead after
    an hour. (HOUSE, D)
    """
    walker = dosed().later("70min")
    assert {m.recipient for m in told(walker, "observation")} == {"nils"}
    assert "clara" in {m.recipient for m in told(walker.later("20min"), "observation")}
    assert "lena" in {m.recipient for m in told(walker.later("30min"), "observation")}


def test_nobody_is_assessed_under_observation():
    """The response is assessed when a dose was given, nobody is under observation, and no catheter is in. (HOUSE, D)"""
    walker = dosed()
    graded(walker, "4", "3", "2")
    assert "Observations running: 1" in barred(walker.advance("assess_response"))
    watched(walker)
    assert not walker.advance("assess_response").refused


@pytest.mark.parametrize("item", ["rescue_antispasmodic_use", "goal_met", "person_accepts"])
def test_a_review_knows_oral_drugs_goal_and_acceptance(item: str):
    """A case review knows function, side effects, the oral antispasmodics taken, the person's own goal, and whether the
    person accepts what the drug did. (HOUSE, D; NCD, U)
    """
    walker = dosed()
    graded(walker, "4", "3", "2")
    watched(walker)
    assessed(walker)
    said = {"rescue_antispasmodic_use": "less", "goal_met": "partly", "person_accepts": "yes"}
    walker.record(**{name: value for name, value in said.items() if name != item})
    assert BACLOFEN.item(item).label in barred(walker.advance("send_to_case_review"))
