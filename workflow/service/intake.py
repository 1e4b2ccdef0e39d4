"""Referrals and diaries as clinics export them: read a CSV, refuse rows in words, enrol or record the rest.

file ─► rows of text ─► each row read strictly ─┬─ refused, with its row and reason, into the error file
└─ enrolled or recorded; running it again changes nothing
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from workflow.domain.errors import ImpossibleInputError, NotFoundError, TroubleError
from workflow.domain.observation import Absence, Reading
from workflow.service import act
from workflow.service.act import Asked, Desk
from workflow.service.enrol import enrol
from workflow.store import candidates, staff
from workflow.store.candidates import Identity
from workflow.store.episodes import Command
from workflow.store.staff import Person

LARGEST = 5 * 1024 * 1024
MOST_ROWS = 20_000
_SCORE = re.compile(r"^[0-9]{1,3}(\.[0-9]{1,2})?$", re.ASCII)
REFERRAL = ("mrn", "family_name", "given_name", "birth_date", "referred_on", "reason", "pain_origin", "phone")
DIARY = ("mrn", "date", "time", "score")
_MAY_BE_EMPTY = {"reason", "pain_origin", "phone"}


class Dates(StrEnum):
    """How a file writes dates beside YYYY-MM-DD. Nothing is guessed: 03/04 is a different day in each."""

    ISO = "iso"
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a file: its line number, and its cells by field."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One row that was not taken, and why, in words."""

    row: Row
    because: str


@dataclass(slots=True, kw_only=True)
class Intake:
    """What became of a file."""

    taken: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows come from and in whose name they are taken. `dry` takes none, and says what would be refused."""

    desk: Desk
    person: Person
    site: str
    protocol: str
    dates: Dates
    dry: bool = False


def rows(data: bytes, fields: tuple[str, ...], *, headings: Mapping[str, str] | None = None) -> list[Row]:
    """The rows of a CSV (comma or semicolon, UTF-8) by field; `headings` maps a field to the file's own heading.

    Raises ImpossibleInputError for a file that is too large, not UTF-8, or lacks a column.
    """
    if len(data) > LARGEST:
        raise ImpossibleInputError("the file is too large", allowed=f"at most {LARGEST // 1024 // 1024} MB")
    try:
        content = data.decode("utf-8-sig")
        first = content.splitlines()[0] if content.strip() else ""
        reader = csv.DictReader(io.StringIO(content), delimiter=";" if first.count(";") > first.count(",") else ",")
        names = {name: (headings or {}).get(name, name) for name in fields}
        missing = sorted(heading for heading in names.values() if heading not in (reader.fieldnames or ()))
        if missing:
            raise ImpossibleInputError(f"no column {', '.join(missing)}", allowed=", ".join(names.values()))
        found = [
            Row(line=reader.line_num, cells={name: (cells[heading] or "").strip() for name, heading in names.items()})
            for cells in reader
        ]
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise ImpossibleInputError("the file is not CSV in UTF-8") from wrong
    if len(found) > MOST_ROWS:
        raise ImpossibleInputError(f"{len(found)} rows at once", allowed=f"at most {MOST_ROWS}")
    return found


def referrals(source: Source, found: Iterable[Row]) -> Intake:
    """Enrol each row's candidate and record what the referral says."""
    zone = _zone(source)
    seen: dict[str, int] = {}

    def take(row: Row) -> bool:
        identity = _identity(row, source.dates)
        at = _noon(day(row.cells["referred_on"], source.dates, place="referred_on"), zone)
        number = identity.external_id.casefold()
        if number in seen:
            raise ImpossibleInputError(f"the same record number as line {seen[number]}", place="mrn")
        seen[number] = row.line
        return source.dry or _refer(source, row, identity, at)

    return _each(found, take)


def diaries(source: Source, found: Iterable[Row], *, item: str) -> Intake:
    """Record each row's score for the open episode of its record number. An empty or worded score is no zero."""
    zone = _zone(source)

    def take(row: Row) -> bool:
        reading = _reading(row, source.dates, zone, item)
        with source.desk.store.transaction([source.site]) as connection:
            episode = candidates.open_episode(
                connection, source.desk.store.vault, source.site, row.cells["mrn"], source.protocol
            )
        if episode is None:
            raise NotFoundError(f"no open episode for record number {row.cells['mrn']!r}")
        if source.dry:
            return True
        asked = Asked(person=source.person, episode=episode, key=_key(row), body=_key(row))
        return not act.record(source.desk, asked, readings=(reading,)).replayed

    return _each(found, take)


def error_file(intake: Intake, fields: tuple[str, ...]) -> str:
    """The refused rows as CSV with line and reason; no cell can be read as a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("line", *fields, "because"))
    for refused in intake.refused:
        cells = (refused.row.cells[name] for name in fields)
        writer.writerow((refused.row.line, *(_tame(cell) for cell in cells), _tame(refused.because)))
    return out.getvalue()


def day(text: str, dates: Dates, *, place: str) -> date:
    """A date as the file writes it. Raises ImpossibleInputError where it is missing, two-digit or ambiguous."""
    parts = text.replace(".", "/").split("/")
    try:
        if len(parts) == 1:
            return date.fromisoformat(text)
        first, second, year = (int(part) for part in parts if part.isdecimal() and part.isascii())
        if len(parts[2]) == 4 and dates is Dates.DAY_FIRST:
            return date(year, second, first)
        if len(parts[2]) == 4 and dates is Dates.MONTH_FIRST:
            return date(year, first, second)
    except ValueError:
        pass
    allowed = "YYYY-MM-DD" + {"iso": "", "day-first": " or DD/MM/YYYY", "month-first": " or MM/DD/YYYY"}[dates]
    raise ImpossibleInputError(f"{place}: {text!r} is not a date here", place=place, allowed=allowed)


def _each(found: Iterable[Row], take: Callable[[Row], bool]) -> Intake:
    intake = Intake()
    for row in found:
        try:
            if take(row):
                intake.taken += 1
            else:
                intake.known += 1
        except TroubleError as wrong:
            allowed = f" (allowed: {wrong.allowed})" if wrong.allowed else ""
            intake.refused.append(Refused(row=row, because=f"{wrong.detail}{allowed}"))
    return intake


def _refer(source: Source, row: Row, identity: Identity, at: datetime) -> bool:
    """Enrol one referral and record what it says; False where this row was taken before."""
    key = _key(row)
    answer = enrol(
        source.desk,
        source.person,
        site=source.site,
        identity=identity,
        protocol=source.protocol,
        occurred_at=at,
        command=Command(actor=source.person.id, key=key, body=key),
    )
    said = (("referral_reason", row.cells["reason"]), ("pain_origin", row.cells["pain_origin"]))
    readings = tuple(Reading(item=item, observed_at=at, text=text) for item, text in said if text)
    if readings:
        asked = Asked(person=source.person, episode=answer.episode, key=f"{key}.said", body=key)
        act.record(source.desk, asked, readings=readings)
    return not answer.replayed


def _identity(row: Row, dates: Dates) -> Identity:
    for name in REFERRAL:
        if name not in _MAY_BE_EMPTY and not row.cells[name]:
            raise ImpossibleInputError(f"{name} is empty", place=name)
    if row.cells["pain_origin"] not in ("", "cancer", "non_cancer"):
        raise ImpossibleInputError(
            f"pain_origin: {row.cells['pain_origin']!r}", place="pain_origin", allowed="cancer, non_cancer or empty"
        )
    return Identity(
        external_id=row.cells["mrn"],
        family_name=row.cells["family_name"],
        given_name=row.cells["given_name"],
        birth_date=day(row.cells["birth_date"], dates, place="birth_date").isoformat(),
        phone=row.cells["phone"],
    )


def _reading(row: Row, dates: Dates, zone: ZoneInfo, item: str) -> Reading:
    at = datetime.combine(day(row.cells["date"], dates, place="date"), _clock(row.cells["time"]), zone)
    score = row.cells["score"]
    if score in list(Absence):
        return Reading(item=item, observed_at=at, absent=Absence(score))
    if not _SCORE.match(score):
        allowed = f"a number, or one of {', '.join(Absence)}"
        raise ImpossibleInputError(f"score: {score!r} is no score", place="score", allowed=allowed)
    return Reading(item=item, observed_at=at, number=Decimal(score), unit="{score}")


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ImpossibleInputError(f"time: {text!r}", place="time", allowed="HH:MM") from None


def _zone(source: Source) -> ZoneInfo:
    if source.site not in source.person.sites:
        raise NotFoundError("there is no such site among yours", place="site", allowed=", ".join(source.person.sites))
    with source.desk.store.transaction([source.site]) as connection:
        return ZoneInfo(staff.zone(connection, source.site))


def _noon(on: date, zone: ZoneInfo) -> datetime:
    """A date without a time counts from noon at the site."""
    return datetime.combine(on, time(12), zone)


def _key(row: Row) -> str:
    """The same row, however often it comes, is the same command."""
    said = "\x1f".join(f"{name}={row.cells[name]}" for name in sorted(row.cells))
    return "import." + hashlib.sha256(said.encode()).hexdigest()[:40]


def _tame(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
