"""`python -m tests.faults.child`: a warm process that forks a child for each thing to be done, and may break it.

Orders come from standard input, a JSON line each: what is done and where the child dies; the answer names its process.
Another order waits for it. Nothing is connected before the fork, and a child is set up as any process of ours.
"""

import json
import os
import sys
import threading
import time
import traceback
from datetime import datetime
from typing import Any

from tests.faults.deeds import do
from tests.faults.world import COORDINATOR
from workflow import failpoints
from workflow.service import deliver, fire
from workflow.service.act import Desk
from workflow.service.enrol import enrol
from workflow.service.outward.ways import transport
from workflow.settings import settings
from workflow.store import outbox, protocols
from workflow.store.bell import Bell
from workflow.store.candidates import Identity
from workflow.store.episodes import Command
from workflow.store.session import Store, open_store

LAPSED = 77  # the exit code of a child whose deed raised


def main() -> None:
    with (opened := _app()).transaction() as connection:
        protocols.cached(connection, "faults@1")
    opened.close()
    _answer({"ready": True})
    children: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _answer(_waited(order["wait"], children.pop(order["wait"])))
            continue
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            _child(order, theirs)
        os.close(theirs)
        children[pid] = ours
        _answer({"pid": pid})


def _waited(pid: int, ours: int) -> dict[str, Any]:
    _, status = os.waitpid(pid, 0)
    with os.fdopen(ours, "rb") as said:
        heard = said.read()
    return {"status": os.waitstatus_to_exitcode(status), "said": json.loads(heard) if heard else None}


def _answer(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _child(order: dict[str, Any], theirs: int) -> None:
    """Do one thing and leave without cleaning up: a crash would not either."""
    code = 0
    try:
        if "lease" in order:
            outbox.LEASE_SECONDS = order["lease"]
        if "shift" in order:
            real, shift = time.time, order["shift"]
            time.time = lambda: real() + shift
        if order.get("point"):
            name, action = order["point"], failpoints.Action(order["action"])
            failpoints.arm(name, action, nth=order.get("nth", 1), seconds=order.get("seconds", 0))
        said = DOES[order["do"]](**order.get("with", {}))
    except BaseException as wrong:  # noqa: BLE001 - whatever it was, the parent is told
        code, said = LAPSED, {"raised": type(wrong).__name__, "at": traceback.format_exc()[-1500:]}
    os.write(theirs, json.dumps(said).encode())
    os._exit(code)


def _app(through: str = "") -> Store:
    return open_store(through or settings().database_url, settings().theca_key_file)


def _worker() -> Store:
    return open_store(settings().database_worker_url, settings().theca_key_file)


def _deed(kind: str, episode: str, key: str, through: str = "") -> dict[str, Any]:
    """One deed; `through` another address of the database."""
    answer = do(Desk(_app(through), Bell("")), kind, episode, key)
    return {"seq": answer.seq, "outcome": answer.outcome.value, "replayed": answer.replayed}


def _enrol(mrn: str, at: str, key: str) -> dict[str, Any]:
    answer = enrol(
        Desk(_app(), Bell("")),
        COORDINATOR,
        site="north",
        identity=Identity(external_id=mrn, family_name="Invented", given_name="Ada", birth_date="1960-01-01"),
        protocol="faults",
        occurred_at=datetime.fromisoformat(at),
        command=Command(actor=COORDINATOR.id, key=key, body=""),
    )
    return {"episode": answer.episode, "replayed": answer.replayed}


def _sweep(rounds: int = 1, every: float = 0.0) -> dict[str, Any]:
    """Fire what is due, some times over."""
    store, fired, pause = _worker(), 0, threading.Event()
    for _ in range(rounds):
        fired += fire.sweep(store)
        pause.wait(every)
    return {"fired": fired}


def _relay(rounds: int = 1, every: float = 0.0) -> dict[str, Any]:
    """Send what waits, some times over."""
    store, out, sent, pause = _worker(), transport(settings()), 0, threading.Event()
    for _ in range(rounds):
        with out.held() as held:
            sent += deliver.relay(store, held, link=settings().theca_public_url)
        pause.wait(every)
    return {"sent": sent}


DOES = {"deed": _deed, "enrol": _enrol, "sweep": _sweep, "relay": _relay}

if __name__ == "__main__":
    main()
