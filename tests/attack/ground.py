"""What attacks need to stand on: an episode with something of everything in it, and requests that would be taken."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import httpx

from tests.api.caller import V1, Caller, ago, ahead
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
        """What would be taken now, by path."""
        return {path: _now(example) for path, example in bodies(self.described).items()}

    @cached_property
    def queries(self) -> dict[str, list[str]]:
        """Every page and list by its path; not /readyz, which is red where nobody ticks."""
        return {path: declared for path, declared in gets(self.described).items() if path != "/readyz"}

    @cached_property
    def names(self) -> list[str]:
        return sorted(names(self.described))

    @cached_property
    def open(self) -> set[str]:
        """The paths before the door: whoever asks there is nobody yet."""
        paths = self.described["paths"].items()
        return {path.removeprefix(V1) for path, ways in paths if "security" not in ways.get("post", {"security": ()})}

    def who(self, path: str) -> str:
        """As whom a refusal there is counted."""
        return "nobody" if path in self.open else _WHO.get(path.rpartition("/")[2], "coordinator-1")

    def by(self, path: str) -> Caller:
        who = self.who(path)
        return Caller(self.house.api.client, {}) if who == "nobody" else self.house.api(who)

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


def _now(example: Any) -> Any:
    """An example with times of today: what happened was an hour ago, what is promised or booked is tomorrow."""
    match example:
        case dict():
            return {name: _TIMES[name]() if name in _TIMES else _now(value) for name, value in example.items()}
        case list():
            return [_now(value) for value in example]
    return example


_TIMES = {
    **dict.fromkeys(("occurred_at", "observed_at", "given_at", "since", "started_at"), partial(ago, hours=1)),
    **dict.fromkeys(("until", "starts_at", "chase_at"), partial(ahead, hours=20)),
    "ends_at": partial(ahead, hours=30),
}


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
