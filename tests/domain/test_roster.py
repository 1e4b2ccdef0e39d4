"""Whom a rung tells is looked up when it fires: who is there, who stands in, who is on call. Nobody is told nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from route import referred, screening
from world import CARLA, LENA, PAUL, ROSTER, Walker

from workflow.domain.actor import Role
from workflow.domain.decide.fire import AGAIN
from workflow.domain.roster import Called, Member, Roster

NURSES = ("nina", "nora")
STAFF = Roster(
    members=(
        *(Member(id=name, roles=frozenset({Role.NURSE})) for name in NURSES),
        Member(id="cleo", roles=frozenset({Role.CLINICIAN})),
        Member(id="cyd", roles=frozenset({Role.CLINICIAN})),
        Member(id="leo", roles=frozenset({Role.LEAD})),
    )
)


def told(
    *whom: str,
    assignee: str | None = "nina",
    offered_to: str | None = None,
    away: dict[str, str | None] | None = None,
    deputies: dict[str, tuple[str, ...]] | None = None,
    on_call: tuple[str, ...] = (),
    members: tuple[Member, ...] = STAFF.members,
) -> tuple[set[str], int]:
    roster = Roster(members=members, away=away or {}, deputies=deputies or {}, on_call=frozenset(on_call))
    called = roster.tell(whom, assignee=assignee, role=Role.NURSE, offered_to=offered_to)
    return {one.id for one in called.people}, called.reached


def test_an_assignee_who_is_there_is_told_alone():
    assert told("assignee") == ({"nina"}, 1)


def test_an_assignee_who_is_away_is_not_told_and_their_substitute_is():
    assert told("assignee", away={"nina": "cleo"}) == ({"cleo"}, 1)


def test_a_substitute_who_is_away_is_answered_for_by_theirs_in_turn():
    assert told("assignee", away={"nina": "nora", "nora": "cleo", "cleo": "cyd"}) == ({"cyd"}, 1)


def test_substitutes_in_a_circle_end_with_the_role_and_then_the_lead():
    assert told("assignee", away={"nina": "cleo", "cleo": "nina"}) == ({"nora"}, 1)
    assert told("assignee", away={"nina": "nora", "nora": "nina"}) == ({"leo"}, 0)


def test_a_substitute_who_works_here_no_more_leaves_it_to_the_deputy_and_else_to_the_role():
    gone = {"nina": "somebody-gone"}
    assert told("assignee", away=gone, deputies={"nina": ("cyd",)}) == ({"cyd"}, 1)
    assert told("assignee", away=gone) == ({"nora"}, 1)


def test_an_assignee_who_works_here_no_more_leaves_it_to_the_role():
    assert told("assignee", assignee="somebody-gone") == (set(NURSES), 2)
    assert told("assignee", assignee=None) == (set(NURSES), 2)


def test_an_open_offer_is_told_to_both_unless_whom_it_is_offered_to_is_away():
    assert told("assignee", offered_to="cleo") == ({"nina", "cleo"}, 2)
    assert told("assignee", offered_to="cleo", away={"cleo": "cyd"}) == ({"nina"}, 1)
    assert told("clinician", offered_to="nora") == ({"cleo", "cyd"}, 2)


def test_a_role_is_everybody_of_it_who_is_there():
    assert told("nurse", away={"nina": "cleo"}) == ({"nora"}, 1)


def test_a_role_of_which_everybody_is_away_is_answered_for_by_who_stands_in_for_them():
    assert told("nurse", away={"nina": "cleo", "nora": None}) == ({"cleo"}, 1)
    assert told("nurse", away=dict.fromkeys(NURSES), deputies={"nora": ("cyd",)}) == ({"cyd"}, 1)
    assert told("nurse", away=dict.fromkeys(NURSES)) == ({"leo"}, 0)


def test_deputies_are_the_assignees_or_those_of_everybody_of_the_role():
    deputies = {"nina": ("cleo",), "nora": ("cyd",)}
    assert told("deputy", deputies=deputies) == ({"cleo"}, 1)
    assert told("deputy", assignee=None, deputies=deputies) == ({"cleo", "cyd"}, 2)
    assert told("deputy", deputies=deputies, away={"cleo": "cyd"}) == ({"cyd"}, 1)
    assert told("deputy") == ({"leo"}, 0)


def test_on_call_is_whoever_is_of_the_role_and_else_all_of_them():
    assert told("on_call", on_call=("cleo", "nora")) == ({"nora"}, 1)
    assert told("on_call", on_call=("cleo", "cyd")) == ({"cleo", "cyd"}, 2)
    assert told("on_call", on_call=("cleo",), away={"cleo": "cyd"}) == ({"cyd"}, 1)
    assert told("on_call") == ({"leo"}, 0)


def test_each_is_told_once_whatever_names_them():
    on_call = told("assignee", "nurse", "on_call", "lead", on_call=("nina",))
    assert on_call == ({"nina", "nora", "leo"}, 3)


def test_where_there_is_not_even_a_lead_nobody_is_told_and_it_is_known():
    assert told("pharmacist", members=STAFF.members[:2]) == (set(), 0)
    assert Roster().tell(("nurse",), assignee=None, role=Role.NURSE) == Called(people=(), reached=0)


# ------------------------------------------------------------------------------------------------- while a rung fires


TRIAGE = "triage_referral"


def due(**roster: object) -> Walker:
    walker = referred()
    walker.roster = replace(ROSTER, **roster)
    walker.now = walker.timer(TRIAGE).due_at
    return walker


def test_a_rung_looks_at_who_is_there_when_it_fires_and_not_before():
    walker = due()
    walker.claim(TRIAGE, CARLA)
    walker.roster = replace(ROSTER, away={"carla": "sam"})
    (fired,) = walker.tick()
    assert {message.recipient for message in fired.messages} == {"sam"}
    assert (fired.entry.about["reached"], walker.timer(TRIAGE).reached) == (1, 1)


def test_a_rung_that_finds_nobody_it_names_goes_to_the_lead_and_the_timer_says_so():
    walker = due(away={"carla": None})
    (fired,) = walker.tick()
    assert {message.recipient for message in fired.messages} == {"lena"}
    assert (walker.timer(TRIAGE).rung, walker.timer(TRIAGE).reached) == (1, 0)


@pytest.mark.parametrize("verb", ["claim", "acknowledge"])
def test_whoever_takes_it_settles_that_nobody_was_reached(verb: str):
    walker = due(away={"carla": None})
    walker.tick()
    if verb == "claim":
        walker.claim(TRIAGE, LENA)
    else:
        walker.acknowledge(TRIAGE, LENA, wait="1d")
    assert walker.timer(TRIAGE).reached is None


def test_that_nobody_was_reached_is_known_until_the_next_rung_fires():
    walker, name = screening(), "complete_workup"  # its clock stands still on hold, and is set anew after it
    walker.roster = replace(ROSTER, away={"carla": None})
    walker.now = walker.timer(name).due_at
    walker.tick()
    before = walker.timer(name)
    walker.hold()
    walker.later("3d").release()
    assert (walker.timer(name).reached, walker.timer(name).n) == (0, before.n + 2)
    walker.roster = ROSTER
    walker.now = walker.timer(name).due_at
    walker.tick()
    assert walker.timer(name).reached


def test_a_rung_that_finds_nobody_at_all_is_tried_again_and_never_counts_as_told():
    walker = due(members=())
    for _ in range(3):
        (fired,) = walker.tick()
        assert (fired.messages, fired.entry.about["people"]) == ((), 0)
        timer = walker.timer(TRIAGE)
        assert (timer.rung, timer.due_at, timer.reached) == (0, walker.now + AGAIN, 0)
        walker.now += AGAIN
    assert timedelta(minutes=15) == AGAIN
    walker.roster = ROSTER
    (fired,) = walker.tick()
    assert {message.recipient for message in fired.messages} == {"carla"}
    assert walker.timer(TRIAGE).rung == 1


def test_whoever_is_called_in_anothers_place_may_answer():
    walker = due(away={"carla": "paul"})
    assert not walker.acknowledge(TRIAGE, PAUL, wait="1d").refused
    assert due().acknowledge(TRIAGE, PAUL, wait="1d").refused
