"""The tables without row security, each with the reason: none of them holds anything of one site."""

from collections.abc import Mapping
from types import MappingProxyType

OUTSIDE: Mapping[str, str] = MappingProxyType(
    {
        "alembic_version": "the number of the database's shape; nobody who serves people may write it",
        "protocol_version": "what is prescribed, published for every site; nobody who serves people may write it",
        "token": "hashes of bearer tokens; no role that serves people may read or write it, an owner's function does",
        "security_event": "who was turned away, counted by id, kind and minute; it names no site and no candidate",
        "credential": "hashes of passwords and PINs; asked for by id before anybody is known",
        "session": "who is signed in, under the hash of a secret; asked for before any site is in sight",
        "invitation": "hashes of invitations; asked for before anybody is known",
        "identity_link": "who is who for a provider; asked for before anybody is known",
        "oidc_attempt": "sign-ins with a provider that have begun; nobody is known there yet",
        "brake": "how often somebody guessed, by a keyed name; it must hold whoever is unknown",
        "known_source": "from where somebody signed in before, hashed; asked for before anybody is known",
        "signing_series": "sittings of several signatures, hashed; one belongs to a person and their session",
        "pulse": "when each part of Theca last gave a sign of life",
        "restoration": "when the database was brought back from a backup, and when letters were let go again",
        "outage": "from when until when nobody looked what was due; what fell due then stands by site elsewhere",
    }
)
