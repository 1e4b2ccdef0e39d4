"""Who watches an attack: no failure of ours, nothing changed where it was refused, and it was counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.attack.house import House
from tests.faults.results import Bar, Result, none

# What is said of whoever asks, and so counted; the others are the ordinary course of work.
COUNTED = frozenset({401, 403, 404, 408, 413, 415, 422, 429})
PROBLEM = "application/problem+json"
# A gate that is shut refuses, and that is a line of the ledger like any other.
OF_A_LINE = frozenset({"episode", "ledger", "ledger_payload", "command"})


@dataclass
class Watch:
    """Sends one attack after the other and notes what did not hold, by name."""

    house: House
    actor: str = "nobody"
    seen: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    uncounted: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    _before: dict[str, str] = field(default_factory=dict)
    _turned: dict[tuple[str, str], int] = field(default_factory=dict)

    def attack(
        self,
        name: str,
        send: Callable[[], httpx.Response],
        *,
        by: str = "nobody",
        may: bool = False,
        secret: str = "",
        counted: bool = True,
    ) -> httpx.Response:
        """Send it. `may`: it may be taken. `secret`: what no refusal shows. `counted`: a refusal is counted."""
        before = self._before or self.house.digest()
        turned = self._turned or self.house.turned()
        answer = send()
        self._before, self._turned = self.house.digest(), self.house.turned()
        said = f"{name}: {answer.status_code} {answer.text[:200]}"
        self.seen[f"{answer.status_code // 100}xx"] += 1
        if answer.status_code >= 500:
            self.failed.append(said)
        if 200 <= answer.status_code < 300:
            if not may:
                self.taken.append(said)
            return answer
        kind = _kind(answer)
        tables = {name for name, now in self._before.items() if before.get(name) != now}
        if tables - (OF_A_LINE if kind == "refused" else frozenset()):
            self.changed.append(f"{said} changed {', '.join(sorted(tables))}")
        if secret and secret in answer.text and kind != "refused":  # that tells of the record, not of the request
            self.told.append(said)
        if counted:
            self._count(said, answer.status_code, turned, (by, kind))
        return answer

    def forget(self) -> None:
        """Something was done beside the attacks; what is there now is what was before the next."""
        self._before, self._turned = {}, {}

    def result(self, fault: str, *, least: int, skipped: str = "") -> Result:
        """What was seen. At least so many attacks must have been made, or nothing was shown."""
        sent = sum(self.seen.values())
        bars = (
            Bar(what="attacks", seen=sent, least=least),
            none("answered 5xx", len(self.failed)),
            none("refused and yet changed something", len(self.changed)),
            none("taken though nobody could mean it", len(self.taken)),
            none("refused and not counted once", len(self.uncounted)),
            none("refusals that show what was sent", len(self.told)),
            none("flaws of the ledger afterwards", len(self.house.flaws())),
        )
        counts = {name: float(count) for name, count in sorted(self.seen.items())}
        return Result(fault=fault, statement="", counts=counts, bars=bars, skipped=skipped)

    @property
    def broken(self) -> list[str]:
        """All that did not hold, in words."""
        return [*self.failed, *self.changed, *self.taken, *self.uncounted, *self.told]

    def _count(self, said: str, status: int, turned: dict[tuple[str, str], int], kind: tuple[str, str]) -> None:
        """One more of this actor and kind where it says something about who asks, and none where it does not."""
        more = {key: count - turned.get(key, 0) for key, count in self._turned.items() if count != turned.get(key)}
        wanted = {kind: 1} if status in COUNTED else {}
        if more != wanted:
            self.uncounted.append(f"{said} counted {more}")


def _kind(answer: httpx.Response) -> str:
    """Why it was refused: the code of a problem; a page says it of a link."""
    told = PROBLEM in answer.headers.get("content-type", "") and answer.content
    return answer.json()["code"] if told else "link"


def shown(fault: str, *bars: Bar, **counts: float) -> Result:
    """A result of its own making."""
    return Result(fault=fault, statement="", counts=counts, bars=bars)
