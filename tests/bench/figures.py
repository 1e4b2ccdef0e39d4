"""Figures with their spread, as ratios, printed and kept."""

import json
import platform
import statistics
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

KEPT = Path("docs/bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The median of some rounds, and how far they spread."""

    median: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing measured; `ratio` is what it is held against."""

    name: str
    figure: Figure
    ratio: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Things measured in one run, held against one of them."""

    title: str
    unit: str
    against: str
    rows: list[Row]


def summary(values: list[float]) -> Figure:
    return Figure(median=statistics.median(values), low=min(values), high=max(values), rounds=len(values))


def show(table: Table) -> str:
    """The table in Markdown."""
    lines = [f"| {table.title} | {table.unit} (median, lowest to highest) | of {table.against} |", "|---|---|---|"]
    for row in table.rows:
        f = row.figure
        spread = f"{f.median:,.2f} ({f.low:,.2f} to {f.high:,.2f}; {f.rounds} rounds)"
        lines.append(f"| {row.name}{row.note} | {spread} | {f.median / row.ratio:.2f} |")
    return "\n".join(lines)


def keep(table: Table) -> Path:
    """Write the table as JSON, with the machine, the versions and the command."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{table.title}.json"
    packages = ("transitions", "sqlalchemy", "psycopg", "pydantic")
    about = {
        "command": f"make bench WHAT={table.title}",
        "machine": f"{platform.machine()}, {_processor()}, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }
    path.write_text(json.dumps(about | asdict(table), indent=2) + "\n")
    return path


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor()
