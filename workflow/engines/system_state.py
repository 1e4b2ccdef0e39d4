"""Root's own folder for what must outlive a clone: the copy of the servers, and data `nobody` could not reach else."""

import stat
from pathlib import Path

from workflow.engines.errors import EnginesError

PLACES = (Path("/var/lib/theca"), Path("/var/tmp/theca"))  # noqa: S108 - owner and mode are checked before use


def trusted_places() -> list[Path]:
    """List those of the places that exist and that only root can have filled."""
    return [place for place in PLACES if _only_root_writes(place)]


def system_state() -> Path:
    """Find the folder, or make it. Raises EnginesError if every place is somebody else's."""
    for place in PLACES:
        try:
            place.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        if _only_root_writes(place):
            place.chmod(0o755)
            return place
    places = " nor ".join(str(place) for place in PLACES)
    raise EnginesError(f"Neither {places} is a folder only root can write, and the servers need one of them.")


# ----------------------------------------------------------------------------------------------------------------------


def _only_root_writes(place: Path) -> bool:
    try:
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
