"""Which printings are out: a list beside protocol files that names each published version with its SHA-256.

A line is `opioid_trial@1 8a6d...`. A file whose name and number are in the list with another sum does not load: what
people were enrolled on must stay what they were enrolled on, also where no database is asked.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from workflow.authoring.finding import Finding, FlawedProtocolError, Place, Where, error
from workflow.domain.errors import UnsoundError
from workflow.domain.protocol import ProtocolVersion

LIST = "published.txt"
CODE = "T003"
REMEDY = "put the published text back, and give the new one the next number in a file of its own"
UNLISTED: Mapping[str, str] = MappingProxyType({})
_LINE = re.compile(r"([a-z][a-z0-9_]{0,59}@[1-9][0-9]{0,3}) ([0-9a-f]{64})", re.ASCII)


def printings(file: Path) -> Mapping[str, str]:
    """The sum of each published version, by the list beside a protocol file or one folder above; empty without one.

    Raises FlawedProtocolError for a list that cannot be read as one, OSError for one that cannot be read at all.
    """
    kept = _list_of(file)
    return _read(kept) if kept.exists() else {}


def edited(version: ProtocolVersion, printed: Mapping[str, str], where: Where) -> tuple[Finding, ...]:
    """The finding on a version that is out with another text; nothing where it is out as it stands, or not yet."""
    if printed.get(version.name, version.sha256) == version.sha256:
        return ()
    message = (
        f"{version.name} is published with another text ({printed[version.name][:12]}, here {version.sha256[:12]})"
    )
    return (error(CODE, where.place("version"), message, remedy=REMEDY),)


def freeze(version: ProtocolVersion, file: Path) -> Path:
    """Put a version on the list beside its file, once and for good; answers where the list is.

    Raises UnsoundError where the list names another text under this number, FlawedProtocolError for a broken list.
    """
    kept = _list_of(file)
    printed = _read(kept) if kept.exists() else {}
    if printed.get(version.name, version.sha256) != version.sha256:
        raise UnsoundError(f"{version.name} is published with another text; {REMEDY}")
    lines = [f"{name} {sha256}\n" for name, sha256 in (printed | {version.name: version.sha256}).items()]
    kept.write_text("".join(lines), encoding="utf-8")
    return kept


# ---------------------------------------------------------------------------------------------------------------


def _list_of(file: Path) -> Path:
    """The list beside the file, or the one a folder above where that exists."""
    above = file.absolute().parent.parent / LIST
    beside = file.absolute().parent / LIST
    return above if above.exists() and not beside.exists() else beside


def _read(kept: Path) -> dict[str, str]:
    printed: dict[str, str] = {}
    for number, line in enumerate(kept.read_text(encoding="utf-8").splitlines(), start=1):
        said = _LINE.fullmatch(line)
        if said is None or said[1] in printed:
            place = Place(file=str(kept), line=number)
            raise FlawedProtocolError(
                error(CODE, place, "not a line of this list", remedy="opioid_trial@1 and its sum")
            )
        printed[said[1]] = said[2]
    return printed
