"""Everything that is the same for every candidate of a cohort, looked up once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from workflow.authoring.simulate.chance import Pace
from workflow.authoring.simulate.cohort import Booked, Chosen, Cohort, Left
from workflow.authoring.simulate.score import Scores
from workflow.authoring.simulate.ways import Wanted, Way, apart_by, wants_of, ways_of
from workflow.domain.actor import Role
from workflow.domain.calendar import TimeKind
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import ProtocolVersion, TaskRule
from workflow.domain.task import Scope

_DAY = Pace(median=8 * 60, p90=24 * 60, time=TimeKind.WORKING)  # of a stay that opens no work


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """A protocol and a cohort, with what is looked up in them over and over."""

    version: ProtocolVersion
    cohort: Cohort
    ways: Mapping[str, Way]
    onward: Mapping[str, tuple[tuple[Way, Chosen | None], ...]]  # by stage: the ways on, with what was said of them
    leaves: Mapping[str, tuple[tuple[Way, Left], ...]]
    booked: Mapping[str, tuple[str, Booked]]
    paces: Mapping[str, Pace]  # of the work of each stage
    discharge: Mapping[str, tuple[tuple[Wanted, ...], timedelta]]  # by duty: what its gates ask, how long after a dose
    granting: Mapping[str, tuple[Way, ...]]  # by act: what authorises it
    recording: Mapping[str, tuple[Way, ...]]  # by act: what records it
    scores: Scores
    able: Mapping[Verb, tuple[str, ...]]  # who may use a verb, those nearest to a candidate first


def clinic_of(version: ProtocolVersion, cohort: Cohort) -> Clinic:
    """A clinic ready for candidates."""
    ways = ways_of(version)
    rules = version.transitions.values()
    acts = version.acts
    return Clinic(
        version=version,
        cohort=cohort,
        ways=ways,
        onward={stage: _onward(stage, ways, cohort) for stage in version.stages},
        leaves={stage: _leaves(stage, ways, cohort) for stage in version.stages},
        booked={stage: (kind, one) for kind, one in cohort.appointments.items() for stage in one.stages},
        paces={stage: _pace(stage, version, cohort) for stage in version.stages},
        discharge={
            key: (wants_of(one.gates, version), apart_by(one.gates, version)) for key, one in version.tasks.items()
        },
        granting={act: tuple(ways[rule.name] for rule in rules if rule.authorises == act) for act in acts},
        recording={act: tuple(ways[rule.name] for rule in rules if rule.records == act) for act in acts},
        scores=Scores(version, cohort.baseline),
        able=_able(version, cohort),
    )


def opens_in(rule: TaskRule, stage: str) -> bool:
    """Whether this is work of a stay in that stage."""
    return rule.scope is Scope.STINT and any(trigger.stage == stage for trigger in rule.opens)


# ---------------------------------------------------------------------------------------------------------------


def _onward(stage: str, ways: Mapping[str, Way], cohort: Cohort) -> tuple[tuple[Way, Chosen | None], ...]:
    from_here = [way for way in ways.values() if stage in way.rule.sources and way.rule.to]
    return tuple(
        (way, cohort.ways.get(way.rule.name)) for way in from_here if way.ordinary or way.rule.name in cohort.ways
    )


def _leaves(stage: str, ways: Mapping[str, Way], cohort: Cohort) -> tuple[tuple[Way, Left], ...]:
    return tuple((ways[name], left) for name, left in cohort.leaves.items() if stage in ways[name].rule.sources)


def _pace(stage: str, version: ProtocolVersion, cohort: Cohort) -> Pace:
    return next((cohort.pace[key] for key, rule in version.tasks.items() if opens_in(rule, stage)), _DAY)


def _able(version: ProtocolVersion, cohort: Cohort) -> dict[Verb, tuple[str, ...]]:
    nearest = (Role.NURSE, Role.CLINICIAN, Role.COORDINATOR)
    order = [*nearest, *(role for role in version.roles if role not in nearest)]
    return {
        verb: tuple(name for role in order if role in who_may(verb) for name in cohort.crew.holding(role))
        for verb in Verb
    }
