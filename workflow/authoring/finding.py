"""What is wrong with a protocol file: one finding, where it stands, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workflow.domain.errors import ProtocolError


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # the file cannot be published
    NOTICE = "notice"  # somebody should look at it once


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a file. `line` counts from 1; 0 where the text is not at hand."""

    file: str
    line: int = 0
    path: str = ""  # dotted, as in gates.bloods.all.0

    def __str__(self) -> str:
        return f"{self.at} {self.path}".rstrip()

    @property
    def at(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """On which line of a file each dotted path begins."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """The place of a path; of the nearest thing around it where the path itself is not in the file."""
        known = path
        while known and known not in self.lines:
            known = known.rpartition(".")[0]
        return Place(file=self.file, line=self.lines.get(known, 0), path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, under a code that never changes its meaning."""

    code: str
    severity: Severity
    place: Place
    message: str
    remedy: str = ""  # what to do, or what is allowed

    def __str__(self) -> str:
        path = f"{self.place.path}: " if self.place.path else ""
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return f"{self.place.at}  {self.code}  {self.severity}  {path}{self.message}{remedy}"

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


class FlawedProtocolError(ProtocolError):
    """The protocol file cannot be trusted."""

    def __init__(self, *findings: Finding) -> None:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(first.message + more, place=str(first.place), allowed=first.remedy)
        self.findings = findings


def error(code: str, place: Place, message: str, *, remedy: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, place=place, message=message, remedy=remedy)
