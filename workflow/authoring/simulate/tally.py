"""What is kept of a candidate: counts and nothing else, bounded by the protocol and the time they are followed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workflow.domain.decision import Decision, Outcome
from workflow.domain.episode import Episode

_HOUR = timedelta(hours=1)
_WEEK = timedelta(weeks=1)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts over all candidates so far."""

    starts: datetime
    candidates: int = 0
    trialled: int = 0  # candidates with at least one dose
    trials: int = 0  # trials with at least one dose
    passed: int = 0  # of those
    implanted: int = 0  # candidates
    decisions: int = 0
    deviations: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    hours: dict[str, Counter[int]] = field(default_factory=dict)  # by stage: how long stays lasted
    tasks: Counter[str] = field(default_factory=Counter)  # opened, by role
    late: Counter[str] = field(default_factory=Counter)  # messages of a second or later rung, by role
    messages: Counter[str] = field(default_factory=Counter)  # by role of the recipient
    urgencies: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)  # by gate
    impossible: Counter[str] = field(default_factory=Counter)
    weeks: "Weeks" = field(init=False)
    _week: int = -1  # of the last message counted

    def __post_init__(self) -> None:
        self.weeks = Weeks()

    def heard(self, decision: Decision) -> None:
        """Count one decision."""
        entry = decision.entry
        self.decisions += 1
        if decision.messages:
            self._count_messages(decision)
        if entry.outcome is Outcome.REFUSED:
            self.refusals.update(seen.gate for seen in entry.basis if not seen.passes)
        if entry.verb == "deviate":
            self.deviations += 1
        before, after = decision.before, decision.after
        if before.stint != after.stint and before.stint_at is not None and after.stint_at is not None:
            self.hours.setdefault(before.stage, Counter())[(after.stint_at - before.stint_at) // _HOUR] += 1
        for key in entry.put.get("tasks", ()):
            if key not in before.tasks:
                self.tasks[after.tasks[key].role] += 1

    def finish(self, episode: Episode, *, implanted: bool) -> None:
        """Count one candidate whose walk is over."""
        dosed = {dose.trial for dose in episode.administrations.values()}
        trials = [trial for trial in episode.trials.values() if trial.number in dosed]
        self.candidates += 1
        self.trials += len(trials)
        self.trialled += bool(trials)
        self.passed += sum((trial.response or "").startswith("met") for trial in trials)
        self.implanted += implanted
        self.ends[episode.stage] += 1

    def _count_messages(self, decision: Decision) -> None:
        week = (decision.entry.at - self.starts) // _WEEK
        for message in decision.messages:
            self.messages[message.recipient] += 1
            self.urgencies[message.urgency] += 1
            if message.rung:
                self.late[message.recipient] += 1
        self.weeks.add(week, Counter(message.recipient for message in decision.messages))


class Weeks:
    """How many messages each person had in each week: open weeks as they are, finished ones as a distribution."""

    def __init__(self) -> None:
        self._open: dict[int, Counter[str]] = {}
        self.finished = 0
        self.loads: dict[str, Counter[int]] = {}  # by person: in how many weeks they had so many

    def add(self, week: int, told: Mapping[str, int]) -> None:
        self._open.setdefault(week, Counter()).update(told)

    def finish(self, before: int) -> None:
        """No candidate will add to the weeks before this one any more."""
        while self.finished < before:
            for person, count in self._open.pop(self.finished, Counter()).items():
                self.loads.setdefault(person, Counter())[count] += 1
            self.finished += 1


def quantile(counts: Mapping[int, int], share: float, *, zeros: int = 0) -> int:
    """The smallest value that so large a share of all counted ones does not exceed."""
    total = sum(counts.values()) + zeros
    reached = zeros
    if reached >= share * total:
        return 0
    for value in sorted(counts):
        reached += counts[value]
        if reached >= share * total:
            return value
    return 0
