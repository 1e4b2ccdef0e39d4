"""The pure kernel: one `decide.advance` with three gates of three criteria and full reports, beside its peers."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from transitions import Machine

from tests.bench.figures import Row, Table, summary
from tests.bench.world import standing
from workflow.domain import decide
from workflow.domain.decision import Outcome

ROUNDS, COUNT = 7, 2000
PEER = Path(".venv-bench/bin/python")


def measure() -> Table:
    """Interleaved rounds: ours, bare pytransitions, python-statemachine, a dict."""
    ours, bare, table = _ours(), _bare_transitions(), _dict()
    timed: dict[str, list[float]] = {"theca": [], "pytransitions": [], "python-statemachine": [], "dict": []}
    for _ in range(ROUNDS):
        timed["theca"].append(_each(ours, COUNT // 4))
        timed["pytransitions"].append(_each(bare, COUNT * 4))
        timed["dict"].append(_each(table, COUNT * 50))
        if PEER.exists():
            timed["python-statemachine"].append(_peer())
    base = summary(timed["pytransitions"]).median
    names = {
        "theca": "decide.advance: 3 gates x 3 criteria, reports, decision",
        "pytransitions": "bare pytransitions trigger, 3 conditions x 3 comparisons",
        "python-statemachine": "python-statemachine send, the same conditions",
        "dict": "hand-written dict",
    }
    rows = [Row(name=names[key], figure=summary(values), ratio=base) for key, values in timed.items() if values]
    return Table(title="kernel", unit="us a transition", against="bare pytransitions", rows=rows)


def _each(call: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count * 1e6


def _ours() -> Callable[[], object]:
    s = standing()
    assert decide.advance(s, name="go").entry.outcome is Outcome.DONE
    return lambda: decide.advance(s, name="go")


def _bare_transitions() -> Callable[[], object]:
    values = {f"{letter}{n}": 5 for letter in "abc" for n in (1, 2, 3)}

    def gate(letter: str) -> Callable[[object], bool]:
        return lambda _event: all(values[f"{letter}{n}"] >= 4 for n in (1, 2, 3))

    machine = Machine(model=None, states=["here", "there"], initial="here", auto_transitions=False, send_event=True)
    conditions = [gate(letter) for letter in "abc"]
    machine.add_transition("go", "here", "there", conditions=conditions)
    machine.add_transition("go", "there", "here", conditions=conditions)

    class Seat:
        __slots__ = ("state",)

    seat = Seat()
    seat.state = "here"
    trigger = machine.events["go"].trigger
    return lambda: trigger(seat)


def _dict() -> Callable[[], object]:
    steps, seat = {("here", "go"): "there", ("there", "go"): "here"}, ["here"]

    def go() -> None:
        seat[0] = steps[seat[0], "go"]

    return go


def _peer() -> float:
    script = Path(__file__).parent / "peer_statemachine.py"
    done = subprocess.run([PEER, script, str(COUNT)], capture_output=True, text=True, check=True)
    return float(done.stdout)
