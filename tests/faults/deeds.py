"""What people do, of each kind a decision can be; every deed is the same whenever it is asked for again."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from tests.faults.world import CLINICIAN, COORDINATOR
from workflow.domain.decide import Dose
from workflow.domain.observation import Reading
from workflow.domain.trial import Mode
from workflow.service import act
from workflow.service.act import Amendment, Asked, Desk
from workflow.service.answer import Answer
from workflow.store.staff import Person

Deed = Callable[[Desk, Asked], Answer]
_DOSE = Dose(drug="morphine", mode=Mode.BOLUS, ordered=Decimal("0.2"), given=Decimal("0.2"), unit="mg")
_FIRST_SCORE = "2.0"  # recorded by the second line of an episode, after its enrolment


def reading(item: str, value: str) -> Reading:
    at = datetime.now(UTC)
    if item == "nrs":
        return Reading(item=item, observed_at=at, number=Decimal(value), unit="{score}")
    return Reading(item=item, observed_at=at, text=value)


def _record(desk: Desk, asked: Asked) -> Answer:
    return act.record(desk, asked, readings=(reading("nrs", "6"), reading("drug", "morphine")))


def _correct(desk: Desk, asked: Asked) -> Answer:
    amended = Amendment(number=Decimal(5), unit="{score}")
    return act.amend(desk, asked, observation=_FIRST_SCORE, reason="misread", amendment=amended)


# Who does it, what must have been done before, and the deed.
DEEDS: dict[str, tuple[Person, tuple[str, ...], Deed]] = {
    "plain": (COORDINATOR, (), _record),
    "stage": (COORDINATOR, (), lambda desk, asked: act.advance(desk, asked, name="go")),
    "back": (COORDINATOR, ("stage",), lambda desk, asked: act.advance(desk, asked, name="back")),
    "trial": (CLINICIAN, ("plain",), lambda desk, asked: act.advance(desk, asked, name="try")),
    "approval": (CLINICIAN, ("plain", "trial"), lambda desk, asked: act.advance(desk, asked, name="may_puncture")),
    "dose": (
        CLINICIAN,
        ("plain", "trial", "approval"),
        lambda desk, asked: act.administer(desk, asked, dose=_DOSE),
    ),
    "terminal": (CLINICIAN, (), lambda desk, asked: act.advance(desk, asked, name="finish")),
    "hold": (COORDINATOR, (), lambda desk, asked: act.hold(desk, asked, reason="wait")),
    "release": (COORDINATOR, ("hold",), lambda desk, asked: act.release(desk, asked, reason="goes on")),
    "correction": (COORDINATOR, ("plain",), _correct),
}

# What can be done to one candidate again and again, in this order.
ROUND = ("plain", "hold", "release", "stage", "back")


def do(desk: Desk, kind: str, episode: str, key: str | None = None) -> Answer:
    """Do one deed, under a command key."""
    person, _, deed = DEEDS[kind]
    return deed(desk, Asked(person=person, episode=episode, key=key, body=kind))


def lead_up(desk: Desk, kind: str, episode: str) -> None:
    """Everything that must have been done before a deed of this kind."""
    for before in DEEDS[kind][1]:
        do(desk, before, episode)
