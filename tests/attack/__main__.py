"""`python -m tests.attack [--quick] [--keep] [--cases=NUMBER] [NAME ...]`: attack, print what held, keep it.

What was seen is kept in docs/attack/attack.json where everything was attacked; a quick run is kept with `--keep`.
Exit 0 where every bar was met, 1 where one was missed, 2 for an unknown name. `--cases` is how many schemathesis makes.
"""

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.attack import (
    of_bodies,
    of_canary,
    of_fields,
    of_headers,
    of_line,
    of_links,
    of_openapi,
    of_outside,
    of_paths,
)
from tests.attack.ground import Ground, ground
from tests.attack.house import house
from tests.attack.watch import Watch
from tests.faults.results import HEADING, Result, line

KEPT = Path("docs/attack/attack.json")
CASES = 10_000
PACKAGES = (
    "fastapi",
    "starlette",
    "uvicorn",
    "pydantic",
    "sqlalchemy",
    "psycopg",
    "celery",
    "schemathesis",
    "hypothesis",
)
Group = Callable[[Ground, float, int], Iterator[Result]]


def bodies(here: Ground, share: float, _cases: int) -> Iterator[Result]:
    yield of_bodies.unreadable(here, Watch(here.house), share=share)
    yield of_bodies.odd(here, Watch(here.house), share=share)
    yield of_bodies.known(here, Watch(here.house))
    yield of_bodies.flood(here, Watch(here.house), times=int(1000 * share))


def fields(here: Ground, share: float, _cases: int) -> Iterator[Result]:
    yield of_fields.commands(here, Watch(here.house), share=share)
    yield of_fields.queries(here, Watch(here.house), share=share)
    yield of_fields.paths(here, Watch(here.house), share=share)
    yield of_fields.foreign(here, Watch(here.house), share=share / 10)


def headers(here: Ground, _share: float, _cases: int) -> Iterator[Result]:
    yield of_headers.forbidding(here)
    yield of_headers.forwarded(here)
    yield of_headers.doubled(here)
    yield of_headers.only_asked(here)


def lines(here: Ground, share: float, _cases: int) -> Iterator[Result]:
    yield of_line.two_lengths(here)
    yield of_line.undeclared(here)
    yield of_line.halves(here, lines=max(20, int(400 * share)))


def paths(here: Ground, share: float, _cases: int) -> Iterator[Result]:
    yield of_paths.outside(here, every=max(1, int(1 / share)))


def outside(here: Ground, share: float, _cases: int) -> Iterator[Result]:
    yield of_outside.inward(here, every=max(1, int(1 / share)))
    yield of_outside.smuggled(here)
    yield of_outside.formulas(here)


def links(here: Ground, share: float, _cases: int) -> Iterator[Result]:
    yield of_links.replayed(here, Watch(here.house), every=max(1, int(1 / share)))
    yield of_links.twice(here)


def canary(here: Ground, _share: float, _cases: int) -> Iterator[Result]:
    yield of_canary.leaked(here.house)


def openapi(here: Ground, _share: float, cases: int) -> Iterator[Result]:
    yield of_openapi.described(here, cases=cases)


GROUPS: dict[str, Group] = {
    "bodies": bodies,
    "fields": fields,
    "headers": headers,
    "lines": lines,
    "paths": paths,
    "outside": outside,
    "links": links,
    "canary": canary,
    "openapi": openapi,
}


def main() -> int:
    """Attack in the named ways, or in all."""
    quick, cases, asked = _asked(sys.argv[1:])
    unknown = [name for name in asked if name not in GROUPS]
    if unknown:
        print(f"no attacks {', '.join(unknown)}; there are: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    began, results = time.monotonic(), list[Result]()
    print(HEADING, flush=True)
    for name in asked:
        with house() as opened:
            for result in GROUPS[name](ground(opened), 0.1 if quick else 1.0, cases):
                results.append(result)
                print(line(result), flush=True)
    seconds = time.monotonic() - began
    missed = [result for result in results if result.verdict == "MISSED"]
    kept = not quick or "--keep" in sys.argv[1:]
    print(f"\n{len(results)} kinds of attack in {seconds:.0f} s; {len(missed)} with a bar missed")
    print(f"kept in {_keep(results, seconds)}" if asked == list(GROUPS) and kept else "not kept")
    return 1 if missed else 0


def _asked(words: list[str]) -> tuple[bool, int, list[str]]:
    quick = "--quick" in words
    cases = next(
        (int(word.partition("=")[2]) for word in words if word.startswith("--cases=")), 500 if quick else CASES
    )
    return quick, cases, [word for word in words if not word.startswith("--")] or list(GROUPS)


def _keep(results: list[Result], seconds: float) -> Path:
    """Write everything as JSON, with the machine, the versions and the command."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "command": " ".join(("python -m tests.attack", *sys.argv[1:])),
        "at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "seconds": round(seconds),
    }
    attacks = [
        {key: value for key, value in asdict(one).items() if key not in {"statement", "skipped"}} for one in results
    ]
    verdicts = [attack | {"verdict": result.verdict} for attack, result in zip(attacks, results, strict=True)]
    KEPT.write_text(json.dumps(about | {"attacks": verdicts}, indent=2) + "\n", encoding="utf-8")
    return KEPT


sys.exit(main())
