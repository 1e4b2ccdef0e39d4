"""Chains that are no episode's: writing their next line, and reading them.

`site:<id>` holds a site's administration and roster, `people` who there is and how they sign in, `protocols` what was
published, `sign-in:<yyyy-mm-dd>` a day's sign-ins. A line is written in the transaction of what it tells of: they
stand or fall together. Writers of one chain wait for each other until they commit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from workflow import __version__
from workflow.domain.chain_line import chain_line, of_sign_ins, of_site

_SITE = of_site("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line as read back."""

    seq: int
    at: datetime
    actor: str
    verb: str
    hash: str
    about: dict[str, Any]


def append(
    connection: Connection, chain: str, *, actor: str, verb: str, about: Mapping[str, object], site: str = ""
) -> int:
    """Write the next line of a chain; answers its seq. `about` holds no bool and no float, and nothing clinical.

    `site` says where it happened, where the chain itself does not. Raises ImpossibleInputError for a chain there is
    not; the database refuses one that is not the role's to write.
    """
    last = connection.execute(text("SELECT seq, hash, now FROM chain_next(:chain)"), {"chain": chain}).one()
    line = chain_line(
        chain,
        seq=last.seq + 1,
        at=last.now,
        actor=actor,
        verb=verb,
        about=about,
        site=chain.removeprefix(_SITE) if chain.startswith(_SITE) else site,
        prev=last.hash,
        engine=__version__,
    )
    written: int = connection.execute(
        text("SELECT chain_append(:chain, :seq, :at, :actor, :verb, :prev, :hash, :head)"),
        {
            "chain": line.chain,
            "seq": line.seq,
            "at": line.at,
            "actor": line.actor,
            "verb": line.verb,
            "prev": line.prev,
            "hash": line.hash,
            "head": line.head,
        },
    ).scalar_one()
    return written


def alone(connection: Connection, chain: str) -> None:
    """Wait until nobody else writes this chain, and let nobody until the transaction ends."""
    connection.execute(text("SELECT 1 FROM chain_next(:chain)"), {"chain": chain})


def append_sign_in(connection: Connection, *, actor: str, verb: str, about: Mapping[str, object]) -> int:
    """Write the next line of today's sign-ins, as UTC counts days; answers its seq."""
    day = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return append(connection, of_sign_ins(day), actor=actor, verb=verb, about=about)


def read(connection: Connection, chain: str) -> list[Told]:
    """The lines of a chain in sight, oldest first."""
    found = connection.execute(
        text("SELECT seq, at, actor, verb, hash, head FROM chain_line WHERE chain = :chain ORDER BY seq"),
        {"chain": chain},
    )
    return [
        Told(
            seq=line.seq,
            at=line.at,
            actor=line.actor,
            verb=line.verb,
            hash=line.hash,
            about=json.loads(bytes(line.head))["about"],
        )
        for line in found
    ]
