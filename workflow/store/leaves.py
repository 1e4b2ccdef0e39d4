"""What the notary remembers between two checkpoints: where each chain stood, and the tree above, in a file beside.

Only the chains that grew are touched: their leaves, and the nodes above those, which are as many as the tree is high.
Nothing here is believed: the notes are the truth, and from them this file is made again where it does not fit.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workflow.domain import merkle
from workflow.domain.note import Head, Note, UnreadableNoteError, read, split

_SHAPE = """
CREATE TABLE IF NOT EXISTS leaf (chain TEXT PRIMARY KEY, place INTEGER NOT NULL UNIQUE, seq INTEGER NOT NULL,
  hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS node (level INTEGER, place INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, place))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the notary stopped: the note, how long the file was, and what it had seen of which database."""

    number: int = 0
    note: str = ""  # the hash of its text
    length: int = 0  # bytes of the note file
    snapshot: str = ""  # what the database's transactions were then
    database: str = ""  # which database, and since when it runs
    whole_at: str = ""  # when every chain was last looked at


class Leaves:
    """The file, open for one checkpoint. What is put is kept when `opened` ends well, and not otherwise."""

    def __init__(self, kept: sqlite3.Connection) -> None:
        self._kept = kept

    @property
    def mark(self) -> Mark:
        found: dict[str, str] = dict(self._kept.execute("SELECT name, value FROM mark").fetchall())
        if not found:
            return Mark()
        return Mark(
            number=int(found["number"]),
            note=found["note"],
            length=int(found["length"]),
            snapshot=found["snapshot"],
            database=found["database"],
            whole_at=found["whole_at"],
        )

    def put_mark(self, mark: Mark) -> None:
        values = [(name, str(getattr(mark, name))) for name in Mark.__slots__]
        self._kept.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", values)

    @property
    def size(self) -> int:
        """How many chains there are."""
        return int(self._kept.execute("SELECT count(*) FROM leaf").fetchone()[0])

    def of(self, chain: str) -> Head | None:
        """Where a chain stood at the last checkpoint."""
        found = self._kept.execute("SELECT seq, hash FROM leaf WHERE chain = ?", (chain,)).fetchone()
        return None if found is None else Head(chain=chain, seq=found[0], hash=found[1])

    def all(self) -> Iterator[Head]:
        """Every chain, by name."""
        for chain, seq, hash_ in self._kept.execute("SELECT chain, seq, hash FROM leaf ORDER BY chain"):
            yield Head(chain=chain, seq=seq, hash=hash_)

    def grow(self, heads: tuple[Head, ...]) -> bytes:
        """Put the chains that grew, new ones at the end; answers the root over all."""
        size, places = self.size, set[int]()
        for head in heads:
            found = self._kept.execute("SELECT place FROM leaf WHERE chain = ?", (head.chain,)).fetchone()
            place = found[0] if found else size
            size += 0 if found else 1
            row = (head.chain, place, head.seq, head.hash)
            self._kept.execute("INSERT OR REPLACE INTO leaf VALUES (?, ?, ?, ?)", row)
            self.put(0, place, merkle.leaf(head.said.encode()))
            places.add(place)
        return merkle.climb(self, places, size)

    def forget(self) -> None:
        """Begin from nothing."""
        for table in ("leaf", "node", "mark"):
            self._kept.execute(f"DELETE FROM {table}")  # noqa: S608 - our own three

    def get(self, level: int, place: int) -> bytes:
        found = self._kept.execute("SELECT hash FROM node WHERE level = ? AND place = ?", (level, place)).fetchone()
        if found is None:
            raise KeyError((level, place))
        return bytes(found[0])

    def put(self, level: int, place: int, node: bytes) -> None:
        self._kept.execute("INSERT OR REPLACE INTO node VALUES (?, ?, ?)", (level, place, node))


@contextmanager
def opened(path: Path) -> Iterator[Leaves]:
    """The file, made where it is not there; what was put is kept only where the block ends well."""
    kept = sqlite3.connect(path)
    try:
        kept.executescript(_SHAPE)
        with kept:
            yield Leaves(kept)
    finally:
        kept.close()


def caught_up(leaves: Leaves, written: str, *, length: int) -> Mark:
    """What the notes say, where the file of leaves does not fit them: everything is read again from the first.

    `length` is the file's, in bytes. Raises UnreadableNoteError for notes that do not follow each other.
    """
    leaves.forget()
    last: Note | None = None
    for signed in split(written):
        if isinstance(signed, UnreadableNoteError):
            raise signed
        note = read(signed.text)
        if note.number != (last.number if last else 0) + 1 or (last and note.previous != last.hash):
            raise UnreadableNoteError(f"checkpoint {note.number} does not follow the one before")
        if note.back is not None:
            leaves.forget()
        if leaves.grow(note.heads) != note.root or leaves.size != note.size:
            raise UnreadableNoteError(f"the root of checkpoint {note.number} is not that of its heads")
        last = note
    mark = Mark(number=last.number, note=last.hash, length=length, snapshot=last.seen) if last else Mark()
    leaves.put_mark(mark)
    return mark
