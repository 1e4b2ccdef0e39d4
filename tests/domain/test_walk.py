"""Whole passages, from the referral to the end, as people live them."""

from datetime import timedelta

from route import (
    AWAKE,
    DAY,
    IMPLANT,
    INPUTS,
    authorised,
    bolus,
    catheter,
    catheter_in,
    catheter_out,
    checked,
    diary,
    discharged,
    dosed,
    go,
    implanted,
    planned,
    ready,
    referred,
    reviewed,
    scored,
    single_shot,
)
from world import CARLA, CLARA, INES, NILS, barred

from workflow.domain.decide.adopt import PriorTrial, RunningDuty
from workflow.domain.ladder import TimerState
from workflow.domain.passage import How
from workflow.domain.trial import Method


def test_a_responder_by_catheter_walks_from_referral_to_closed():
    walker = catheter_in()
    bolus(walker.later("1h"))
    scored(walker, (4, 3, 2))
    bolus(walker)
    scored(walker, (3, 3))
    discharged(walker)
    catheter_out(walker)
    go(walker, "assess_response")
    walker.record(**INPUTS)
    go(walker, "send_to_case_review")
    assert (walker.response().verdict, walker.response().relief_shown) == ("met", walker.episode.trials["1"].relief)
    authorised(walker)
    go(walker.later("1h"), "record_implant")
    walker.later("10d").record(wound_healed="yes")
    go(walker, "start_follow_up")
    walker.later("30d").record(follow_up_accepted_by="Pump clinic North")
    go(walker, "close_follow_up")
    assert walker.stage == "closed"
    assert walker.episode.closed_at == walker.now
    assert not walker.open()
    walker.verify()


def test_a_non_responder_by_single_shot_goes_on_to_a_second_trial_that_passes():
    walker = reviewed(scores=(7, 8, 7))
    assert walker.response().verdict == "not met"
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.later("10d").record(active_infection="no", trial_drug="fentanyl")
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    assert not walker.give("25", drug="fentanyl").refused
    for score in (2, 3, 2):
        walker.later("1h").record(nrs=score)
    walker.later("6h").record(discharged="yes")
    go(walker, "assess_response")
    walker.record(**INPUTS)
    go(walker, "send_to_case_review")
    planned(walker)
    first, second = walker.episode.trials.values()
    assert (first.outcome, first.response) == ("repeat", "not met")
    assert (second.outcome, second.response, second.drug) == ("responded", "met", "fentanyl")


def test_a_non_responder_twice_is_signed_so_by_two_people():
    walker = reviewed(scores=(8, 8, 8))
    walker.record(CLARA, review_outcome="non_responder")
    walker.together("sign_non_responder")
    assert walker.stage == "non_responder"
    assert walker.episode.closed_at is not None
    assert {walker.last.entry.actor, walker.last.entry.about["second"]} == {"clara", "cem"}


def test_exactly_half_is_on_the_line_and_not_above_it():
    walker = reviewed(scores=(4, 4, 4), baseline=8)
    assert walker.response().relief_shown == 50
    assert "exactly on the line, not above it" in walker.response().because
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    assert "exactly on the line" in barred(walker.together("decide_implant"))
    assert walker.stage == "case_review"


def test_an_inr_that_has_expired_stops_the_puncture_and_says_so():
    walker = single_shot().later("31d")
    walker.record(**DAY, active_infection="no", platelets=250)
    decision = walker.advance("approve_puncture")
    report = next(seen for seen in decision.entry.basis if seen.gate == "bleeding_risk_today")
    assert report.verdict == "unknown"
    assert "INR has expired" in report.because
    assert "valid for 30d" in report.because
    assert report.opens_when == "INR: at most 1.4"


def test_an_adopted_candidate_goes_on_from_where_they_stood():
    walker = referred()
    walker.adopt(
        "catheter_trial",
        at=walker.ago("2d"),
        trials=(
            PriorTrial(
                method=Method.CATHETER,
                drug="morphine",
                started_at=walker.ago("3d"),
                punctured_at=walker.ago("2d"),
                source="ward file",
            ),
        ),
        duties=(RunningDuty(name="catheter_in", since=walker.ago("2d")),),
    )
    diary(walker)
    bolus(walker)
    scored(walker, (3, 3, 3))
    discharged(walker)
    walker.record(anticoagulant="none", inr="1.0")
    catheter_out(walker)
    go(walker, "assess_response")
    assert walker.stage == "response_assessment"
    assert not walker.duties()


def test_a_hold_stops_the_clocks_that_wait_and_the_release_gives_them_their_time_back():
    walker = checked()
    left = walker.timer("check_contraindications").due_at - walker.now
    walker.hold("infection_to_treat")
    assert walker.timer("check_contraindications").state is TimerState.PAUSED
    assert "hold" in barred(walker.advance("approve_single_shot_trial"))
    assert not [fired for fired in walker.later("6d").tick() if "check" in str(fired.entry.about["task"])]
    assert walker.timer("review_hold").state is TimerState.LIVE
    walker.later("1d")
    assert [fired.entry.about["rung"] for fired in walker.tick()] == [0]
    walker.release()
    assert walker.timer("check_contraindications").state is TimerState.LIVE
    assert walker.timer("check_contraindications").due_at - walker.now == left
    assert "review_hold" not in walker.open()
    diary(walker)
    walker.record(active_infection="no")
    go(walker, "approve_single_shot_trial")


def test_a_dose_that_was_given_against_a_shut_gate_is_told_by_two():
    walker = single_shot().later("1d")
    assert walker.give().refused
    walker.deviate_together("puncture", dose=walker.dose("0.2"))
    passage = next(p for p in walker.episode.passages.values() if p.how is How.DEVIATION)
    assert {passage.by, passage.second} == {"clara", "cem"}
    assert {"safety_review", "observation"} <= walker.duties()
    walker.complete("safety_review", CLARA, note="consent form found")
    assert "safety_review" not in walker.duties()
    scored(walker, (3, 3, 3))
    assert walker.response().verdict == "met"


def test_an_advanced_cancer_goes_on_without_a_trial_by_two_waivers():
    walker = checked()
    walker.correct("pain_origin", "cancer")
    assert walker.advance("waive_trial", reason="trial_waived_advanced_cancer").entry.outcome == "proposed"
    assert "give_second_opinion" in walker.open()
    walker.together("waive_trial", reason="trial_waived_advanced_cancer")
    assert walker.stage == "case_review"
    assert "give_second_opinion" not in walker.open()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=9)
    for gate in ("responded", "trial_tolerated"):
        walker.dispense(gate, "trial_waived_advanced_cancer")
    verdicts = {seen.gate: str(seen.verdict) for seen in walker.option("decide_implant").reports}
    assert verdicts["responded"] == verdicts["trial_tolerated"] == "waived"
    walker.together("decide_implant")
    assert walker.stage == "implant_planning"
    assert walker.episode.trials["1"].method is Method.WAIVED
    passage = next(p for p in walker.episode.passages.values() if p.name == "decide_implant")
    assert passage.how is How.WAIVED
    walker.later("2d").record(**DAY, **IMPLANT)
    walker.advance("approve_implant", INES)
    walker.advance("approve_implant", CLARA)
    go(walker, "record_implant")


def test_withdrawing_with_the_catheter_in_leaves_the_duty_running_until_it_is_out():
    walker = catheter_in()
    walker.later("1h").advance("withdraw", reason="candidate_withdrew")
    assert walker.stage == "withdrawn"
    assert walker.episode.closed_at is None
    assert "catheter_in" in walker.duties()
    told = {message.recipient for fired in walker.later("4d").tick() for message in fired.messages}
    assert {"nils", "clara", "lena"} <= told
    walker.record(identity_confirmed="yes", discharged="yes")
    assert walker.episode.closed_at is None
    catheter_out(walker)
    assert walker.episode.closed_at == walker.now
    assert walker.episode.trials["1"].catheter_out_at == walker.now


def test_death_ends_everything_but_the_pump():
    walker = implanted()
    walker.record(anticoagulant_status="stopped", sedation_score=4)
    walker.appoint("visit", walker.now + timedelta(days=20))
    assert walker.duties() == {"pump_in_body", "anticoagulant_off", "respiratory_alarm"}
    walker.advance("record_death")
    assert walker.open() == {"pump_in_body"}
    assert walker.episode.appointments["1"].state == "cancelled"
    walker.record(pump_removed="yes")
    assert walker.episode.closed_at is not None


def test_the_same_person_is_not_the_second_person():
    walker = planned().later("7d")
    walker.record(**DAY, **IMPLANT)
    assert walker.advance("approve_implant", INES).entry.outcome == "proposed"
    decision = walker.advance("approve_implant", INES)
    assert "you have asked already; another person must ask too" in barred(decision)
    assert not walker.advance("approve_implant", CLARA).refused
    passage = next(p for p in walker.episode.passages.values() if p.act == "implant")
    assert (passage.second, passage.by) == ("ines", "clara")


def test_a_contraindication_for_good_ends_the_way_even_on_hold():
    walker = checked()
    walker.hold("bleeding_risk_to_correct")
    walker.record(CLARA, permanent_contraindication="yes")
    walker.together("contraindicate")
    assert walker.stage == "contraindicated"
    assert walker.episode.hold is None
    assert walker.episode.closed_at is not None


def test_a_platelet_count_of_sixty_passes_by_two_clinicians_and_shows_it():
    walker = checked()
    walker.record(platelets=60)
    diary(walker)
    assert "asked for at least 100" in barred(walker.advance("approve_single_shot_trial"))
    walker.dispense("bloods", "palliative_with_haematology_plan")
    go(walker, "approve_single_shot_trial")
    passage = next(p for p in walker.episode.passages.values() if p.name == "approve_single_shot_trial")
    assert passage.how is How.OVERRIDDEN
    report = next(seen for seen in walker.last.entry.basis if seen.gate == "bloods")
    assert report.because.startswith("overridden by two people (palliative_with_haematology_plan); it stood as shut")


def test_no_stage_is_silent_for_more_than_a_month():
    for walker in (referred(), checked(), catheter(), dosed(), reviewed(), planned(), implanted()):
        before = walker.stage
        assert any(fired.messages for fired in walker.later("31d").tick()), before
        assert walker.stage == before


def test_every_line_says_who_when_and_what_and_hangs_on_the_one_before():
    walker = implanted()
    walker.verify()
    assert {line.actor for line in walker.lines} >= {"carla", "nils", "clara", "cem", "ines"}
    assert [line.seq for line in walker.lines] == list(range(1, len(walker.lines) + 1))
    assert walker.lines[0].verb == "enrol"


def test_somebody_drowsy_is_red_at_once_and_gets_no_further_dose():
    walker = catheter_in()
    bolus(walker.later("1h"))
    walker.later("2h").record(NILS, sedation_score=3, breathing_rate=9)
    told = {m.recipient for fired in walker.tick() for m in fired.messages if m.urgency == "red"}
    assert told == {"nils", "clara", "cem"}
    assert "Sedation" in barred(walker.advance("approve_repeat_dose"))
    walker.acknowledge("respiratory_alarm", NILS, wait="10min")
    assert walker.complete("respiratory_alarm", NILS).refused
    walker.later("20min").record(**AWAKE)
    walker.complete("respiratory_alarm", CLARA, note="naloxone given, awake")
    assert "respiratory_alarm" not in walker.duties()


def test_a_procedure_moved_takes_its_reminders_along():
    walker = checked()
    walker.appoint("trial_procedure", walker.now + timedelta(days=10))
    assert walker.timer("confirm_last_anticoagulant_dose").due_at == walker.now + timedelta(days=3)
    walker.reschedule("1", walker.now + timedelta(days=20), CARLA)
    assert walker.timer("confirm_last_anticoagulant_dose").due_at == walker.now + timedelta(days=13)
