"""Where a candidate can stand, as far as a pathway depends on it: one small value, hashed and compared whole."""

from typing import NamedTuple

from workflow.domain.trial import Method


class State(NamedTuple):
    """Stage, hold, the last trial, open duties; what was passed on the way; whether an act went against a gate."""

    stage: str = ""
    hold: bool = False
    trials: int = 0  # begun so far; the highest number that matters stands for all above it
    method: str = ""  # of the last trial; empty: none yet
    running: bool = False
    punctured: bool = False
    out: bool = False  # its catheter came out
    left_in: bool = False  # the catheter of an earlier trial is still in
    doses: int = 0  # in the last trial, counted as far as it matters
    duties: int = 0  # a bit for each duty that is open
    valued: int = 0  # a bit for each duty that a recorded value discharged: a correction can open it again
    passed: int = 0  # a bit for each gate that an invariant asks for
    deviated: bool = False

    @property
    def catheter(self) -> str:
        """Where the catheter of the last trial is: none, in or out."""
        if self.method == Method.CATHETER and self.punctured and not self.out:
            return "in"
        return "out" if self.out else "none"
