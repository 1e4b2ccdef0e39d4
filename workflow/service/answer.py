"""What a verb answers: the ledger line it left, as plain data. A repeated request is answered from that line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workflow.domain.canonical import Plain, instant, plain
from workflow.domain.decision import Decision, Outcome
from workflow.store.ledger import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One decision, told. `basis` holds every gate's report; `outcome` is done, proposed or refused."""

    episode: str
    site: str
    verb: str
    outcome: Outcome
    seq: int
    stage: str
    version: int
    at: str
    occurred_at: str
    actor: str
    about: Mapping[str, Plain]
    basis: tuple[Mapping[str, Plain], ...]
    replayed: bool = False


def told(decision: Decision) -> Answer:
    """The answer to a decision just taken."""
    entry = decision.entry
    return _answer(
        plain({"about": entry.about, "basis": entry.basis, "stands": entry.stands}),
        episode=decision.after.id,
        site=decision.after.site,
        verb=entry.verb,
        outcome=entry.outcome,
        seq=entry.seq,
        at=entry.at,
        occurred_at=entry.occurred_at,
        actor=entry.actor,
    )


def retold(line: Read, *, episode: str, site: str) -> Answer:
    """The answer to a request that was answered before, rebuilt from its line."""
    return _answer(
        line.payload or {},
        episode=episode,
        site=site,
        verb=line.verb,
        outcome=Outcome(line.outcome),
        seq=line.seq,
        at=line.at,
        occurred_at=line.occurred_at,
        actor=line.actor,
        replayed=True,
    )


def _answer(
    payload: Plain,
    *,
    episode: str,
    site: str,
    verb: str,
    outcome: Outcome,
    seq: int,
    at: datetime,
    occurred_at: datetime,
    actor: str,
    replayed: bool = False,
) -> Answer:
    assert isinstance(payload, dict)
    stands, about, basis = payload["stands"], payload["about"], payload["basis"]
    assert isinstance(stands, dict)
    assert isinstance(about, dict)
    assert isinstance(basis, list)
    return Answer(
        episode=episode,
        site=site,
        verb=verb,
        outcome=outcome,
        seq=seq,
        stage=str(stands["stage"]),
        version=int(str(stands["version"])),
        at=instant(at),
        occurred_at=instant(occurred_at),
        actor=actor,
        about=about,
        basis=tuple(report for report in basis if isinstance(report, dict)),
        replayed=replayed,
    )
