"""One sentence on why a candidate stands still, for somebody who has ten seconds.

Where they stand and since when ► what bars the way ► who holds it, or what it waits for ► what time does next. Labels
only, on the site's clock. What cannot be left out is the stage and the next reminder; the rest gives way, the least
telling first, once the sentence grows long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from workflow.domain.criterion import Verdict
from workflow.domain.gate import GateReport
from workflow.domain.ladder import TimerState
from workflow.domain.onward import Way
from workflow.domain.opening import opening
from workflow.domain.readiness import Readiness
from workflow.domain.situation import Situation
from workflow.domain.standing import Standing, of_the_stay
from workflow.domain.wording import counted, inside, listed, moment, plain, some_of
from workflow.service.waiting import Approval, Asked

LONGEST = 60  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything the sentence may speak of."""

    s: Situation
    code: str
    day: int
    late_since: datetime | None
    way: Way | None
    holders: tuple[str, ...]
    asked: Asked | None
    approval: Approval | None
    found: tuple[Standing, ...]
    planned: tuple[Readiness, ...]

    def at(self, when: datetime) -> str:
        return moment(self.s.calendar, when, now=self.s.now)

    @property
    def label(self) -> str:
        return inside(self.s.protocol.stage(self.s.episode.stage).label)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the sentence. `gives_way`: the higher, the sooner it is left out; 0 stays."""

    text: str
    gives_way: int = 0
    joint: str = "; "


def sentence(told: Told) -> str:
    """The sentence, with one full stop, at its end."""
    parts = [*_standing(told), *_cause(told), *_held(told), *_coming(told)]
    while _words(parts) > LONGEST and any(part.gives_way for part in parts):
        parts.remove(max(parts, key=lambda part: part.gives_way))
    return "".join(part.joint + part.text for part in parts).removeprefix("; ") + "."


def _words(parts: list[_Part]) -> int:
    return sum(len(part.text.split()) for part in parts)


# -- where they stand


def _standing(told: Told) -> Iterator[_Part]:
    episode, code = told.s.episode, told.code
    assert episode.stint_at is not None
    since = told.at(episode.stint_at)
    if episode.hold is not None:
        hold, verb = (
            episode.hold,
            "to be looked at again" if episode.hold.review_at > told.s.now else "whose review was due",
        )
        yield _Part(f"{code} is on hold in {told.label} since {told.at(hold.since)}: {plain(hold.reason)}")
        yield _Part(f"{verb} {told.at(hold.review_at)}", 3, ", ")
    elif told.s.protocol.stage(episode.stage).ends:
        yield _Part(f"{code} ended in {told.label}, {since}")
        duties = sorted({inside(one.label) for one in told.found if one.task.is_duty})
        if duties:
            yield _Part(f"and is kept open by {some_of(duties, most=2)}", 0, " ")
    else:
        yield _Part(f"{code} stands in {told.label} since {since} (day {told.day})")
        if told.late_since is not None:
            yield _Part(f"late since {told.at(told.late_since)}", 2, ", ")


# -- what bars the way


def _cause(told: Told) -> Iterator[_Part]:
    if told.s.protocol.stage(told.s.episode.stage).ends or told.s.episode.hold is not None:
        return
    if told.asked is not None:
        asked = told.asked
        until = told.at(asked.until)
        yield _Part(f"{asked.by} has asked for {inside(asked.what)}, and a second person must agree until {until}", 1)
    elif (booked := _booked(told)) is not None:
        yield _Part(f"waiting for {inside(booked.label)} {told.at(booked.appointment.starts_at)}", 0, ", ")
        yield _Part(_lacks(booked), 1, ", ")
        return
    elif told.way is not None:
        yield _Part(_way(told.way), 1, ": ")
        yield from _approved(told)
    yield from _next_appointment(told)


def _way(way: Way) -> str:
    label = inside(way.label)
    if not way.bars:
        asked = "sign for it" if way.signed else "ask for it"
        if way.second_person:
            return f"{label} is open, and two people must {asked}"
        return f"{label} is open" + (" and wants a signature" if way.signed else "")
    needs = _needs(way.bars)
    if all(seen.verdict is Verdict.UNKNOWN for seen in way.bars):
        return f"{label} waits for {needs}"
    return f"{label} is barred, it needs {needs}"


def _needs(bars: tuple[GateReport, ...]) -> str:
    """What would open the way: the fewest things, what is missing before what is unmet."""
    wishes = [wish for seen in bars for wish in _wishes(seen)]
    return some_of(list(dict.fromkeys(inside(plain(wish)) for wish in wishes)), most=2)


def _wishes(seen: GateReport) -> tuple[str, ...]:
    return opening(seen.finding) if seen.finding is not None else (seen.opens_when or seen.because,)


def _approved(told: Told) -> Iterator[_Part]:
    given = told.approval
    if given is not None:
        verb = "its approval lapses" if given.stands else "its approval lapsed"
        yield _Part(f"{verb} {told.at(given.until)}", 4)


def _booked(told: Told) -> Readiness | None:
    """The appointment of the act that is next, on another day than today: until then its day's checks bar nobody."""
    rule = None if told.way is None else told.s.protocol.transition(told.way.name)
    act = "" if rule is None else rule.authorises or rule.records
    label, today = told.s.protocol.acts[act].label if act else "", told.s.calendar.local(told.s.now).date()
    for one in told.planned:
        if act and one.act == label and told.s.calendar.local(one.appointment.starts_at).date() > today:
            return one
    return None


def _lacks(booked: Readiness) -> str:
    if booked.ready:
        return "which lacks nothing that can be known before"
    return f"which still lacks {some_of([inside(one) for one in booked.lacks], most=2)}"


def _next_appointment(told: Told) -> Iterator[_Part]:
    if told.planned:
        first = told.planned[0]
        yield _Part(f"{inside(first.label)} is planned for {told.at(first.appointment.starts_at)}", 3)


# -- who holds it


def _held(told: Told) -> Iterator[_Part]:
    mine = of_the_stay(told.s, told.found) or told.found
    waits = next((one for one in mine if one.waits_on), None)
    taken = next((one for one in mine if one.promised(told.s.now)), None)
    offered = next((one for one in told.found if one.task.offered_to), None)
    if waits is not None:
        yield _Part(_waits(told, waits), 1)
    elif taken is not None and (until := taken.promised(told.s.now)) is not None:
        by = taken.task.acknowledged_by or taken.holder
        yield _Part(f"{by} has taken on {inside(taken.label)} until {told.at(until)}", 2)
    elif told.holders:
        yield _Part(f"the next step is with {listed([plain(one) for one in told.holders])}", 2)
    elif not told.found:
        yield _Part("nothing is open")
    if offered is not None:
        yield _Part(f"{inside(offered.label)} is offered to {offered.task.offered_to}, who has not answered", 4)


def _waits(told: Told, one: Standing) -> str:
    chase_at = one.task.acknowledged_until
    assert chase_at is not None
    verb = "to be chased" if chase_at > told.s.now else "who was to be chased"
    tried = f" ({counted(one.task.contacts, 'attempt')} so far)" if one.task.contacts else ""
    return f"{inside(one.label)} waits on {plain(one.waits_on or '')}, {verb} {told.at(chase_at)}{tried}"


# -- what time does next


def _coming(told: Told) -> Iterator[_Part]:
    paused = [one for one in told.found if one.clock is TimerState.PAUSED]
    if paused:
        yield _Part(f"{counted(len(paused), 'clock')} paused meanwhile", 5)
    one = next((one for one in told.found if one.due_at is not None), None)
    if one is None or one.due_at is None:
        return
    label, at, tells = inside(one.label), told.at(one.due_at), listed([plain(name) for name in one.tells])
    if one.task.withheld_until is not None:
        yield _Part(f"reminders of {label} wait to be released, no longer than {told.at(one.task.withheld_until)}")
    elif one.due_at <= told.s.now:
        yield _Part(f"{tells} {'are' if len(one.tells) > 1 else 'is'} being told of {label} now, due since {at}")
    else:
        yield _Part(f"next, {at}, {tells} will be told of {label}")
    if any(other.unheard for other in told.found):
        yield _Part(_unheard(told, one), 3)


def _unheard(told: Told, coming: Standing) -> str:
    lost = next(other for other in told.found if other.unheard)
    whose = "its last reminder" if lost is coming else f"the last reminder of {inside(lost.label)}"
    return f"{whose} found nobody it names, and the lead was told"
