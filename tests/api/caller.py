"""Requests by person, and the words of an invented clinic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx

V1 = "/api/v1"
PASSWORD = "heron on a quiet canal"  # of everybody who has one
_mrns = count(1000)


@dataclass(frozen=True, slots=True)
class Api:
    """Requests by person: `api("nurse-1").post("/episodes/…", {…})`; paths begin after /api/v1."""

    client: httpx.Client
    tokens: Mapping[str, str]

    def __call__(self, person: str) -> "Caller":
        return Caller(self.client, {"Authorization": f"Bearer {self.tokens[person]}"})

    def enrol(self, *, by: str = "coordinator-1", site: str = "north", days: float = 40, **candidate: str) -> str:
        """The id of a new episode, enrolled some days ago."""
        return self(by).post("/episodes", referral(site=site, days=days, **candidate)).json()["episode"]

    def accepted(self, *, days: float = 40) -> str:
        """The id of an episode that waits for nothing but its coordinator to accept the referral."""
        episode = self.enrol(days=days)
        told = self("coordinator-1").record(episode, ago(days=days - 1), REFERRAL)
        assert told.status_code == 201, told.text
        return episode


@dataclass(frozen=True, slots=True)
class Caller:
    """One person at the interface."""

    client: httpx.Client
    headers: dict[str, str]

    def get(self, path: str, **query: object) -> httpx.Response:
        return self.client.get(_path(path), params=query, headers=self.headers)

    def post(self, path: str, body: object, *, key: str = "", seen: str = "", **headers: str) -> httpx.Response:
        """POST as JSON; with an idempotency key, and the ETag that was seen."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Idempotency-Key": key} if key else {}
        if seen:
            named["If-Match"] = seen
        sent = {**self.headers, "Content-Type": "application/json", **named, **headers}
        encoded = {name: value.encode("latin-1") for name, value in sent.items()}
        return self.client.post(_path(path), content=raw, headers=encoded)

    def advance(self, episode: str, name: str, **asked: object) -> httpx.Response:
        """Take a transition on the newest version."""
        seen = self.get(f"/episodes/{episode}").headers["etag"]
        return self.post(f"/episodes/{episode}/transitions", {"name": name, **asked}, seen=seen)

    def to_sign(self, episode: str, **step: object) -> str:
        """The digest of what would be signed: `to_sign(episode, transition={"name": "approve_implant"})`."""
        told = self.post(f"/episodes/{episode}/signing", step)
        assert told.status_code == 200, told.text
        return told.json()["digest"]

    def signed(self, episode: str, **step: object) -> dict[str, object]:
        """The same step with this person's signature under it, by their password."""
        ((_, asked),) = step.items()
        assert isinstance(asked, dict)
        return {**asked, "signature": {"digest": self.to_sign(episode, **step), "password": PASSWORD}}

    def record(self, episode: str, at: str, values: Mapping[str, object]) -> httpx.Response:
        return self.post(f"/episodes/{episode}/observations", [reading(item, at, v) for item, v in values.items()])


def _path(path: str) -> str:
    return path if path in ("/healthz", "/readyz", "/metrics") else V1 + path


def ago(*, days: float = 0, hours: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=days, hours=hours)).isoformat()


def ahead(*, days: float = 0, hours: float = 0) -> str:
    return ago(days=-days, hours=-hours)


def referral(*, site: str = "north", days: float = 40, **candidate: str) -> dict[str, object]:
    known = {
        "external_id": f"MRN-{next(_mrns)}",
        "family_name": "Nightjar",
        "given_name": "Ada",
        "birth_date": "1960-02-29",
    }
    return {
        "candidate": known | candidate,
        "site": site,
        "protocol": "opioid_trial",
        "occurred_at": ago(days=days),
    }


def reading(item: str, at: str, value: object) -> dict[str, object]:
    unit = {"unit": UNITS[item]} if item in UNITS else {}
    return {"item": item, "observed_at": at, "value": value, **unit}


UNITS = {
    "nrs": "{score}",
    "platelets": "10*9/L",
    "inr": "{INR}",
    "life_expectancy_months": "mo",
    "sedation_score": "{score}",
    "breathing_rate": "/min",
}
REFERRAL = {"referral_reason": "pain after three operations", "pain_origin": "non_cancer"}
