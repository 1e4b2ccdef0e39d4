"""Steps as a walk file that `read` takes, and that plays to the same decisions."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import yaml

from workflow.authoring.walk.deed import (
    Administer,
    Advance,
    Appoint,
    Complete,
    Conclude,
    Deed,
    PutOnHold,
    Record,
    Release,
    Step,
)
from workflow.authoring.walk.moments import Days, read_when
from workflow.authoring.walk.rehearsal import Crew
from workflow.domain.appointment import AppointmentState
from workflow.domain.observation import Reading
from workflow.domain.protocol import ProtocolVersion

_CONCLUDED = {
    AppointmentState.ATTENDED: "attend",
    AppointmentState.MISSED: "miss",
    AppointmentState.CANCELLED: "cancel",
}


def written(
    title: str,
    version: ProtocolVersion,
    crew: Crew,
    steps: Iterable[Step],
    *,
    starts: datetime,
    born_on: date,
    settings: Mapping[str, Decimal],
) -> str:
    """The text of a walk file. The enrolment is left out: every walk begins with one."""
    days = Days(zone=ZoneInfo(crew.calendar.zone), first=crew.calendar.local(starts).date())
    listed: list[dict[str, object]] = []
    before = starts
    for step in list(steps)[1:]:
        listed.append(
            {"at": _at(step.at, days, before), "by": step.by, **_deed(step.deed, days, step.at), "expect": dict(_ANY)}
        )
        before = step.at
    file = {
        "walk": title,
        "protocol": version.name,
        "site": _site(crew),
        "people": {name: [str(role) for role in sorted(actor.roles)] for name, actor in crew.people.items()},
        "born": f"{born_on}",
        **({"parameters": {key: f"{value:f}" for key, value in settings.items()}} if settings else {}),
        "starts": f"{crew.calendar.local(starts):%Y-%m-%d %H:%M}",
        "steps": listed,
    }
    return yaml.safe_dump(file, sort_keys=False, allow_unicode=True, width=118, default_flow_style=None)


# ---------------------------------------------------------------------------------------------------------------


def _site(crew: Crew) -> dict[str, object]:
    calendar, names = crew.calendar, ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    site: dict[str, object] = {
        "zone": calendar.zone,
        "opens": f"{calendar.opens:%H:%M}",
        "closes": f"{calendar.closes:%H:%M}",
        "weekdays": [names[day] for day in sorted(calendar.weekdays)],
    }
    return site | ({"closed": [f"{day}" for day in sorted(calendar.closed)]} if calendar.closed else {})


def _at(at: datetime, days: Days, before: datetime) -> str:
    """A time of the walk; minutes from another one where the clocks go back and the time of day would be two."""
    said = days.said(at)
    if days.moment(read_when(said), near=before) == at:
        return said
    minutes = round((at - before).total_seconds() / 60)
    return f"{'+' if minutes >= 0 else '-'}{abs(minutes)}min"


def _deed(deed: Deed, days: Days, at: datetime) -> Mapping[str, object]:
    match deed:
        case Record(readings=readings):
            return {"record": _values(readings, days, at)}
        case Advance(name=name, reason=reason):
            return {"advance": name} | ({"reason": reason} if reason else {})
        case Administer(dose=dose):
            return {"administer": dose.drug, "given": f"{dose.given:f}", "unit": dose.unit, "mode": str(dose.mode)}
        case Appoint(kind=kind, starts_at=starts):
            return {"appoint": kind, "starts_at": _at(starts, days, at)}
        case Conclude(kind=kind, state=state):
            return {_CONCLUDED[state]: kind}
        case Complete(task=task):
            return {"complete": task}
        case PutOnHold(reason=reason):
            return {"hold": reason}
        case Release(reason=reason):
            return {"release": "yes", "reason": reason}
        case _:
            raise ValueError(f"{deed.verb} is not written by a simulation")


def _values(readings: tuple[Reading, ...], days: Days, at: datetime) -> Mapping[str, object]:
    listed: dict[str, list[object]] = {}
    for reading in readings:
        value = reading.text if reading.number is None else f"{reading.number:f}"
        said = (
            value if reading.observed_at == at else {"value": value, "observed_at": _at(reading.observed_at, days, at)}
        )
        listed.setdefault(reading.item, []).append(said)
    return {item: values[0] if len(values) == 1 else values for item, values in listed.items()}


# What a simulated step expects: nothing, refused or not. The walk is there to be looked at.
_ANY: Mapping[str, object] = {"outcome": "any"}
