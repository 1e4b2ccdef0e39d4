"""How a site wants its letters: its calendar and zone, quiet hours and digest, the most urgent ones an hour."""

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import Connection, text

from workflow.domain.calendar import Calendar
from workflow.domain.quiet import LetterHours
from workflow.store.calendars import Place, calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A site as whoever writes its letters sees it, at this moment."""

    site: str
    now: datetime
    calendar: Calendar
    hours: LetterHours
    urgent_per_hour: int
    emergency_number: str


def house(connection: Connection, site: str) -> House:
    """The site by its id, and what time it is. It must be in sight; nothing of it is locked."""
    query = (
        "SELECT s.*, clock_timestamp() AS now, extract(year FROM current_date)::integer AS year,"
        " ARRAY(SELECT d.day FROM closure AS d WHERE d.site_id = s.site_id ORDER BY d.day) AS closures"
        " FROM site AS s WHERE s.site_id = :site"
    )
    found = connection.execute(text(query), {"site": site}).one()
    place = Place(
        zone=found.zone,
        country=found.country,
        subdivision=found.subdivision,
        opens=found.opens,
        closes=found.closes,
        year=found.year,
        weekdays=found.weekdays,
        closures=tuple(found.closures),
    )
    return House(
        site=site,
        now=found.now,
        calendar=calendar(place),
        hours=LetterHours(
            quiet_from=time.fromisoformat(found.quiet_from),
            quiet_until=time.fromisoformat(found.quiet_until),
            digest=found.routine == "digest",
        ),
        urgent_per_hour=found.urgent_per_hour,
        emergency_number=found.emergency_number,
    )
