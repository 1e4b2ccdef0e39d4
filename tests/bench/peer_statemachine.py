"""python-statemachine through the same door, three guards of three comparisons: microseconds a transition."""

import sys
import time

from statemachine import State, StateMachine

VALUES = {f"{letter}{n}": 5 for letter in "abc" for n in (1, 2, 3)}


class Door(StateMachine):
    here = State(initial=True)
    there = State()
    go = here.to(there, cond=["gate_a", "gate_b", "gate_c"]) | there.to(here, cond=["gate_a", "gate_b", "gate_c"])

    def gate_a(self) -> bool:
        return VALUES["a1"] >= 4 and VALUES["a2"] >= 4 and VALUES["a3"] >= 4

    def gate_b(self) -> bool:
        return VALUES["b1"] >= 4 and VALUES["b2"] >= 4 and VALUES["b3"] >= 4

    def gate_c(self) -> bool:
        return VALUES["c1"] >= 4 and VALUES["c2"] >= 4 and VALUES["c3"] >= 4


def main() -> None:
    door, count = Door(), int(sys.argv[1])
    for _ in range(count // 10):
        door.send("go")
    start = time.perf_counter()
    for _ in range(count):
        door.send("go")
    print((time.perf_counter() - start) / count * 1e6)


main()
