"""The example files as they would look today: every date in them moved by the same number of days, nothing else."""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "examples"
PEOPLE, REFERRALS, DIARIES = (EXAMPLES / name for name in ("people.csv", "referrals.csv", "diaries.csv"))
MOVES = ("referred_on", "date")  # the columns whose dates move; a birth date stays
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})\Z", re.ASCII)
_DAY_FIRST = re.compile(r"^(\d{2})([./])(\d{2})\2(\d{4})\Z", re.ASCII)


def move_to(yesterday: date, folder: Path) -> tuple[Path, Path]:
    """Write referrals and diaries so that their newest day is `yesterday`; answers where.

    What an earlier run wrote stays, so that importing it again is importing the same rows.
    """
    originals = (REFERRALS, DIARIES)
    copies = tuple(folder / path.name for path in originals)
    if not all(copy.exists() for copy in copies):
        by = yesterday - max(newest(path) for path in originals)
        for path, copy in zip(originals, copies, strict=True):
            _write(copy, path, by)
    return copies[0], copies[1]


def newest(path: Path) -> date:
    """The newest day among the dates that move."""
    head, *lines = cells_of(path)
    cells = (cell for line in lines for heading, cell in zip(head, line, strict=True) if heading in MOVES)
    return max(day for cell in cells if (day := _read(cell)) is not None)


def moved(cell: str, by: timedelta) -> str:
    """A date, later by so much and written as before; anything that is no date as it stands."""
    day = _read(cell)
    if day is None:
        return cell
    if _ISO.match(cell):
        return (day + by).isoformat()
    return (day + by).strftime(f"%d{cell[2]}%m{cell[2]}%Y")


def names(path: Path) -> Iterator[str]:
    """Every record number and name in a referral file: what must never be in an e-mail."""
    with path.open(encoding="utf-8", newline="") as source:
        for line in csv.DictReader(source, delimiter=_delimiter(path)):
            yield from (line["record_no"], line["family_name"], line["given_name"])


def cells_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.reader(source, delimiter=_delimiter(path)))


def _write(copy: Path, path: Path, by: timedelta) -> None:
    head, *lines = cells_of(path)
    moves = [heading in MOVES for heading in head]
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=_delimiter(path), lineterminator="\n")
        writer.writerow(head)
        for line in lines:
            writer.writerow(moved(cell, by) if of_time else cell for cell, of_time in zip(line, moves, strict=True))


def _read(cell: str) -> date | None:
    iso, day_first = _ISO.match(cell), _DAY_FIRST.match(cell)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if day_first:
            return date(int(day_first[4]), int(day_first[3]), int(day_first[1]))
    except ValueError:
        pass
    return None


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8") as source:
        first = source.readline()
    return ";" if first.count(";") > first.count(",") else ","
