from pathlib import Path

import pytest

from workflow.authoring.schema import read
from workflow.domain.protocol import ProtocolVersion

V1 = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml"


@pytest.fixture(scope="session")
def v1_text() -> bytes:
    return V1.read_bytes()


@pytest.fixture(scope="session")
def v1(v1_text: bytes) -> ProtocolVersion:
    return read(v1_text, name="v1.yaml")
