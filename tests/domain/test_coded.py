"""A late entry and a dose out of the ordinary say a declared code; own words may follow it."""

from dataclasses import replace

import pytest
from route import DAY, checked, diary, go, ready
from world import PROTOCOL, Walker

from workflow.domain.coded import asked_for, is_coded
from workflow.domain.errors import ImpossibleInputError

CODED = replace(PROTOCOL, late_reasons=("from_paper", "forgotten"), soft_reasons=("tolerant",))


def on_the_day(protocol=CODED) -> Walker:
    walker = checked(Walker(protocol))
    diary(walker)
    go(walker, "approve_single_shot_trial")
    return ready(walker)


@pytest.mark.parametrize("reason", [None, " ", "because", "from paper", "not forgotten", "forgotten it", ": forgotten"])
def test_a_late_approval_without_a_declared_code_is_refused_and_says_which_there_are(reason: str | None):
    walker = on_the_day().later("2h")
    with pytest.raises(ImpossibleInputError) as refused:
        walker.advance("approve_puncture", at=walker.ago("1h"), reason=reason)
    assert refused.value.allowed == "from_paper, forgotten; own words after a colon"


@pytest.mark.parametrize("reason", ["forgotten", "from_paper: the anaesthetic chart", "forgotten:"])
def test_a_late_approval_with_a_declared_code_needs_nothing_else(reason: str):
    walker = on_the_day().later("2h")
    assert walker.advance("approve_puncture", at=walker.ago("1h"), reason=reason).entry.outcome == "done"


def test_a_dose_outside_what_is_plausible_asks_for_a_declared_code():
    walker = on_the_day()
    walker.record(**DAY)
    go(walker, "approve_puncture")
    with pytest.raises(ImpossibleInputError, match="say why"):
        walker.give("0.9", reason="as ordered")
    assert not walker.give("0.9", reason="tolerant: 300 mg oral a day").refused


def test_where_no_code_is_declared_any_words_will_do():
    walker = on_the_day(PROTOCOL).later("2h")
    assert walker.advance("approve_puncture", at=walker.ago("1h"), reason="because").entry.outcome == "done"
    assert asked_for((), plainly="words") == "words"
    assert not is_coded(None, ())
