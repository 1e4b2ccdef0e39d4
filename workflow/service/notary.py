"""The notary: once a minute it signs how far every chain has come, into a file outside the database.

look at one moment ─► which chains grew ─► is what was signed before still there? ─► tree, note, signature ─► file

The file is only ever appended to. What the notary remembers beside it (`leaves`) is a convenience: where it does not
fit the file, it is made again from the file. Where the database no longer holds what was signed, nothing is signed, and
somebody has to look.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from workflow.domain.errors import ImpossibleInputError, UnsoundError
from workflow.domain.note import (
    Head,
    Note,
    Signed,
    UnreadableNoteError,
    first_before,
    read,
    split,
    text_hash,
    whole_part,
)
from workflow.failpoints import failpoint
from workflow.settings import Settings
from workflow.store import checkpoints, leaves, signing
from workflow.store.checkpoints import View
from workflow.store.leaves import Leaves, Mark
from workflow.store.session import Store
from workflow.store.signing import Signer

WHOLE_EVERY = timedelta(hours=24)
_UNSAID = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where checkpoints go, and what signs them."""

    store: Store  # as theca_verify
    file: Path
    signer: Signer

    @property
    def beside(self) -> Path:
        return self.file.with_name(self.file.name + ".leaves")


def office_of(now: Settings, store: Store) -> Office:
    """Where the settings say that checkpoints go. Raises ImpossibleInputError where they do not, KeyFileError."""
    if now.theca_checkpoints is None or now.theca_checkpoint_key is None:
        raise ImpossibleInputError(
            "no place for checkpoints is set", allowed="THECA_CHECKPOINTS and THECA_CHECKPOINT_KEY name it and the key"
        )
    return Office(
        store=store, file=now.theca_checkpoints, signer=signing.signer(now.theca_checkpoint_key, now.theca_origin)
    )


class ShrunkError(UnsoundError):
    """The database does not hold what an earlier checkpoint signed; nothing was signed."""


def take(office: Office, *, whole: bool = False, new_key: Signer | None = None, restored_by: str = "") -> Note | None:
    """Write the next checkpoint; None where another notary is at it.

    `whole` looks at every chain instead of those that grew; so does the first one, one a day, and one after the
    database was started again. `new_key` signs from the next one on. With `restored_by` a person says that the database
    was brought back on purpose: every chain is named anew. Raises ShrunkError where a chain is not what was signed
    before, ImpossibleInputError where the file is not, UnavailableError.
    """
    with _alone(office.file) as mine:
        if not mine:
            return None
        with leaves.opened(office.beside) as kept, office.store.transaction() as connection:
            seen = checkpoints.view(connection)
            if seen is None:
                return None
            mark = _mark(office, kept)
            if restored_by:
                note = _anew(office, connection, kept, mark, by=restored_by)
            else:
                note = _next(connection, kept, mark, every=whole or _whole_is_due(mark, seen))
            note = replace(note, origin=office.signer.origin, at=seen.at, seen=seen.snapshot)
            note = replace(note, key=new_key.verifier.written if new_key else None)
            _keep(office, kept, mark, seen, note)
    with office.store.transaction() as connection:
        checkpoints.noted(connection)
    return note


# ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _alone(file: Path) -> Iterator[bool]:
    """Whether nobody else writes into this file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(file.name + ".lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _mark(office: Office, kept: Leaves) -> Mark:
    """Where the file stands. Raises ImpossibleInputError where it is not the one that was written."""
    mark = kept.mark
    length = office.file.stat().st_size if office.file.exists() else 0
    if length == mark.length:
        return mark
    if length < mark.length:
        raise ImpossibleInputError(
            f"{office.file} is shorter than it was: checkpoints were taken out of it",
            allowed=f"the file as it was, {mark.length} bytes; without it, begin another under another name",
        )
    written = whole_part(office.file.read_text(encoding="utf-8"))
    whole = len(written.encode())
    if whole < length:  # cut short while it was written: it never was a checkpoint
        os.truncate(office.file, whole)
    try:
        return leaves.caught_up(kept, written, length=whole)
    except UnreadableNoteError as wrong:
        raise ImpossibleInputError(f"{office.file}: {wrong}", allowed="the file as the notary wrote it") from wrong


def _whole_is_due(mark: Mark, seen: View) -> bool:
    if not mark.snapshot or mark.database != seen.database or not mark.whole_at:
        return True
    return seen.at - datetime.fromisoformat(mark.whole_at) >= WHOLE_EVERY


def _next(connection: Connection, kept: Leaves, mark: Mark, *, every: bool) -> Note:
    """What has grown since the last one, whose lines must all be there still."""
    found = (
        _looked_at_all(kept, checkpoints.ends(connection)) if every else checkpoints.grown(connection, mark.snapshot)
    )
    grew = _grown(kept, found)
    _still_there(kept, checkpoints.at(connection, [was for one in grew if (was := kept.of(one.chain))]))
    sent = checkpoints.handed_over(connection, mark.snapshot) if mark.snapshot else []
    erased = checkpoints.erased(connection, mark.snapshot) if mark.snapshot else []
    return replace(_note(kept, mark, grew, whole=every), sent=tuple(sent), erased=tuple(erased))


def _anew(office: Office, connection: Connection, kept: Leaves, mark: Mark, *, by: str) -> Note:
    """Every chain as it stands, from nothing: it goes back to the last checkpoint whose lines are all still there."""
    named = {
        (head.chain, head.seq, head.hash): note.number
        for signed in split(office.file.read_text(encoding="utf-8"))
        if not isinstance(signed, UnreadableNoteError)
        for note in (read(signed.text),)
        for head in note.heads
    }
    for chain, seq, hash_, _, _ in checkpoints.entries(connection):
        named.pop((chain, seq, hash_), None)
    kept.forget()
    grew = _grown(kept, list(checkpoints.ends(connection)))
    back = min(named.values(), default=mark.number + 1) - 1
    return replace(_note(kept, mark, grew, whole=True), back=back, back_by=by)


def _looked_at_all(kept: Leaves, ends: Iterator[Head]) -> list[Head]:
    """Where every chain stands. Raises ShrunkError where one that was signed is gone."""
    found = {head.chain: head for head in ends}
    for was in kept.all():
        if was.chain not in found:
            raise ShrunkError(f"{was.chain} is gone; a checkpoint names it with {was.seq} lines")
    return list(found.values())


def _grown(kept: Leaves, heads: list[Head]) -> list[Head]:
    """Those chains that stand elsewhere than they did. Raises ShrunkError where one is shorter."""
    grew = []
    for head in sorted(heads, key=lambda one: one.chain):
        was = kept.of(head.chain)
        if was is not None and head.seq < was.seq:
            raise ShrunkError(f"{head.chain} ends at {head.seq}; a checkpoint names line {was.seq}")
        if was != head:
            grew.append(head)
    return grew


def _still_there(kept: Leaves, now: dict[str, str]) -> None:
    """Raises ShrunkError where a line that was signed is another one now."""
    for chain, hash_ in now.items():
        was = kept.of(chain)
        if was is not None and was.hash != hash_:
            raise ShrunkError(f"{chain}: line {was.seq} is not the one a checkpoint names")


def _note(kept: Leaves, mark: Mark, grew: list[Head], *, whole: bool) -> Note:
    root = kept.grow(tuple(grew))
    return Note(
        origin="",
        size=kept.size,
        root=root,
        number=mark.number + 1,
        at=_UNSAID,
        previous=mark.note or first_before(),
        heads=tuple(grew),
        whole=whole,
    )


def _keep(office: Office, kept: Leaves, mark: Mark, seen: View, note: Note) -> None:
    """Append the signed note, on disk before anything is remembered of it."""
    signed = office.signer.sign(note)
    failpoint("C2")
    _append(office.file, signed)
    failpoint("C3")
    kept.put_mark(
        Mark(
            number=note.number,
            note=text_hash(signed.text),
            length=office.file.stat().st_size,
            snapshot=seen.snapshot,
            database=seen.database,
            whole_at=seen.at.isoformat() if note.whole else mark.whole_at,
        )
    )


def _append(file: Path, signed: Signed) -> None:
    new = not file.exists()
    with file.open("ab") as out:
        out.write(signed.whole.encode())
        out.flush()
        os.fsync(out.fileno())
    if new:
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
