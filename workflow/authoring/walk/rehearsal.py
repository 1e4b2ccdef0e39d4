"""One episode, a virtual clock and the people of one site, in memory; every decision is the kernel's own.

a step ──► the clock moves on, and whatever is due meanwhile fires ──► policy ──► decide ──► the episode goes on from it
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from workflow.domain import decide
from workflow.domain.actor import Actor, Role, system
from workflow.domain.calendar import Calendar
from workflow.domain.decision import Decision
from workflow.domain.episode import Episode
from workflow.domain.ladder import Timer, TimerState
from workflow.domain.policy import Verb, require
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.roster import Member, Roster
from workflow.domain.situation import Situation

Deciding = Callable[[Situation], Decision]
Heard = Callable[[Decision], None]

_CLOCK = system("timer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A site's calendar and its people, by their names."""

    calendar: Calendar
    people: Mapping[str, Actor]
    roster: Roster

    @classmethod
    def of(cls, calendar: Calendar, people: Mapping[str, Iterable[Role]]) -> "Crew":
        """The crew of a site where everybody is reached in the app alone."""
        actors = {name: Actor(id=name, roles=frozenset(roles)) for name, roles in people.items()}
        members = tuple(Member(id=actor.id, roles=actor.roles) for actor in actors.values())
        return cls(calendar=calendar, people=actors, roster=Roster(members=members))

    def holding(self, role: Role) -> list[str]:
        """The names of everybody in a role, in the order they were written."""
        return [name for name, actor in self.people.items() if role in actor.roles]


class Rehearsal:
    """A candidate on the way, as the store would carry them; nothing is written anywhere.

    `heard` is called with every decision, those of the clock included.
    """

    def __init__(
        self,
        protocol: ProtocolVersion,
        crew: Crew,
        *,
        now: datetime,
        heard: Heard,
        born_on: date | None = None,
        settings: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.protocol = protocol
        self.crew = crew
        self.now = now
        self.episode = Episode(id="rehearsed", site="rehearsed", candidate="rehearsed")
        self._heard = heard
        self._born_on = born_on
        self._settings = settings or {}
        self._due: Timer | None = None  # the next timer that will fire

    def ask(self, by: str, verb: Verb, deciding: Deciding) -> Decision:
        """What the kernel answers a person now. Raises TroubleError as the service would."""
        actor = self.crew.people[by]
        require(actor, verb)
        decision = self._take(deciding(self.situation(actor)))
        self.until(self.now)
        return decision

    def until(self, at: datetime) -> None:
        """Let the clock run to `at`, firing what falls due on the way, each timer at its own time."""
        while self._due is not None and self._due.due_at <= at:
            due = self._due
            self.now = max(self.now, due.due_at)
            fired = decide.fire(self.situation(_CLOCK), key=due.key, n=due.n)
            assert fired is not None
            self._take(fired)
        self.now = max(self.now, at)

    def situation(self, actor: Actor) -> Situation:
        """This instant, for one person."""
        return Situation(
            protocol=self.protocol,
            episode=self.episode,
            calendar=self.crew.calendar,
            actor=actor,
            now=self.now,
            roster=self.crew.roster,
            born_on=self._born_on,
            settings=self._settings,
        )

    def _take(self, decision: Decision) -> Decision:
        self.episode = decision.after
        if "timers" in decision.entry.put:
            live = (timer for timer in self.episode.timers.values() if timer.state is TimerState.LIVE)
            self._due = min(live, key=_order, default=None)
        self._heard(decision)
        return decision


def _order(timer: Timer) -> tuple[datetime, str]:
    return timer.due_at, timer.key
