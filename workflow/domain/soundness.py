"""Is a ledger what was written? Chains are checked line by line, and against every checkpoint that names them.

One pass over the lines, in the order of chain and seq. What is wrong is told by chain, seq and kind:

edited         a line is not the bytes that were hashed, or what stands beside it says something else
deleted        a line is missing between two others
inserted       a line is there twice, or stands where it does not follow
reordered      lines stand in another order than they were written
truncated      a chain is shorter than a checkpoint, or its own row, says
removed        a chain that a checkpoint names is gone
rolled back    everything is as it was before some checkpoint: an old backup
rebuilt        a chain is sound in itself and not the one a checkpoint names
bad signature  a checkpoint is not one, is not signed by the key, or does not follow the one before
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

from workflow.domain.ledger import GENESIS

# chain, seq, hash, head, and what stands in columns beside the head: (actor, at, occurred_at, outcome, prev, site,
# verb) for an episode's, (actor, at, prev, verb) for another's; None where there are no columns, as in an export.
Entry = tuple[str, int, str, bytes, "tuple[str, ...] | None"]

EPISODE = "episode:"
_BESIDE_EPISODE = itemgetter("actor", "at", "occurred_at", "outcome", "prev", "site", "verb")
_BESIDE_OTHER = itemgetter("actor", "at", "prev", "verb")


class Kind(StrEnum):
    """What can be wrong."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REMOVED = "removed"
    ROLLED_BACK = "rolled back"
    REBUILT = "rebuilt"
    BAD_SIGNATURE = "bad signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is not as it was written. `seq` is 0 where it is of a whole chain, or of none."""

    chain: str
    seq: int
    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What a checkpoint says of a chain: at `number` it had `seq` lines, the last with this hash."""

    number: int
    seq: int
    hash: str


@dataclass(slots=True)
class Seen:
    """What a pass over the lines found: how many, where each chain ends, and what is wrong."""

    lines: int = 0
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    lacking: list[tuple[str, Noted]] = field(default_factory=list)  # noted, and not there
    held: set[int] = field(default_factory=set)  # numbers of checkpoints of which something new is there


def walk(
    entries: Iterable[Entry],
    noted: Mapping[str, Sequence[Noted]],
    *,
    each: Callable[[str, dict[str, Any]], None] | None = None,
) -> Seen:
    """Check lines, given by chain and seq. `each` is shown the heads of the chains that are no episode's."""
    seen = Seen()
    for chain, group in groupby(entries, key=itemgetter(0)):
        lines = list(group)
        seen.lines += len(lines)
        if chain in seen.ends:
            seen.flaws.append(Flaw(chain=chain, seq=lines[0][1], kind=Kind.REORDERED, detail="told in two places"))
            continue
        broken = None if _follows(chain, lines, each) else _diagnosed(chain, lines)
        if broken is not None:
            seen.flaws.append(broken)
        seen.ends[chain] = (lines[-1][1], lines[-1][2])
        if chain in noted:  # from where it is broken on, nothing can be held against anything
            still = [one for one in noted[chain] if broken is None or one.seq < broken.seq]
            _held(chain, lines, still, seen)
    for chain, named in noted.items():
        if chain not in seen.ends:
            seen.lacking.extend((chain, one) for one in named)
    _weigh(seen)
    return seen


# ---------------------------------------------------------------------------------------------------------------


def _follows(chain: str, lines: Sequence[Entry], each: Callable[[str, dict[str, Any]], None] | None) -> bool:
    """Whether the lines of one chain are what they claim, from the first to the last."""
    of_episode = chain.startswith(EPISODE)
    named, name = ("episode", chain[len(EPISODE) :]) if of_episode else ("chain", chain)
    columns = _BESIDE_EPISODE if of_episode else _BESIDE_OTHER
    number, prev = 0, GENESIS
    try:
        for _, seq, hash_, head, beside in lines:
            number += 1
            said = json.loads(head)
            if (
                hashlib.sha256(head).hexdigest() != hash_
                or said["prev"] != prev
                or said["seq"] != number
                or seq != number
                or said[named] != name
                or (beside is not None and columns(said) != beside)
            ):
                return False
            if each is not None and not of_episode:
                each(chain, said)
            prev = hash_
    except (ValueError, KeyError, TypeError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Line:
    seq: int  # as the column says
    said: int  # as the head says; 0 where it cannot be read
    hash: str
    prev: str
    intact: bool


def _read(chain: str, entry: Entry) -> _Line:
    """One line, taken apart slowly."""
    of_episode = chain.startswith(EPISODE)
    _, seq, hash_, head, beside = entry
    try:
        said = json.loads(head)
        named = said["episode"] == chain[len(EPISODE) :] if of_episode else said["chain"] == chain
        columns = _BESIDE_EPISODE if of_episode else _BESIDE_OTHER
        fits = beside is None or columns(said) == beside
        intact = named and fits and hashlib.sha256(head).hexdigest() == hash_
        return _Line(seq=seq, said=int(said["seq"]), hash=hash_, prev=str(said["prev"]), intact=intact)
    except (ValueError, KeyError, TypeError):
        return _Line(seq=seq, said=0, hash=hash_, prev="", intact=False)


def _diagnosed(chain: str, entries: Sequence[Entry]) -> Flaw:
    """What is wrong with a chain that does not follow: the first thing, in words."""
    lines = [_read(chain, entry) for entry in entries]

    def flaw(seq: int, kind: Kind, detail: str) -> Flaw:
        return Flaw(chain=chain, seq=seq, kind=kind, detail=detail)

    for line in lines:
        if not line.intact:
            return flaw(line.seq, Kind.EDITED, "is not the line that was hashed")
    said = [line.said for line in lines]
    twice = sorted(seq for seq, count in Counter(said).items() if count > 1)
    if twice:
        return flaw(twice[0], Kind.INSERTED, f"{said.count(twice[0])} lines say they are this one")
    if said != sorted(said) or any(line.seq != line.said for line in lines):
        place = next(n for n, line in enumerate(lines, 1) if line.said != n or line.seq != n)
        missing = _missing(said)
        if said == sorted(said) and missing:
            return flaw(missing, Kind.DELETED, "is missing, and what followed was moved up")
        return flaw(place, Kind.REORDERED, f"holds the line that was written as {lines[place - 1].said}")
    if missing := _missing(said):
        return flaw(missing, Kind.DELETED, "is missing")
    return flaw(*_odd(lines))


def _missing(said: Sequence[int]) -> int:
    """The first seq that is not there though a later one is; 0 where none is missing."""
    return next((n for n, seq in enumerate(sorted(said), 1) if seq != n), 0)


def _odd(lines: Sequence[_Line]) -> tuple[int, Kind, str]:
    """Every line is whole and in its place, and two do not follow each other: the odd one of them."""
    before = [GENESIS, *(line.hash for line in lines)]
    breaks = [n for n, line in enumerate(lines) if line.prev != before[n]]
    first = breaks[0]
    if first == 0:
        return lines[0].seq, Kind.EDITED, "is not a first line"
    if first + 1 in breaks:
        return lines[first].seq, Kind.INSERTED, "does not follow the line before it"
    return lines[first - 1].seq, Kind.EDITED, "is another line than the one that the next follows"


def _held(chain: str, lines: Sequence[Entry], named: Sequence[Noted], seen: Seen) -> None:
    """Hold one chain against what checkpoints say of it."""
    hashes = {seq: hash_ for _, seq, hash_, _, _ in lines}
    for one in named:
        if one.seq not in hashes:
            seen.lacking.append((chain, one))
        elif hashes[one.seq] != one.hash:
            seen.flaws.append(
                Flaw(
                    chain=chain,
                    seq=one.seq,
                    kind=Kind.REBUILT,
                    detail=f"is not the line that checkpoint {one.number} names",
                )
            )
            return
        else:
            seen.held.add(one.number)


def _weigh(seen: Seen) -> None:
    """Say what is lacking: of a few chains, or of everything since a checkpoint."""
    if not seen.lacking:
        return
    since = min(one.number for _, one in seen.lacking)
    chains = {chain for chain, _ in seen.lacking}
    nothing_since = max(seen.held, default=0) <= since
    alike = nothing_since and (len(chains) > 1 or not seen.ends)
    firsts: dict[str, Noted] = {}
    for chain, one in sorted(seen.lacking, key=lambda found: found[1].seq):
        firsts.setdefault(chain, one)
    for chain, one in sorted(firsts.items()):
        last = seen.ends.get(chain, (0, ""))[0]
        if alike:
            kind, detail = Kind.ROLLED_BACK, f"everything is as it was before checkpoint {since}"
        elif last == 0:
            kind, detail = Kind.REMOVED, f"is gone; checkpoint {one.number} names it"
        elif any(flaw.chain == chain for flaw in seen.flaws):
            continue
        else:
            kind, detail = Kind.TRUNCATED, f"ends at {last}; checkpoint {one.number} names {one.seq}"
        seen.flaws.append(Flaw(chain=chain, seq=0 if last == 0 else last + 1, kind=kind, detail=detail))


def noted_by(heads: Iterable[tuple[int, Iterable[tuple[str, int, str]]]]) -> dict[str, list[Noted]]:
    """What checkpoints say, by chain: from (number, [(chain, seq, hash), ...]) in order."""
    found: dict[str, list[Noted]] = {}
    for number, named in heads:
        for chain, seq, hash_ in named:
            found.setdefault(chain, []).append(Noted(number=number, seq=seq, hash=hash_))
    return found


def lengths(ends: Mapping[str, tuple[int, str]], rows: Iterable[tuple[str, int, str]]) -> Iterator[Flaw]:
    """Hold where chains end against what their own rows say: (chain, seq, hash)."""
    for chain, seq, hash_ in rows:
        last, end = ends.get(chain, (0, ""))
        if (last, end) != (seq, hash_):
            kind = Kind.TRUNCATED if last < seq else Kind.EDITED
            yield Flaw(chain=chain, seq=last, kind=kind, detail=f"ends at {last}, its row says {seq}")
