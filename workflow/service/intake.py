"""Referrals and diaries as clinics export them: read a CSV, refuse rows in words, enrol or record the rest.

file ─► rows of text ─► each row read strictly ─┬─ refused, with its row and reason, into the error file
└─ enrolled or recorded; running it again changes nothing
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from workflow.domain.errors import (
    IdentityConflictError,
    ImpossibleInputError,
    ImpossibleNowError,
    NotFoundError,
    TroubleError,
)
from workflow.domain.observation import Absence, Reading
from workflow.domain.protocol import ProtocolVersion
from workflow.service import act
from workflow.service.act import Asked, Desk
from workflow.service.answer import Answer
from workflow.service.enrol import enrol
from workflow.store import candidates, protocols, staff, worklist
from workflow.store.bell import Bell
from workflow.store.candidates import Identity
from workflow.store.episodes import Command
from workflow.store.session import Store
from workflow.store.staff import Person

LARGEST = 5 * 1024 * 1024
MOST_ROWS = 20_000
LONGEST = 200  # characters of a name or number
EARLIEST = 1900  # year of any date in a file
_SCORE = re.compile(r"^[0-9]{1,3}(\.[0-9]{1,2})?\Z", re.ASCII)
_CLOCK = re.compile(r"^[0-9]{2}:[0-9]{2}\Z", re.ASCII)
_ISO_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_OTHER_DAY = re.compile(r"^([0-9]{1,2})([./])([0-9]{1,2})\2([0-9]{4})\Z", re.ASCII)
REFERRAL = ("mrn", "family_name", "given_name", "birth_date", "referred_on", "reason", "pain_origin", "phone")
DIARY = ("mrn", "date", "time", "score")
_MAY_BE_EMPTY = {"reason", "pain_origin", "phone"}
_SAID = {"referral_reason": "reason", "pain_origin": "pain_origin"}  # item: the field that says it
# What is wrong with one row; anything else is wrong with the whole attempt and ends it.
_OF_ONE_ROW = (ImpossibleInputError, NotFoundError, IdentityConflictError, ImpossibleNowError)


class Dates(StrEnum):
    """How a file writes dates beside YYYY-MM-DD. Nothing is guessed: 03/04 is a different day in each."""

    ISO = "iso"
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a file: its line number, its cells by field, and how many cells it has beyond the headings."""

    line: int
    cells: Mapping[str, str]
    surplus: int = 0


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
    withheld: int = 0  # tasks that arrived overdue and wait for a release
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows come from and in whose name they are taken. `dry` does the same work and keeps none of it."""

    desk: Desk
    person: Person
    site: str
    protocol: str
    dates: Dates
    dry: bool = False


def rows(data: bytes, fields: tuple[str, ...], *, headings: Mapping[str, str] | None = None) -> list[Row]:
    """The rows of a CSV (comma or semicolon, UTF-8) by field; `headings` maps a field to the file's own heading.

    Raises ImpossibleInputError for a file that is too large, not UTF-8, or lacks a column or has it twice.
    """
    if len(data) > LARGEST:
        raise ImpossibleInputError("the file is too large", allowed=f"at most {LARGEST // 1024 // 1024} MB")
    try:
        content = data.decode("utf-8-sig")
        if "\0" in content:
            raise ImpossibleInputError("the file is not text: it holds a NUL")
        first = content.splitlines()[0] if content.strip() else ""
        reader = csv.DictReader(io.StringIO(content), delimiter=";" if first.count(";") > first.count(",") else ",")
        names = {name: (headings or {}).get(name, name) for name in fields}
        _check_headings(tuple(reader.fieldnames or ()), tuple(names.values()))
        found = [
            Row(
                line=reader.line_num,
                cells={name: (cells[heading] or "").strip() for name, heading in names.items()},
                surplus=len(cells.get(None) or ()),  # csv keeps the rest under None
            )
            for cells in reader
        ]
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise ImpossibleInputError("the file is not CSV in UTF-8") from wrong
    if len(found) > MOST_ROWS:
        raise ImpossibleInputError(f"{len(found)} rows at once", allowed=f"at most {MOST_ROWS}")
    return found


def referrals(source: Source, found: Iterable[Row]) -> Intake:
    """Enrol each row's candidate and record what the referral says."""
    source, here = _begin(source)
    seen: dict[str, int] = {}
    withheld: list[int] = []

    def take(row: Row) -> bool:
        identity = _identity(row, source.dates)
        at = here.noon(day(row.cells["referred_on"], source.dates, place="referred_on"))
        said = _said(row, here.protocol, at)
        number = identity.external_id.casefold()
        if number in seen:
            raise ImpossibleInputError(f"the same record number as line {seen[number]}", place="mrn")
        seen[number] = row.line
        answer = _refer(source, row, identity, at, said)
        if not answer.replayed:
            withheld.append(int(str(answer.about.get("withheld", 0))))
        return not answer.replayed

    intake = _each(found, take)
    intake.withheld = sum(withheld)
    return intake


def diaries(source: Source, found: Iterable[Row], *, item: str) -> Intake:
    """Record each row's score for the open episode of its record number. An empty or worded score is no zero."""
    source, here = _begin(source)
    unit = here.protocol.item(item).unit
    seen: dict[tuple[str, datetime], Row] = {}

    def take(row: Row) -> bool:
        reading = _reading(row, source.dates, here.zone, item=item, unit=unit)
        before = seen.setdefault((row.cells["mrn"].casefold(), reading.observed_at), row)
        if before.cells["score"] != row.cells["score"]:
            raise ImpossibleInputError(f"another score at the same time as line {before.line}", place="score")
        with source.desk.store.transaction([source.site]) as connection:
            episode = candidates.open_episode(
                connection, source.desk.store.vault, source.site, row.cells["mrn"], source.protocol
            )
            if episode is None:
                raise NotFoundError(f"no open episode for record number {row.cells['mrn']!r}")
            if worklist.stands(connection, source.site, episode, reading):
                return False  # whoever imported it: the same score at the same time is recorded once
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
    other = _OTHER_DAY.match(text)
    found = None
    try:
        if _ISO_DAY.match(text):
            found = date.fromisoformat(text)
        elif other and dates is Dates.DAY_FIRST:
            found = date(int(other[4]), int(other[3]), int(other[1]))
        elif other and dates is Dates.MONTH_FIRST:
            found = date(int(other[4]), int(other[1]), int(other[3]))
    except ValueError:
        pass
    if found is None or found.year < EARLIEST:
        allowed = "YYYY-MM-DD" + {"iso": "", "day-first": " or DD/MM/YYYY", "month-first": " or MM/DD/YYYY"}[dates]
        raise ImpossibleInputError(f"{place}: {text!r} is not a date here", place=place, allowed=allowed)
    return found


@dataclass(frozen=True, slots=True)
class _Rehearsal(Store):
    """A store that keeps nothing: what a transaction did is undone at its end."""

    @contextmanager
    def transaction(self, sites: Sequence[str] = ()) -> Iterator[Connection]:
        with Store.transaction(self, sites) as connection:
            undone = connection.begin_nested()
            yield connection
            undone.rollback()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """What rows are read against: the site's zone, the protocol, and what time it is."""

    zone: ZoneInfo
    protocol: ProtocolVersion
    now: datetime

    def noon(self, on: date) -> datetime:
        """A date without a time counts from noon at the site; today's from now, where it is not noon yet."""
        noon = datetime.combine(on, time(12), self.zone)
        return self.now if self.now < noon and on == self.now.astimezone(self.zone).date() else noon


def _begin(source: Source) -> tuple[Source, _Here]:
    """The source to work with, and what its rows are read against. Raises NotFoundError for its site or protocol."""
    if source.site not in source.person.sites:
        raise NotFoundError("there is no such site among yours", place="site", allowed=", ".join(source.person.sites))
    store = source.desk.store
    with store.transaction([source.site]) as connection:
        here = _Here(
            zone=ZoneInfo(staff.zone(connection, source.site)),
            protocol=protocols.fetch(connection, source.protocol),
            now=connection.execute(select(func.clock_timestamp())).scalar_one(),
        )
    if source.dry:
        source = replace(source, desk=Desk(_Rehearsal(store.engine, store.vault), Bell("")))
    return source, here


def _check_headings(found: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    missing = [heading for heading in wanted if heading not in found]
    if missing:
        raise ImpossibleInputError(f"no column {', '.join(missing)}", allowed=", ".join(wanted))
    twice = [heading for heading in wanted if found.count(heading) > 1]
    if twice:
        raise ImpossibleInputError(f"column {', '.join(twice)} is there twice", allowed="each heading once")


def _each(found: Iterable[Row], take: Callable[[Row], bool]) -> Intake:
    intake = Intake()
    for row in found:
        try:
            if row.surplus:
                raise ImpossibleInputError("more cells than headings", allowed="cells that hold a separator in quotes")
            if take(row):
                intake.taken += 1
            else:
                intake.known += 1
        except _OF_ONE_ROW as wrong:
            intake.refused.append(Refused(row=row, because=_in_words(wrong)))
    return intake


def _in_words(wrong: TroubleError) -> str:
    return f"{wrong.detail} (allowed: {wrong.allowed})" if wrong.allowed else wrong.detail


def _refer(source: Source, row: Row, identity: Identity, at: datetime, said: tuple[Reading, ...]) -> Answer:
    """Enrol one referral and record what it says."""
    key = _key(row)
    answer = enrol(
        source.desk,
        source.person,
        site=source.site,
        identity=identity,
        protocol=source.protocol,
        occurred_at=at,
        command=Command(actor=source.person.id, key=key, body=key),
        one_of_many=True,
    )
    if said and not source.dry:
        asked = Asked(person=source.person, episode=answer.episode, key=f"{key}.said", body=key)
        act.record(source.desk, asked, readings=said)
    return answer


def _said(row: Row, protocol: ProtocolVersion, at: datetime) -> tuple[Reading, ...]:
    """What the referral says, where the protocol asks for it; checked before anybody is enrolled on it."""
    given = {item: row.cells[name] for item, name in _SAID.items() if row.cells[name] and item in protocol.items}
    return tuple(
        Reading(item=item, observed_at=at, text=protocol.item(item).text(text)) for item, text in given.items()
    )


def _identity(row: Row, dates: Dates) -> Identity:
    for name in REFERRAL:
        if name not in _MAY_BE_EMPTY and not row.cells[name]:
            raise ImpossibleInputError(f"{name} is empty", place=name)
        if name not in _SAID.values() and len(row.cells[name]) > LONGEST:
            raise ImpossibleInputError(f"{name} is too long", place=name, allowed=f"at most {LONGEST} characters")
    return Identity(
        external_id=row.cells["mrn"],
        family_name=row.cells["family_name"],
        given_name=row.cells["given_name"],
        birth_date=day(row.cells["birth_date"], dates, place="birth_date").isoformat(),
        phone=row.cells["phone"],
    )


def _reading(row: Row, dates: Dates, zone: ZoneInfo, *, item: str, unit: str) -> Reading:
    at = _at(day(row.cells["date"], dates, place="date"), row.cells["time"], zone)
    score = row.cells["score"]
    if score in list(Absence):
        return Reading(item=item, observed_at=at, absent=Absence(score))
    if not _SCORE.match(score):
        allowed = f"a number, or one of {', '.join(Absence)}"
        raise ImpossibleInputError(f"score: {score!r} is no score", place="score", allowed=allowed)
    return Reading(item=item, observed_at=at, number=Decimal(score), unit=unit)


def _at(on: date, clock: str, zone: ZoneInfo) -> datetime:
    """The moment a diary means. Raises ImpossibleInputError for no time of day, or one the clocks skipped that day."""
    try:
        wall = time.fromisoformat(clock) if _CLOCK.match(clock) else None
    except ValueError:
        wall = None
    at = datetime.combine(on, wall or time(), zone)
    if wall is None or at.astimezone(UTC).astimezone(zone).time() != wall:
        raise ImpossibleInputError(f"time: {clock!r}", place="time", allowed="HH:MM, a time that day had")
    return at


def _key(row: Row) -> str:
    """The same row, however often it comes, is the same command."""
    said = "\x1f".join(f"{name}={row.cells[name]}" for name in sorted(row.cells))
    return "import." + hashlib.sha256(said.encode()).hexdigest()[:40]


def _tame(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
