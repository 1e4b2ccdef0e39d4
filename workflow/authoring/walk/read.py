"""A walk file read strictly: text, shape, and the names it uses; every fault told at once, each with its line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from pydantic import ValidationError

from workflow.authoring import parse
from workflow.authoring.finding import Finding, FlawedProtocolError, Where, error
from workflow.authoring.schema import faults
from workflow.authoring.walk.deed import Step
from workflow.authoring.walk.deeds import Scene, people_of, steps_of
from workflow.authoring.walk.moments import Days
from workflow.authoring.walk.names import unknown
from workflow.authoring.walk.rehearsal import Crew
from workflow.authoring.walk.shape import WrittenExpected, WrittenStep, WrittenWalk
from workflow.domain.protocol import ProtocolVersion

NAME, TIME = "W101", "W102"
LONGEST = timedelta(days=20 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step of a walk: the clock moves to `at`; what is done then, by one or two people; what must come of it."""

    path: str
    at: datetime
    steps: tuple[Step, ...] = ()
    expected: WrittenExpected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk that can be played."""

    title: str
    crew: Crew
    days: Days
    starts: datetime
    born_on: date | None
    settings: Mapping[str, Decimal]  # the site's own values of parameters
    turns: tuple[Turn, ...]
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedWalk:
    """What came of reading a file: a walk, or what stands in its way."""

    walk: Walk | None = None
    findings: tuple[Finding, ...] = ()


def load_walk(text: str | bytes, name: str, version: ProtocolVersion) -> LoadedWalk:
    """Read a walk file for a protocol version, collecting every fault. `name` is how its places are called."""
    try:
        parsed = parse.parse(text, name=name, begins="walk")
    except FlawedProtocolError as flawed:
        return LoadedWalk(findings=flawed.findings)
    try:
        file = WrittenWalk.model_validate(parsed.tree)
    except ValidationError as invalid:
        return LoadedWalk(findings=faults(invalid, parsed.where, WrittenWalk))
    findings = tuple(
        error(NAME, parsed.where.place(path), said, remedy=ok) for path, said, ok in unknown(file, version)
    )
    if findings:
        return LoadedWalk(findings=findings)
    walk = _walk(file, parsed.where, version)
    backwards = tuple(_backwards(walk))
    return LoadedWalk(walk=None if backwards else walk, findings=backwards)


# ---------------------------------------------------------------------------------------------------------------


def _walk(file: WrittenWalk, where: Where, version: ProtocolVersion) -> Walk:
    people = people_of(file, version)
    days = Days(zone=file.site.zone, first=file.starts.day)
    starts = days.start(file.starts)
    scene = Scene(version=version, days=days, people=people)
    return Walk(
        title=file.walk,
        crew=Crew.of(file.site.calendar, people),
        days=days,
        starts=starts,
        born_on=file.born,
        settings=file.parameters or {},
        turns=tuple(_turns(file.steps, scene, starts)),
        where=where,
    )


def _turns(steps: Iterable[WrittenStep], scene: Scene, starts: datetime) -> Iterator[Turn]:
    at = starts
    for number, step in enumerate(steps):
        at = scene.days.moment(step.at, near=at) if step.at is not None else at
        yield Turn(path=f"steps.{number}", at=at, steps=steps_of(step, scene, at), expected=step.expect)
        if at > starts + LONGEST:
            return


def _backwards(walk: Walk) -> Iterator[Finding]:
    before = walk.starts
    for turn in walk.turns:
        place = walk.where.place(f"{turn.path}.at")
        if turn.at < before:
            yield error(
                TIME, place, "this step lies before the one above it", remedy=f"{walk.days.said(before)} or later"
            )
        if turn.at > walk.starts + LONGEST:
            yield error(TIME, place, "this step lies too far off", remedy="within 20 years of the start")
        before = max(before, turn.at)
