"""An observation can always be ended: also one that runs on into another trial, or has no trial at all."""

from route import SCREENING, WORKUP, go, ready, referred, reviewed, screening
from world import CLARA, Walker


def _ended(walker: Walker) -> bool:
    walker.record(discharged="yes")
    return "observation" not in walker.duties()


def test_a_puncture_outside_any_trial_is_observed_as_long_as_the_longest_drug_asks():
    walker = referred()
    walker.deviate_together("puncture")
    walker.advance("decline", CLARA, reason="not_suitable")

    assert not _ended(walker.later("23h"))
    assert _ended(walker.later("1h"))


def test_an_observation_reopened_in_the_next_trial_ends_on_its_own_dose():
    walker = reviewed()
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.record(**WORKUP)
    go(walker, "approve_single_shot_trial")
    walker.correct("discharged", None)
    assert "observation" in walker.duties()

    walker.advance("withdraw", CLARA, reason="candidate_withdrew")

    assert _ended(walker)


def test_an_observation_does_not_end_on_the_trial_before_while_its_own_dose_is_fresh():
    walker = reviewed()
    walker.record(CLARA, review_outcome="repeat")
    go(walker, "repeat_trial")
    walker.record(**WORKUP)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    assert not walker.give().refused

    assert not _ended(walker.later("23h"))
    assert _ended(walker.later("2h"))


def test_a_puncture_in_a_trial_without_a_drug_can_still_be_observed_to_the_end():
    walker = screening()
    walker.record(**SCREENING)
    go(walker, "complete_screening")
    walker.record(**{item: value for item, value in WORKUP.items() if item != "trial_drug"})
    walker.together("waive_trial", reason="trial_done_elsewhere")
    walker.deviate_together("puncture")

    assert not _ended(walker.later("23h"))
    assert _ended(walker.later("1h"))
