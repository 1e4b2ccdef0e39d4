"""What is lost is seen, whatever a later version asks; and two people are enough, also where a case is closed."""

from dataclasses import replace
from decimal import Decimal

from route import ready, screening, single_shot
from world import CEM, CLARA, PROTOCOL

from workflow.domain import criterion
from workflow.domain.criterion import Group, Join, Operator, Subject
from workflow.domain.decide import Dose
from workflow.domain.trial import Mode

DOSE = Dose(drug="morphine", mode=Mode.BOLUS, ordered=Decimal("0.2"), given=Decimal("0.2"), unit="mg")
ASKS_MORE = replace(
    PROTOCOL.gate("referral_complete"),
    criterion=Group(
        join=Join.ALL,
        parts=(
            *PROTOCOL.gate("referral_complete").criterion.parts,  # type: ignore[union-attr]
            criterion.Test(subject=Subject(item="goal_agreed"), operator=Operator.RECORDED),
        ),
    ),
)


def test_what_was_true_and_is_lost_opens_a_review_also_where_the_gate_now_asks_more():
    walker = screening()
    walker.protocol = replace(PROTOCOL, gates={**PROTOCOL.gates, "referral_complete": ASKS_MORE})

    walker.correct("pain_origin", None, actor=CLARA)

    assert walker.task("safety_review").is_open


def test_a_correction_that_loses_nothing_opens_none():
    walker = screening()
    walker.protocol = replace(PROTOCOL, gates={**PROTOCOL.gates, "referral_complete": ASKS_MORE})

    walker.correct("referral_reason", "another wording", actor=CEM)

    assert all(task.name != "safety_review" for task in walker.episode.tasks.values())


def test_two_people_are_enough_to_report_a_dose_of_a_closed_case():
    walker = ready(single_shot())
    given_at = walker.now
    walker.later("1h").advance("withdraw", reason="moved_away")
    assert walker.episode.closed_at is not None

    first = walker.deviate("puncture", CLARA, at=given_at, dose=DOSE)
    second = walker.deviate("puncture", CEM, at=given_at, dose=DOSE)

    assert (first.entry.outcome, second.entry.outcome) == ("proposed", "done")
