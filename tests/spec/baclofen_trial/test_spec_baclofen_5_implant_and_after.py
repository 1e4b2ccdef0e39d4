"""5. Who becomes a non-responder, who gets a pump, and what stays in the body."""

from datetime import timedelta

import pytest
from baclofen_route import (
    BACLOFEN,
    FILLING,
    HANDOVER,
    checked,
    dosed,
    failed_at,
    give,
    go,
    graded,
    implanted,
    planned,
    ready,
    ready_for_implant,
    reviewed,
    seen,
    watched,
)
from world import CEM, CLARA, INES, NILS, Value, Walker, barred

from workflow.domain.appointment import AppointmentState


def approve(walker: Walker) -> str:
    return barred(walker.advance("approve_implant", INES))


def test_a_non_responder_had_100_micrograms():
    """Only who had 100 mcg and did not respond is a non-responder, by a review that two clinicians sign. (ITBL, R)"""
    walker = reviewed(failed_at("50", "75", "100"))
    walker.record(CLARA, review_outcome="non_responder")
    assert walker.advance("sign_non_responder", CLARA).entry.outcome == "proposed"
    walker.together("sign_non_responder")
    assert walker.stage == "non_responder"


@pytest.mark.parametrize("amounts", [("50",), ("50", "75")])
def test_below_100_micrograms_nobody_is_a_non_responder(amounts: tuple[str, ...]):
    """Who did not respond to 50 or 75 mcg is no non-responder: the next step is due. (ITBL, R)"""
    walker = reviewed(failed_at(*amounts))
    walker.record(CLARA, review_outcome="non_responder")
    assert f"Last dose (mcg): {amounts[-1]} mcg" in barred(walker.advance("sign_non_responder"))
    go(walker, "back_to_trial")
    walker.later("16h").record(active_infection="no")
    ready(walker)
    go(walker, "approve_puncture")
    assert not give(walker, {"50": "75", "75": "100"}[amounts[-1]]).refused


def test_what_cannot_be_judged_makes_no_non_responder():
    """A dose of 100 mcg that cannot be judged makes nobody a non-responder. (HOUSE, D)"""
    walker = failed_at("50", "75")
    ready(walker.later("16h"))
    go(walker, "approve_puncture")
    give(walker, "100")
    walker.later("3h").record(mas="4")
    walker.later("1h").record(mas="4", function_change="same")
    watched(walker)
    reviewed(walker).record(CLARA, review_outcome="non_responder")
    assert seen(walker, "sign_non_responder", "not_responded").verdict == "unknown"
    assert "not_responded" in barred(walker.advance("sign_non_responder"))


def test_both_signs_must_fail_where_there_are_both():
    """Where there are tone and spasms to lower, a non-responder showed neither. (ITBL, R)"""
    walker = dosed(to_lower="both")
    graded(walker, "4", "4", "4")
    walker.record(penn=1)
    watched(walker)
    reviewed(walker)
    assert seen(walker, "sign_non_responder", "not_responded").verdict == "shut"


def test_a_review_may_say_other_therapy_and_two_sign_it():
    """A review may end in other therapy or declining, and two sign that too. (HOUSE, D)"""
    walker = reviewed(failed_at("50"))
    walker.record(CLARA, review_outcome="other_therapy")
    assert walker.advance("decline_by_review", CLARA).entry.outcome == "proposed"
    walker.together("decline_by_review")
    assert walker.stage == "declined"


def test_an_implant_is_planned_on_a_response_and_a_review_signed_by_two():
    """An implant is planned on a response and a review of that trial, signed by two clinicians. (HOUSE, D)"""
    walker = reviewed()
    walker.record(payer_asks_four_hours="no")
    walker.record(CLARA, review_outcome="other_therapy")
    assert "review_says_implant" in barred(walker.advance("decide_implant"))
    walker.record(CLARA, review_outcome="implant")
    assert walker.advance("decide_implant", CLARA).entry.outcome == "proposed"
    assert walker.together("decide_implant").after.stage == "implant_planning"


def test_a_trial_done_elsewhere_takes_two_and_a_waiver():
    """A trial done elsewhere goes to review by two clinicians, and passes only by a declared waiver, never as a
    response. (HOUSE, D)
    """
    walker = checked()
    walker.together("waive_trial", reason="trial_done_elsewhere")
    walker.record(CLARA, review_outcome="implant")
    walker.record(payer_asks_four_hours="no")
    assert "responded" in barred(walker.together("decide_implant"))
    walker.dispense("responded", "trial_done_elsewhere")
    assert seen(walker, "decide_implant", "responded").verdict == "waived"
    assert walker.together("decide_implant").after.stage == "implant_planning"


@pytest.mark.parametrize("item", sorted(HANDOVER))
def test_the_implanter_gets_size_level_doses_and_duration(item: str):
    """No implant without a complete hand-over: pump size, tip level, the dose that passed, whether it worked for more
    than eight hours, start dose and concentration as ordered. (CMSC, ITBL, R)
    """
    walker = ready_for_implant(**{item: None})
    assert BACLOFEN.item(item).label in approve(walker)
    walker.record(**{item: HANDOVER[item]})
    assert not approve(walker)


@pytest.mark.parametrize(
    ("item", "value", "gate"),
    [
        ("consent_implant", None, "consented_to_implant"),
        ("payer_covers_implant", None, "implant_paid"),
        ("carers_taught_withdrawal", None, "carers_ready"),
        ("emergency_card_given", None, "carers_ready"),
        ("antibiotic_ordered", None, "infection_prevented"),
        ("mrsa_screen", "positive", "infection_prevented"),
        ("active_infection", "yes", "fit_for_implant"),
        ("fever_or_infection_today", "yes", "day_checks"),
    ],
)
def test_an_implant_asks_for_its_own_consent_payer_and_people_who_know_withdrawal(
    item: str, value: Value | None, gate: str
):
    """An implant has its own consent and authorisation; infection is looked for and prevented; the person and carers
    were taught withdrawal and carry an emergency card. (NACC17, NCD, ITBL, R; consent HOUSE, D)
    """
    assert gate in approve(ready_for_implant(**{item: value}))


def test_an_implant_is_approved_on_its_day_by_two():
    """An implant is approved on its day by two, for twelve hours. (HOUSE, D)"""
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))
    assert not walker.advance("approve_implant", CEM).refused
    walker.later("13h")
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))


def test_the_review_is_looked_at_again_after_ninety_days():
    """A review is good for ninety days; after that the case is reviewed again. (HOUSE, D)"""
    walker = planned().later("91d")
    assert "Case review outcome has expired" in approve(walker)


def test_no_start_dose_is_computed():
    """The start dose of a pump is recorded as ordered; the label's doubling is background, and nothing computes it.
    (ITBL, R)
    """
    walker = ready_for_implant(pump_start_dose="73.5")
    assert walker.newest("pump_start_dose").shown.startswith("73.5")
    assert "twice the screening dose" in BACLOFEN.background["pump_start"].text


def test_a_pump_in_the_body_has_somebody_until_a_named_team_accepts():
    """A pump in the body, and its next filling, are somebody's duty until it is out or a named team has accepted.
    (HOUSE, D)
    """
    walker = implanted()
    walker.later("10d").record(wound_healed="yes")
    go(walker, "start_follow_up")
    assert "Pump in the body" in barred(walker.advance("close_follow_up"))
    assert {"pump_in_body", "refill_due"} <= walker.duties()
    walker.record(
        pump_telemetry_after="yes",
        pump_printed_date=(walker.now + timedelta(days=60)).date().isoformat(),
        pump_battery_until="2032-01-01",
        pump_filled_at=walker.now.isoformat(),
        **FILLING,
    )
    walker.record(follow_up_accepted_by="Spasticity clinic North")
    assert not walker.advance("close_follow_up").refused


def test_the_next_filling_is_the_earlier_of_arithmetic_and_the_printed_date():
    """The next filling is due at the earlier of the arithmetic, less a week, and the date the pump printed. (UWN, R;
    margin HOUSE, D)
    """
    walker = implanted()
    view = walker.situation(CLARA).view(walker.now)
    due = walker.protocol.ladders["refill"]
    reckoned = walker.now + timedelta(days=(20 - 2) * 500 // 100 - 7)
    assert (due.time, due.rungs[0].after.amount) == ("working", -15)
    assert view.calendar.after(reckoned, due.rungs[0].after, due.time) == walker.timer("refill_due").due_at
    printed = walker.now + timedelta(days=40)
    walker.later("1h").record(pump_printed_date=printed.date().isoformat())
    assert walker.timer("refill_due").due_at < printed - timedelta(days=20)


def test_a_refill_is_counted_back_in_working_days_and_reaches_the_lead():
    """The filling is asked for 15, 10, 5 and 2 working days before it is due; the lead hears two working days before,
    and every working day after. (HOUSE, D)
    """
    walker = implanted()
    due_at = walker.now + timedelta(days=83)
    first: dict[str, int] = {}
    while walker.now < due_at + timedelta(days=3):
        for fired in walker.later("1d").tick():
            for message in fired.messages:
                if message.name == "refill_due":
                    first.setdefault(message.recipient, (due_at - walker.now).days)
    assert first["nils"] >= 20
    assert first["sam"] >= 20
    assert 5 <= first["clara"] <= 8
    assert 1 <= first["lena"] <= 5
    assert walker.task("refill_due").is_open


def test_a_faster_pump_brings_the_refill_forward():
    """Every new daily dose is reckoned with: a faster pump brings the filling forward, a slower one never moves it out.
    (HOUSE, D)
    """
    walker = implanted()
    before = walker.timer("refill_due").due_at
    walker.later("7d").record(pump_daily_dose="200")
    faster = walker.timer("refill_due").due_at
    assert faster < before
    walker.later("7d").record(pump_daily_dose="50")
    assert walker.timer("refill_due").due_at <= faster


def test_a_missed_refill_opens_the_emergency():
    """A refill that is missed is red at once for nurse and clinician, an hour later for the implanter too, and its
    advice ends in an emergency plan. (HOUSE, D)
    """
    walker = implanted()
    walker.appoint("refill_visit", walker.now + timedelta(hours=1))
    walker.later("2h").conclude("1", AppointmentState.MISSED)
    now = walker.tick()
    missed = [m for fired in now for m in fired.messages if m.name == "refill_missed"]
    assert {m.recipient for m in missed} == {"nils", "clara", "cem"}
    assert {m.urgency for m in missed} == {"red"}
    later = [m for fired in walker.later("1h").tick() for m in fired.messages if m.name == "refill_missed"]
    assert "ines" in {m.recipient for m in later}
    advice = walker.protocol.task("refill_missed").advice
    assert "emergency department" in advice
    assert "T6" in advice


REFILL: dict[str, Value] = {
    "identity_confirmed": "yes",
    "fever_or_infection_today": "no",
    "refill_checked_by_two": "yes",
    "refill_residual_expected": "3",
    "refill_residual_aspirated": "3.5",
    "refill_kind": "licensed",
    "pump_concentration": 500,
    "refill_lot": "B-1207",
    "pump_dose_ordered": "100",
    "bridge_bolus": "not_needed",
    "neuro_check": "unchanged",
}


@pytest.mark.parametrize("item", sorted(REFILL))
def test_a_refill_is_one_event_with_its_form(item: str):
    """A refill is one event: identity, drug and concentration checked by two, residual expected and aspirated, lot,
    dose as ordered, bridge bolus, neurological check. (HOUSE, D; MAINO17, UWN, R)
    """
    walker = implanted().later("30d")
    walker.record(**{name: value for name, value in REFILL.items() if name != item})
    assert walker.advance("approve_refill", NILS).refused
    walker.record(**REFILL)
    assert not walker.advance("approve_refill", NILS).refused
    assert not walker.advance("record_refill", NILS).refused
    assert "filling_to_write_up" in walker.duties()


@pytest.mark.parametrize(("aspirated", "told"), [("5", False), ("5.1", True)])
def test_a_residual_off_by_more_than_two_millilitres_is_told(aspirated: str, *, told: bool):
    """In a pump of 40 mL a residual more than 2 mL off is told, and bars no filling. (MAINO17, R)"""
    walker = implanted().later("30d")
    walker.record(**{**REFILL, "refill_residual_aspirated": aspirated})
    warned = {report.gate for report in walker.option("approve_refill", NILS).reports if report.warns}
    assert ("residual_as_expected" in warned) is told
    assert not walker.advance("approve_refill", NILS).refused


def test_an_mri_opens_the_check_of_the_pump_the_same_day():
    """An MRI with a pump in the body opens its check the same day, until the pump is seen to run. (TGA, R)"""
    walker = implanted()
    walker.later("30d").record(mri_done="yes")
    assert walker.timer("pump_check_after_mri").due_at == walker.now + timedelta(hours=1)
    walker.later("2h").record(pump_checked="yes")
    assert "pump_check_after_mri" not in walker.duties()


def test_an_mri_before_the_implant_opens_nothing():
    """An MRI before there is a pump asks for no check of one. (HOUSE, D)"""
    walker = checked()
    walker.record(mri_done="yes")
    assert "pump_check_after_mri" not in walker.duties()


def test_two_increases_without_effect_look_at_the_catheter_first():
    """After two increases without effect, pump and catheter are looked at before the next. (HOUSE, D)"""
    walker = implanted().later("20d")
    walker.record(increase_without_effect="yes")
    assert "catheter_check" not in walker.duties()
    walker.later("3d").record(increase_without_effect="yes")
    assert "catheter_check" in walker.duties()


def test_death_leaves_only_the_pump_to_be_seen_to():
    """Death ends every duty but the pump, which is removed before a cremation. (HOUSE, U)"""
    walker = implanted()
    walker.record(complication="withdrawal")
    walker.advance("record_death")
    assert walker.open() == {"pump_in_body"}
