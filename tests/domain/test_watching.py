"""A passed gate is watched test by test: a later version that asks more does not hide what is lost."""

from dataclasses import replace

from route import screening
from world import CEM, CLARA, PROTOCOL

from workflow.domain import criterion
from workflow.domain.criterion import Group, Join, Operator, Subject

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
