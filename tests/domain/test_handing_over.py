"""A task offered is not a task handed over: its ladder goes on until somebody takes it, and then too."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from route import catheter_in, referred
from world import CARLA, CEM, CLARA, INES, LENA, NILS, PAUL, ROSTER, SAM, Walker, barred

from workflow.domain import decide
from workflow.domain.decide import Via
from workflow.domain.decide.acknowledge import LONGEST
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleInputError, ImpossibleTimeError, TroubleError

TRIAGE = "triage_referral"
CHECK = "catheter_in"  # a duty of the nurse, open from the start of the catheter trial


def offered() -> Walker:
    """The nurse's duty, promised for a while and then offered to the clinician."""
    walker = catheter_in()
    walker.acknowledge(CHECK, NILS, wait="12h")
    assert not walker.later("1h").reassign(CHECK, CLARA, by=NILS).refused
    return walker


def test_an_offer_changes_neither_whose_it_is_nor_its_clock():
    walker = catheter_in()
    walker.acknowledge(CHECK, NILS, wait="12h")
    before, promised = walker.timer(CHECK), walker.task(CHECK)
    decision = walker.later("1h").reassign(CHECK, CLARA, by=NILS)
    assert decision.entry.about["offered"] == "yes"
    assert walker.task(CHECK) == replace(promised, offered_to="clara")
    assert walker.timer(CHECK) == before


def test_while_an_offer_is_open_both_are_reminded():
    walker = referred()
    walker.reassign(TRIAGE, NILS, by=LENA)
    walker.reassign(TRIAGE, SAM, by=NILS)
    walker.now = walker.timer(TRIAGE).due_at
    (fired,) = walker.tick()
    assert {message.recipient for message in fired.messages} == {"nils", "sam"}


def test_a_claim_accepts_and_ends_the_promise_of_the_other():
    walker = offered()
    rung = walker.timer(CHECK).rung
    decision = walker.claim(CHECK, CLARA)
    task, timer = walker.task(CHECK), walker.timer(CHECK)
    assert decision.entry.about["accepted_from"] == "nils"
    assert (task.assignee, task.offered_to, task.acknowledged_until) == ("clara", None, None)
    assert (timer.rung, timer.due_at) == (rung, walker.now)


def test_an_acknowledgement_accepts_and_what_is_due_then_is_told_first():
    walker = offered()
    walker.acknowledge(CHECK, CLARA, wait="20h")  # longer than the other's promise, which ends
    task = walker.task(CHECK)
    assert (task.assignee, task.offered_to, task.acknowledged_by) == ("clara", None, "clara")
    due = task.key
    assert [fired.entry.about["rung"] for fired in walker.tick() if fired.entry.about["task"] == due] == [0]
    assert walker.timer(CHECK).due_at >= walker.now + timedelta(hours=20)


def test_whoever_takes_it_otherwise_ends_the_offer():
    walker = offered()
    walker.claim(CHECK, NILS)
    assert walker.task(CHECK).offered_to is None
    walker = offered()
    walker.reassign(CHECK, INES, by=CARLA)
    assert (walker.task(CHECK).assignee, walker.task(CHECK).offered_to) == ("ines", None)


def test_only_a_coordinator_or_lead_gives():
    for by, gives in ((CARLA, True), (LENA, True), (NILS, False)):
        walker = catheter_in()
        walker.reassign(CHECK, INES, by=by)
        assert (walker.task(CHECK).assignee == "ines") is gives


def test_nothing_is_offered_to_oneself_or_to_whoever_has_it():
    walker = catheter_in()
    walker.claim(CHECK, NILS)
    with pytest.raises(ImpossibleInputError):
        walker.reassign(CHECK, NILS, by=NILS)
    walker.reassign(CHECK, INES, by=CARLA)
    with pytest.raises(ImpossibleInputError):
        walker.reassign(CHECK, INES, by=NILS)


def test_nothing_is_given_or_offered_to_somebody_who_is_away():
    walker = catheter_in()
    walker.roster = replace(ROSTER, away={"clara": "cem"})
    for by in (NILS, CARLA):
        assert "clara is away" in barred(walker.reassign(CHECK, CLARA, by=by))
    assert not walker.reassign(CHECK, CEM, by=NILS).refused


def test_what_was_given_back_and_forth_is_still_told_when_a_promise_ends():
    """Two who coordinate give a task of a stay to each other and promise anew each time."""
    walker, heard = referred(), set[str]()
    for turn in range(6):
        one, other = ((CARLA, LENA), (LENA, CARLA))[turn % 2]
        walker.acknowledge(TRIAGE, one, wait="7d")
        walker.later("6d").reassign(TRIAGE, other, by=one)
        walker.acknowledge(TRIAGE, other, wait="7d")
        heard |= {message.recipient for fired in walker.tick() for message in fired.messages}
    assert walker.timer(TRIAGE).rung == len(walker.protocol.ladders["triage"].rungs) - 1
    assert {"carla", "lena"} <= heard


PEOPLE = (CARLA, NILS, CLARA, CEM, INES, PAUL, LENA)


@pytest.mark.parametrize("name", [TRIAGE, CHECK])
@pytest.mark.parametrize("seed", range(40))
def test_nobody_can_quiet_a_ladder_by_passing_it_round(name: str, seed: int):
    """Whatever is offered, taken, given and promised: every rung comes, none later than promises may hold it back."""
    dice = random.Random(seed)
    walker = referred() if name == TRIAGE else catheter_in()
    ladder = walker.protocol.ladders[walker.protocol.task(name).ladder]
    longest = LONGEST[ladder.urgency]
    began, told = walker.now, list[int]()
    for _ in range(400):
        _pass_on(walker, name, dice)
        walker.now += timedelta(minutes=dice.choice((0, 1, 30, 240, 1440)))
        before = walker.timer(name)
        fired = walker.tick()
        told += [one.entry.about["rung"] for one in fired if one.entry.about["task"] == walker.task(name).key]
        assert walker.timer(name).rung >= before.rung
        assert walker.timer(name).due_at <= walker.now + max(longest, _furthest(walker, ladder))
    assert sorted(told) == told
    assert set(told) == set(range(len(ladder.rungs))), (walker.now - began, told)


def _furthest(walker: Walker, ladder: object) -> timedelta:
    waits = [rung.after.elapsed for rung in ladder.rungs] + [ladder.repeat.elapsed]
    return max(waits) + timedelta(days=14)  # working days, with the weekends between


def _pass_on(walker: Walker, name: str, dice: random.Random) -> None:
    who, other = dice.sample(PEOPLE, 2)
    wait = dice.choice(("20min", "12h", "24h", "3d", "7d"))
    deeds = (
        lambda: walker.acknowledge(name, who, wait=wait),
        lambda: walker.claim(name, who),
        lambda: walker.reassign(name, other, by=who),
        lambda: walker.wait(name, who, wait=wait),
        lambda: walker.snooze(name, who, wait=wait),
    )
    try:
        dice.choice(deeds)()
    except TroubleError:
        return


# ---------------------------------------------------------------------------------------------- said on the phone


def phoned(walker: Walker, by: str, *, logs=CARLA, name: str = CHECK, wait: timedelta = timedelta(hours=2)) -> Decision:
    until = walker.now + wait
    key = walker.task(name).key
    return walker.do(decide.acknowledge, logs, key=key, until=until, by=by, via=Via.PHONE, note="on the way")


def test_a_promise_said_on_the_phone_is_theirs_and_the_line_says_who_logged_it():
    walker = catheter_in()
    decision = phoned(walker, "nils")
    task = walker.task(CHECK)
    assert (task.assignee, task.acknowledged_by) == ("nils", "nils")
    assert walker.timer(CHECK).due_at == walker.now + timedelta(hours=2)
    assert (decision.entry.actor, decision.entry.about["by"]) == ("carla", "nils")
    assert (decision.entry.about["via"], decision.entry.about["note"]) == ("phone", "on the way")


def test_only_somebody_at_work_here_promises_on_the_phone():
    walker = catheter_in()
    walker.roster = replace(ROSTER, away={"nils": None})
    for nobody in ("nils", "somebody-gone"):
        with pytest.raises(ImpossibleInputError) as wrong:
            phoned(walker, nobody)
        assert wrong.value.place == "by"


def test_nobody_promises_on_the_phone_what_they_could_not_take():
    walker = catheter_in()
    assert "is for nurse" in barred(phoned(walker, "sam"))
    assert walker.task(CHECK).assignee is None


def test_whoever_logs_it_could_take_it_or_coordinates():
    assert not phoned(catheter_in(), "nils", logs=LENA).refused
    assert phoned(catheter_in(), "nils", logs=SAM).refused


def test_a_promise_on_the_phone_reaches_no_further_than_ones_own():
    walker = catheter_in()
    with pytest.raises(ImpossibleTimeError):
        phoned(walker, "nils", wait=timedelta(hours=24, minutes=1))
    phoned(walker, "nils")
    with pytest.raises(ImpossibleTimeError):
        phoned(walker, "nils", wait=timedelta(hours=3))


@pytest.mark.parametrize("said", [{"by": "nils"}, {"via": Via.PHONE}, {"by": "carla", "via": Via.PHONE}])
def test_a_promise_is_ones_own_or_another_persons_on_the_phone(said: dict[str, object]):
    walker = catheter_in()
    until = walker.now + timedelta(hours=1)
    with pytest.raises(ImpossibleInputError):
        walker.do(decide.acknowledge, CARLA, key=walker.task(CHECK).key, until=until, **said)
