"""The Celery application as a test builds it: the same, with failpoints armed in its children.

FAULTS="T6:kill:3:/path" kills the child that goes by T6 for the third time. The file at the path makes it happen to one
child only: whoever takes it away is armed, and with nothing else. ABORTS names a file with the id of an episode whose
timers crash the child that decides them; each crash leaves a byte in the file ABORTED.
"""

import os
from pathlib import Path

from celery.signals import worker_process_init

from workers.app import app
from workflow import failpoints
from workflow.domain import decide
from workflow.domain.decision import Decision
from workflow.domain.situation import Situation

__all__ = ["app"]


@worker_process_init.connect
def _arm(**_: object) -> None:
    told = os.environ.get("FAULTS", "")
    for one in filter(None, told.split(",")):
        name, action, nth, *once = one.split(":")
        if once:
            try:
                Path(once[0]).unlink()
            except FileNotFoundError:
                continue
        failpoints.arm(name, failpoints.Action(action), nth=int(nth))
        return


@worker_process_init.connect
def _poison(**_: object) -> None:
    culprit, decided = os.environ.get("ABORTS", ""), decide.fire

    def fire(s: Situation, *, key: str, n: int) -> Decision | None:
        if s.episode.id == Path(culprit).read_text():
            with Path(os.environ["ABORTED"]).open("ab") as crashes:
                crashes.write(b"x")
            os.abort()
        return decided(s, key=key, n=n)

    if culprit:
        decide.fire = fire
