"""What attacks need to stand on: an episode with something of everything in it, and requests that would be taken."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from tests.api.caller import V1, Caller, ago
from tests.attack.described import bodies, gets, names
from tests.attack.house import House

_PART = re.compile(r"\{(\w+)\}")
# Who would be taken at his word, by how the path ends.
_WHO = {
    "overrides": "clinician-1",
    "deviations": "clinician-1",
    "administrations": "nurse-1",
    "observations": "nurse-1",
}


@dataclass
class Ground:
    """One candidate at north, and what belongs to them."""

    house: House
    things: Mapping[str, str]

    @cached_property
    def described(self) -> dict[str, Any]:
        return self.house.api("admin-1").get("/openapi.json").json()

    @cached_property
    def bodies(self) -> dict[str, Any]:
        return bodies(self.described)

    @cached_property
    def queries(self) -> dict[str, list[str]]:
        """Every page and list by its path; not /readyz, which is red where nobody ticks."""
        return {path: declared for path, declared in gets(self.described).items() if path != "/readyz"}

    @cached_property
    def names(self) -> list[str]:
        return sorted(names(self.described))

    def who(self, path: str) -> str:
        return _WHO.get(path.rpartition("/")[2], "coordinator-1")

    def by(self, path: str) -> Caller:
        return self.house.api(self.who(path))

    def filled(self, path: str) -> str:
        """A path of the description with ids that are there."""
        begun = next((begun for begun in self.things if path.removeprefix(V1).startswith(begun)), "")
        known = {"id": self.things.get(begun, "north"), "n": "1", "key": "opioid_trial"}
        return _PART.sub(lambda part: known.get(part[1], "coordinator-1"), path)

    def seen(self) -> str:
        """The ETag of the episode as it is now."""
        told = self.house.api("lead-1").get(f"/episodes/{self.things['/episodes/']}")
        return told.headers["etag"]

    def post(self, path: str, body: object, *, seen: str = "", **headers: str) -> httpx.Response:
        """What somebody who may would send to this path."""
        return self.by(path).post(self.filled(path), body, seen=seen, **headers)


def ground(house: House) -> Ground:
    """A new candidate who has been referred, seen and booked."""
    api = house.api
    episode = api.accepted()
    made = api("nurse-1").record(episode, ago(days=3), {"nrs": 8}).json()["made"][0]
    visit = {"kind": "visit", "starts_at": ago(days=2)}
    appointment = api("scheduler-1").post(f"/episodes/{episode}/appointments", visit).json()["made"][0]
    task = api("lead-1").get(f"/episodes/{episode}").json()["tasks"][0]["id"]
    things = {"/episodes/": episode, "/observations/": made, "/appointments/": appointment, "/tasks/": task}
    return Ground(house=house, things=things)
