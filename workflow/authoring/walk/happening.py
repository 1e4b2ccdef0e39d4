"""What came of one decision, as a reader of the walk sees it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from workflow.domain.decision import Decision, Outcome
from workflow.domain.errors import TroubleError
from workflow.domain.gate import GateReport
from workflow.domain.ladder import TimerState
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.task import Task

MOVED, IMPOSSIBLE = "moved", "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A gate that did not let the candidate through, why, and what would open it."""

    gate: str
    label: str
    verdict: str
    because: str
    opens_when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A task or duty that was opened or ended. `due_at`: when its ladder speaks first."""

    name: str
    label: str
    role: str
    kind: str  # task or duty
    why: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message: which rung of how many of which work, to whom."""

    name: str
    label: str
    rung: int
    rungs: int
    urgency: str
    recipient: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. `outcome`: done, moved, proposed, refused, or impossible."""

    at: datetime
    by: str
    verb: str
    asked: str
    outcome: str
    stage: str
    path: str = ""  # of the step in the file; empty for what the clock did
    because: str = ""  # why it was impossible, or what the response rests on
    bars: tuple[Bar, ...] = ()
    shown: tuple[Bar, ...] = ()  # every other gate that answered
    opened: tuple[Work, ...] = ()
    closed: tuple[Work, ...] = ()
    told: tuple[Notice, ...] = ()
    response: str = ""
    relief: str = ""


def happening(
    decision: Decision, version: ProtocolVersion, roles: Mapping[str, tuple[str, ...]], *, asked: str, path: str
) -> Happening:
    """A decision as a happening. `roles` says what everybody is."""
    entry, about = decision.entry, decision.entry.about
    moved = decision.after.stage != decision.before.stage and decision.before.stage
    return Happening(
        at=entry.at,
        by=entry.actor,
        verb=entry.verb,
        asked=asked,
        outcome=MOVED if moved and entry.outcome is Outcome.DONE else str(entry.outcome),
        stage=decision.after.stage,
        path=path,
        because=str(about.get("because", "")),
        bars=tuple(_bar(seen) for seen in entry.basis if not seen.verdict.passes),
        shown=tuple(_bar(seen) for seen in entry.basis if seen.verdict.passes),
        opened=tuple(_opened(decision, version)),
        closed=tuple(_closed(decision, version)),
        told=tuple(_notices(decision, version, roles)),
        response=str(about.get("response_after", "")),
        relief=str(about.get("relief_after") or ""),
    )


def impossible(
    trouble: TroubleError, *, at: datetime, by: str, verb: str, asked: str, stage: str, path: str
) -> Happening:
    """Something the kernel would not even write down, and what is allowed instead."""
    place = f" ({trouble.place})" if trouble.place else ""
    allowed = f"; allowed: {trouble.allowed}" if trouble.allowed else ""
    because = f"{trouble.code}: {trouble.detail}{place}{allowed}"
    return Happening(at=at, by=by, verb=verb, asked=asked, outcome=IMPOSSIBLE, stage=stage, path=path, because=because)


# ---------------------------------------------------------------------------------------------------------------


def _bar(seen: GateReport) -> Bar:
    return Bar(
        gate=seen.gate,
        label=seen.label,
        verdict=str(seen.verdict),
        because=seen.because,
        opens_when=seen.opens_when,
    )


def _changed(decision: Decision) -> Iterator[tuple[Task | None, Task]]:
    """Every task that changed, as it was and as it is."""
    for key in decision.entry.put.get("tasks", {}):
        yield decision.before.tasks.get(key), decision.after.tasks[key]


def _opened(decision: Decision, version: ProtocolVersion) -> Iterator[Work]:
    for before, task in _changed(decision):
        if before is None and task.is_open:
            timer = decision.after.timers[task.key]
            due = timer.due_at if timer.state is TimerState.LIVE else None
            yield _work(task, version, why="", due_at=due)


def _closed(decision: Decision, version: ProtocolVersion) -> Iterator[Work]:
    for before, task in _changed(decision):
        if before is not None and before.is_open and not task.is_open:
            yield _work(task, version, why=task.closing or "", due_at=None)


def _work(task: Task, version: ProtocolVersion, *, why: str, due_at: datetime | None) -> Work:
    label, kind = version.tasks[task.name].label, "duty" if task.is_duty else "task"
    return Work(name=task.name, label=label, role=str(task.role), kind=kind, why=why, due_at=due_at)


def _notices(decision: Decision, version: ProtocolVersion, roles: Mapping[str, tuple[str, ...]]) -> Iterator[Notice]:
    for message in decision.messages:
        rule = version.tasks[message.name]
        yield Notice(
            name=message.name,
            label=rule.label,
            rung=message.rung,
            rungs=len(version.ladders[rule.ladder].rungs),
            urgency=str(message.urgency),
            recipient=message.recipient,
            roles=roles.get(message.recipient, ()),
        )
