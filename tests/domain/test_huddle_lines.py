"""The huddle's lines, pure: what is told of one candidate, in which order, and over how many days."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import deeds
import pytest
from press import press_on
from test_properties import RANDOM
from world import CARLA, LONDON, NILS, START, Walker

from workflow.domain.calendar import Calendar
from workflow.domain.decide.undelivered import undelivered
from workflow.domain.huddle import Harm, Line, gravity, horizon, lines
from workflow.domain.ladder import TimerState, Urgency
from workflow.domain.protocol import UNDELIVERED


class Unwatched(deeds.Watched):
    """A walker nobody holds to the laws."""

    def take(self, decision):
        Walker.take(self, decision)
        self._note(decision)
        return decision


def told(walker: Walker, *, light: bool = False) -> tuple[Line, ...]:
    s = walker.situation(CARLA)
    work = {task.key for task in s.episode.open_tasks}
    if light:
        follows = {task.key for task in s.episode.open_tasks if s.protocol.task(task.name).follows}
        kept = {name: {} for name in ("trials", "administrations", "appointments", "passages", "proposals")}
        s, work = replace(s, episode=replace(s.episode, **kept)), work - follows
    return lines(s, code="C-1", until=horizon(LONDON, walker.now), work=work)


def wander(seed: int) -> Walker:
    dice, walker = random.Random(seed), Unwatched()
    walker.enrol()
    for _ in range(seed % 3):
        deeds.adopt(walker, dice.choice)
    for _ in range(40):
        deed = press_on if dice.random() < (0.6, 0.3, 0.1)[seed % 3] else dice.choice(RANDOM)
        deed(walker, dice.choice)
    return walker


def test_whatever_has_happened_every_duty_due_today_is_told_once_and_with_a_reason():
    harms = set()
    for seed in range(80):
        walker = wander(seed)
        found = told(walker)
        tomorrow = horizon(LONDON, walker.now).tomorrow
        keys = [one.about for one in found if one.harm is not Harm.PROCEDURE]
        assert len(keys) == len(set(keys))
        assert all(one.because and one.to_do and one.what and one.stage for one in found)
        assert len({gravity(one) for one in found}) == len(found), "the order is never left to chance"
        for task in walker.episode.open_duties:
            timer = walker.episode.timers[task.key]
            kept = task.acknowledged_until is not None and task.acknowledged_until >= tomorrow
            if timer.state is TimerState.LIVE and timer.due_at < tomorrow and not kept:
                assert task.key in keys
        harms |= {one.harm for one in found}
    assert harms >= {Harm.RED, Harm.DUTY, Harm.PROCEDURE}


def test_of_work_the_open_tasks_alone_tell_the_same():
    """What the list loads of most candidates is enough."""
    compared = 0
    for seed in range(80):
        walker = wander(seed)
        whole = [one for one in told(walker) if one.harm is not Harm.PROCEDURE]
        follows = {t.key for t in walker.episode.open_tasks if walker.protocol.task(t.name).follows}
        assert [one for one in whole if one.about not in follows] == [*told(walker, light=True)]
        compared += len(whole)
    assert compared > 50


def test_gravity_puts_red_before_duties_urgent_before_routine_and_what_lacks_before_what_is_ready():
    def line(harm: Harm, urgency: Urgency = Urgency.ROUTINE, *, late: int = 0, **said: object) -> Line:
        since = START - timedelta(hours=late) if late else None
        fixed = {"episode": "e", "code": "C", "stage": "s", "about": "k", "what": "w", "because": "b", "to_do": "d"}
        return Line(harm=harm, urgency=urgency, held_by=(), since=since, due_at=START, **(fixed | said))

    wanted = [
        line(Harm.RED, Urgency.RED, late=1),
        line(Harm.DUTY, Urgency.URGENT, late=1),
        line(Harm.DUTY, late=9),
        line(Harm.DUTY, late=1),
        line(Harm.PROCEDURE, Urgency.URGENT, lacks=("consent",)),
        line(Harm.PROCEDURE),
        line(Harm.PRIORITY, Urgency.URGENT, late=1),
        line(Harm.CHASE),
        line(Harm.UNHEARD, Urgency.URGENT),
        line(Harm.UNHEARD),
        line(Harm.LATE),
    ]
    shuffled = wanted.copy()
    random.Random(4).shuffle(shuffled)
    assert sorted(shuffled, key=gravity) == wanted
    assert all(gravity(one) < gravity(other) for one, other in pairwise(wanted))


@pytest.mark.parametrize(
    ("now", "ahead"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), date(2026, 3, 10)),  # a Monday: five working days end on the next
        (datetime(2026, 3, 6, 22, tzinfo=UTC), date(2026, 3, 14)),  # a Friday night
        (datetime(2026, 3, 7, 9, tzinfo=UTC), date(2026, 3, 14)),  # a Saturday
        (datetime(2026, 4, 1, 9, tzinfo=UTC), date(2026, 4, 11)),  # before a Good Friday and an Easter Monday
    ],
)
def test_five_working_days_pass_over_weekends_and_holidays_and_end_at_midnight(now: datetime, ahead: date):
    site = Calendar(zone="Europe/Berlin", closed=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
    until = horizon(site, now)
    assert until.ahead.date() == ahead
    assert (until.ahead.hour, until.today.hour, until.tomorrow.hour) == (0, 0, 0)
    assert until.today <= now < until.tomorrow


def test_today_is_as_long_as_the_clocks_of_the_site_make_it():
    spring = horizon(Calendar(zone="Europe/Berlin"), datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert spring.tomorrow.astimezone(UTC) - spring.today.astimezone(UTC) == timedelta(hours=23)


def test_an_appointment_is_told_from_this_morning_to_the_fifth_working_day():
    walker = Walker()
    walker.enrol()
    walker.appoint("visit", START + timedelta(hours=2))
    walker.appoint("visit", START + timedelta(days=7, hours=14))
    walker.appoint("visit", START + timedelta(days=7, hours=16))
    walker.later("4h")
    assert [one.about for one in told(walker) if one.harm is Harm.PROCEDURE] == ["1", "2"]
    walker.record(NILS, referral_reason="pain", pain_origin="non_cancer")
    assert all("lacks" in one.because for one in told(walker) if one.harm is Harm.PROCEDURE)


def test_a_letter_that_could_not_be_delivered_is_told_as_one_nobody_got():
    walker = Walker()
    walker.enrol()
    walker.later("4d")
    walker.tick()
    task = walker.task("triage_referral")
    message = f"{task.key}~{walker.timer('triage_referral').n - 1}~carla~email"
    decision = undelivered(
        walker.situation(CARLA), task=task.key, message=message, rung=0, recipient="carla", reason="no such box"
    )
    assert decision is not None
    walker.take(decision)
    (line,) = [one for one in told(walker) if one.harm is Harm.UNHEARD]
    assert line.about == walker.task(UNDELIVERED).key


def test_a_chase_is_told_on_its_day_and_after_it_and_not_before():
    walker = Walker()
    walker.enrol()
    walker.wait("triage_referral", CARLA, wait="2d")
    assert not told(walker)
    walker.later("47h")
    (line,) = told(walker)
    assert (line.harm, line.because) == (Harm.CHASE, "due today 09:00; waits on cardiology, to be chased today 09:00")
    walker.later("2d")
    walker.tick()
    assert [one.harm for one in told(walker)] == [Harm.CHASE]
