"""Who comes, who works there, and how likely what is: everything chance needs to know beside the protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from workflow.authoring.simulate.chance import Pace, Values, minutes_of
from workflow.authoring.walk.rehearsal import Crew
from workflow.domain.actor import Role
from workflow.domain.calendar import Calendar
from workflow.domain.ladder import Ladder
from workflow.domain.protocol import ProtocolVersion

_STARTS = datetime(2026, 1, 5, 8, tzinfo=UTC)  # a Monday
_EACH = 2  # people in every role, so that a second person can be found


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """How often a way is taken, and only where the trial showed `response`, if that is said."""

    weight: float
    response: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """How likely a stay ends this way, in percent."""

    percent: Decimal
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How likely a stay is put on hold, in percent, and for how long."""

    percent: Decimal
    lasts: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """Where an appointment of this kind is booked, and how many are missed, in percent."""

    stages: tuple[str, ...]
    missed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """What a simulation is fed. `plain`: nobody said anything, and every default below counts."""

    title: str
    crew: Crew
    starts: datetime
    per_week: Decimal
    pace: Mapping[str, Pace]
    items: Mapping[str, Values] = field(default_factory=dict)
    ways: Mapping[str, Chosen] = field(default_factory=dict)
    leaves: Mapping[str, Left] = field(default_factory=dict)
    holds: Mapping[str, Held] = field(default_factory=dict)
    appointments: Mapping[str, Booked] = field(default_factory=dict)
    discharged_by: Mapping[str, str] = field(default_factory=dict)
    gives_up: str | None = None
    tries: int = 3
    passing: Decimal = Decimal(50)
    baseline: tuple[Decimal, Decimal] | None = None
    ages: tuple[int, int] = (40, 75)  # in years, at the referral
    settings: Mapping[str, Decimal] = field(default_factory=dict)  # the site's own values of parameters
    basis: str = ""
    plain: bool = False


def plain_cohort(version: ProtocolVersion) -> Cohort:
    """A cohort nobody described: every check passes, half of the trials respond, work is done before it is reminded."""
    calendar = Calendar(zone="Europe/London")
    return Cohort(
        title="Nobody in particular",
        crew=crew_of(version, calendar, {}),
        starts=_STARTS,
        per_week=Decimal(2),
        pace=paces_of(version, calendar, {}),
        plain=True,
    )


def crew_of(version: ProtocolVersion, calendar: Calendar, staff: Mapping[Role, int]) -> Crew:
    """So many people in each of the protocol's roles, called nurse_1, nurse_2 and so on; two where nothing is said."""
    people = {f"{role}_{number}": (role,) for role in version.roles for number in range(1, staff.get(role, _EACH) + 1)}
    return Crew.of(calendar, people)


def paces_of(version: ProtocolVersion, calendar: Calendar, said: Mapping[str, Pace]) -> dict[str, Pace]:
    """How long each task and duty takes: as said, or nine times in ten before its ladder's first reminder."""
    return {
        key: said.get(key) or said.get("other") or _before_reminder(version.ladders[rule.ladder], calendar)
        for key, rule in version.tasks.items()
    }


# ---------------------------------------------------------------------------------------------------------------


def _before_reminder(ladder: Ladder, calendar: Calendar) -> Pace:
    ahead = [(rung.after, ladder.kind(at)) for at, rung in enumerate(ladder.rungs) if rung.after.minutes > 0]
    first, time = ahead[0] if ahead else (ladder.repeat, ladder.kind(ladder.last))
    p90 = max(2, minutes_of(calendar, first.amount, first.unit, time))
    return Pace(median=max(1, p90 // 2), p90=p90, time=time)
