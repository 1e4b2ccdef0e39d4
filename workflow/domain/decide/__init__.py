"""One file per verb. Each takes a situation and what was asked, and answers with one decision; none does anything."""

from workflow.domain.decide.acknowledge import Via, acknowledge
from workflow.domain.decide.administer import Dose, administer
from workflow.domain.decide.adopt import PriorTrial, RunningDuty, adopt
from workflow.domain.decide.advance import advance, advance_to_sign
from workflow.domain.decide.appoint import appoint, conclude, reschedule
from workflow.domain.decide.assign import claim, of_handing, reassign
from workflow.domain.decide.complete import complete
from workflow.domain.decide.contact import Means, contact
from workflow.domain.decide.correct import correct
from workflow.domain.decide.deviate import deviate, deviate_to_sign
from workflow.domain.decide.enrol import enrol
from workflow.domain.decide.fire import fire
from workflow.domain.decide.hold import hold, release
from workflow.domain.decide.migrate import migrate
from workflow.domain.decide.override import override, override_to_sign
from workflow.domain.decide.postpone import snooze, wait
from workflow.domain.decide.record import record
from workflow.domain.decide.release_backlog import release_backlog
from workflow.domain.decide.reproject import reproject
from workflow.domain.decide.survey import Option, Survey, survey
from workflow.domain.decide.undelivered import instead, of_storm, storm, undelivered

__all__ = [
    "Dose",
    "Means",
    "Option",
    "PriorTrial",
    "RunningDuty",
    "Survey",
    "Via",
    "acknowledge",
    "administer",
    "adopt",
    "advance",
    "advance_to_sign",
    "appoint",
    "claim",
    "complete",
    "conclude",
    "contact",
    "correct",
    "deviate",
    "deviate_to_sign",
    "enrol",
    "fire",
    "hold",
    "instead",
    "migrate",
    "of_handing",
    "of_storm",
    "override",
    "override_to_sign",
    "reassign",
    "record",
    "release",
    "release_backlog",
    "reproject",
    "reschedule",
    "snooze",
    "storm",
    "survey",
    "undelivered",
    "wait",
]
