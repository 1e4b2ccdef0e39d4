"""The engine's own work: what every version has, frozen ones too, unless its file declares something of that name."""

from collections.abc import Mapping

from workflow.domain.actor import Role
from workflow.domain.calendar import Duration, TimeKind
from workflow.domain.ladder import Ladder, OnHold, Rung, Urgency
from workflow.domain.protocol import UNDELIVERED, TaskRule
from workflow.domain.task import Scope

_DUTY = TaskRule(
    key=UNDELIVERED,
    label="A letter did not arrive",
    role=Role.COORDINATOR,
    ladder=UNDELIVERED,
    scope=Scope.EPISODE,
    advice="Tell whom it was for yourself, and mend the address.",
    by_engine=True,
)
OWN_LADDER = Ladder(
    key=UNDELIVERED,
    label="Letters that did not arrive",
    time=TimeKind.CLOCK,
    on_hold=OnHold.RUN,
    urgency=Urgency.URGENT,
    rungs=(
        Rung(after=Duration.parse("0min"), tell=(Role.COORDINATOR.value,)),
        Rung(after=Duration.parse("4h"), tell=(Role.LEAD.value,)),
    ),
    repeat=Duration.parse("1d"),
    source="HOUSE (D)",
)


def with_own(
    tasks: Mapping[str, TaskRule], ladders: Mapping[str, Ladder]
) -> tuple[dict[str, TaskRule], dict[str, Ladder]]:
    """Tasks and ladders with the engine's own last."""
    if UNDELIVERED in tasks:
        return dict(tasks), dict(ladders)
    return {**tasks, UNDELIVERED: _DUTY}, {**ladders, **({} if UNDELIVERED in ladders else {UNDELIVERED: OWN_LADDER})}
