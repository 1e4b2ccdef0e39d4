"""Lines of the chains that are no episode's: what was done at a site, to people, to protocols, and who signed in.

head  = canonical {about, actor, alg, at, chain, engine, prev, seq, site, verb}
hash  = SHA-256(head)

Nothing here is sealed: it holds ids and settings, never anything of a candidate.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workflow.domain.canonical import canonical
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.ledger import ALG, digest

PEOPLE = "people"
PROTOCOLS = "protocols"
ON_THE_MACHINE = "system:admin"  # who changes something from the command line
_KNOWN = re.compile(r"people|protocols|site:[a-z][a-z0-9-]{1,39}|sign-in:\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLine:
    """One line: the exact bytes hashed stand in `head`."""

    chain: str
    seq: int
    at: datetime
    actor: str
    verb: str
    prev: str
    hash: str
    head: bytes


def chain_line(
    chain: str,
    *,
    seq: int,
    at: datetime,
    actor: str,
    verb: str,
    about: Mapping[str, object],
    site: str,
    prev: str,
    engine: str,
) -> ChainLine:
    """Chain one line after `prev`. Raises ImpossibleInputError for a chain there is not, TypeError for a bool."""
    if not _KNOWN.fullmatch(chain):
        raise ImpossibleInputError(
            f"no chain {chain!r}", place="chain", allowed="site:<id>, people, protocols, sign-in:<yyyy-mm-dd>"
        )
    head = canonical(
        {
            "about": about,
            "actor": actor,
            "alg": ALG,
            "at": at,
            "chain": chain,
            "engine": engine,
            "prev": prev,
            "seq": seq,
            "site": site,
            "verb": verb,
        }
    )
    return ChainLine(chain=chain, seq=seq, at=at, actor=actor, verb=verb, prev=prev, hash=digest(head), head=head)


def of_site(site: str) -> str:
    """The chain of a site's administration and roster."""
    return f"site:{site}"


def of_sign_ins(at: datetime) -> str:
    """The chain of the sign-ins of a day, as UTC counts days."""
    return f"sign-in:{at:%Y-%m-%d}"
