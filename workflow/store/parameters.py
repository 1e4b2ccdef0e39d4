"""What a site has set for itself: its values of a protocol's parameters, kept for good, the newest in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from workflow.domain.errors import ImpossibleInputError, NotFoundError, NotPermittedError, UnknownNameError
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import ProtocolVersion

# The values in force for one site and protocol, as one JSON object; `{site}` and `{protocol}` are expressions.
IN_FORCE = (
    "(SELECT jsonb_object_agg(v.name, v.value::text) FROM (SELECT DISTINCT ON (p.name) p.name, p.value"
    " FROM setting AS p WHERE p.site_id = {site} AND p.protocol = {protocol} ORDER BY p.name, p.set_at DESC) AS v)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """One value as it was set."""

    name: str
    value: Decimal
    set_by: str
    set_at: datetime
    reason: str


def put(
    connection: Connection, version: ProtocolVersion, *, site: str, name: str, value: Decimal, by: str, reason: str
) -> None:
    """Set a site's value of a parameter.

    Raises UnknownNameError, ImpossibleValueError outside the bounds, ImpossibleInputError without a reason,
    NotFoundError for a site nobody knows, NotPermittedError where the person is no clinician or lead there.
    """
    if name not in version.parameters:
        allowed = ", ".join(sorted(version.parameters)) or "none"
        raise UnknownNameError(f"{version.name} declares no parameter {name!r}", place="parameter", allowed=allowed)
    version.parameters[name].set_to(value)
    if not 3 <= len(reason.strip()) <= 500:
        raise ImpossibleInputError("a site says why", place="reason", allowed="3 to 500 characters")
    if not connection.scalar(text("SELECT 1 FROM site WHERE site_id = :site"), {"site": site}):
        raise NotFoundError(f"no site {site!r}", place="site")
    held = connection.scalars(
        text(
            "SELECT role FROM membership WHERE site_id = :site AND staff_id = :by AND starts_on <= current_date"
            " AND (ends_on IS NULL OR ends_on >= current_date)"
        ),
        {"site": site, "by": by},
    )
    able = who_may(Verb.SET_PARAMETER)
    if not set(held) & able:
        raise NotPermittedError(f"{by} sets nothing at {site}", place="by", allowed=f"roles: {', '.join(sorted(able))}")
    connection.execute(
        text("INSERT INTO setting VALUES (:site, :protocol, :name, clock_timestamp(), :value, :by, :reason)"),
        {
            "site": site,
            "protocol": version.key,
            "name": name,
            "value": value,
            "by": by,
            "reason": reason.strip(),
        },
    )


def in_force(connection: Connection, site: str, protocol: str) -> dict[str, Decimal]:
    """The values in force at a site for a protocol's key; what is not here has its default."""
    query = IN_FORCE.format(site=":site", protocol=":protocol")
    return read(connection.scalar(text(f"SELECT {query}"), {"site": site, "protocol": protocol}))


def history(connection: Connection, site: str, protocol: str) -> list[Set]:
    """Every value a site ever set for a protocol, newest first."""
    found = connection.execute(
        text(
            "SELECT name, value, set_by, set_at, reason FROM setting"
            " WHERE site_id = :site AND protocol = :protocol ORDER BY set_at DESC, name"
        ),
        {"site": site, "protocol": protocol},
    )
    return [Set(**line) for line in found.mappings()]


def read(found: Mapping[str, object] | None) -> dict[str, Decimal]:
    """The values of an aggregated object."""
    return {name: Decimal(str(value)) for name, value in (found or {}).items()}
