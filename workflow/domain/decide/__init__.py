"""One file per verb. Each takes a situation and what was asked, and answers with one decision; none does anything."""

from workflow.domain.decide.acknowledge import acknowledge
from workflow.domain.decide.administer import Dose, administer
from workflow.domain.decide.adopt import PriorTrial, RunningDuty, adopt
from workflow.domain.decide.advance import advance
from workflow.domain.decide.appoint import appoint, conclude, reschedule
from workflow.domain.decide.assign import claim, reassign
from workflow.domain.decide.complete import complete
from workflow.domain.decide.correct import correct
from workflow.domain.decide.deviate import deviate
from workflow.domain.decide.enrol import enrol
from workflow.domain.decide.fire import fire
from workflow.domain.decide.hold import hold, release
from workflow.domain.decide.migrate import migrate
from workflow.domain.decide.override import override
from workflow.domain.decide.postpone import snooze, wait
from workflow.domain.decide.record import record
from workflow.domain.decide.survey import Option, Survey, survey

__all__ = [
    "Dose",
    "Option",
    "PriorTrial",
    "RunningDuty",
    "Survey",
    "acknowledge",
    "administer",
    "adopt",
    "advance",
    "appoint",
    "claim",
    "complete",
    "conclude",
    "correct",
    "deviate",
    "enrol",
    "fire",
    "hold",
    "migrate",
    "override",
    "reassign",
    "record",
    "release",
    "reschedule",
    "snooze",
    "survey",
    "wait",
]
