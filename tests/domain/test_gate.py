"""A gate's whole report: plain, passed by two people, closed from outside; and the fingerprint both people saw."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from workflow.domain.criterion import Group, Join, Known, Missing, Operator, Subject, Verdict
from workflow.domain.criterion import Test as Criterion
from workflow.domain.episode import Episode
from workflow.domain.gate import GateReport, Weight, closed, evidence, report
from workflow.domain.passage import How, Override
from workflow.domain.protocol import Gate

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
INR = Known(shown="1.6", number=Decimal("1.6"), keys=("7.1",))
LOW = Known(shown="1.2", number=Decimal("1.2"), keys=("8.1",))
PLATELETS = Missing(because="is not recorded", keys=("3.2", "3.1"))
GATE = Gate(
    key="bleeding",
    label="Bleeding risk is low",
    criterion=Group(
        join=Join.ALL,
        parts=(
            Criterion(subject=Subject(item="inr"), operator=Operator.AT_MOST, number=Decimal("1.4")),
            Criterion(subject=Subject(item="platelets"), operator=Operator.ABOVE, number=Decimal(100)),
        ),
    ),
)
# What two people saw and signed is kept as this; a change of the bytes would void every override there is.
SEEN = hashlib.sha256(b'[["bleeding","shut",["3.1","3.2","7.1"]]]').hexdigest()
OVERRIDE = Override(
    key="o-1",
    gate="bleeding",
    how=How.OVERRIDDEN,
    reason="no other way",
    by="clara",
    second="cem",
    at=NOW - SECOND,
    until=NOW + SECOND,
    evidence=SEEN,
)


class Shows:
    """An episode with these overrides, and what is known in it."""

    def __init__(self, *overrides: Override, at: datetime = NOW, **values: Known | Missing) -> None:
        self.at = at
        self.values = {"inr": INR, "platelets": PLATELETS} | values
        self.episode = Episode(id="e", site="s", candidate="c", overrides={one.key: one for one in overrides})

    def look(self, subject: Subject) -> Known | Missing:
        return self.values[subject.item]

    def label(self, subject: Subject) -> str:
        return subject.item


OPEN = Shows(inr=LOW, platelets=Known(shown="250", number=Decimal(250)))
SHUT = Shows()


def test_a_shut_gate_tells_why_and_everything_that_would_open_it():
    found = report(GATE, SHUT)
    assert found == GateReport(
        gate="bleeding",
        label="Bleeding risk is low",
        verdict=Verdict.SHUT,
        because="inr: 1.6, asked for at most 1.4; platelets is not recorded",
        opens_when="inr: at most 1.4; platelets: above 100",
        finding=found.finding,
    )
    assert found.finding is not None
    assert found.finding.keys == ("7.1", "3.2", "3.1")
    assert (found.passes, found.warns) == (False, False)


def test_an_open_gate_has_nothing_left_to_open_it():
    found = report(GATE, OPEN)
    assert (found.verdict, found.opens_when, found.passes) == (Verdict.OPEN, "", True)
    assert found.because == "inr: 1.2; platelets: 250"


@pytest.mark.parametrize("how", [How.WAIVED, How.OVERRIDDEN])
def test_a_gate_two_people_passed_says_so_and_says_how_it_stood(how: How):
    found = report(GATE, Shows(replace(OVERRIDE, how=how)))
    assert found == GateReport(
        gate="bleeding",
        label="Bleeding risk is low",
        verdict=Verdict(how),
        because=(
            f"{how} by two people (no other way); it stood as shut: "
            "inr: 1.6, asked for at most 1.4; platelets is not recorded"
        ),
        opens_when="",
        finding=report(GATE, SHUT).finding,
        dispensed="no other way",
    )
    assert found.passes


def test_an_open_gate_is_open_whatever_two_people_agreed():
    granted = replace(OVERRIDE, evidence=evidence(report(GATE, OPEN)))
    assert report(GATE, Shows(granted, **OPEN.values)) == report(GATE, OPEN)


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        (OVERRIDE.at - SECOND, Verdict.SHUT),
        (OVERRIDE.at, Verdict.OVERRIDDEN),
        (OVERRIDE.until, Verdict.OVERRIDDEN),
        (OVERRIDE.until + SECOND, Verdict.SHUT),
    ],
)
def test_an_override_stands_from_its_first_to_its_last_instant(at: datetime, verdict: Verdict):
    assert report(GATE, Shows(OVERRIDE, at=at)).verdict is verdict


def test_an_override_is_of_one_gate_only():
    assert report(GATE, Shows(replace(OVERRIDE, gate="consent"))).verdict is Verdict.SHUT


def test_an_override_on_other_evidence_is_passed_over_for_the_next():
    stale, sound = replace(OVERRIDE, evidence="other"), replace(OVERRIDE, key="o-2", reason="looked again")
    assert report(GATE, Shows(stale)).dispensed is None
    assert report(GATE, Shows(stale, sound)).dispensed == "looked again"


@pytest.mark.parametrize("opens_when", ["", "the hold is released"])
def test_what_bars_the_way_beside_the_gates_is_shut(opens_when: str):
    wanted = GateReport(
        gate="hold", label="On hold", verdict=Verdict.SHUT, because="on hold since Monday", opens_when=opens_when
    )
    assert closed("hold", "On hold", "on hold since Monday", opens_when) == wanted


def test_nothing_needs_to_be_said_of_what_would_open_it():
    assert closed("hold", "On hold", "on hold since Monday").opens_when == ""


def test_the_fingerprint_is_of_verdicts_and_sorted_keys():
    assert evidence(report(GATE, SHUT)) == SEEN
    both = b'[["bleeding","shut",["3.1","3.2","7.1"]],["hold","shut",[]]]'
    assert evidence(report(GATE, SHUT), closed("hold", "", "")) == hashlib.sha256(both).hexdigest()


def test_the_fingerprint_of_a_passed_gate_is_of_how_it_stood():
    assert evidence(report(GATE, Shows(OVERRIDE))) == SEEN


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_gate_that_warns_bars_nobody(verdict: Verdict):
    found = replace(closed("g", "G", "because"), verdict=verdict)
    assert found.passes == (verdict in ("open", "waived", "overridden"))
    assert (replace(found, weight=Weight.WARNS).warns, replace(found, weight=Weight.WARNS).passes) == (True, True)
