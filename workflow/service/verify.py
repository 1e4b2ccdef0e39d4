"""Is the ledger what was written? Asked of a database, or of an export with nothing else at hand.

notes   every checkpoint: signed by the key, following the one before, its root that of its heads
chains  every line of every chain, and against every checkpoint that names it
rows    where an episode's row says its chain ends; what the protocols' chain says was published
sealed  with the key file: what every line commits to. A line whose key was destroyed by an erasure is sound, and sealed
        for good
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from workflow.domain.chain_line import PROTOCOLS
from workflow.domain.errors import TroubleError
from workflow.domain.note import Note, Tree, UnreadableNoteError, first_before, read, split, text_hash
from workflow.domain.soundness import EPISODE, Entry, Flaw, Kind, Noted, Seen, lengths, noted_by, walk
from workflow.store import checkpoints, payloads, signing
from workflow.store.session import Store
from workflow.store.signing import Verifier

FIRST_LINE = b"theca-1 export\n"


class UncheckedError(TroubleError):
    """It could not be looked at."""

    code = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The checkpoints of a file that can be believed, and what is wrong with the others."""

    good: tuple[Note, ...] = ()
    flaws: tuple[Flaw, ...] = ()

    @property
    def named(self) -> dict[str, list[Noted]]:
        """What they say, by chain; what a later one took back is left out."""
        void: set[int] = set()
        for note in self.good:
            if note.back is not None:
                void |= set(range(note.back + 1, note.number))
        return noted_by(
            (note.number, ((head.chain, head.seq, head.hash) for head in note.heads))
            for note in self.good
            if note.number not in void
        )

    @property
    def last_at(self) -> datetime | None:
        return self.good[-1].at if self.good else None


NO_NOTES = Notes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was looked at, and what is not as it was written."""

    chains: int
    lines: int
    notes: int
    noted_until: datetime | None
    opened: int | None  # sealed payloads that are what their lines commit to; None where nobody looked
    sealed_for_good: int  # of erased candidates
    flaws: tuple[Flaw, ...]

    @property
    def sound(self) -> bool:
        return not self.flaws


@dataclass(slots=True)
class _Told:
    """What the chains that are no episode's say of other rows."""

    published: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)  # chains of episodes

    def hear(self, chain: str, said: dict[str, Any]) -> None:
        about = said["about"]
        if chain == PROTOCOLS and said["verb"] == "publish":
            self.published[about["protocol"]] = about["sha256"]
        if said["verb"] == "erase":
            self.erased |= {EPISODE + episode for episode in about["episodes"]}


def of_database(store: Store, notes: Notes = NO_NOTES, *, opening: bool = False) -> Verdict:
    """Look at every chain of a database, as theca_verify. `opening` also opens what is sealed, with the key file.

    Raises UnavailableError.
    """
    told, found = _Told(), payloads.Found()
    with store.transaction() as connection:
        seen = walk(checkpoints.entries(connection), notes.named, each=told.hear)
        flaws = [*notes.flaws, *seen.flaws, *lengths(seen.ends, checkpoints.rows(connection))]
        flaws += _unpublished(told.published, checkpoints.published(connection))
        if opening:
            found = payloads.look(connection, store.vault, told.erased)
        known = {(flaw.chain, flaw.seq) for flaw in flaws}
        flaws += [flaw for flaw in found.flaws if (flaw.chain, flaw.seq) not in known]
        flaws += _vanished(seen, told.erased, {chain for chain, _, _ in checkpoints.rows(connection)})
    return _verdict(seen, notes, flaws, opened=found.opened if opening else None, sealed=found.sealed_for_good)


def of_export(file: Path, notes: Notes = NO_NOTES) -> Verdict:
    """Look at every chain of an export. Raises UncheckedError for a file that is none, or not whole."""
    with _opened(file) as entries:
        seen = walk(entries, notes.named)
    return _verdict(seen, notes, [*notes.flaws, *seen.flaws], opened=None, sealed=0)


def export(store: Store, file: Path) -> tuple[int, int]:
    """Write every line of every chain to a new file; answers how many chains and lines. Raises FileExistsError."""
    chains, lines, last = 0, 0, ""
    with store.transaction() as connection, file.open("xb") as out:
        out.write(FIRST_LINE)
        for chain, seq, hash_, head, _ in checkpoints.entries(connection):
            out.write(b"%s %d %s %s\n" % (chain.encode(), seq, hash_.encode(), head))
            chains, lines, last = chains + (chain != last), lines + 1, chain
        out.write(b"end %d %d\n" % (chains, lines))
    return chains, lines


def notes_of(file: Path, keys: Sequence[Verifier]) -> Notes:
    """The checkpoints of a file, held against the keys given and those they announce. Raises UncheckedError."""
    try:
        written = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UncheckedError(f"{file} cannot be read", allowed="the file the notary writes") from wrong
    if not written.strip():
        raise UncheckedError(f"{file} holds no checkpoint", allowed="the file the notary writes")
    return _held(written, keys)


# ---------------------------------------------------------------------------------------------------------------


def _held(written: str, keys: Sequence[Verifier]) -> Notes:
    """Every note held against the one before, as long as all are sound; afterwards each by itself."""
    known, good, flaws = list(keys), list[Note](), list[Flaw]()
    before, tree = first_before(), Tree()
    for number, signed in enumerate(split(written), start=1):
        wrong, note = "", None
        if isinstance(signed, UnreadableNoteError):
            wrong = str(signed)
        elif not signing.by_any(known, signed):
            wrong = "is not signed by a key that is known"
        else:
            try:
                note = read(signed.text)
            except UnreadableNoteError as broken:
                wrong = str(broken)
        if note is not None and not flaws:
            wrong = _does_not_follow(note, number, before, tree)
        if wrong:
            flaws.append(Flaw(chain="", seq=number, kind=Kind.BAD_SIGNATURE, detail=f"checkpoint {number}: {wrong}"))
        if note is not None:
            good.append(note)
            known += [signing.announced(note.key)] if note.key else []
        before = text_hash(signed.text) if not isinstance(signed, UnreadableNoteError) else ""
    return Notes(good=tuple(good), flaws=tuple(flaws[:1]))


def _does_not_follow(note: Note, number: int, before: str, tree: Tree) -> str:
    """Why a note does not follow the one before; empty where it does."""
    if note.number != number or note.previous != before:
        return "does not follow the one before it"
    if tree.root(note) != note.root or len(tree.places) != note.size:
        return "its root is not that of its heads"
    return ""


@contextmanager
def _opened(file: Path) -> Iterator[Iterator[Entry]]:
    try:
        with file.open("rb") as lines:
            if lines.readline() != FIRST_LINE:
                raise UncheckedError(f"{file} is no export of a ledger", allowed="a file of: theca ledger export")
            yield _entries(lines, file)
    except OSError as wrong:
        raise UncheckedError(f"{file} cannot be read", allowed="a file of: theca ledger export") from wrong


def _entries(lines: Iterator[bytes], file: Path) -> Iterator[Entry]:
    for line in lines:
        chain, seq, *rest = line.split(b" ", 3)
        if len(rest) == 1 and chain == b"end":
            return
        if len(rest) != 2 or not seq.isdigit():
            raise UncheckedError(f"{file} holds a line that is none of a ledger", allowed="theca ledger export")
        yield chain.decode("ascii", "replace"), int(seq), rest[0].decode("ascii", "replace"), rest[1][:-1], None
    raise UncheckedError(f"{file} is not whole: its last line is missing", allowed="theca ledger export")


def _unpublished(said: dict[str, str], texts: Iterator[tuple[str, str, str]]) -> Iterator[Flaw]:
    """Hold the published texts against what the protocols' chain says."""
    there: set[str] = set()
    for name, text, sha256 in texts:
        there.add(name)
        if name not in said:
            yield Flaw(chain=PROTOCOLS, seq=0, kind=Kind.INSERTED, detail=f"{name} was never published")
        elif {hashlib.sha256(text.encode()).hexdigest(), sha256} != {said[name]}:
            yield Flaw(chain=PROTOCOLS, seq=0, kind=Kind.EDITED, detail=f"{name} is not the text that was published")
    for name in said.keys() - there:
        yield Flaw(chain=PROTOCOLS, seq=0, kind=Kind.DELETED, detail=f"{name} was published and is gone")


def _vanished(seen: Seen, erased: set[str], there: set[str]) -> Iterator[Flaw]:
    """Chains whose episode is gone, and no line says that its candidate was erased."""
    for chain in sorted(set(seen.ends) - there - erased):
        if chain.startswith(EPISODE):
            yield Flaw(chain=chain, seq=0, kind=Kind.DELETED, detail="its episode is gone and was not erased")


def _verdict(seen: Seen, notes: Notes, flaws: Sequence[Flaw], *, opened: int | None, sealed: int) -> Verdict:
    return Verdict(
        chains=len(seen.ends),
        lines=seen.lines,
        notes=len(notes.good),
        noted_until=notes.last_at,
        opened=opened,
        sealed_for_good=sealed,
        flaws=tuple(flaws),
    )
