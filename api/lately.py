"""What was found a moment ago: a route open to all asks the database at most once a second."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from workflow.domain.errors import TroubleError
from workflow.service import health
from workflow.service.act import Desk
from workflow.service.health import Finding


@dataclass(slots=True)
class Lately:
    """The findings of the last look, and when that was. One request looks; the others get what it found.

    While one looks, the others are answered with what was found before it; only the very first have to wait.
    """

    seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _of: Desk | None = None
    _at: float = float("-inf")
    _found: tuple[Finding, ...] | TroubleError | None = None

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Every finding, at most a second old, or from just before a look that goes on.

        Raises UnavailableError where the database does not answer, and again within that second.
        """
        if self._stale(desk) and self._looking.acquire(blocking=self._of is not desk):
            try:
                if self._stale(desk):
                    self._found, self._of = _look(desk), desk
                    self._at = self.clock()
            finally:
                self._looking.release()
        if isinstance(self._found, TroubleError):
            raise type(self._found)(self._found.detail, place=self._found.place, allowed=self._found.allowed)
        return self._found or ()

    def _stale(self, desk: Desk) -> bool:
        return self._of is not desk or self.clock() - self._at >= self.seconds


def _look(desk: Desk) -> tuple[Finding, ...] | TroubleError:
    try:
        return health.examine(desk.store, desk.bell)
    except TroubleError as down:
        return down
