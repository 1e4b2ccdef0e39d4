"""The chain: one frozen vector, and nothing in it can be changed without showing."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from route import dosed
from world import START, Walker

from workflow.domain.decision import Decision, Entry, Outcome, fold
from workflow.domain.episode import Episode
from workflow.domain.ledger import GENESIS, Line, chain, commitment, digest

SALT = bytes(range(32))
EPISODE = Episode(id="e-1", site="north", candidate="c-1", protocol="opioid_trial@1", stage="referred", seq=1)
ENTRY = Entry(
    seq=1,
    at=datetime(2026, 11, 22, 10, 31, 5, 7, tzinfo=UTC),
    occurred_at=datetime(2026, 11, 22, 9, tzinfo=UTC),
    actor="carla",
    verb="enrol",
    outcome=Outcome.DONE,
    about={"protocol": "opioid_trial@1", "absent": None},
    set={"stage": "referred", "hold": None, "stint": 1},
    stands={"stage": "referred", "version": 1},
)

PAYLOAD = (
    b'{"about":{"protocol":"opioid_trial@1"},"basis":[],"put":{},"set":{"hold":"","stage":"referred","stint":1},'
    b'"stands":{"stage":"referred","version":1},"told":[]}'
)
HEAD = (
    b'{"actor":"carla","alg":"theca-1","at":"2026-11-22T10:31:05.000007Z","engine":"1.0","episode":"e-1",'
    b'"occurred_at":"2026-11-22T09:00:00.000000Z","outcome":"done",'
    b'"payload":"%s","prev":"0000000000000000000000000000000000000000000000000000000000000000",'
    b'"protocol":"opioid_trial@1","seq":1,"site":"north","verb":"enrol"}'
)


def line() -> Line:
    return chain(ENTRY, episode=EPISODE, prev=GENESIS, salt=SALT, engine="1.0")


def test_the_vector_is_what_it_always_was():
    written = line()
    assert written.payload == PAYLOAD
    assert written.head == HEAD % hashlib.sha256(SALT + PAYLOAD).hexdigest().encode()
    assert written.hash == hashlib.sha256(written.head).hexdigest()
    assert written.hash == "de7c4d30a311f2fac7bfedaa8467c52c0077884a66bcbf2e07a8813a85034cab"


@given(st.data())
def test_no_byte_of_a_line_can_change_unseen(data: st.DataObject):
    written = line()
    part = data.draw(st.sampled_from(("head", "payload", "salt")))
    old = getattr(written, part)
    place = data.draw(st.integers(0, len(old) - 1))
    changed = old[:place] + bytes([old[place] ^ data.draw(st.integers(1, 255))]) + old[place + 1 :]
    other = replace(written, **{part: changed})
    committed = json.loads(written.head)["payload"]
    assert digest(other.head) != written.hash or commitment(other.salt, other.payload) != committed


@given(st.integers(1, 28))
def test_no_line_can_be_taken_out_or_swapped(place: int):
    walker = _walked()
    place = min(place, len(walker.lines) - 2)
    walker.lines = [*walker.lines[:place], *walker.lines[place + 1 :]]
    with pytest.raises(AssertionError):
        walker.verify()


_WALKED = dosed()


def _walked() -> Walker:
    walker = Walker()
    walker.lines, walker.episode = list(_WALKED.lines), _WALKED.episode
    return walker


def test_the_lines_alone_give_the_state_back():
    episode = Episode(id="e-1", site="s-1", candidate="c-1")
    for written in _WALKED.lines:
        episode = fold(episode, json.loads(written.payload), seq=written.seq)
    assert episode == _WALKED.episode


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"put": {}, "set": []},
        {"put": [], "set": {}},
        {"put": {"secrets": {"x": {}}}, "set": {}},
        {"put": {}, "set": {"seq": 9}},
        {"put": {}, "set": {"candidate": "c-2"}},
        {"put": {"tasks": {"x": {"key": "x"}}}, "set": {}},
        {"put": {"observations": {"x": []}}, "set": {}},
    ],
)
def test_a_payload_that_is_not_ours_folds_into_nothing(payload: dict[str, object]):
    with pytest.raises((ValueError, KeyError, TypeError)):
        fold(EPISODE, payload, seq=2)


def test_a_decision_without_a_line_cannot_be_built():
    decision = _WALKED.last
    with pytest.raises(AssertionError):
        Decision(before=decision.before, after=decision.after, entry=replace(decision.entry, put={}, set={}))
    with pytest.raises(AssertionError):
        Decision(before=decision.before, after=decision.after, entry=replace(decision.entry, seq=99))


def test_an_episode_closed_over_a_duty_cannot_be_built():
    decision = _WALKED.last
    assert decision.after.open_duties
    with pytest.raises(AssertionError):
        Decision(before=decision.before, after=replace(decision.after, closed_at=START), entry=decision.entry)


def test_the_payload_says_nothing_without_its_salt():
    other = chain(ENTRY, episode=EPISODE, prev=GENESIS, salt=bytes(32), engine="1.0")
    assert other.payload == line().payload
    assert json.loads(other.head)["payload"] != json.loads(line().head)["payload"]
    assert b"referred" not in other.head
