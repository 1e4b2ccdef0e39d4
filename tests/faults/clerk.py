"""`python -m tests.faults.clerk ORDER`: a process of people at work, which may be killed and started again at any time.

ORDER is a file: whose candidates, and where what was answered is noted. A command is noted once it is acknowledged;
what is not noted is asked again, under the same key, by whoever starts next.
"""

import json
import os
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.faults.deeds import ROUND, do
from tests.faults.load import AGAIN_AFTER
from workflow.service.act import Desk
from workflow.settings import settings
from workflow.store.bell import Bell
from workflow.store.session import UnavailableError, open_store


def noted(journal: Path) -> dict[int, list[list[int]]]:
    """What was acknowledged, by thread: number, tries, milliseconds. A line cut short was not."""
    found: dict[int, list[list[int]]] = defaultdict(list)
    if journal.exists():
        for line in journal.read_bytes().split(b"\n")[:-1]:
            thread, *rest = (int(part) for part in line.split())
            found[thread].append(rest)
    return found


def key_of(clerk: int, thread: int, n: int) -> str:
    return f"soak-{clerk}-{thread}-{n}"


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text())
    now = settings()
    desk = Desk(open_store(now.database_url, now.theca_key_file), Bell(now.redis_url))
    journal = Path(order["journal"])
    before = noted(journal)
    out = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    threads = [
        threading.Thread(target=_person, args=(desk, order, number, mine, len(before[number]), out))
        for number, mine in enumerate(order["candidates"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if odd:
        journal.with_suffix(".odd").write_text("\n".join(odd))
        sys.exit(1)


odd: list[str] = []


def _person(desk: Desk, order: dict[str, Any], number: int, mine: list[str], done: int, out: int) -> None:
    pause = threading.Event()
    for n in range(done, order["each"]):
        turn, at = divmod(n, len(mine))
        began, tries = time.monotonic(), 0
        while True:
            tries += 1
            try:
                do(desk, ROUND[turn % len(ROUND)], mine[at], key_of(order["clerk"], number, n))
                break
            except UnavailableError:
                pause.wait(AGAIN_AFTER)
            except Exception as wrong:  # noqa: BLE001 - told, and counted as a defect
                odd.append(f"{key_of(order['clerk'], number, n)}: {type(wrong).__name__}: {wrong}")
                return
        waited = round((time.monotonic() - began) * 1000)
        os.write(out, b"%d %d %d %d\n" % (number, n, tries, waited))


if __name__ == "__main__":
    main()
