"""A cohort through the kernel: candidates a second on one core, and the memory it takes, at two sizes."""

import os
import subprocess
import sys
import time

from tests.bench.figures import Row, Table, summary

SIZES = (1_000, 10_000)
FILE, COHORT = "protocols/opioid_trial/v1.yaml", "examples/cohorts/one_clinic.yaml"


def measure() -> Table:
    """`theca simulate` as it is typed, each size in a process of its own."""
    rows, first = [], 0.0
    for size in SIZES:
        rate, megabytes = _once(size)
        first = first or rate
        note = f" (peak memory {megabytes} MB)"
        rows.append(Row(name=f"theca simulate, {size:,} candidates", figure=summary([rate]), ratio=first, note=note))
    return Table(title="simulate", unit="candidates a second", against=f"{SIZES[0]:,} candidates", rows=rows)


def _once(size: int) -> tuple[float, int]:
    """Candidates a second, and the most memory the process had."""
    command = [sys.executable, "-m", "workflow.cli", "simulate", FILE, "--cohort", COHORT, "--candidates", str(size)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return size / (time.perf_counter() - start), used.ru_maxrss // 1024
