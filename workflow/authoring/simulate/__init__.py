"""Many invented candidates through one protocol: seeded chance decides what people do, the kernel what comes of it."""

from workflow.authoring.simulate.cohort import Cohort, plain_cohort
from workflow.authoring.simulate.read import LoadedCohort, load_cohort
from workflow.authoring.simulate.run import Asked, Simulated, simulate

__all__ = ["Asked", "Cohort", "LoadedCohort", "Simulated", "load_cohort", "plain_cohort", "simulate"]
