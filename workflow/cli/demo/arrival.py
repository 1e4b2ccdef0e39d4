"""How the invented clinic comes in: its sites and people, its spreadsheets, and who is on the way already."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from workflow.cli.demo import files
from workflow.cli.demo.clinic import Clinic
from workflow.cli.demo.house import House, Ran
from workflow.cli.demo.telling import Mark, Telling
from workflow.cli.demo.walker import Past, When
from workflow.cli.demo.walks import ILSE, SIGNERS

SITES = (
    ("north", "Nordhafen Pain Centre", "Europe/Berlin", "DE", "BE"),
    ("south", "Southmere Clinic", "Europe/Lisbon", "PT", ""),
)
PROTOCOL = "opioid_trial"
TRIAGED = ("N-2004", "N-2006", "N-2009", "N-2011")
_AT_ONCE = ("--routine", "at_once", "--quiet-from", "00:00", "--quiet-until", "00:00")  # nobody waits for a morning
_COUNTED = re.compile(r"^(\d+) rows (?:would be )?taken, (\d+) known already, (\d+) refused$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """Somebody who is on the way already, on paper."""

    number: str
    stage: str
    since: When
    reason: str
    trial: tuple[str, str, *tuple[When, ...]] | None = None
    duties: tuple[tuple[str, When], ...] = ()


ADOPTED = (
    Adopted(
        number="N-2001",
        stage="catheter_trial",
        since=(6, "09:00"),
        reason="theatre log and ward board",
        trial=("catheter", "morphine", (6, "09:00"), (5, "10:30")),
        duties=(("catheter_in", (5, "10:30")),),
    ),
    Adopted(
        number="N-2002",
        stage="follow_up",
        since=(33, "10:00"),
        reason="pump register",
        duties=(("pump_in_body", (47, "11:00")),),
    ),
    Adopted(
        number="N-2003",
        stage="case_review",
        since=(9, "15:00"),
        reason="trial documented on paper",
        trial=("single_shot", "morphine", (12, "09:00"), (12, "09:40")),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What the arrival is told with, and to whom."""

    house: House
    telling: Telling
    folder: Path
    past: Past

    def run(self, *words: str, token: str = "", shown: str = "", like: str = "") -> Ran:
        """Run a theca verb and tell it as typed, with what it said; what `like` said already is not said again."""
        with self.telling.waiting(f"theca {words[0]} ..."):
            ran = self.house.theca(*words, token=token)
        new = [line for line in ran.said.splitlines() if line not in like.splitlines()]
        again = len(ran.said.splitlines()) - len(new)
        self.telling.command(shown or ran.shown, "\n".join([*[f"(the same {again} lines)"] * bool(again), *new]))
        return ran

    def staff(self) -> Path:
        """Two sites and everybody who works there; answers where their tokens are."""
        tokens = self.folder / "tokens.json"
        ran = [
            self.run(
                *("site", "add", site, name, "--zone", zone, "--country", country, "--subdivision", subdivision),
                *_AT_ONCE,
            )
            for site, name, zone, country, subdivision in SITES
        ]
        words = ("staff", "load", str(files.PEOPLE), "--tokens", str(tokens))
        ran.append(self.run(*words, shown="theca staff load examples/people.csv --tokens tokens.json"))
        self.telling.expect("two sites, with people in every role", held=all(one.code == 0 for one in ran))
        return tokens

    def passwords(self) -> dict[str, str]:
        """A password for each physician who signs on the walks, made up for this demo."""
        made = {person: secrets.token_urlsafe(12) for person in SIGNERS}
        ran = [self.house.theca("staff", "password", person, typed=f"{made[person]}\n") for person in made]
        self.telling.expect("those who sign have a password", held=all(one.code == 0 for one in ran))
        return made

    def spreadsheets(self, clinic: Clinic) -> None:
        """Referrals and diaries as a clinic exports them: rehearsed first, then for real."""
        referrals, diaries = files.move_to(self.past.today - timedelta(days=1), self.folder)
        token = clinic.people[ILSE].token
        tried = self._import("referrals", referrals, token, "--dry-run")
        taken = self._import("referrals", referrals, token, like=tried.said)
        self._refused_rows(self.folder / "referrals.refused.csv")
        scores = self._import("diaries", diaries, token)
        agree = _refused(tried) == _refused(taken) > 0
        self.telling.expect("what the dry run refused is what was refused, and the rest came in", held=agree)
        came = sum(_counted(taken)[:2])
        self.telling.expect(f"thirty or more referrals are in: {came}", held=came >= 30)
        self.telling.expect("no empty or worded score became a number", held=_refused(scores) > 0)

    def adopted(self, clinic: Clinic) -> None:
        """Those who are on the way already, taken over where they stand."""
        for one in ADOPTED:
            if _line(clinic, one.number)["stage"]["key"] == "referred":
                self.run(*self._adoption(one), token=clinic.people[ILSE].token)
            line = _line(clinic, one.number)
            what = f"{one.number} stands in {line['stage']['label']}"
            self.telling.expect(f"{what}, duties open: {line['duties']}", held=line["stage"]["key"] == one.stage)

    def triage(self, clinic: Clinic) -> None:
        """The coordinator accepts some referrals; one does not say enough, and is no worse for that than unknown."""
        for number in TRIAGED:
            line = _line(clinic, number)
            if line["stage"]["key"] != "referred":
                self.telling.line(f"{number} was accepted by an earlier run", style="dim")
                continue
            path = f"/episodes/{line['id']}/transitions"
            reply = clinic.tell(ILSE, path, {"name": "accept_referral"}, version=line["version"])
            mark = Mark.DONE if reply.outcome == "done" else Mark.REFUSED
            self.telling.step(
                "now", str(clinic.people[ILSE]), f"Accept referral {number}", mark=mark, answer=reply.outcome
            )
            self.telling.reports(reply.gates)

    def backlog(self, clinic: Clinic) -> None:
        """What arrived overdue is let go: until now nobody was reminded of it."""
        ran = self.run("backlog", "release", "north", token=clinic.people[ILSE].token)
        held = ran.said.rstrip().endswith("0 still waiting at north")
        self.telling.expect("what the files brought overdue waited as one list, and is let go by a person", held=held)

    def _import(self, what: str, file: Path, token: str, *options: str, like: str = "") -> Ran:
        refused = self.folder / f"{what}.refused.csv"
        words = [
            "import",
            what,
            str(file),
            "--site",
            "north",
            "--dates",
            "day-first",
            "--errors",
            str(refused),
            *options,
        ]
        if what == "referrals":
            words += ["--map", "mrn=record_no"]
        plain = " ".join(words).replace(f"{self.folder}/", "")
        return self.run(*words, token=token, shown=f"theca {plain}", like=like)

    def _refused_rows(self, file: Path) -> None:
        """Show the row that would have been a formula in somebody's spreadsheet."""
        tamed = [line for line in file.read_text(encoding="utf-8").splitlines() if "'=" in line]
        self.telling.line(
            f"From {file.name}, so that it can be corrected and imported as it is:", style="dim", indent=1
        )
        for line in tamed:
            self.telling.line(line)
        self.telling.expect("the cell that looked like a formula is text in the error file", held=bool(tamed))

    def _adoption(self, one: Adopted) -> list[str]:
        since = self._time(one.since)
        words = ["adopt", one.number, "--site", "north", "--stage", one.stage, "--since", since, "--reason", one.reason]
        if one.trial is not None:
            method, drug, *moments = one.trial
            words += ["--trial", ",".join([method, drug, *(self._time(moment) for moment in moments)])]
        for name, opened in one.duties:
            words += ["--duty", f"{name}={self._time(opened)}"]
        return words

    def _time(self, when: When) -> str:
        return (self.past.at(when) or "").replace(":00+", "+", 1)


def _counted(ran: Ran) -> tuple[int, int, int]:
    found = _COUNTED.search(ran.said)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def _refused(ran: Ran) -> int:
    return _counted(ran)[2]


def _line(clinic: Clinic, number: str) -> dict[str, Any]:
    """The episode of a record number, as the board shows it."""
    found: list[dict[str, Any]] = clinic.ask(ILSE, "/episodes", q=number).body["items"]
    return found[0]
