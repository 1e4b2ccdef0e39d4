"""What is looked at after a dose, and when: a plan of rounds, and which of them were made.

    dose given ──► round ── round ── round ─────► plan over ──► discharge may be recorded
                    each wants every item of the plan: a value, or why there is none

A round counts as made for an item when something was recorded for it within the tolerance, asleep and refused
included. What nobody looked at stays open and is never taken for well.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from workflow.domain.calendar import Duration
from workflow.domain.item import Basis
from workflow.domain.observation import Observation
from workflow.domain.trial import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """A round `every` so long, from where the rounds before end, `until` so long after the dose."""

    every: Duration
    until: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationPlan:
    """How a person is watched after a dose of one drug: `lasts` so long, rounds of `items`."""

    key: str
    label: str
    drug: str
    method: Method | None  # None: whatever the method
    lasts: Duration
    rounds: tuple[Rounds, ...]
    items: tuple[str, ...]
    tolerance: Duration  # a value this close to a round's time is that round's
    basis: Basis = Basis()

    def times(self, given_at: datetime) -> tuple[datetime, ...]:
        """When each round is due."""
        ends = (0, *(part.until.minutes for part in self.rounds))
        minutes = [
            minute
            for (begins, ends_at), part in zip(pairwise(ends), self.rounds, strict=True)
            for minute in range(begins + part.every.minutes, ends_at + 1, part.every.minutes)
        ]
        return tuple(given_at + Duration(minute, "min").elapsed for minute in minutes)

    def ends(self, given_at: datetime) -> datetime:
        """When nobody needs to watch any longer, if all is well."""
        return given_at + self.lasts.elapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round: when it is due, and what of it is still to be recorded."""

    due_at: datetime
    lacks: tuple[str, ...]

    @property
    def made(self) -> bool:
        return not self.lacks


def rounds(plan: ObservationPlan, given_at: datetime, seen: Iterable[Observation]) -> tuple[Round, ...]:
    """Every round of a plan, and what each still lacks."""
    near = plan.tolerance.elapsed
    taken = [o for o in seen if o.stands and o.item in plan.items and o.observed_at >= given_at]
    made = []
    for due_at in plan.times(given_at):
        have = {o.item for o in taken if abs(o.observed_at - due_at) <= near}
        made.append(Round(due_at=due_at, lacks=tuple(item for item in plan.items if item not in have)))
    return tuple(made)
