"""Relief in one trial: met, not met, or cannot be judged; and why."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from route import bolus, catheter_in, checked, diary, dosed, go, ready, scored, single_shot
from world import PROTOCOL, Value, Walker, every

from workflow.domain.criterion import Operator
from workflow.domain.item import Item, Kind
from workflow.domain.observation import Absence
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response import Response
from workflow.domain.trial import Mode


def after(scores: tuple[Value, ...], baseline: Value = 8) -> Response:
    """A single shot on a steady baseline, scored every two hours."""
    walker = dosed(baseline)
    scored(walker, scores)
    return walker.response()


@pytest.mark.parametrize(
    ("baseline", "scores", "verdict", "relief", "margin"),
    [
        (8, (4, 4, 4), "not met", "50.00", 0),
        (8, (4, 4, 3), "met", "54.16", Fraction(25, 6)),
        (8, (4, 4, 5), "not met", "45.83", Fraction(-25, 6)),
        (10, (5, 5, 5), "not met", "50.00", 0),
        (9, (1, 1, 1), "met", "88.88", Fraction(350, 9)),
        (8, (0, 0, 0), "met", "100.00", 50),
        (4, (8, 8, 8), "not met", "-100.00", -150),
    ],
)
def test_more_than_half_is_more_than_half(
    baseline: int, scores: tuple[Value, ...], verdict: str, relief: str, margin: Fraction
):
    found = after(scores, baseline)
    assert (found.verdict, found.relief_shown, found.margin) == (verdict, Decimal(relief), margin)


def test_seven_to_three_and_a_half_is_on_the_line_and_not_above_it():
    halves = replace(PROTOCOL, items={**PROTOCOL.items, "nrs": replace(PROTOCOL.item("nrs"), decimals=1)})
    walker = _dosed_under(halves, 7)
    scored(walker, ("3.5", "3.5", "3.5"))
    assert (walker.response().verdict, walker.response().margin) == ("not met", 0)
    assert "exactly on the line, not above it" in walker.response().because


def test_where_the_file_says_at_least_the_line_itself_is_enough():
    lenient = replace(PROTOCOL, response=replace(PROTOCOL.response, operator=Operator.AT_LEAST))
    walker = _dosed_under(lenient, 8)
    scored(walker, (4, 4, 4))
    assert walker.response().verdict == "met"


def _dosed_under(protocol: ProtocolVersion, baseline: Value) -> Walker:
    walker = checked(Walker(protocol))
    diary(walker, baseline)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    return walker


def test_a_third_never_rounds_its_way_over_the_line():
    found = after((4, 4, 4, 4, 4, 4, 4, 3, 5), 8)
    assert (found.verdict, found.relief) == ("not met", 50)
    assert after((5, 5, 4), 9).relief_shown == Decimal("48.14")


def test_a_baseline_of_nothing_leaves_nothing_to_relieve():
    found = after((0, 0, 0), 0)
    assert found.verdict == "cannot be judged"
    assert "baseline of 0" in found.because


def test_a_low_baseline_is_judged_and_warned_about():
    found = after((1, 1, 1), 3)
    assert found.verdict == "met"
    assert "floor effect" in found.warning
    assert not after((1, 1, 1), 4).warning


@pytest.mark.parametrize("absence", list(Absence))
def test_asleep_is_not_zero(absence: Absence):
    walker = dosed()
    scored(walker, (6, absence, absence))
    assert walker.response().verdict == "cannot be judged"
    assert "1 of 3 scores" in walker.response().because
    scored(walker, (6, 6))
    assert (walker.response().verdict, walker.response().mean) == ("not met", 6)


def test_scores_outside_the_effect_window_are_not_counted():
    walker = dosed()
    given = walker.now
    for early in every(given, "15min", 3):
        walker.now = early
        walker.record(nrs=8)
    walker.now = given
    scored(walker, (2, 2, 2))
    walker.now = given + timedelta(hours=25)
    walker.record(nrs=9)
    found = walker.response()
    assert (found.mean, len(found.scores), found.left_out) == (2, 3, 4)


def test_the_edges_of_the_effect_window_belong_to_it():
    walker = dosed()
    given = walker.now
    for edge in (timedelta(hours=1), timedelta(hours=24)):
        walker.now = given + edge
        walker.record(nrs=2)
    for outside in (timedelta(minutes=59), timedelta(hours=24, minutes=1)):
        walker.now = given + timedelta(hours=25)
        walker.record(at=given + outside, nrs=9)
    assert len(walker.response().scores) == 2


def test_an_infusion_is_felt_until_the_catheter_is_out():
    walker = catheter_in().later("1h")
    walker.record(sedation_score=1, breathing_rate=14)
    go(walker, "approve_repeat_dose")
    walker.give(mode=Mode.INFUSION)
    for at in every(walker.now, "20h", 3):
        walker.now = at
        walker.record(nrs=3)
    assert len(walker.response().scores) == 3


def test_two_doses_open_two_windows():
    walker = catheter_in()
    bolus(walker.later("1h"))
    walker.later("30h")
    bolus(walker)
    scored(walker, (3, 3, 3))
    assert len(walker.response().scores) == 3


def test_a_baseline_from_before_the_analgesics_changed_is_unknown():
    walker = single_shot()
    walker.record(at=walker.ago("3d"), analgesics_changed="yes")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    scored(walker, (2, 2, 2))
    assert walker.response().verdict == "cannot be judged"
    assert "analgesics were changed" in walker.response().because


def test_analgesics_that_stayed_the_same_or_changed_long_before_do_not_matter():
    walker = single_shot()
    walker.record(at=walker.ago("3d"), analgesics_changed="no")
    walker.record(at=walker.ago("20d"), analgesics_changed="yes")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    scored(walker, (2, 2, 2))
    assert walker.response().verdict == "met"


def _catheter_after(days: int, waited: str) -> Walker:
    walker = checked()
    diary(walker, 8, days)
    go(walker, "approve_catheter_trial")
    walker.later(waited)
    walker.record(active_infection="no", inr="1.0", platelets=250)
    ready(walker)
    go(walker, "approve_puncture")
    go(walker, "record_catheter_in")
    bolus(walker)
    scored(walker, (2, 2, 2))
    return walker


def test_a_diary_of_three_days_is_no_baseline():
    found = _catheter_after(3, "1d").response()
    assert (found.verdict, "3 of 4 days" in found.because) == ("cannot be judged", True)
    assert _catheter_after(4, "1d").response().verdict == "met"


def test_a_diary_that_ended_too_long_ago_is_no_baseline():
    found = _catheter_after(5, "15d").response()
    assert (found.verdict, "at most 14d" in found.because) == ("cannot be judged", True)


def test_a_score_just_before_the_dose_is_enough_for_a_single_shot_and_for_nothing_else():
    walker = ready(_begun("approve_single_shot_trial"))
    walker.record(nrs=8)
    go(walker.later("5min"), "approve_puncture")
    walker.give()
    scored(walker, (2, 2, 2))
    assert (walker.response().verdict, walker.response().baseline) == ("met", 8)
    walker = ready(_begun("approve_catheter_trial"))
    walker.record(nrs=8)
    go(walker.later("5min"), "approve_puncture")
    go(walker, "record_catheter_in")
    bolus(walker)
    scored(walker, (2, 2, 2))
    assert walker.response().verdict == "cannot be judged"


def _begun(name: str) -> Walker:
    walker = checked()
    go(walker, name)
    return walker


def test_without_a_dose_there_is_nothing_to_judge():
    assert single_shot().response().because == "no dose of this trial is recorded"


def test_an_instrument_where_more_is_better_is_read_the_other_way_round():
    steps = Item(
        key="steps", label="Steps", kind=Kind.NUMBER, unit="{steps}", minimum=Decimal(0), maximum=Decimal(20000)
    )
    rule = replace(PROTOCOL.response, instrument="steps", lower_is_better=False)
    walker = checked(Walker(replace(PROTOCOL, items={**PROTOCOL.items, "steps": steps}, response=rule)))
    for at in every(walker.ago("6d"), "1d", 5):
        walker.record(at=at, steps=1000)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    walker.give()
    for count in (1500, 1600, 1700):
        walker.later("2h").record(steps=count)
    assert (walker.response().verdict, walker.response().relief) == ("met", 60)


def test_the_response_is_written_down_before_and_after_each_change():
    walker = dosed()
    scored(walker, (2, 2))
    walker.later("2h").record(nrs=2)
    about = walker.last.entry.about
    assert (about["response_before"], about["response_after"]) == ("cannot be judged", "met")
    assert (about["relief_before"], about["relief_after"]) == (None, Decimal("75.00"))
    walker.correct("nrs", 8)
    assert walker.last.entry.about["response_after"] == "not met"


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10), st.lists(st.integers(0, 10), min_size=3, max_size=6))
def test_the_verdict_is_plain_arithmetic(baseline: int, scores: list[int]):
    found = after(tuple(scores), baseline)
    total = sum(scores)
    assert found.verdict == ("met" if 2 * total < baseline * len(scores) else "not met")
    assert found.relief == Fraction(100 * (baseline * len(scores) - total), baseline * len(scores))
    assert found.relief_shown <= found.relief < found.relief_shown + Decimal("0.01")
