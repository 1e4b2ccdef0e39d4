"""How the verbs why and huddle are printed: short lines, on the site's clock, for a terminal of any width."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from workflow.domain.huddle import Harm, Line
from workflow.domain.situation import Situation
from workflow.domain.wording import counted, moment, plain
from workflow.service.huddle import Huddle
from workflow.service.why import Clock, Why

_HEADS = {
    Harm.RED: "RED, NOW",
    Harm.DUTY: "DUTIES LATE OR DUE TODAY",
    Harm.PROCEDURE: "PROCEDURES OF THE NEXT FIVE WORKING DAYS",
    Harm.PRIORITY: "LATE, AND FIRST BY THE PROTOCOL",
    Harm.CHASE: "TO BE CHASED",
    Harm.UNHEARD: "REMINDERS NOBODY GOT",
    Harm.LATE: "ALSO LATE",
}


def basis(found: Why, s: Situation) -> Iterator[str]:
    """The sentence, and below it what it rests on."""
    yield found.sentence
    for seen in found.way.bars if found.way else ():
        yield f"  {seen.verdict}: {seen.label}: {seen.because}"
    for opening in found.way.opens_when if found.way else ():
        yield f"  opens when: {opening}"
    for booked in found.appointments:
        at = moment(s.calendar, booked.appointment.starts_at, now=s.now)
        yield f"  booked: {booked.label}, {at}" + "".join(f"\n    lacks: {lack}" for lack in booked.lacks)
    for one in found.clocks:
        yield f"  {'duty' if one.duty else 'task'}: {one.label}: {_clock(one, s)}"


def morning(found: Huddle) -> Iterator[str]:
    """The list as it is read out: a head for each harm, two lines a thing."""
    last = None
    for shown in found.lines:
        line, who = shown.line, shown.identity
        if line.harm is not last:
            yield f"{_HEADS[line.harm]} ({found.counts[line.harm]})"
            if line.harm is Harm.RED:
                called = found.emergency_number or "the site has set none: ask who keeps it"
                yield f"  this is no emergency channel; the number to call: {called}"
        last = line.harm
        name = f" {who.family_name}, {who.given_name}" if who else ""
        yield f"  {line.code}{name} ({line.stage}): {line.what}: {line.because}"
        yield f"    {_held(line)}{line.to_do}"
    if not found.lines:
        yield "Nothing harms today."
    if found.withheld:
        yield f"{counted(found.withheld, 'overdue reminder')} wait to be released: theca backlog list {found.site}"
    if found.unseen:
        yield f"{counted(found.unseen, 'more candidate')} not looked at: deal with these first"


def for_programs(found: Why | Huddle) -> str:
    """All of it as JSON; of who the candidates are only the names."""
    data = asdict(found)
    for shown in data.get("lines", ()):
        who = shown.pop("identity")
        shown.update({name: who[name] for name in ("family_name", "given_name")} if who else {})
    return json.dumps(data, indent=2, default=_as_text)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _held(line: Line) -> str:
    return f"{', '.join(plain(one) for one in line.held_by)}: " if line.held_by else ""


def _clock(one: Clock, s: Situation) -> str:
    said = [] if one.late_since is None else [f"late since {moment(s.calendar, one.late_since, now=s.now)}"]
    if one.due_at is None:
        said.append("clock paused")
    else:
        said.append(f"next {moment(s.calendar, one.due_at, now=s.now)}, {', '.join(plain(name) for name in one.tells)}")
    said += ["reminders withheld"] if one.withheld_until is not None else []
    said += ["its last reminder found nobody it names"] if one.unheard else []
    return "; ".join(said)
