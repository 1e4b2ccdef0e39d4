"""Attempts to use adoption, deviation or the end of a pathway as a back door. Each must fail."""

from datetime import timedelta

import pytest
from route import (
    DAY,
    IMPLANT,
    authorised,
    catheter_in,
    go,
    implanted,
    ready,
    referred,
    reviewed,
    screening,
    single_shot,
)
from world import CARLA, CEM, CLARA, INES, Walker, barred

from workflow.domain.decide.adopt import PriorTrial, RunningDuty
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, ImpossibleTimeError
from workflow.domain.trial import Method


def prior(walker: Walker, method: Method = Method.SINGLE_SHOT, **known: object) -> PriorTrial:
    return PriorTrial(method=method, drug="morphine", source="letter", **({"started_at": walker.ago("10d"), **known}))


def test_adoption_passes_no_gate_of_the_implant():
    walker = referred()
    walker.adopt("implant_planning", trials=(prior(walker, ended_at=walker.ago("5d"), outcome="responded"),))
    walker.record(**DAY, **IMPLANT)
    shut = barred(walker.advance("approve_implant", INES))
    for words in ("Relief cannot be judged", "Trial tolerated", "Case review outcome", "Life expectancy"):
        assert words in shut
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))
    assert not walker.episode.passages


def test_an_adopted_catheter_brings_its_duty():
    walker = referred()
    inside = prior(walker, Method.CATHETER, punctured_at=walker.ago("2d"))
    with pytest.raises(ImpossibleInputError, match="needs its duty"):
        walker.adopt("catheter_trial", trials=(inside,))
    walker.adopt("catheter_trial", trials=(inside,), duties=(RunningDuty(name="catheter_in", since=walker.ago("2d")),))
    assert walker.duties() == {"catheter_in"}
    fired = {message.recipient for decision in walker.tick() for message in decision.messages}
    assert fired


def test_an_adopted_observation_knows_its_puncture_or_nobody_could_ever_end_it():
    walker = referred()
    since = RunningDuty(name="observation", since=walker.ago("3h"))
    with pytest.raises(ImpossibleInputError, match="puncture"):
        walker.adopt("single_shot_trial", trials=(prior(walker),), duties=(since,))
    with pytest.raises(ImpossibleInputError, match="puncture"):
        walker.adopt("case_review", duties=(since,))
    walker.adopt("single_shot_trial", trials=(prior(walker, punctured_at=walker.ago("3h")),), duties=(since,))
    walker.later("20h").record(discharged="yes")
    assert "observation" in walker.duties()
    walker.later("1h").record(discharged="yes")
    assert "observation" not in walker.duties()


@pytest.mark.parametrize("stage", ["implanted", "follow_up"])
def test_an_adopted_pump_brings_its_duty(stage: str):
    walker = referred()
    walker.adopt(stage)
    assert walker.duties() == {"pump_in_body"}


def test_nobody_is_adopted_twice_or_later_or_into_an_end():
    walker = referred()
    for stage in ("closed", "non_responder", "referred"):
        with pytest.raises(ImpossibleInputError):
            walker.adopt(stage)
    walker.adopt("screening")
    with pytest.raises(ImpossibleNowError):
        walker.adopt("implant_planning")
    with pytest.raises(ImpossibleNowError):
        screening().adopt("implant_planning")


@pytest.mark.parametrize(
    ("stage", "method"), [("catheter_trial", Method.SINGLE_SHOT), ("single_shot_trial", Method.CATHETER)]
)
def test_the_adopted_trial_is_the_one_of_its_stage(stage: str, method: Method):
    walker = referred()
    with pytest.raises(ImpossibleInputError):
        walker.adopt(stage, trials=(prior(walker, method),))
    with pytest.raises(ImpossibleInputError):
        walker.adopt(stage)


@pytest.mark.parametrize(
    "times",
    [
        {"punctured_at": "11d"},
        {"ended_at": "11d"},
        {"punctured_at": "5d", "catheter_out_at": "6d"},
        {"catheter_out_at": "6d"},
    ],
    ids=["punctured before it began", "ended before it began", "out before in", "out and never in"],
)
def test_an_adopted_trial_runs_forward_in_time(times: dict[str, str]):
    walker = referred()
    known = {name: walker.ago(ago) for name, ago in times.items()}
    with pytest.raises(ImpossibleInputError):
        walker.adopt("case_review", trials=(prior(walker, Method.CATHETER, **known),))


def test_nothing_adopted_lies_in_the_future():
    walker = referred()
    with pytest.raises(ImpossibleTimeError):
        walker.adopt("case_review", trials=(prior(walker, ended_at=walker.now + timedelta(days=1)),))
    with pytest.raises(ImpossibleTimeError):
        walker.adopt("screening", duties=(RunningDuty(name="pump_in_body", since=walker.now + timedelta(days=1)),))


@pytest.mark.parametrize("name", ["triage_referral", "confirm_visit", "review_hold", "give_second_opinion"])
def test_only_duties_are_adopted(name: str):
    walker = referred()
    with pytest.raises(ImpossibleInputError, match="duty"):
        walker.adopt("screening", duties=(RunningDuty(name=name, since=walker.now),))


def test_an_adopted_candidate_has_two_trials_at_most_with_those_before():
    walker = referred()
    done = (
        prior(walker, ended_at=walker.ago("8d")),
        prior(walker, started_at=walker.ago("7d"), ended_at=walker.ago("5d")),
    )
    walker.adopt("contraindication_check", trials=done)
    assert "Trials so far: 2" in barred(walker.advance("approve_single_shot_trial"))


def test_a_deviation_takes_two_and_is_loud():
    walker = ready(single_shot())
    dose = walker.dose("0.2")
    assert walker.deviate("puncture", CLARA, dose=dose).entry.outcome == "proposed"
    assert not walker.episode.administrations
    assert walker.deviate("puncture", CLARA, dose=dose).refused
    assert not walker.episode.administrations
    walker.deviate_together("puncture", at=walker.later("1min").now, dose=dose)
    assert {"safety_review", "observation"} <= walker.duties()


def test_two_people_report_the_same_event_or_none():
    walker = ready(single_shot())
    walker.deviate("puncture", CLARA, dose=walker.dose("0.2"))
    assert walker.deviate("puncture", CEM, dose=walker.dose("0.3")).entry.outcome == "proposed"
    assert not walker.episode.administrations


def test_a_deviation_is_no_authorisation_for_the_next_act():
    walker = ready(single_shot())
    walker.deviate_together("puncture", dose=walker.dose("0.2"))
    assert "no authorisation stands" in barred(walker.later("1h").give())


def test_an_implant_against_a_shut_gate_still_brings_the_pump_duty():
    walker = reviewed(scores=(8, 8, 8))
    walker.deviate_together("implant")
    assert walker.stage == "implanted"
    assert {"pump_in_body", "safety_review"} <= walker.duties()
    how = [p.how for p in walker.episode.passages.values() if p.name == "record_implant"]
    assert how == ["deviation"]


@pytest.mark.parametrize("end", ["closed", "declined", "withdrawn", "died", "contraindicated"])
def test_nothing_is_implanted_after_the_end(end: str):
    walker = _ended(end)
    assert walker.stage == end
    assert walker.advance("record_implant", INES).refused
    assert walker.advance("approve_implant", INES).refused
    with pytest.raises(ImpossibleNowError):
        walker.deviate("implant", CLARA)


def _ended(end: str) -> Walker:
    walker = screening()
    match end:
        case "closed":
            walker = implanted()
            walker.record(wound_healed="yes")
            go(walker, "start_follow_up")
            walker.record(follow_up_accepted_by="Team North")
            go(walker, "close_follow_up")
        case "declined":
            walker.advance("decline", reason="not_suitable")
        case "withdrawn":
            walker.advance("withdraw", reason="moved_away")
        case "died":
            walker.advance("record_death")
        case "contraindicated":
            walker.record(CLARA, permanent_contraindication="yes")
            walker.together("contraindicate")
    return walker


def test_follow_up_does_not_close_over_an_open_duty_by_an_earlier_date():
    walker = implanted()
    walker.record(wound_healed="yes", follow_up_accepted_by="Team North")
    go(walker, "start_follow_up")
    walker.record(follow_up_accepted_by="Team North")
    moment = walker.now
    walker.later("1d").record(anticoagulant_status="stopped")
    decision = walker.later("1h").advance("close_follow_up", at=moment)
    assert "Open duties: 1" in barred(decision)


def test_a_catheter_of_a_single_shot_by_deviation_keeps_its_duty():
    walker = ready(single_shot())
    walker.deviate_together("puncture")
    assert {"catheter_in", "observation", "safety_review"} <= walker.duties()
    go(walker.later("1h"), "approve_catheter_removal")
    go(walker, "record_catheter_out")
    assert "catheter_in" not in walker.duties()


def test_a_catheter_left_in_at_withdrawal_can_come_out_a_month_later():
    walker = catheter_in()
    walker.advance("withdraw", reason="lost_contact")
    walker.later("30d").record(identity_confirmed="yes", inr="1.0")
    go(walker, "approve_catheter_removal")
    go(walker, "record_catheter_out")
    assert "catheter_in" not in walker.duties()


def test_an_authorisation_is_of_its_own_trial():
    walker = authorised()
    stands = [p for p in walker.episode.passages.values() if p.act == "implant" and p.until]
    assert [p.trial for p in stands] == [1]
    assert {p.by for p in stands} | {p.second for p in stands} == {"ines", "cem"}


def test_enrolling_twice_is_refused():
    with pytest.raises(ImpossibleNowError):
        referred().enrol(CARLA)
