"""A recorded judgement is a clinical one, whoever else may record values."""

import pytest
from world import CARLA, INES, NILS, PAUL, SAM, Walker

from workflow.domain.actor import Actor
from workflow.domain.errors import NotPermittedError


@pytest.mark.parametrize("actor", [CARLA, PAUL, SAM], ids=lambda actor: actor.id)
def test_a_judgement_is_not_recorded_by_somebody_else(actor: Actor):
    walker = Walker()
    walker.enrol()
    with pytest.raises(NotPermittedError, match="clinical judgement"):
        walker.record(actor, active_infection="no")
    assert not walker.episode.observations


@pytest.mark.parametrize("actor", [NILS, INES], ids=lambda actor: actor.id)
def test_a_judgement_is_recorded_by_somebody_clinical(actor: Actor):
    walker = Walker()
    walker.enrol()
    walker.record(actor, active_infection="no")
    assert walker.episode.observations
