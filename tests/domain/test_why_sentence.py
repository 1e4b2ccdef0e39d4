"""Why is this candidate not moving: whatever has happened, one sentence answers, and it says the right thing."""

import random
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import deeds
import pytest
from press import press_on
from route import IMPLANT, authorised, checked, go, planned, ready, ready_for_implant, screening, single_shot
from test_properties import RANDOM
from world import CARLA, CEM, CLARA, INES, NILS, START, Walker

from workflow.authoring.schema import read
from workflow.domain.decide import PriorTrial
from workflow.domain.decision import Decision
from workflow.domain.ladder import TimerState
from workflow.domain.trial import Method
from workflow.domain.wording import inside
from workflow.service.sentence import LONGEST
from workflow.service.why import Why, why

CODE = "C-7KQ2MB"
ENDS = re.compile(r"[.?!](?=\s|$)")
KEY = re.compile(r"[a-z]_[a-z]|\b[a-z]+\.[a-z]")
V2 = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v2.yaml"


def asked(walker: Walker) -> Why:
    return why(walker.situation(CARLA), code=CODE)


def said(walker: Walker) -> str:
    return asked(walker).sentence


class Questioned(deeds.Watched):
    """A walker of whom it is asked after every decision why they stand still."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Counter[int]()

    def take(self, decision: Decision) -> Decision:
        Walker.take(self, decision)
        self._note(decision)
        self.question()
        return decision

    def question(self) -> None:
        told = asked(self)
        sentence, words = told.sentence, len(told.sentence.split())
        assert ENDS.findall(sentence) == ["."], sentence
        assert sentence.endswith("."), sentence
        assert not KEY.search(sentence), sentence
        assert self.protocol.stage(self.stage).label in sentence, sentence
        live = [t for t in self.episode.timers.values() if t.state is TimerState.LIVE]
        assert bool(live) == (told.next_due is not None)
        if told.next_due is not None:
            assert inside(told.next_due.label) in sentence, sentence
        assert len(told.clocks) == len(self.episode.open_tasks)
        assert sentence == said(self), "the same question, the same answer"
        self.words[words] += 1


def wander(seed: int, steps: int) -> Questioned:
    dice, walker = random.Random(seed), Questioned()
    walker.enrol()
    for _ in range(seed % 3):
        deeds.adopt(walker, dice.choice)
    for _ in range(steps):
        deed = press_on if dice.random() < (0.6, 0.3, 0.1)[seed % 3] else dice.choice(RANDOM)
        deed(walker, dice.choice)
        walker.question()
    return walker


def test_wherever_a_walk_leads_one_sentence_names_the_stage_and_the_next_reminder():
    walks = [wander(seed, 50) for seed in range(60)]
    words = sum((walk.words for walk in walks), Counter[int]())
    seen = Counter(sight for walk in walks for sight in walk.seen)
    assert seen["hold:done"] > 5
    assert seen["stage:follow_up"] > 1
    assert seen["advance:proposed"] > 5
    assert max(words) <= LONGEST + 5, "what cannot be left out is long here"
    assert sum(many for count, many in words.items() if count > LONGEST) <= sum(words.values()) // 100


@pytest.mark.parametrize(
    "file", sorted(V2.parents[1].glob("*/v*.yaml")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_in_every_stage_of_every_protocol_of_ours_one_sentence_answers(file: Path):
    version = read(file.read_bytes(), name=file.name)
    begins = {rule.to: rule.begins_trial for rule in version.transitions.values() if rule.begins_trial}
    for stage in [key for key, one in version.stages.items() if not one.ends]:
        walker = Questioned()
        walker.protocol = version
        walker.enrol()
        if stage != version.begins:
            method = begins.get(stage, Method.WAIVED)
            running = PriorTrial(method=method, drug=next(iter(version.drugs)), started_at=walker.now, source="letter")
            walker.adopt(stage, trials=() if method is Method.WAIVED else (running,))
        for kind in version.appointments:
            walker.appoint(kind, walker.now + timedelta(days=2))
        for _ in range(6):
            walker.later("40d").question()
            walker.attempt(lambda walker=walker: walker.hold())


def test_what_is_missing_comes_first_and_how_much_more_there_is():
    walker = screening()
    assert said(walker).startswith(
        "C-7KQ2MB stands in Screening since today 09:00 (day 1): Complete screening waits for "
    )
    assert "and 3 more; " in said(walker)
    assert "; the next step is with coordinator; " in said(walker)
    assert said(walker).endswith("; next, Monday 9 March 09:00, coordinator will be told of Complete the work-up.")


def test_a_shut_gate_is_told_as_barred_with_what_would_open_it():
    walker = ready(single_shot())
    walker.record(platelets=60)
    assert "is barred, it needs Platelets: at least 100" in said(walker)


def test_an_open_way_is_told_with_those_who_may_walk_it():
    walker = checked()
    told = asked(walker)
    assert told.way is not None
    assert f"{told.way.label} is open; the next step is with clinician" in told.sentence


def test_the_stay_says_since_when_it_is_late_against_its_own_ladder():
    walker = screening().later("6d")
    assert asked(walker).late_since is None
    walker.later("2d")
    told = asked(walker)
    assert told.late_since == datetime(2026, 3, 9, 9, tzinfo=START.tzinfo)
    assert "(day 9), late since yesterday 09:00: " in told.sentence
    walker.tick()
    assert asked(walker).late_since == told.late_since


def test_work_that_waits_on_an_outsider_says_on_whom_and_when_they_are_chased():
    walker = screening()
    walker.wait("complete_workup", CARLA, wait="4d")
    task = walker.task("complete_workup")
    assert "waits on cardiology, to be chased Friday 6 March 09:00;" in said(walker)
    walker.episode = replace(walker.episode, tasks={**walker.episode.tasks, task.key: replace(task, contacts=2)})
    assert "to be chased Friday 6 March 09:00 (2 attempts so far)" in said(walker)
    (waiting,) = asked(walker).waiting
    assert (waiting.on, waiting.attempts) == ("cardiology", 2)
    walker.later("5d")
    assert "who was to be chased yesterday 09:00" in said(walker)


def test_a_promise_is_told_with_who_gave_it_until_when_and_ends_with_it():
    walker = screening()
    walker.acknowledge("complete_workup", CARLA, wait="5h")
    assert "carla has taken on Complete the work-up until today 14:00" in said(walker)
    assert [(one.by, one.until) for one in asked(walker).promises] == [("carla", walker.now + timedelta(hours=5))]
    walker.later("6h")
    assert "has taken on" not in said(walker)
    assert "the next step is with carla" in said(walker)


def test_an_open_offer_a_lost_reminder_and_a_withheld_one_are_told():
    walker = screening()
    task, timer = walker.task("complete_workup"), walker.timer("complete_workup")

    def with_(**fields: object) -> str:
        walker.episode = replace(
            walker.episode,
            tasks={**walker.episode.tasks, task.key: replace(task, **fields)},
            timers={**walker.episode.timers, task.key: timer},
        )
        return said(walker)

    assert "Complete the work-up is offered to nils, who has not answered" in with_(offered_to="nils")
    assert "wait to be released, no longer than Monday 9 March 09:00" in with_(withheld_until=START + timedelta(days=7))
    timer = replace(timer, reached=0)
    assert "its last reminder found nobody it names, and the lead was told" in with_()
    assert asked(walker).clocks[0].unheard


def test_on_hold_the_reason_the_review_and_the_paused_clocks_are_told():
    walker = screening()
    walker.hold("waiting_for_payer")
    told = asked(walker)
    assert told.sentence.startswith("C-7KQ2MB is on hold in Screening since today 09:00: waiting for payer, ")
    assert ", to be looked at again Monday 9 March 09:00; " in told.sentence
    assert "1 clock paused meanwhile" in told.sentence
    assert told.review_at == START + timedelta(days=7)
    assert {(one.state, one.due_at) for one in told.clocks if one.label == "Complete the work-up"} == {("paused", None)}
    walker.later("8d")
    assert "whose review was due yesterday 09:00" in said(walker)


def test_an_end_that_is_kept_open_names_the_duties_and_their_next_reminder():
    walker = authorised()
    go(walker, "record_implant")
    walker.later("1d").advance("withdraw", CARLA, reason="moved_away")
    assert "ended in Withdrawn, today" in said(walker)
    assert "and is kept open by Pump in the body" in said(walker)
    assert "nurse will be told of Pump in the body" in said(walker)


def test_a_second_person_who_is_asked_is_what_everything_waits_for():
    walker = ready_for_implant()
    walker.advance("approve_implant", INES)
    told = asked(walker)
    assert "ines has asked for 'Approve the implant, today', and a second person must agree until " in told.sentence
    assert told.asked is not None
    assert told.asked.by == "ines"
    walker.advance("approve_implant", CEM)
    assert asked(walker).asked is None


def test_an_approval_says_when_it_lapses_and_that_it_has():
    walker = authorised()
    told = asked(walker)
    assert told.approval is not None
    assert told.approval.stands
    assert "its approval lapses " in told.sentence
    walker.later("13h")
    assert "its approval lapsed " in said(walker)


def test_the_appointment_that_things_wait_for_is_told_and_how_ready_it_is():
    walker = planned()
    walker.appoint("visit", walker.now + timedelta(days=1))
    walker.appoint("implant_procedure", walker.now + timedelta(days=9))
    walker.record(CLARA, **IMPLANT)
    sentence, (visit, implant) = said(walker), asked(walker).appointments
    assert "Visit is planned for tomorrow" in sentence
    assert (visit.label, implant.label) == ("Visit", "Implant procedure")
    assert implant.ready
    assert implant.on_the_day == ("Checked today, at the bedside", "Bleeding risk, today", "Nothing forbids an implant")
    walker.record(CLARA, consent_implant="no")
    assert asked(walker).appointments[1].lacks == ("Consent to the implant signed: yes",)


def test_where_an_act_is_declared_its_own_appointment_comes_before_a_nearer_one():
    v2 = read(V2.read_bytes(), name="v2.yaml")
    walker = Walker(v2)
    walker.enrol()
    walker.adopt("implant_planning")
    walker.appoint("visit", walker.now + timedelta(days=1))
    walker.appoint("implant_procedure", walker.now + timedelta(days=9, hours=1))
    told = asked(walker)
    assert ", waiting for Implant procedure Wednesday 11 March 10:00, which still lacks " in told.sentence
    (_, implant) = told.appointments
    assert implant.act == "Implantation of the pump"
    assert "Platelets: at least 100" in implant.lacks
    assert "Checked today, at the bedside" in implant.on_the_day
    assert not [lack for lack in implant.lacks if lack.startswith("Two identifiers")]
    walker.record(NILS, platelets=250, inr="1.0")
    (_, implant) = asked(walker).appointments
    assert not [lack for lack in implant.lacks if lack.startswith("Platelets")]


@pytest.mark.parametrize("days", [20, 45])
def test_readiness_is_judged_on_the_day_and_not_today(days: int):
    """Platelets keep for 30 days: enough for an implant in twenty, not for one in forty-five."""
    walker = Walker(read(V2.read_bytes(), name="v2.yaml"))
    walker.enrol()
    walker.adopt("implant_planning")
    walker.record(NILS, platelets=250, inr="1.0")
    walker.appoint("implant_procedure", walker.now + timedelta(days=days))
    (implant,) = asked(walker).appointments
    lacks = [lack for lack in implant.lacks if lack.startswith("Platelets")]
    assert lacks == ([] if days == 20 else ["Platelets: expires before that day"])
