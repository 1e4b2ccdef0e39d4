"""The door protocol, and an episode in front of it with everything its gates ask for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from workflow.authoring.schema import read
from workflow.domain import decide
from workflow.domain.actor import Actor, Role
from workflow.domain.calendar import Calendar
from workflow.domain.episode import Episode
from workflow.domain.observation import Reading
from workflow.domain.situation import Situation

TEXT = (Path(__file__).parent / "protocol.yaml").read_text(encoding="utf-8")
PROTOCOL = read(TEXT)
AT = datetime(2026, 6, 1, 9, tzinfo=UTC)


def readings(at: datetime) -> tuple[Reading, ...]:
    """The nine values that open the three gates."""
    numbers = tuple(Reading(item=f"{letter}1", observed_at=at, number=Decimal(5), unit="{score}") for letter in "abc")
    yes = tuple(Reading(item=f"{letter}2", observed_at=at, text="yes") for letter in "abc")
    return numbers + yes + tuple(Reading(item=f"{letter}3", observed_at=at, text="x") for letter in "abc")


def standing() -> Situation:
    """Somebody in front of the door, with all nine values."""
    coordinator = Actor(id="coordinator-1", roles=frozenset({Role.COORDINATOR}))
    before = Situation(
        protocol=PROTOCOL,
        episode=Episode(id="e", site="north", candidate="c"),
        calendar=Calendar(zone="Europe/Berlin"),
        actor=coordinator,
        now=AT,
    )
    for decision in (
        lambda s: decide.enrol(s, occurred_at=AT),
        lambda s: decide.record(s, readings=readings(AT)),
    ):
        before = _after(before, decision(before).after)
    return before


def _after(s: Situation, episode: Episode) -> Situation:
    return Situation(
        protocol=s.protocol, episode=episode, calendar=s.calendar, actor=s.actor, now=s.now + timedelta(minutes=1)
    )
