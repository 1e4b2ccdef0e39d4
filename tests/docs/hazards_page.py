"""The page of the hazard log, from docs/hazards.yaml: what may harm, what stands against it, which test holds that."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.docs.named_tests import ROOT

PLACE = "docs/hazards.yaml"
# Our own table, in the shape clinical risk management uses: likelihood down from 5, severity across from 1.
RATING = {5: "34455", 4: "23345", 3: "22334", 2: "12234", 1: "11223"}
HIGHEST = 3  # what may remain at all, and then only with a reason that somebody signs
_FIELDS = {"id", "hazard", "causes", "harm", "initial", "residual", "accept", "controls", "site"}
_HEAD = """# What may harm, and what stands against it

Written by `make docs` from [hazards.yaml](hazards.yaml). **The scores are proposals of developers to the clinical
safety officer of the installing site, who judges, changes and signs them. They are no clinical judgement.** A control
is named with the tests that hold it; a check fails where one of them is gone. What no program can do stands under
*your site*.

Severity and likelihood go from 1 to 5; the rating is theirs by this table. 4 and 5 may not remain; 3 may, for the
reason that stands there and only with a signature.

| likelihood | severity 1 | 2 | 3 | 4 | 5 |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that stands against a hazard, and the tests that hold it; none where it is still to be built."""

    what: str
    tests: tuple[str, ...] = ()
    due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    severity: int
    likelihood: int

    @property
    def rating(self) -> int:
        return int(RATING[self.likelihood][self.severity - 1])

    def __str__(self) -> str:
        return f"{self.severity} x {self.likelihood} = {self.rating}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One way to harm somebody."""

    id: str
    hazard: str
    causes: str
    harm: str
    initial: Score
    residual: Score
    accept: str
    controls: tuple[Control, ...]
    site: str

    @property
    def flaws(self) -> Iterator[str]:
        """What is missing of it, or more than may be."""
        if not self.controls or not all(control.due or control.tests for control in self.controls):
            yield f"{self.id}: a control without a test"
        if all(control.due for control in self.controls):
            yield f"{self.id}: nothing of it is built"
        if self.residual.rating > HIGHEST:
            yield f"{self.id}: {self.residual.rating} may not remain"
        if self.residual.rating == HIGHEST and not self.accept:
            yield f"{self.id}: {HIGHEST} remains and no reason is given"
        if self.residual.severity != self.initial.severity or self.residual.likelihood >= self.initial.likelihood:
            yield f"{self.id}: the controls make it no less likely"


def hazards(root: Path = ROOT) -> list[Hazard]:
    """The log as it stands. Raises ValueError for a key that is none, KeyError for one that is missing."""
    return [_hazard(raw) for raw in yaml.safe_load((root / PLACE).read_text(encoding="utf-8"))["hazards"]]


def hazards_page(root: Path = ROOT) -> str:
    """The log, as a page."""
    found = hazards(root)
    rows = [f"| {likely} | " + " | ".join(RATING[likely]) + " |" for likely in RATING]
    index = [f"| [{one.id}](#{one.id.lower()}) | {one.hazard} | {one.initial} | {one.residual} |" for one in found]
    listed = "\n".join(["| | hazard | before | with the controls |", "|---|---|---|---|", *index])
    return "\n".join([_HEAD + "\n".join(rows), "", listed, "", *(_chapter(one) for one in found)])


def _chapter(one: Hazard) -> str:
    lines = [f"## {one.id}", "", f"**{one.hazard}**", "", f"Causes: {one.causes} Harm: {one.harm}", ""]
    lines += [f"Before: {one.initial}. With the controls: {one.residual}.", ""]
    for control in one.controls:
        lines.append(f"- {control.what}{' *Not yet.*' if control.due else ''}")
        lines += [f"  `{test}`  " for test in control.tests]
    lines += ["", f"Your site: {one.site}", ""]
    if one.accept:
        lines += [f"What remains: {one.accept}", ""]
    return "\n".join(lines)


def _hazard(raw: dict[str, object]) -> Hazard:
    strange = set(raw) - _FIELDS
    if strange:
        raise ValueError(f"{raw.get('id')}: no such key {', '.join(sorted(strange))}")
    controls = tuple(_control(each) for each in raw["controls"])
    scored = {when: Score(**raw[when]) for when in ("initial", "residual")}
    told = {name: raw[name] for name in ("id", "hazard", "causes", "harm", "site")}
    return Hazard(**told, **scored, controls=controls, accept=raw.get("accept", ""))


def _control(raw: dict[str, object]) -> Control:
    if set(raw) - {"what", "tests", "state"} or raw.get("state", "due") != "due":
        raise ValueError(f"a control has what, tests and state: due, and not {raw}")
    return Control(what=raw["what"], tests=tuple(raw.get("tests", ())), due="state" in raw)
