"""A checkpoint as text: how far every chain had come at a moment, in the layout of a C2SP signed note.

    theca.north.example            whose ledger this is
    2                              how many chains there are
    2vW0...=                       the Merkle root over all of them, base64
    checkpoint 17
    at 2026-11-22T13:05:00.250000Z
    previous 97746f...             SHA-256 of the text of the note before, or 64 zeros
    seen 780:782:781               which transactions of the database were visible to it
    whole                          only where every chain was looked at, not just those that changed
    head episode:6f1c... 12 c860.. a chain that grew since the note before: its seq and the hash of that line
    sent north 6f1c... a.b|c       a message that was handed over since
    erased north 0b7a...           a candidate who was erased since
    back 15 carla                  the database was brought back to before the checkpoint after this one, and a person
                                   says so: every chain is named anew, and what 16 and later named holds no more
    key theca.north.example+...    what signs from the next note on

    - theca.north.example 3q2+...

A note file is such notes one after the other. Nothing is ever taken out of it.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workflow.domain import merkle
from workflow.domain.canonical import instant
from workflow.domain.ledger import GENESIS

DASH = "\u2014 "
_ORIGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,99}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURES = re.compile(rf"\n\n(?:{DASH}[^\n]+\n)+\n")


class UnreadableNoteError(ValueError):
    """This is no checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far one chain had come: the seq of its last line, and that line's hash."""

    chain: str
    seq: int
    hash: str

    @property
    def said(self) -> str:
        """What is hashed into the tree."""
        return f"{self.chain} {self.seq} {self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One checkpoint. `heads` are the chains that grew since the one before, in the order of their names."""

    origin: str
    size: int
    root: bytes
    number: int
    at: datetime
    previous: str
    seen: str = ""
    heads: tuple[Head, ...] = ()
    sent: tuple[str, ...] = ()  # "site episode key"
    erased: tuple[str, ...] = ()  # "site candidate"
    back: int | None = None
    back_by: str = ""
    key: str | None = None
    whole: bool = False

    @property
    def text(self) -> str:
        """What is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        lines += [f"checkpoint {self.number}", f"at {instant(self.at)}", f"previous {self.previous}"]
        lines += [f"seen {self.seen}"] if self.seen else []
        lines += ["whole"] if self.whole else []
        lines += [f"head {head.said}" for head in self.heads]
        lines += [f"sent {one}" for one in self.sent]
        lines += [f"erased {one}" for one in self.erased]
        lines += [f"back {self.back} {self.back_by}"] if self.back is not None else []
        lines += [f"key {self.key}"] if self.key else []
        return "\n".join(lines) + "\n"

    @property
    def hash(self) -> str:
        """What the next note names as its previous."""
        return text_hash(self.text)


class Tree:
    """The tree over all chains, as notes tell it one after the other."""

    def __init__(self) -> None:
        self.nodes, self.places = merkle.InMemory(), dict[str, int]()

    def root(self, note: Note) -> bytes:
        """The root after a note's heads."""
        if note.back is not None:
            self.nodes, self.places = merkle.InMemory(), {}
        changed = []
        for head in note.heads:
            place = self.places.setdefault(head.chain, len(self.places))
            self.nodes.put(0, place, merkle.leaf(head.said.encode()))
            changed.append(place)
        return merkle.climb(self.nodes, changed, len(self.places))


@dataclass(frozen=True, slots=True)
class Signed:
    """A note as it stands in the file: its exact text, and its signature lines without the dash."""

    text: str
    signatures: tuple[str, ...]

    @property
    def whole(self) -> str:
        return self.text + "\n" + "".join(f"{DASH}{one}\n" for one in self.signatures) + "\n"


def text_hash(text: str) -> str:
    """The hash of a note's text, as lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_origin(origin: str) -> str:
    """The name a ledger goes by outside. Raises ValueError."""
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"no name for a ledger: {origin!r}")
    return origin


def split(written: str) -> Iterator[Signed | UnreadableNoteError]:
    """The notes of a file, in order; an error in the place of what is none, also of a last one cut short."""
    for block in _blocks(written):
        text, gap, rest = block.partition("\n\n")
        signatures = tuple(line.removeprefix(DASH) for line in rest.splitlines())
        sound = gap and signatures and rest.endswith("\n") and all(one.startswith(DASH) for one in rest.splitlines())
        yield Signed(text + "\n", signatures) if sound else UnreadableNoteError("a checkpoint without its signature")


def read(text: str) -> Note:
    """A note from its text. Raises UnreadableNoteError."""
    try:
        origin, size, root, *rest = text.splitlines()
        said = _Said.of(rest)
        note = Note(
            origin=check_origin(origin),
            size=int(size),
            root=base64.b64decode(root, validate=True),
            number=int(said.one("checkpoint")),
            at=datetime.fromisoformat(said.one("at")).astimezone(UTC),
            previous=said.one("previous"),
            seen=said.one("seen") if said.all("seen") else "",
            heads=tuple(_head(one) for one in said.all("head")),
            sent=tuple(said.all("sent")),
            erased=tuple(said.all("erased")),
            back=int(said.one("back").split(" ", 1)[0]) if said.all("back") else None,
            back_by=said.one("back").split(" ", 1)[1] if said.all("back") else "",
            key=said.one("key") if said.all("key") else None,
            whole=bool(said.all("whole")),
        )
    except (ValueError, IndexError) as wrong:
        raise UnreadableNoteError(f"no checkpoint: {wrong}") from wrong
    if note.text != text or not _HASH.fullmatch(note.previous):
        raise UnreadableNoteError("a checkpoint that is not written as checkpoints are")
    return note


def whole_part(written: str) -> str:
    """What of a file is whole notes; the rest was cut short while it was written."""
    ends = [found.end() for found in _SIGNATURES.finditer(written)]
    return written[: ends[-1]] if ends else ""


def first_before() -> str:
    """What the first note names as its previous."""
    return GENESIS


@dataclass(frozen=True, slots=True)
class _Said:
    lines: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: list[str]) -> "_Said":
        said = cls()
        for line in lines:
            word, _, value = line.partition(" ")
            said.lines.setdefault(word, []).append(value)
        return said

    def all(self, word: str) -> list[str]:
        return self.lines.get(word, [])

    def one(self, word: str) -> str:
        found = self.all(word)
        if len(found) != 1:
            raise ValueError(f"{len(found)} lines {word!r}")
        return found[0]


def _head(said: str) -> Head:
    chain, seq, hash_ = said.split(" ")
    if not _HASH.fullmatch(hash_) or int(seq) < 1:
        raise ValueError(f"no head: {said!r}")
    return Head(chain=chain, seq=int(seq), hash=hash_)


def _blocks(written: str) -> Iterator[str]:
    """Each note with its signatures: text, an empty line, signatures, an empty line."""
    parts = written.split("\n\n")
    if parts and parts[-1] == "":
        parts.pop()
    for n in range(0, len(parts), 2):
        signed = parts[n + 1] + "\n" if n + 1 < len(parts) else ""
        yield f"{parts[n]}\n\n{signed}"
