"""One rule of the lint: what it looks for, why, what to do, and how to look."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from workflow.authoring.finding import Finding, Severity, Where
from workflow.domain.criterion import Criterion, Group, Test
from workflow.domain.protocol import ProtocolVersion, TaskRule, Trigger
from workflow.domain.task import Scope

Said: TypeAlias = tuple[str, str]  # a dotted path, and what is wrong there
Check: TypeAlias = Callable[[ProtocolVersion], Iterator[Said]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the lint. A code never changes its meaning; a withdrawn one is not used again."""

    code: str
    title: str
    why: str
    remedy: str
    check: Check
    severity: Severity = Severity.ERROR


def findings_of(rules: Iterable[Rule], version: ProtocolVersion, where: Where) -> tuple[Finding, ...]:
    """Everything the rules find, in the order of the rules."""
    return tuple(
        Finding(
            code=rule.code,
            severity=rule.severity,
            place=where.place(path),
            message=message,
            remedy=rule.remedy,
        )
        for rule in rules
        for path, message in rule.check(version)
    )


def tests_under(criterion: Criterion, path: str) -> Iterator[tuple[str, Test]]:
    """Every test of a criterion with its path in the file, from left to right."""
    match criterion:
        case Test():
            yield path, criterion
        case Group(join=join, parts=parts):
            for at, part in enumerate(parts):
                yield from tests_under(part, f"{path}.{join}.{at}")


def gate_tests(version: ProtocolVersion) -> Iterator[tuple[str, Test]]:
    for key, gate in version.gates.items():
        yield from tests_under(gate.criterion, f"gates.{key}")


def triggers(version: ProtocolVersion) -> Iterator[tuple[str, Trigger]]:
    """Every fact that opens or closes work, with its path in the file."""
    for key, task in version.tasks.items():
        for side, facts in (("opens", task.opens), ("closes", task.closes)):
            yield from ((f"{work_path(key, task)}.{side}.{at}", fact) for at, fact in enumerate(facts))


def trigger_tests(version: ProtocolVersion) -> Iterator[tuple[str, Test]]:
    yield from ((path, trigger.test) for path, trigger in triggers(version) if trigger.test is not None)


def declared_work(version: ProtocolVersion) -> dict[str, TaskRule]:
    """The tasks and duties a file declares itself."""
    return {key: task for key, task in version.tasks.items() if not task.by_engine}


def work_path(key: str, task: TaskRule) -> str:
    """Where a task or duty stands in the file."""
    if key.startswith("complication_"):
        return f"complications.{key.removeprefix('complication_')}"
    return f"{'duties' if task.scope is Scope.EPISODE else 'tasks'}.{key}"
