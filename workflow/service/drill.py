"""The tamper drill: throw-away stores, made by the product's own code, are tampered with, and it must be found.

Nine kinds, each at many places, each in a store of its own: an export and its checkpoints, written to files and
verified as anybody would. Every store is verified before it is touched as well: sound must be called sound. Whoever
tampers can write everything but has not the signing key, and hashes again wherever that helps.
"""

import random
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workflow import __version__
from workflow.domain.chain_line import chain_line
from workflow.domain.decision import Entry, Outcome
from workflow.domain.episode import Episode
from workflow.domain.ledger import GENESIS, SALT_BYTES, chain, digest
from workflow.domain.note import Head, Note, Tree, first_before, text_hash
from workflow.domain.soundness import EPISODE, Flaw, Kind
from workflow.service import verify
from workflow.store.signing import Signer

ORIGIN = "drill"
_BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
_VERBS = ("record", "advance", "complete", "acknowledge", "appoint", "administer")
_ROUNDS = 6

Line = tuple[int, str, bytes]  # seq, hash, head
Lines = dict[str, list[Line]]
_Judged = Callable[[Flaw], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What was tried and found, by kind; how many clean runs, and how many of those were called broken."""

    found: Mapping[str, tuple[int, int]]
    clean: int
    false_alarms: int
    seconds: float
    lines: int
    chains: int
    notes: int

    @property
    def well(self) -> bool:
        return not self.false_alarms and all(tried == seen for tried, seen in self.found.values())

    def told(self) -> dict[str, object]:
        """For programs."""
        return {
            "command": f"theca ledger verify --tamper-drill --places {max(tried for tried, _ in self.found.values())}",
            "release": __version__,
            "found": {kind: {"tried": tried, "found": seen} for kind, (tried, seen) in self.found.items()},
            "clean_runs": self.clean,
            "false_alarms": self.false_alarms,
            "seconds": round(self.seconds, 1),
            "verified": {"lines": self.lines, "chains": self.chains, "checkpoints": self.notes},
        }


@dataclass(slots=True, kw_only=True)
class Shop:
    """A throw-away store: its chains, its checkpoints as they stand in the file, and how it was at each of them."""

    dice: random.Random
    signer: Signer
    lines: Lines = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    then: list[dict[str, int]] = field(default_factory=list)  # how long each chain was at each checkpoint

    def some(self, *, least: int = 1) -> str:
        """A chain of at least so many lines."""
        return self.dice.choice(sorted(name for name, of in self.lines.items() if len(of) >= least))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Store:
    """Where a shop's files are."""

    export: Path
    notes: Path

    def verdict(self, shop: Shop) -> verify.Verdict:
        """Write a shop down and verify it as anybody would."""
        self.notes.write_text("".join(shop.notes), encoding="utf-8")
        with self.export.open("wb") as out:
            out.write(verify.FIRST_LINE)
            for name in sorted(shop.lines):
                for seq, hash_, head in shop.lines[name]:
                    out.write(b"%s %d %s %s\n" % (name.encode(), seq, hash_.encode(), head))
            out.write(b"end 0 0\n")
        return verify.of_export(self.export, verify.notes_of(self.notes, [shop.signer.verifier]))


def drill(places: int, *, seed: int | None = None) -> Drilled:
    """Tamper at so many places of each kind. Writes to a temporary folder only."""
    began = time.monotonic()
    dice = random.Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311 - it chooses places, no secrets
    found = dict.fromkeys((kind.value for kind, _ in KINDS), (0, 0))
    clean = alarms = lines = chains = notes = 0
    with tempfile.TemporaryDirectory(prefix="theca-drill-") as folder:
        store = _Store(export=Path(folder) / "export", notes=Path(folder) / "notes")
        for _ in range(places):
            for kind, tamper in KINDS:
                shop = stocked(dice)
                verdict = store.verdict(shop)
                clean, alarms = clean + 1, alarms + (not verdict.sound)
                lines, chains = lines + verdict.lines, chains + verdict.chains
                notes += verdict.notes
                judged = tamper(shop)
                tried, seen = found[kind.value]
                named = any(judged(flaw) for flaw in store.verdict(shop).flaws)
                found[kind.value] = (tried + 1, seen + named)
    return Drilled(
        found=found,
        clean=clean,
        false_alarms=alarms,
        seconds=time.monotonic() - began,
        lines=lines,
        chains=chains,
        notes=notes,
    )


# ---------------------------------------------------------------------------------------------------------------


def stocked(dice: random.Random) -> Shop:
    """A store as the product would have written it: chains that grow, and a checkpoint after each round."""
    shop = Shop(dice=dice, signer=Signer(ORIGIN, Ed25519PrivateKey.generate()))
    names = [f"{EPISODE}{_uuid(dice)}" for _ in range(dice.randint(4, 8))] + ["site:north", "protocols", "people"]
    tree, previous, now = Tree(), first_before(), _BEGAN
    for number in range(1, _ROUNDS + 1):
        # More than one: where a single chain has grown since, an old backup is a chain cut short and nothing else.
        grows = sorted(names if number == 1 else dice.sample(names, dice.randint(3, 6)))
        for name in grows:
            for _ in range(dice.randint(1, 4)):
                now += timedelta(seconds=dice.randint(1, 600))
                shop.lines.setdefault(name, []).append(_line(shop, name, now))
        heads = tuple(Head(chain=name, seq=len(shop.lines[name]), hash=shop.lines[name][-1][1]) for name in grows)
        note = Note(origin=ORIGIN, size=0, root=b"", number=number, at=now, previous=previous, heads=heads)
        note = replace(note, root=tree.root(note), size=len(tree.places))
        signed = shop.signer.sign(note)
        previous = text_hash(signed.text)
        shop.notes.append(signed.whole)
        shop.then.append({name: len(of) for name, of in shop.lines.items()})
    return shop


def _line(shop: Shop, name: str, now: datetime) -> Line:
    """The next line of a chain, by the code that writes the real ones."""
    before = shop.lines.get(name, [])
    seq, prev, verb = len(before) + 1, before[-1][1] if before else GENESIS, shop.dice.choice(_VERBS)
    if not name.startswith(EPISODE):
        about = {"person": f"person-{shop.dice.randint(1, 99)}"}
        told = chain_line(
            name, seq=seq, at=now, actor="system:admin", verb=verb, about=about, site="", prev=prev, engine=__version__
        )
        return seq, told.hash, told.head
    episode = Episode(id=name.removeprefix(EPISODE), site="north", candidate="c", protocol="opioid_trial@1")
    entry = Entry(
        seq=seq,
        at=now,
        occurred_at=now,
        actor=f"nurse-{shop.dice.randint(1, 9)}",
        verb=verb,
        outcome=Outcome.DONE,
        stands={"stage": "trial", "version": seq},
    )
    line = chain(entry, episode=episode, prev=prev, salt=shop.dice.randbytes(SALT_BYTES), engine=__version__)
    return seq, line.hash, line.head


def _uuid(dice: random.Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _is(kinds: Sequence[Kind], name: str, *seqs: int) -> _Judged:
    """What must be said: one of these kinds, of this chain, and where it is known at which line."""
    return lambda flaw: flaw.kind in kinds and flaw.chain == name and (not seqs or flaw.seq in seqs)


def _other(line: Line) -> Line:
    """The same line, telling something else, and hashed again."""
    seq, _, head = line
    changed = head.replace(b'"verb":"', b'"verb":"un', 1)
    return seq, digest(changed), changed


def _edited(shop: Shop) -> _Judged:
    name = shop.some()
    lines = shop.lines[name]
    place = shop.dice.randrange(len(lines))
    seq, hash_, head = lines[place]
    if shop.dice.random() < 0.5:
        byte = shop.dice.randrange(len(head))
        lines[place] = seq, hash_, head[:byte] + bytes([head[byte] ^ 1]) + head[byte + 1 :]
        if b"\n" in lines[place][2]:
            lines[place] = seq, hash_, head.replace(b"0", b"1", 1)
        return _is([Kind.EDITED], name, place + 1)
    lines[place] = _other(lines[place])
    last = place == len(lines) - 1  # nothing follows it: only the checkpoint knows
    return _is([Kind.REBUILT if last else Kind.EDITED], name, place + 1)


def _deleted(shop: Shop) -> _Judged:
    name = shop.some(least=3)
    lines = shop.lines[name]
    place = shop.dice.randrange(len(lines) - 1)
    del lines[place]
    if shop.dice.random() < 0.5:
        lines[place:] = [(seq - 1, hash_, head) for seq, hash_, head in lines[place:]]
    return _is([Kind.DELETED], name, place + 1)


def _inserted(shop: Shop) -> _Judged:
    name = shop.some(least=2)
    lines = shop.lines[name]
    place = shop.dice.randrange(len(lines) - 1)
    forged = _other(lines[place])
    if shop.dice.random() < 0.5:
        lines[place + 1 :] = [(seq + 1, hash_, head) for seq, hash_, head in lines[place + 1 :]]
        forged = (forged[0] + 1, *forged[1:])
    lines.insert(place + 1, forged)
    return _is([Kind.INSERTED], name, place + 1)


def _reordered(shop: Shop) -> _Judged:
    name = shop.some(least=2)
    lines = shop.lines[name]
    first, second = sorted(shop.dice.sample(range(len(lines)), 2))
    one, other = lines[first], lines[second]
    if shop.dice.random() < 0.5:
        lines[first], lines[second] = (one[0], *other[1:]), (other[0], *one[1:])
    else:
        lines[first], lines[second] = other, one
    return _is([Kind.REORDERED], name, first + 1)


def _truncated(shop: Shop) -> _Judged:
    name = shop.some(least=2)
    left = shop.dice.randrange(1, len(shop.lines[name]))
    del shop.lines[name][left:]
    return _is([Kind.TRUNCATED], name, left + 1)


def _removed(shop: Shop) -> _Judged:
    name = shop.some()
    del shop.lines[name]
    return _is([Kind.REMOVED], name)


def _rolled_back(shop: Shop) -> _Judged:
    then = shop.then[shop.dice.randrange(_ROUNDS - 1)]
    shop.lines = {name: shop.lines[name][:length] for name, length in then.items()}
    return lambda flaw: flaw.kind is Kind.ROLLED_BACK


def _rebuilt(shop: Shop) -> _Judged:
    """From one line on everything is told anew, each line hashed on the one before."""
    name = shop.some()
    lines = shop.lines[name]
    place = shop.dice.randrange(len(lines))
    lines[place] = _other(lines[place])
    for later in range(place + 1, len(lines)):
        seq, _, head = lines[later]
        start = head.index(b'"prev":"') + len(b'"prev":"')
        chained = head[:start] + lines[later - 1][1].encode() + head[start + 64 :]
        lines[later] = seq, digest(chained), chained
    return _is([Kind.REBUILT], name)


def _bad_signature(shop: Shop) -> _Judged:
    """A checkpoint is told otherwise, signed by somebody else, or taken out between two others."""
    place, notes = shop.dice.randrange(_ROUNDS - 1), shop.notes
    match shop.dice.randrange(4):
        case 0:
            notes[place] = notes[place].replace("\nat 20", "\nat 19", 1)
        case 1:
            text, _, signature = notes[place].rpartition(" ")
            notes[place] = f"{text} {signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
        case 2:
            stranger = Signer(ORIGIN, Ed25519PrivateKey.generate())
            text = notes[place].partition("\n\n")[0] + "\n"
            notes[place] = stranger.sign_text(text).whole
        case _:
            del notes[place]
    return lambda flaw: flaw.kind is Kind.BAD_SIGNATURE


KINDS: tuple[tuple[Kind, Callable[[Shop], _Judged]], ...] = (
    (Kind.EDITED, _edited),
    (Kind.DELETED, _deleted),
    (Kind.INSERTED, _inserted),
    (Kind.REORDERED, _reordered),
    (Kind.TRUNCATED, _truncated),
    (Kind.REMOVED, _removed),
    (Kind.ROLLED_BACK, _rolled_back),
    (Kind.REBUILT, _rebuilt),
    (Kind.BAD_SIGNATURE, _bad_signature),
)
