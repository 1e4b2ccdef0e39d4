"""Test vectors of the ledger: two lines of an invented chain, made by the real code from fixed input."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from workflow.domain.canonical import canonical
from workflow.domain.decision import Entry, Outcome
from workflow.domain.episode import Episode
from workflow.domain.ledger import GENESIS, Line, chain

EPISODE = "6f1c2b34-0000-4000-8000-00000000000a"
SALTS = (bytes(range(32)), bytes(range(32, 64)))
AT = datetime(2026, 11, 22, 13, 5, 0, 250000, tzinfo=UTC)
ANY_VALUE = {
    "when": datetime(2026, 11, 22, 14, 5, tzinfo=timezone(timedelta(hours=1))),
    "given": Decimal("7.50"),
    "unit": "mg",
    "doses": 2,
    "absent": None,
    "note": "Wu\u0308rzburg",
    "items": ("nrs", "inr"),
}


def lines() -> tuple[Line, Line]:
    """A first line that enrols and a second one that is refused; the second is chained to the first."""
    enrolled = Entry(
        seq=1,
        at=AT,
        occurred_at=AT - timedelta(hours=1),
        actor="carla",
        verb="enrol",
        outcome=Outcome.DONE,
        set={"stage": "referred", "stint": 1, "stint_at": AT - timedelta(hours=1), "version": 1},
        stands={"stage": "referred", "version": 1},
    )
    refused = Entry(
        seq=2,
        at=AT + timedelta(seconds=30),
        occurred_at=AT + timedelta(seconds=30),
        actor="carla",
        verb="advance",
        outcome=Outcome.REFUSED,
        about={"name": "accept_referral"},
        stands={"stage": "referred", "version": 1},
    )
    episode = Episode(id=EPISODE, site="north", candidate="c", protocol="opioid_trial@1")
    first = chain(enrolled, episode=episode, prev=GENESIS, salt=SALTS[0], engine="0.1.0")
    return first, chain(refused, episode=episode, prev=first.hash, salt=SALTS[1], engine="0.1.0")


def vectors_json() -> str:
    """The two lines for programs: hexadecimal salt, and the exact bytes of head and payload as text."""
    told = [
        {
            "seq": line.seq,
            "salt": line.salt.hex(),
            "payload": line.payload.decode("ascii"),
            "head": line.head.decode("ascii"),
            "hash": line.hash,
        }
        for line in lines()
    ]
    return json.dumps(told, indent=2) + "\n"


def vectors_page() -> str:
    """The same for readers."""
    return "\n".join(["### Canonical form", "", *_canonical(), *(part for line in lines() for part in _line(line))])


def _canonical() -> list[str]:
    shown = [f"| `{name}` | `{value!a}` |" for name, value in ANY_VALUE.items()]
    form = canonical(ANY_VALUE).decode("ascii")
    return ["| key | value |", "|---|---|", *shown, "", "Its canonical form:", "", "```text", form, "```", ""]


def _line(line: Line) -> list[str]:
    told = [f"### Line {line.seq}", "", "Payload, in canonical form:", "", "```text", line.payload.decode("ascii")]
    told += ["```", "", f"Salt (hexadecimal): `{line.salt.hex()}`", ""]
    told += ["Head, with the commitment in `payload`:", "", "```text", line.head.decode("ascii"), "```", ""]
    return [*told, f"Hash: `{line.hash}`", ""]
