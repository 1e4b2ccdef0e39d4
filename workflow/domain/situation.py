"""Everything a decision is made on: the protocol, the episode, the site's world, who acts, and what time it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from workflow.domain.actor import Actor
from workflow.domain.calendar import Calendar
from workflow.domain.episode import Episode
from workflow.domain.errors import ImpossibleTimeError
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.roster import Roster
from workflow.domain.view import View

SKEW = timedelta(minutes=5)  # how far two honest clocks may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One instant, as values. `now` comes from the database; nothing below the doors reads a clock."""

    protocol: ProtocolVersion
    episode: Episode
    calendar: Calendar
    actor: Actor
    now: datetime
    roster: Roster = field(default_factory=Roster)
    born_on: date | None = None
    settings: Mapping[str, Decimal] = field(default_factory=dict)  # the site's own values of parameters

    def view(self, at: datetime) -> View:
        return View(self.protocol, self.episode, at, self.calendar, settings=self.settings, born_on=self.born_on)

    def moment(self, at: datetime | None, *, place: str = "occurred_at") -> datetime:
        """When something happened: `at`, or now. Raises ImpossibleTimeError for the future or before birth."""
        if at is None:
            return self.now
        if at.tzinfo is None:
            raise ImpossibleTimeError("a time needs its offset", place=place, allowed="like 2026-11-22T14:05:00+01:00")
        if at > self.now + SKEW:
            raise ImpossibleTimeError(f"{at.isoformat()} lies in the future", place=place, allowed="now or earlier")
        if self.born_on is not None and self.calendar.local(at).date() < self.born_on:
            raise ImpossibleTimeError(f"{at.isoformat()} lies before birth", place=place, allowed="after birth")
        return min(at, self.now).astimezone(UTC)

    def moment_in_stint(self, at: datetime | None) -> datetime:
        """The same, and not before this stay in the stage began."""
        return self.moment_since(self.episode.stint_at, at)

    def moment_since(self, began: datetime | None, at: datetime | None) -> datetime:
        """The same, and not before something began."""
        moment = self.moment(at)
        if began is not None and moment < began:
            raise ImpossibleTimeError(
                f"{moment.isoformat()} lies before what it belongs to began",
                place="occurred_at",
                allowed=f"{began.isoformat()} or later",
            )
        return moment
