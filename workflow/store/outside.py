"""The tables without row security, each with the reason: none of them holds anything of one site."""

from collections.abc import Mapping
from types import MappingProxyType

OUTSIDE: Mapping[str, str] = MappingProxyType(
    {
        "alembic_version": "the number of the database's shape; nobody who serves people may write it",
        "protocol_version": "what is prescribed, published for every site; nobody who serves people may write it",
        "token": "hashes of bearer tokens; no role that serves people may read or write it, an owner's function does",
        "security_event": "who was turned away, counted by id, kind and minute; it names no site and no candidate",
        "pulse": "when each part of Theca last gave a sign of life",
        "outage": "from when until when nobody looked what was due; what fell due then stands by site elsewhere",
    }
)
