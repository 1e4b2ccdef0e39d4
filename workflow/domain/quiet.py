"""When a letter may leave: routine ones wait out the night or go with the morning's digest; nothing urgent waits.

urgent, red            at once, whatever the hour
routine, at once       outside quiet hours at once, inside them at their end
routine, in a digest   with the next morning's: the end of quiet hours on a working day
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflow.domain.calendar import Calendar
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.ladder import Urgency

_HORIZON_DAYS = 3700


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterHours:
    """How a site wants its routine letters. Quiet hours that end when they begin are none."""

    quiet_from: time
    quiet_until: time
    digest: bool

    def is_quiet(self, wall: time) -> bool:
        """Whether this time on the site's wall lies in its quiet hours."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= wall < self.quiet_until
        return wall >= self.quiet_from or wall < self.quiet_until


def may_leave(
    hours: LetterHours, calendar: Calendar, urgency: Urgency, now: datetime, *, since: datetime | None = None
) -> datetime:
    """When a letter that is ready `now` may leave, in UTC; `since` is when its work became due, where that was earlier.

    What became due before the end of quiet hours goes with that morning's digest.
    """
    now = now.astimezone(UTC)
    if urgency is not Urgency.ROUTINE:
        return now
    if hours.digest:
        now = max(now, _morning(hours, calendar, min(now, (since or now).astimezone(UTC))))
    if not hours.is_quiet(calendar.local(now).time()):
        return now
    return next(end for _, end in _ends(hours, calendar, now))


def _morning(hours: LetterHours, calendar: Calendar, since: datetime) -> datetime:
    """The first digest that is not before `since`."""
    for day, end in _ends(hours, calendar, since):
        if calendar.works_on(day):
            return end
    raise ImpossibleInputError(f"no working day within {_HORIZON_DAYS} days of {since:%Y-%m-%d}")


def _ends(hours: LetterHours, calendar: Calendar, since: datetime) -> Iterator[tuple[date, datetime]]:
    """The ends of quiet hours from `since` on, each with its day at the site; twice where the clocks go back over it.

    A time that the clocks leap over is the same time as before, counted on: an hour later on the wall.
    """
    zone, first = ZoneInfo(calendar.zone), calendar.local(since).date()
    for number in range(_HORIZON_DAYS):
        day = first + timedelta(days=number)
        wall = datetime.combine(day, hours.quiet_until, zone)
        once, again = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        for end in (once, again) if once < again else (once,):
            if end >= since:
                yield day, end
