"""A signature: who, by printed name, when, meaning what, on exactly what; and whether it still holds.

What is signed is a record in the canonical form: the candidate, the step, what every gate answered on which values,
at which version of the episode and of the protocol, and the meaning. Its SHA-256 is the digest that the signature
names, and that whoever signs has named before. It is good for that record and for no other.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from workflow.domain.canonical import Plain, canonical, revive

FORM = "theca-signed-1"


class Confirmed(StrEnum):
    """How somebody showed, just before signing, that it is they."""

    WITH_PASSWORD = "password"  # noqa: S105 - a word, not one
    BY_SIGN_IN = "sign_in"  # they signed in anew a moment ago
    IN_SERIES = "series"  # a later signing in a series that a password opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What somebody who has shown who they are brings: the name printed, and the digest of what they were shown."""

    printed: str
    digest: str
    confirmed: Confirmed
    series: str | None = None


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What is to be signed: its meaning in one sentence, the whole record, and the observations that rests on."""

    meaning: str
    record: Mapping[str, Plain]
    rests_on: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the record in its canonical form, as lower-case hexadecimal."""
        return digest_of(self.record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One person's signature under one record. It is never edited; where its ground is gone it is voided, visibly."""

    key: str  # the ledger line it stands in
    about: str  # what was signed: advance:name, override:gate, deviate:act
    by: str
    printed: str
    meaning: str
    at: datetime
    digest: str
    rests_on: tuple[str, ...]  # the observations it rests on
    confirmed: Confirmed
    series: str | None = None
    voided_at: datetime | None = None
    voided_by: str | None = None  # who did what voided it
    voided_on: str | None = None  # in which ledger line
    void_reason: str | None = None

    @property
    def stands(self) -> bool:
        return self.voided_at is None

    def voided(self, *, at: datetime, by: str, on: str, why: str) -> "Signature":
        """The same, no longer good from then on; what was signed stays readable."""
        return replace(self, voided_at=at, voided_by=by, voided_on=on, void_reason=why)


def digest_of(record: Mapping[str, Plain]) -> str:
    """The SHA-256 of a signed record, as lower-case hexadecimal."""
    return hashlib.sha256(canonical(record)).hexdigest()


def signatures_in(payload: Mapping[str, Any] | None) -> list[Signature]:
    """The signatures a ledger line put or voided, as it left them; none where it can no longer be read."""
    put = {} if payload is None else payload["put"].get("signatures", {})
    return [revive(Signature, one) for one in put.values()]


def faults_in(payload: Mapping[str, Any] | None, *, episode: str, actor: str, line: str) -> Iterator[str]:
    """What is wrong with the signatures of a ledger line: one that it put must fit the record beside it."""
    for one in signatures_in(payload):
        if one.key != line:
            if one.voided_on != line:
                yield f"the signature of line {one.key} was changed"
        else:
            assert payload is not None
            yield from faults(one, payload["about"].get("signed"), episode=episode, actor=actor, line=line)


def faults(signature: Signature, record: object, *, episode: str, actor: str, line: str) -> Iterator[str]:
    """What does not fit between a signature and the record beside it in its ledger line; nothing where it is sound."""
    if not isinstance(record, Mapping):
        yield "there is no record beside it"
        return
    if digest_of(record) != signature.digest:
        yield "its digest is that of another record"
    if record.get("form") != FORM or record.get("episode") != episode:
        yield "the record is another candidate's"
    if record.get("meaning") != signature.meaning or record.get("about") != signature.about:
        yield "it means something else"
    if signature.by != actor or signature.key != line:
        yield "it stands in somebody else's line"
