"""What each transition and each duty asks people to do first, read once from a protocol's gates.

A gate's tests fall into three: items somebody records, states the team works towards (a dose given, the catheter out,
no observation running), and what is settled that day (the response, how many trials there were, the age).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from workflow.authoring.simulate.values import bound_of, value_for
from workflow.domain.anticoagulant import NOTHING
from workflow.domain.criterion import Criterion, Group, Join, Operator, Test, Verdict, judge
from workflow.domain.item import Item, Kind
from workflow.domain.protocol import ProtocolVersion, Transition
from workflow.domain.view import View

_RESPONSE = "response.verdict"
_SETTLED = (_RESPONSE, "response.scores", "count.trials", "trial.method", "age.years", "dose.last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An item that is asked for: a value that would do, and how fresh it must be."""

    item: str
    value: str
    within: timedelta | None = None
    this_trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One transition, and what it takes."""

    rule: Transition
    wants: tuple[Wanted, ...]
    gates: tuple[Criterion, ...]
    doses: bool  # asks for a dose given
    duties: tuple[str, ...]  # must not be open; empty text: any
    on_response: bool
    ordinary: bool  # a way on, neither out nor back


def ways_of(version: ProtocolVersion) -> dict[str, Way]:
    """Every transition with what it takes."""
    return {name: _way(rule, version) for name, rule in version.transitions.items()}


def wants_of(gates: tuple[str, ...], version: ProtocolVersion) -> tuple[Wanted, ...]:
    """Every item these gates ask for."""
    return tuple(_wants(_all_leaves(gates, version), version))


def apart_by(gates: tuple[str, ...], version: ProtocolVersion) -> timedelta:
    """How long after the last dose these gates open at the earliest."""
    bounds = [
        bound_of(test, version) or 0
        for _, test in _all_leaves(gates, version)
        if test.subject.derived == "since.dose" and test.operator in (Operator.AT_LEAST, Operator.ABOVE)
    ]
    return timedelta(hours=float(max(bounds, default=0)))


def may_open(criterion: Criterion, view: View) -> bool:
    """Whether a criterion can still be met today, taking it that whatever people can do gets done."""
    match criterion:
        case Test():
            return not _is_settled(criterion) or judge(criterion, view).verdict is Verdict.OPEN
        case Group(join=Join.NONE):
            return True
        case Group(join=join, parts=parts, least=least):
            able = sum(may_open(part, view) for part in parts)
            return able >= {Join.ALL: len(parts), Join.ANY: 1}.get(join, least)


# ---------------------------------------------------------------------------------------------------------------


def _way(rule: Transition, version: ProtocolVersion) -> Way:
    tests = _all_leaves(rule.gates, version)
    derived = [test for _, test in tests if test.subject.derived]
    return Way(
        rule=rule,
        wants=tuple(_wants(tests, version)),
        gates=tuple(version.gates[gate].criterion for gate in rule.gates),
        doses=any(test.subject.derived == "count.doses" and _asks_for_some(test) for test in derived),
        duties=tuple(
            test.subject.of
            for test in derived
            if test.subject.derived == "count.open_duties" and not _asks_for_some(test)
        ),
        on_response=any(test.subject.derived == _RESPONSE for test in derived),
        ordinary=_is_onward(rule, version),
    )


def _is_onward(rule: Transition, version: ProtocolVersion) -> bool:
    """Whether people go this way unless somebody says otherwise: neither out nor back."""
    out = rule.on_hold or rule.reasons or rule.death or rule.by_system or not (rule.gates or rule.records)
    order = version.stage_order
    back = rule.to in order and any(order.index(rule.to) < order.index(source) for source in rule.sources)
    return bool(rule.to) and not out and not back


def _all_leaves(gates: tuple[str, ...], version: ProtocolVersion) -> list[tuple[bool, Test]]:
    return [leaf for gate in gates for leaf in _leaves(version.gates[gate].criterion, positive=True)]


def _leaves(criterion: Criterion, *, positive: bool) -> Iterator[tuple[bool, Test]]:
    """Every test of a criterion; not positive where it must not be met."""
    match criterion:
        case Test():
            yield positive, criterion
        case Group(join=join, parts=parts):
            for part in parts:
                yield from _leaves(part, positive=positive is not (join is Join.NONE))


def _wants(tests: list[tuple[bool, Test]], version: ProtocolVersion) -> Iterator[Wanted]:
    by_item: dict[str, list[tuple[bool, Test]]] = {}
    for positive, test in tests:
        if test.subject.item:
            by_item.setdefault(test.subject.item, []).append((positive, test))
    wanted = {key: _wanted(version.items[key], asked, version) for key, asked in by_item.items()}
    for _, test in tests:
        for want in _behind(test, version):
            wanted.setdefault(want.item, want)
    for _, test in tests:
        if test.subject.derived == "same":
            one, _, other = test.subject.of.partition("/")
            wanted[one] = replace(wanted[one], value=wanted[other].value if other in wanted else wanted[one].value)
    yield from wanted.values()


def _wanted(item: Item, asked: list[tuple[bool, Test]], version: ProtocolVersion) -> Wanted:
    spans = [test.subject.within for _, test in asked if test.subject.within is not None]
    spans += [item.valid_for] if item.valid_for is not None else []
    meant = [test for positive, test in asked if positive]
    return Wanted(
        item=item.key,
        value=value_for(meant, item, version) if meant else _other_than([test for _, test in asked], item, version),
        within=min((span.elapsed for span in spans), default=None),
        this_trial=any(test.subject.this_trial for _, test in asked),
    )


def _behind(test: Test, version: ProtocolVersion) -> Iterator[Wanted]:
    """The items a derived value is read from."""
    subject = test.subject
    match subject.derived:
        case "form.complete":
            items = version.forms[subject.of].items
        case "days_since":
            items = (subject.of,)
        case "same" | "difference":
            items = tuple(item for item in subject.of.split("/") if item in version.items)
        case "anticoagulant.planned" | "anticoagulant.clear" if version.anticoagulants is not None:
            yield Wanted(item=version.anticoagulants.drug, value=NOTHING)
            return
        case _:
            return
    for item in items:
        rule = version.items[item]
        within = rule.valid_for.elapsed if rule.valid_for is not None else None
        yield Wanted(item=item, value=value_for([], rule, version), within=within)


def _other_than(tests: list[Test], item: Item, version: ProtocolVersion) -> str:
    words = {Kind.YES_NO: ("yes", "no"), Kind.CHOICE: item.choices}.get(item.kind, ())
    barred = {text for test in tests for text in test.texts}
    return next((word for word in words if word not in barred), value_for([], item, version))


def _is_settled(test: Test) -> bool:
    """Whether nobody can change it that day: doses are given, and never taken back."""
    only_fewer = test.subject.derived == "count.doses" and not _asks_for_some(test)
    return test.subject.derived in _SETTLED or only_fewer


def _asks_for_some(test: Test) -> bool:
    return test.operator in (Operator.AT_LEAST, Operator.ABOVE)
