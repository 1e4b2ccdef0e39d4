"""From why a candidate stands still to the wire: the sentence, and what it rests on."""

from api import present
from api.ids import name
from api.schemas.basis import ApprovalOut, BookedOut, ClockOut, PromiseOut, SecondOut, WaitingOut
from api.schemas.told import WhyOut
from workflow.domain.readiness import Readiness
from workflow.service.look import Sight
from workflow.service.why import Clock, Promise, Waiting, Why


def why_out(sight: Sight, told: Why) -> WhyOut:
    s = sight.situation
    episode, asked, approval = s.episode.id, told.asked, told.approval
    return WhyOut(
        sentence=told.sentence,
        stage=present.stage(s.protocol, told.stage),
        since=told.since,
        day_in_stage=told.day,
        late_since=told.late_since,
        review_at=told.review_at,
        way=told.way.name if told.way else None,
        blockers=present.gates(told.way.bars if told.way else ()),
        opens_when=told.way.opens_when if told.way else (),
        held_by=told.holders,
        second_person=None if asked is None else SecondOut(by=asked.by, what=asked.what, until=asked.until),
        approval=None
        if approval is None
        else ApprovalOut(act=approval.act, until=approval.until, stands=approval.stands),
        next_due=present.due(episode, told.next_due),
        waiting=tuple(_waiting(episode, one) for one in told.waiting),
        promises=tuple(_promise(episode, one) for one in told.promises),
        offers=tuple(_promise(episode, one) for one in told.offers),
        clocks=tuple(_clock(episode, one) for one in told.clocks),
        appointments=tuple(_booked(episode, one) for one in told.appointments),
    )


def _waiting(episode: str, one: Waiting) -> WaitingOut:
    return WaitingOut(
        task=name(episode, one.task), label=one.label, on=one.on, chase_at=one.chase_at, attempts=one.attempts
    )


def _promise(episode: str, one: Promise) -> PromiseOut:
    return PromiseOut(task=name(episode, one.task), label=one.label, by=one.by, until=one.until)


def _clock(episode: str, one: Clock) -> ClockOut:
    return ClockOut(
        task=name(episode, one.task),
        label=one.label,
        duty=one.duty,
        urgency=one.urgency,
        state=one.state,
        rung=one.rung,
        tells=one.tells,
        due_at=one.due_at,
        late_since=one.late_since,
        withheld_until=one.withheld_until,
        unheard=one.unheard,
    )


def _booked(episode: str, one: Readiness) -> BookedOut:
    return BookedOut(
        id=name(episode, one.appointment.key),
        label=one.label,
        act=one.act or None,
        starts_at=one.appointment.starts_at,
        lacks=one.lacks,
        on_the_day=one.on_the_day,
    )
