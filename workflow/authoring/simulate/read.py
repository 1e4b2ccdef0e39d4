"""A cohort file read strictly: text, shape, and the names it uses; every fault told at once, each with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError

from workflow.authoring import parse
from workflow.authoring.finding import Finding, FlawedProtocolError, error
from workflow.authoring.schema import faults
from workflow.authoring.simulate.chance import Between, Pace, Values, Weighted, minutes_of
from workflow.authoring.simulate.cohort import Booked, Chosen, Cohort, Held, Left, crew_of, paces_of, plain_cohort
from workflow.authoring.simulate.shape import WrittenCohort, WrittenPace, WrittenValues
from workflow.authoring.walk.moments import Days
from workflow.authoring.walk.names import odd_settings
from workflow.domain.calendar import Calendar
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion

NAME = "C101"

_Said = tuple[str, str, str]  # a dotted path, what is wrong there, what is allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCohort:
    """What came of reading a file: a cohort, or what stands in its way."""

    cohort: Cohort | None = None
    findings: tuple[Finding, ...] = ()


def load_cohort(text: str | bytes, name: str, version: ProtocolVersion) -> LoadedCohort:
    """Read a cohort file for a protocol version, collecting every fault. `name` is how its places are called."""
    try:
        parsed = parse.parse(text, name=name, begins="cohort")
    except FlawedProtocolError as flawed:
        return LoadedCohort(findings=flawed.findings)
    try:
        file = WrittenCohort.model_validate(parsed.tree)
    except ValidationError as invalid:
        return LoadedCohort(findings=faults(invalid, parsed.where, WrittenCohort))
    odd = (*_unknown(file, version), *_impossible(file, version))
    findings = tuple(error(NAME, parsed.where.place(path), message, remedy=remedy) for path, message, remedy in odd)
    return LoadedCohort(findings=findings) if findings else LoadedCohort(cohort=_cohort(file, version))


# ---------------------------------------------------------------------------------------------------------------


def _cohort(file: WrittenCohort, version: ProtocolVersion) -> Cohort:
    calendar, plain = file.site.calendar, plain_cohort(version)
    said = {key: _pace(pace, calendar) for key, pace in (file.pace or {}).items()}
    starts = Days(zone=file.site.zone, first=file.starts.day).start(file.starts) if file.starts else plain.starts
    response = file.response
    between = response.baseline if response else None
    return Cohort(
        title=file.cohort,
        crew=crew_of(version, calendar, file.staff or {}),
        starts=starts,
        per_week=file.referrals.per_week if file.referrals else plain.per_week,
        pace=paces_of(version, calendar, said),
        items={key: _values(values, version.items[key]) for key, values in (file.items or {}).items()},
        ways={
            key: Chosen(weight=float(way.weight), response=way.response, reason=way.reason)
            for key, way in (file.ways or {}).items()
        },
        leaves={key: Left(percent=one.percent, reason=one.reason) for key, one in (file.leaves or {}).items()},
        holds={
            key: Held(percent=one.percent, lasts=_pace(one.lasts, calendar)) for key, one in (file.holds or {}).items()
        },
        appointments={
            key: Booked(stages=one.stages, missed=one.missed) for key, one in (file.appointments or {}).items()
        },
        discharged_by=file.discharged_by or {},
        gives_up=file.gives_up,
        tries=file.tries,
        passing=response.passing if response else plain.passing,
        baseline=(between.low, between.to) if between else None,
        ages=(file.ages.youngest, file.ages.oldest) if file.ages else plain.ages,
        settings=file.parameters or {},
        basis=f"{response.source} ({response.mark})" if response and response.source else "",
    )


def _pace(said: WrittenPace, calendar: Calendar) -> Pace:
    median = minutes_of(calendar, said.median.amount, said.median.unit, said.time)
    return Pace(
        median=median, p90=max(median, minutes_of(calendar, said.p90.amount, said.p90.unit, said.time)), time=said.time
    )


def _values(said: WrittenValues, item: Item) -> Values:
    if said.between is not None:
        return Between(low=said.between.low, high=said.between.to, decimals=item.decimals)
    weights = said.weights or {}
    return Weighted(values=tuple(weights), weights=tuple(float(weight) for weight in weights.values()))


def _unknown(file: WrittenCohort, version: ProtocolVersion) -> Iterator[_Said]:
    """Everything a cohort names that the protocol does not declare."""
    if file.protocol is not None and file.protocol not in (version.key, version.name):
        yield "protocol", f"this cohort is for {file.protocol}", f"{version.key}, or {version.name}"
    named = (
        ("staff", file.staff, "role", version.roles),
        ("pace", file.pace, "task or duty", (*version.tasks, "other")),
        ("items", file.items, "item", version.items),
        ("ways", file.ways, "transition", version.transitions),
        ("leaves", file.leaves, "transition", version.transitions),
        ("holds", file.holds, "reason for a hold", version.hold.reasons),
        ("appointments", file.appointments, "appointment", version.appointments),
        ("discharged_by", file.discharged_by, "task or duty", version.tasks),
    )
    for key, names, what, known in named:
        for name in names or ():
            if name not in known:
                yield f"{key}.{name}", f"there is no {what} {name}", ", ".join(sorted(known))
    for kind, booked in (file.appointments or {}).items():
        for at, stage in enumerate(booked.stages):
            if stage not in version.stages:
                yield f"appointments.{kind}.stages.{at}", f"there is no stage {stage}", ", ".join(version.stages)
    if file.gives_up is not None and file.gives_up not in version.transitions:
        yield "gives_up", f"there is no transition {file.gives_up}", ", ".join(sorted(version.transitions))


def _impossible(file: WrittenCohort, version: ProtocolVersion) -> Iterator[_Said]:
    """Values no item can hold, and reasons no transition declares."""
    for key, values in (file.items or {}).items():
        if key in version.items:
            yield from _odd_values(f"items.{key}", values, version.items[key])
    reasons = {f"ways.{key}": way.reason for key, way in (file.ways or {}).items()}
    reasons |= {f"leaves.{key}": leave.reason for key, leave in (file.leaves or {}).items()}
    for place, reason in reasons.items():
        rule = version.transitions.get(place.partition(".")[2])
        if rule is not None and reason is not None and reason not in rule.reasons:
            allowed = ", ".join(rule.reasons) or "none is asked for"
            yield f"{place}.reason", f"{reason} is no reason to {rule.name}", allowed
    yield from odd_settings(file.parameters or {}, version)
    instrument = version.items[version.response.instrument]
    if file.response and file.response.baseline:
        yield from _odd_values("response.baseline", WrittenValues(between=file.response.baseline), instrument)


def _odd_values(path: str, values: WrittenValues, item: Item) -> Iterator[_Said]:
    numbers = item.kind is Kind.NUMBER
    if values.between is not None and not numbers:
        yield path, f"{item.label} is no number", item.allowed
        return
    between = values.between
    for value in values.weights or ([f"{between.low:f}", f"{between.to:f}"] if between else []):
        try:
            item.number(Decimal(value), item.unit) if numbers else item.text(value)
        except (ImpossibleInputError, ArithmeticError):
            yield path, f"{item.label} cannot be {value}", item.allowed
