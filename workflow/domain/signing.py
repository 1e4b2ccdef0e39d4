"""What a signature is put under, and how it is put there: only on what was shown, and by somebody who may sign."""

from collections.abc import Iterator, Mapping, Sequence

from workflow.domain.canonical import plain
from workflow.domain.criterion import Finding
from workflow.domain.decision import Draft
from workflow.domain.errors import ImpossibleInputError, StaleError
from workflow.domain.gate import GateReport, closed
from workflow.domain.policy import Verb, permits, who_may
from workflow.domain.signature import FORM, Matter, Signature, Signing
from workflow.domain.situation import Situation


def matter(
    s: Situation, about: str, *, meaning: str, reports: Sequence[GateReport], asked: Mapping[str, object]
) -> Matter:
    """The record of a step as it would be signed now. Ages and words about time are left out: a minute changes none."""
    keys = sorted({key for seen in reports for key in _keys(seen.finding)})
    seen = {key: s.episode.observations[key] for key in keys if key in s.episode.observations}
    record = plain(
        {
            "form": FORM,
            "site": s.episode.site,
            "candidate": s.episode.candidate,
            "episode": s.episode.id,
            "protocol": s.protocol.name,
            "protocol_sha256": s.protocol.sha256,
            "stage": s.episode.stage,
            "version": _version(s),
            "about": about,
            "asked": asked,
            "meaning": meaning,
            "gates": [_gate(report) for report in reports],
            "values": {
                key: {"item": one.item, "value": one.shown, "observed_at": one.observed_at, "by": one.by}
                for key, one in seen.items()
            },
        }
    )
    assert isinstance(record, dict)
    return Matter(meaning=meaning, record=record, rests_on=tuple(seen))


def unsigned(s: Situation, wanted: Matter, signed: Signing | None) -> GateReport | None:
    """What bars a step that wants a signature and has none, or one by somebody who may not sign.

    Raises StaleError where what was signed is not what stands now: nothing is signed then.
    """
    if not permits(s.actor, Verb.SIGN):
        whose = ", ".join(sorted(who_may(Verb.SIGN)))
        return closed("signature", "Not yours to sign", f"a signature asks for {whose}", f"signed by: {whose}")
    if signed is None:
        return closed("signature", "Signature", f"wants a signature: “{wanted.meaning}”", "your signature")
    if signed.digest != wanted.digest:
        raise StaleError("what you were shown is no longer how things are; nothing was signed", place="signature")
    return None


def refuse_unasked(signed: Signing | None) -> None:
    """Nothing is signed that wants no signature. Raises ImpossibleInputError."""
    if signed is not None:
        raise ImpossibleInputError("this wants no signature", place="signature", allowed="no signature")


def recorded(wanted: Matter | None) -> dict[str, object]:
    """What was signed, as the ledger line of the signature holds it."""
    return {} if wanted is None else {"signed": wanted.record}


def sign(draft: Draft, wanted: Matter | None, signed: Signing | None) -> str | None:
    """Put a signature under the record, where one is wanted; answers its digest."""
    if wanted is None or signed is None:
        return None
    s, key = draft.s, f"{draft.s.episode.seq + 1}"
    about = wanted.record["about"]
    signature = Signature(
        key=key,
        about=str(about),
        by=s.actor.id,
        printed=signed.printed,
        meaning=wanted.meaning,
        at=s.now,
        digest=wanted.digest,
        rests_on=wanted.rests_on,
        confirmed=signed.confirmed,
        series=signed.series,
    )
    draft.put("signatures", key, signature)
    return wanted.digest


def _version(s: Situation) -> int:
    """The version two people sign at: where the first one's asking opens a closed episode, the one that leaves."""
    return s.episode.version + (1 if s.episode.closed_at is not None else 0)


def _gate(seen: GateReport) -> dict[str, object]:
    return {
        "gate": seen.gate,
        "label": seen.label,
        "verdict": seen.verdict,
        "dispensed": seen.dispensed,
        "weight": seen.weight,
        "tests": [_test(one) for one in _leaves(seen.finding)],
    }


def _test(one: Finding) -> dict[str, object]:
    return {"asked": one.asked, "verdict": one.verdict, "rests_on": sorted(one.keys)}


def _leaves(found: Finding | None) -> Iterator[Finding]:
    if found is None:
        return
    if found.join is None:
        yield found
    for part in found.parts:
        yield from _leaves(part)


def _keys(found: Finding | None) -> tuple[str, ...]:
    return () if found is None else found.keys
