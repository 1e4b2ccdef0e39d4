"""The page auditors read, from docs/compliance.yaml: clause by clause what is done, by which test, and by whom else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.docs.named_tests import ROOT

PLACE = "docs/compliance.yaml"
CHAPTERS = ("part11", "hipaa")
# ASVS 5.0.0 has so many requirements of level 1, and so many of level 2.
ASVS = {1: 70, 2: 183}
STATES = {
    "held": "held by a test",
    "said": "true by construction or by a page",
    "site": "for the installing site",
    "none": "does not apply",
    "due": "not yet",
    "open": "not met",
}
_CLAUSE = {"clause", "asks", "does", "tests", "due", "site"}
_TITLES = {
    "part11": "21 CFR Part 11: electronic records and signatures",
    "hipaa": "HIPAA 45 CFR 164.312: technical safeguards",
}
_HEAD = """# What auditors ask

Written by `make docs` from [compliance.yaml](compliance.yaml), in our own words: the laws and the standard themselves
are the text that counts. A check fails when a test named here is gone. **This page is what a program can show. It
makes nobody compliant:** Theca was examined by nobody outside, and each site answers for its own use. *Not yet* is
what is not built; *your site* is what the site must do whatever we build. What may harm people is in
[hazards.md](hazards.md).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What we answer to one requirement of ASVS."""

    number: str
    level: int
    asks: str
    state: str
    words: str
    tests: tuple[str, ...] = ()


def named_in(root: Path = ROOT) -> list[str]:
    """Every test the file names."""
    told = _read(root)
    rows = [row for chapter in (*CHAPTERS, "asvs") for row in told[chapter]]
    return [test for row in rows for test in row.get("tests", ())]


def flaws(root: Path = ROOT) -> list[str]:
    """What is wrong with the file itself: keys that are none, clauses without an answer, requirements left out."""
    told = _read(root)
    found = [f"{row['clause']}: {flaw}" for chapter in CHAPTERS for row in told[chapter] for flaw in _flaws(row)]
    answers = [_answer(row) for row in told["asvs"]]
    if dict(Counter(one.level for one in answers)) != ASVS or len({one.number for one in answers}) != len(answers):
        found.append(f"asvs: not {ASVS} different requirements")
    found += [
        f"{one.number}: tests belong to what is held" for one in answers if bool(one.tests) != (one.state == "held")
    ]
    return found


def compliance_page(root: Path = ROOT) -> str:
    """The whole page."""
    told = _read(root)
    chapters = [_chapter(_TITLES[name], told[name]) for name in CHAPTERS]
    return "\n".join([_HEAD, *chapters, _asvs([_answer(row) for row in told["asvs"]])])


def _read(root: Path) -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load((root / PLACE).read_text(encoding="utf-8"))


def _flaws(row: Mapping[str, Any]) -> list[str]:
    wrong = [f"no such key {name}" for name in row if name not in _CLAUSE]
    if "site" not in row or not ({"does", "due"} & set(row)):
        wrong.append("it says neither what is done nor what is due, or nothing of the site")
    if row.get("tests") and "does" not in row:
        wrong.append("tests of nothing")
    return wrong


def _chapter(title: str, rows: list[dict[str, Any]]) -> str:
    return "\n".join([f"## {title}", "", *(_clause(row) for row in rows)])


def _clause(row: Mapping[str, Any]) -> str:
    lines = [f"**{row['clause']}** {row['asks']}", ""]
    if "does" in row:
        lines += [f"- Theca: {row['does']}", *(f"  `{test}`  " for test in row.get("tests", ()))]
    if "due" in row:
        lines += [f"- Not yet: {row['due']}"]
    return "\n".join([*lines, f"- Your site: {row['site']}", ""])


def _answer(row: Mapping[str, Any]) -> Answer:
    states = [state for state in STATES if state in row]
    if len(states) != 1 or set(row) - {"n", "l", "asks", "tests", *STATES}:
        raise ValueError(f"{row.get('n')}: n, l, asks, tests, and exactly one of {', '.join(STATES)}")
    tests = tuple(row.get("tests", ()))
    state = states[0]
    return Answer(number=row["n"], level=row["l"], asks=row["asks"], state=state, words=row[state], tests=tests)


def _asvs(answers: list[Answer]) -> str:
    counted = Counter(one.state for one in answers)
    tally = [f"| {STATES[state]} | {counted[state]} |" for state in STATES]
    lines = ["## OWASP ASVS 5.0.0, levels 1 and 2", ""]
    levels = f"{ASVS[1]} of level 1, {ASVS[2]} of level 2"
    lines += [
        f"All {sum(ASVS.values())} requirements by number ({levels}), with what each is about in our words.",
        "",
        "| answer | requirements |",
        "|---|---|",
        *tally,
        "",
        "| | level | about | answer |",
        "|---|---|---|---|",
        *(_row(one) for one in answers),
        "",
    ]
    return "\n".join(lines)


def _row(one: Answer) -> str:
    shown = {
        "held": one.words,
        "said": one.words,
        "none": f"Does not apply: {one.words}.",
        "site": f"*Your site:* {one.words}",
    }
    said = shown.get(one.state, f"*{STATES[one.state].capitalize()}:* {one.words}")
    tests = "".join(f"<br>`{test}`" for test in one.tests)
    return f"| {one.number} | {one.level} | {one.asks} | {said}{tests} |"
