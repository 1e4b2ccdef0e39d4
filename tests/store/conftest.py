"""A candidate to act on: enrolled at north, through the same service floor the doors use."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from workflow.domain.observation import Reading
from workflow.service import act
from workflow.service.act import Asked, Desk
from workflow.service.enrol import enrol
from workflow.store.candidates import Identity
from workflow.store.staff import Person


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.fixture
def enrolled(desk: Desk, someone: Callable[..., Person]) -> Callable[..., str]:
    """Enrol an invented person at a site, some days ago, and answer the episode's id."""

    def _enrol(mrn: str = "M1", *, site: str = "north", days: float = 30) -> str:
        identity = Identity(
            external_id=mrn, family_name="Nightjar", given_name="Ada", birth_date="1960-02-29", phone=""
        )
        answer = enrol(
            desk,
            someone("coordinator", site=site),
            site=site,
            identity=identity,
            protocol="opioid_trial",
            occurred_at=days_ago(days),
        )
        return answer.episode

    return _enrol


@pytest.fixture
def referral_told(desk: Desk, someone: Callable[..., Person]) -> Callable[[str], None]:
    """Record what a referral must say, so that its gate opens."""

    def _tell(episode: str) -> None:
        at = days_ago(20)
        readings = (
            Reading(item="referral_reason", observed_at=at, text="failed back surgery"),
            Reading(item="pain_origin", observed_at=at, text="non_cancer"),
        )
        act.record(desk, Asked(person=someone("coordinator"), episode=episode), readings=readings)

    return _tell
