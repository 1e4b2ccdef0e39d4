"""The demo uses the doors everybody has: HTTP and the command line. It must not be able to do more than a user can."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from workflow.cli.demo import aftermath, files
from workflow.cli.demo.mailbox import Mail

BEHIND_THE_DOORS = ("workflow.store", "workflow.domain", "workflow.service", "workflow.authoring", "api", "workers")


def test_loading_the_demo_loads_nothing_from_behind_the_doors():
    """Every module of the package, with all that each of them imports from this project."""
    package = Path(files.__file__).parent
    names = [f"workflow.cli.demo.{path.stem}" for path in package.glob("*.py") if path.stem != "__init__"]
    program = f"import sys; {'; '.join(f'import {name}' for name in names)}; print(*sys.modules, sep='\\n')"
    ran = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert set(names) <= set(loaded)
    assert [name for name in loaded if name.startswith(BEHIND_THE_DOORS)] == []


@pytest.mark.parametrize(
    ("cell", "later"),
    [
        ("2026-03-31", "2026-04-10"),
        ("31/03/2026", "10/04/2026"),
        ("31.03.2026", "10.04.2026"),
        ("30/02/2026", "30/02/2026"),
        ("19/03/26", "19/03/26"),
        ("29 Mar 2026", "29 Mar 2026"),
        ("", ""),
    ],
)
def test_a_date_moves_and_keeps_its_style_and_what_is_no_date_stays(cell: str, later: str):
    assert files.moved(cell, timedelta(days=10)) == later


def test_the_example_files_move_so_that_the_newest_day_is_yesterday_and_birth_dates_stay(tmp_path: Path):
    yesterday = date(2027, 1, 5)
    referrals, diaries = files.move_to(yesterday, tmp_path)
    assert max(files.newest(referrals), files.newest(diaries)) == yesterday
    assert column(referrals, 3) == column(files.REFERRALS, 3)
    assert len(column(referrals, 0)) == len(column(files.REFERRALS, 0)) >= 31
    before = referrals.read_bytes()
    files.move_to(yesterday + timedelta(days=1), tmp_path)
    assert referrals.read_bytes() == before  # the rows of a later run are the same rows


def column(path: Path, number: int) -> list[str]:
    return [line[number] for line in files.cells_of(path)]


@pytest.mark.parametrize(
    ("whole", "found"),
    [
        ("Candidate: C-7KQ2MB", set()),
        ("Candidate: Tidewater", {"tidewater"}),
        ("see n-2001 please", {"n-2001"}),
        ("Tidewaters are no name", set()),
        ("a Mr Thorne", {"thorne"}),
        ("the clinic of 2001", set()),
    ],
)
def test_a_name_or_number_in_an_e_mail_is_noticed(whole: str, found: set[str]):
    mail = Mail(to="a@b.example", subject="s", body=whole, whole=whole)
    assert aftermath.leaks([mail], ["Tidewater", "Vasquez-Thorne", "N-2001", ""]) == found


@pytest.mark.parametrize(
    ("subject", "urgency", "rung", "code"),
    [
        ("[urgent] Theca: work is due for C-7KQ2MB", "urgent", 0, "C-7KQ2MB"),
        ("[red] Theca: work is due for C-7KQ2MB (escalation 2)", "red", 2, "C-7KQ2MB"),
        ("something else", "", 0, ""),
    ],
)
def test_a_subject_says_how_urgent_it_is_which_rung_and_whose_code(subject: str, urgency: str, rung: int, code: str):
    mail = Mail(to="a@b.example", subject=subject, body="", whole="")
    assert (mail.urgency, mail.rung, mail.code) == (urgency, rung, code)
