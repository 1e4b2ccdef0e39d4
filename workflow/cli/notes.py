"""Which checkpoints a verb holds a ledger against."""

from collections.abc import Sequence
from pathlib import Path

from workflow.service import verify
from workflow.service.verify import NO_NOTES, Notes
from workflow.settings import Settings
from workflow.store import signing


def notes_at_hand(now: Settings, file: Path | None, keys: Sequence[Path]) -> Notes:
    """The checkpoints asked for, or those of the settings; none where neither says.

    Raises UncheckedError where they cannot be read or no key is at hand, KeyFileError.
    """
    place = file or now.theca_checkpoints
    if place is None or (file is None and not place.exists()):
        return NO_NOTES
    public = list(keys)
    if not public and now.theca_checkpoint_key is not None:
        public = [signing.public_of(now.theca_checkpoint_key)]
    if not public:
        raise verify.UncheckedError("no key to hold checkpoints against", allowed="--pubkey FILE")
    return verify.notes_of(place, [signing.verifier(one, now.theca_origin) for one in public])
