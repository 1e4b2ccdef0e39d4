"""4. The implant, the pump and its refills."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from world import CEM, CLARA, INES, NILS, Value, Walker, barred
from ziconotide_route import (
    HANDOVER,
    derived,
    filled,
    go,
    implanted,
    planned,
    ready_for_implant,
    reviewed,
    verdict_of,
    walk,
    warned,
)

from workflow.domain.appointment import AppointmentState
from workflow.domain.criterion import Known, Missing

REFILL: dict[str, Value] = {"identity_confirmed": "yes", "fever_or_infection_today": "no", "refill_checked": "yes"}


def approve(walker: Walker) -> str:
    return barred(walker.advance("approve_implant", INES))


def days(walker: Walker) -> Decimal:
    """Days until the refill is due."""
    found = derived(walker, "refill.due")
    assert isinstance(found, Known)
    assert found.number is not None
    return found.number


@pytest.mark.parametrize("item", sorted(HANDOVER))
def test_an_implant_without_its_handover_is_shut(item: str):
    """The implanter has the drug, the size of the pump, the level of the tip, the start dose, the dose that worked
    and whom to ask; without any one of them the implant is shut. (CMSC; the rest HOUSE, D)
    """
    walker = ready_for_implant(**{item: None})
    assert f"lacks {walker.protocol.item(item).label}" in approve(walker)
    walker.record(**{item: HANDOVER[item]})
    assert not approve(walker)


def test_the_pump_is_filled_with_the_drug_that_was_tried():
    """A pump planned with another drug than the one that was tried is shut. (HOUSE, D)"""
    assert verdict_of(ready_for_implant(implant_drug="other"), "approve_implant", "drug_as_tried") == "shut"
    assert not approve(ready_for_implant())


@pytest.mark.parametrize(
    ("item", "gate"),
    [
        ("consent_implant", "consented_to_implant"),
        ("body_size_adequate", "fit_for_implant"),
        ("mrsa_settled", "infection_prevented"),
        ("antibiotic_ordered", "infection_prevented"),
        ("identity_confirmed", "day_checks"),
    ],
)
def test_an_implant_asks_for_its_own_day(item: str, gate: str):
    """An implant has its own consent, a body that takes the pump, carriers decolonised, an antibiotic planned, and
    the checks of its day. (NACC17, HOUSE, D)
    """
    assert gate in approve(ready_for_implant(**{item: None if gate != "day_checks" else "no"}))


def test_a_psychosis_after_the_review_shuts_the_implant():
    """A psychosis recorded after the review shuts the implant for good. (PRIUS, R)"""
    walker = ready_for_implant()
    walker.record(CLARA, psychosis_history="yes")
    walker.later("1h").record(CLARA, psychosis_history="no")
    assert "no_psychosis" in approve(walker)


def test_a_pump_asks_for_more_months_than_the_site_has_set():
    """A pump asks for a life expectancy of more than six months, or of what the site has set from three to twelve.
    (SEED, PACC24, NCD, R)
    """
    for months, settings, passes in (
        (6, None, False),
        (7, None, True),
        (4, {"life_expectancy_pump": Decimal(3)}, True),
    ):
        walker = reviewed(walker=walk(settings))
        walker.record(CLARA, review_outcome="implant", life_expectancy_months=months)
        assert (not barred(walker.together("decide_implant"))) is passes


def test_an_implant_is_approved_on_its_day_by_two():
    """An implant is planned on a review signed by two, and approved on its day by an implanter and another. (HOUSE,
    D)
    """
    walker = ready_for_implant(planned())
    assert not approve(walker)
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES))
    assert not walker.advance("approve_implant", CEM).refused
    go(walker, "record_implant")
    assert "pump_in_body" in walker.duties()


def test_a_first_filling_keeps_fourteen_days():
    """The first filling is replaced within fourteen days, whatever is left in the pump. (PRIUS; three days of margin
    HOUSE, D)
    """
    walker = filled(refill_kind="first")
    assert days(walker) == 14 - 3


@pytest.mark.parametrize(("filling", "keeps"), [("diluted", 40), ("undiluted", 84)])
def test_later_fillings_keep_forty_or_eighty_four_days(filling: str, keeps: int):
    """A later filling keeps forty days diluted and eighty-four undiluted. (PRIUS; three days of margin HOUSE, D)"""
    assert days(filled(refill_kind=filling)) == keeps - 3


def test_an_emptying_pump_comes_before_the_stability_of_the_drug():
    """Where the pump runs low before the drug spoils, the arithmetic decides: 18 mL of 25 mcg/mL at 15 mcg a day
    last thirty days. (HOUSE, D)
    """
    assert days(filled(refill_kind="undiluted", pump_daily_dose=15)) == 30 - 3


def test_the_earlier_of_reckoned_and_printed_date_wins():
    """The earlier of the reckoned and the printed date counts, and a gap of more than two days is asked about. (UWN;
    the gap HOUSE, D)
    """
    walker = implanted()
    printed = (walker.now + timedelta(days=20)).date()
    filled(walker, refill_kind="diluted", pump_printed_date=printed.isoformat())
    assert 19 < days(walker) < 20
    walker.record(**REFILL)
    assert "refill_dates_agree" in warned(walker, "approve_refill")


@pytest.mark.parametrize(
    "item", ["refill_kind", "refill_volume", "pump_reserve", "pump_concentration", "pump_daily_dose"]
)
def test_a_refill_date_with_an_input_missing_is_unknown(item: str):
    """With an input missing the arithmetic is unknown; the printed date alone counts, never beyond what any filling
    keeps, and without it nothing is known. (PRIUS, R; HOUSE, D)
    """
    walker = filled()
    walker.correct(item, None)
    assert walker.task("refill_due").is_open
    assert days(walker) == 84 - 3
    walker.correct("pump_printed_date", None)
    assert isinstance(derived(walker, "refill.due"), Missing)


def test_the_refill_is_asked_for_three_days_before_and_climbs_on_its_day():
    """Three days before it is due the nurse is reminded; on the day the nurse, then the physician, then the lead.
    (HOUSE, D)
    """
    walker = filled()
    due = walker.now + timedelta(days=14 - 3)
    told: dict[str, list[datetime]] = {}
    while walker.now < due + timedelta(hours=13):
        for fired in walker.later("1h").tick():
            for message in fired.messages:
                if message.name == "refill_due":
                    told.setdefault(message.recipient, []).append(walker.now)
    assert told["nils"][0] == due - timedelta(days=3)
    assert told["clara"][0] == due + timedelta(hours=6)
    assert told["lena"][0] == due + timedelta(hours=12)


def test_a_faster_pump_moves_the_refill_nearer():
    """A higher daily dose moves the refill nearer at once. (HOUSE, D)"""
    walker = filled(refill_kind="undiluted")
    walker.later("1d").record(pump_daily_dose=20)
    assert days(walker) == Decimal("22.5") - 3 - 1


def test_a_refill_is_approved_on_its_day_and_recorded_whole():
    """A refill is approved on its day and recorded when its record is whole: residual, lot, bridge, read-out, and the
    neurological check. (HOUSE, D)
    """
    walker = filled().later("10d")
    assert "refill_day" in barred(walker.advance("approve_refill", NILS))
    walker.record(**REFILL, refill_residual_expected="6", refill_residual_aspirated="4.5")
    assert "residual_as_expected" in warned(walker, "approve_refill")
    assert not walker.advance("approve_refill", NILS).refused
    assert "lacks Lot filled in" in barred(walker.advance("record_refill", NILS))
    walker.record(refill_lot="A1", bridge_bolus="none", pump_telemetry_after="yes", neuro_check="unchanged")
    assert not walker.advance("record_refill", NILS).refused


def test_a_psychosis_on_the_pump_shuts_the_refill_and_ziconotide_stops_at_once():
    """A psychosis on the pump shuts every refill; ziconotide is stopped at once, without tapering, and does not come
    back. (PRIUS, R)
    """
    walker = filled()
    walker.later("5d").record(CLARA, complication="psychosis")
    walker.record(**REFILL)
    assert "no_psychosis" in barred(walker.advance("approve_refill", NILS))
    walker.advance("stop_ziconotide", reason="psychosis")
    assert walker.stage == "ziconotide_stopped"
    assert "refill_due" not in walker.duties()
    walker.record(ziconotide_ruled_out_told="yes", psychosis_history="no")
    assert "psychosis_recorded" not in walker.duties()
    assert "Not from here" in {report.label for report in walker.advance("approve_refill", NILS).entry.basis}


def test_a_pump_in_the_body_has_somebody_until_a_named_team_accepts():
    """A pump in the body is somebody's duty until it is out or a named team has accepted the follow-up; follow-up is
    closed with nothing open. (HOUSE, D)
    """
    walker = filled()
    walker.later("10d").record(wound_healed="yes")
    go(walker, "start_follow_up")
    assert "Pump in the body" in barred(walker.advance("close_follow_up"))
    walker.record(follow_up_accepted_by="Pump clinic North")
    go(walker, "close_follow_up")
    assert walker.episode.closed_at is not None


def test_death_leaves_only_the_pump_to_be_seen_to():
    """Death ends every duty but the pump, which is removed before a cremation. (HOUSE, U)"""
    walker = filled()
    walker.advance("record_death")
    assert walker.open() == {"pump_in_body"}


def test_a_missed_refill_opens_a_call_at_once():
    """A refill visit that was missed opens a call at once. (UWN; the hour HOUSE, D)"""
    walker = filled()
    walker.appoint("refill_visit", walker.now + timedelta(days=1))
    walker.later("2d").conclude("1", AppointmentState.MISSED)
    assert walker.timer("refill_missed").due_at == walker.now


def test_two_increases_without_relief_ask_for_the_cause():
    """Two increases in a row without matching relief ask for a catheter fault or a granuloma before the next. (HOUSE,
    D)
    """
    walker = implanted()
    for change, asks in (
        ("increased_without_relief", False),
        ("increased_with_relief", False),
        ("increased_without_relief", False),
        ("increased_without_relief", True),
    ):
        walker.later("3d").record(dose_change=change)
        assert ("search_for_cause" in walker.duties()) is asks


def test_after_an_mri_the_pump_is_read_out_the_same_day():
    """After an MRI the pump is read out the same day. (TGA, R)"""
    walker = implanted()
    walker.record(mri_done="yes")
    assert walker.timer("pump_check_after_mri").due_at == walker.now
    walker.later("1h").record(pump_checked="yes")
    assert "pump_check_after_mri" not in walker.duties()
