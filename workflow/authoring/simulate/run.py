"""A cohort walks: candidate after candidate, each to the end of its time, and only the tally is kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from workflow.authoring.simulate.candidate import Candidate
from workflow.authoring.simulate.clinic import Clinic, clinic_of
from workflow.authoring.simulate.cohort import Cohort
from workflow.authoring.simulate.duty import opened
from workflow.authoring.simulate.stay import stay
from workflow.authoring.simulate.tally import Tally
from workflow.authoring.walk.deed import Step
from workflow.domain.calendar import TimeKind
from workflow.domain.decision import Decision
from workflow.domain.protocol import ProtocolVersion

_WEEK = 7 * 24 * 60  # minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many candidates, from which seed, each followed for how many weeks from the referral."""

    candidates: int = 1000
    seed: int = 1
    weeks: int = 52


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What came of a simulation."""

    version: ProtocolVersion
    cohort: Cohort
    asked: Asked
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """One candidate of a cohort in full: what was asked, and every decision."""

    arrived: datetime
    born_on: date
    steps: tuple[Step, ...]
    decisions: tuple[Decision, ...]


def simulate(
    version: ProtocolVersion, cohort: Cohort, asked: Asked, *, each: Callable[[], None] = lambda: None
) -> Simulated:
    """Walk a cohort: the same protocol, cohort and numbers give the same tally. `each` is called for each candidate."""
    clinic = clinic_of(version, cohort)
    tally = Tally(starts=cohort.starts)
    for number, arrives in enumerate(_arrivals(cohort, asked)):
        tally.weeks.finish((arrives - cohort.starts) // timedelta(weeks=1))
        candidate = _candidate(clinic, asked, number, arrives, tally.heard)
        candidate.live(arrives + timedelta(weeks=asked.weeks), entered=stay, opened=opened)
        tally.finish(candidate.episode, implanted=_implanted(candidate))
        tally.impossible.update(candidate.trouble)
        each()
    return Simulated(version=version, cohort=cohort, asked=asked, tally=tally)


def live_one(version: ProtocolVersion, cohort: Cohort, asked: Asked, *, number: int) -> Lived:
    """Candidate `number` (from 1) of the same cohort, in full."""
    arrives = next(at for at_number, at in enumerate(_arrivals(cohort, asked), start=1) if at_number == number)
    decisions: list[Decision] = []
    candidate = _candidate(clinic_of(version, cohort), asked, number - 1, arrives, decisions.append)
    candidate.steps = []
    candidate.live(arrives + timedelta(weeks=asked.weeks), entered=stay, opened=opened)
    return Lived(arrived=arrives, born_on=candidate.born_on, steps=tuple(candidate.steps), decisions=tuple(decisions))


# ---------------------------------------------------------------------------------------------------------------


def _arrivals(cohort: Cohort, asked: Asked) -> Iterator[datetime]:
    """When each referral arrives: at random, so many a week on average, seen when the site is open."""
    chance = Random(asked.seed)  # noqa: S311 - a simulation is repeated, not guarded
    calendar, at = cohort.crew.calendar, cohort.starts
    for _ in range(asked.candidates):
        at += timedelta(minutes=max(1, round(chance.expovariate(float(cohort.per_week)) * _WEEK)))
        yield calendar.later(at, 1, TimeKind.WORKING)


def _candidate(
    clinic: Clinic, asked: Asked, number: int, arrives: datetime, heard: Callable[[Decision], None]
) -> Candidate:
    """Each candidate has chance of its own, so that one can be looked at without the others."""
    chance = Random(f"{asked.seed}/{number}")  # noqa: S311 - a simulation is repeated, not guarded
    return Candidate(clinic, chance, arrives=arrives, heard=heard)


def _implanted(candidate: Candidate) -> bool:
    return any(passage.act == "implant" and passage.until is None for passage in candidate.episode.passages.values())
