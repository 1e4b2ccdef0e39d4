"""The clinic as the demo sees it: its people with their tokens, and the service's answers over HTTP."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One invented person on the staff."""

    id: str
    name: str
    site: str
    role: str
    token: str = field(repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered."""

    status: int
    body: Body
    version: int | None = None

    @property
    def outcome(self) -> str:
        """done, proposed or refused; or the problem's code."""
        return str(self.body.get("outcome") or self.body.get("code") or self.status)

    @property
    def gates(self) -> list[Body]:
        return list(self.body.get("gates") or ())

    @property
    def trouble(self) -> str:
        """What a problem says, in one line."""
        where = f" at {self.body['place']}" if self.body.get("place") else ""
        allowed = f"; allowed: {self.body['allowed']}" if self.body.get("allowed") else ""
        return f"{self.status} {self.outcome}{where}: {self.body.get('detail', '')}{allowed}"


@dataclass(frozen=True, slots=True)
class Clinic:
    """Its people by id, and the way to the service. Every request carries somebody's token."""

    http: httpx.Client
    people: Mapping[str, Member]

    def ask(self, who: str, path: str, **query: str | int) -> Reply:
        """Read something in a person's name."""
        return _reply(self.http.get(path, params=query, headers=self._headers(who)))

    def tell(self, who: str, path: str, body: Body | Sequence[Body], *, version: int | None = None) -> Reply:
        """Ask for a change in a person's name; `version` is what they saw last."""
        headers = self._headers(who) | {"Idempotency-Key": str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return _reply(self.http.post(path, json=body, headers=headers))

    def of_role(self, role: str, site: str) -> Member:
        """The first person with this role at the site."""
        return next(member for member in self.people.values() if (member.role, member.site) == (role, site))

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people[who].token}"}


@dataclass(frozen=True, slots=True)
class Words:
    """The labels and units a protocol declares, as the service tells them."""

    definition: Mapping[str, Any]

    def stage(self, key: str) -> str:
        return self._label("stages", key)

    def transition(self, key: str) -> str:
        return self._label("transitions", key)

    def is_signed(self, transition: str) -> bool:
        """Whether the protocol wants a signature for it."""
        return "signed" in self.definition["transitions"][transition]

    def unit(self, item: str) -> str:
        return str(self.definition["items"][item].get("unit", ""))

    def _label(self, kind: str, key: str) -> str:
        return str(self.definition[kind][key]["label"])


def people(file: Path, tokens: Path, passwords: Mapping[str, str]) -> dict[str, Member]:
    """The people of a staff file, with the tokens that were made for them, and the passwords of those who sign."""
    made: dict[str, str] = json.loads(tokens.read_text(encoding="utf-8"))
    with file.open(encoding="utf-8", newline="") as source:
        return {
            line["person"]: Member(
                id=line["person"],
                name=line["name"],
                site=line["site"],
                role=line["role"],
                token=made[line["person"]],
                password=passwords.get(line["person"], ""),
            )
            for line in csv.DictReader(source)
        }


def words(clinic: Clinic, who: str, key: str, number: int) -> Words:
    """A protocol's labels and units, asked of the service."""
    reply = clinic.ask(who, f"/protocols/{key}/versions/{number}")
    # Every scalar stays text, as the service itself reads it.
    return Words(yaml.load(reply.body["definition"], Loader=yaml.BaseLoader))  # noqa: S506 - builds plain text only


def _reply(response: httpx.Response) -> Reply:
    tag = response.headers.get("ETag", "").strip('W/"')
    body = response.json() if response.content else {}
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        response.raise_for_status()
    return Reply(response.status_code, body, int(tag) if tag.isdecimal() else None)
