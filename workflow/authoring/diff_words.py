"""How a difference between two versions is said: gates, ladders, roles and reasons as people say them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from enum import Enum

from workflow.authoring.words import listed, resting_on, span
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Criterion, Group, Join, Operator, Test
from workflow.domain.item import Basis
from workflow.domain.ladder import Rung
from workflow.domain.protocol import ProtocolVersion, TaskRule, Trigger, tests_of
from workflow.domain.task import Scope


@dataclass(frozen=True, slots=True)
class Side:
    """One value and the version it stands in, by which its names are read."""

    version: ProtocolVersion
    value: object

    def at(self, name: str) -> "Side":
        """A field of the value."""
        return Side(self.version, getattr(self.value, name))


# What one thing of a collection is called; others lose their s.
_SORTS = {"background": "remark"}
_GONE = {
    ("transitions", "gates"): ("also asks for {}", "no longer asks for {}"),
    ("transitions", "warns"): ("also warns of {}", "no longer warns of {}"),
    ("transitions", "by"): ("may also be taken by {}", "may no longer be taken by {}"),
    ("transitions", "sources"): ("is possible from {}", "is no longer possible from {}"),
    ("transitions", "reasons"): ("takes the reason {}", "no longer takes the reason {}"),
    ("items", "choices"): ("may also be {}", "may no longer be {}"),
    ("hold", "reasons"): ("also for the reason {}", "no longer for the reason {}"),
    ("stages", "duties"): ("has the duty {}", "no longer has the duty {}"),
    ("tasks", "gates"): ("ends only while {} is open", "ends also while {} is not open"),
    ("tasks", "opens"): ("also opens on {}", "no longer opens on {}"),
    ("tasks", "closes"): ("also closes on {}", "no longer closes on {}"),
}
_NOW = {
    ("transitions", "second_person"): ("asks for a second person", "no longer asks for a second person"),
    ("transitions", "on_hold"): ("may be taken on hold", "may no longer be taken on hold"),
    ("items", "judgement"): ("is a clinical judgement", "is no longer a clinical judgement"),
    ("tasks", "completable"): ("may be marked done", "may no longer be marked done: only its fact ends it"),
    ("tasks", "ends_at_death"): ("ends at death", "no longer ends at death"),
}
_CALLED = {
    "by": "who may take it",
    "signed": "signed, meaning",
    "to": "leads to",
    "role": "for",
    "valid_for": "valid for",
    "hard_maximum": "never above",
    "observe": "observed for",
    "lasts": "effect lasts",
    "lapses_after": "lapses after",
    "lower_is_better": "lower is better",
    "on_hold": "on hold",
    "after_outage": "after an outage",
    "dispensation": "the way past it",
    "basis": "source",
}


def sort_of(thing: str, side: Side) -> str:
    """What sort of thing this is, in one word: gate, duty, ladder."""
    if isinstance(side.value, TaskRule) and side.value.scope is Scope.EPISODE:
        return "duty"
    return _SORTS.get(thing, thing.removesuffix("s")).replace("_", " ")


def label_of(side: Side, key: str) -> str:
    """A thing's label, or its key."""
    label = getattr(side.value, "label", "")
    return str(label) or key


def phrases(thing: str, field: str, old: Side, new: Side) -> Iterator[str]:
    """One field that differs, as one phrase or several; never none."""
    was, now = old.value, new.value
    if _is_criterion(was) and _is_criterion(now):
        yield from _criterion(Side(old.version, was), Side(new.version, now))
    elif (thing, field) == ("ladders", "rungs"):
        yield from _rungs(old, new)
    elif isinstance(was, bool) and isinstance(now, bool) and (thing, field) in _NOW:
        yield _NOW[thing, field][0 if now else 1]
    elif isinstance(was, tuple) and isinstance(now, tuple):
        yield from _members(thing, field, old, new)
    elif is_dataclass(was) and type(was) is type(now) and not isinstance(was, Duration | Basis):
        yield from _inside(thing, field, old, new)
    elif isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in [key for key in {**was, **now} if was.get(key) != now.get(key)]:
            pair = Side(old.version, was.get(key)), Side(new.version, now.get(key))
            yield f"{_called(field)} {key}: {plainly(pair[0])} becomes {plainly(pair[1])}"
    else:
        yield f"{_called(field)} {_name(field, old)} becomes {_name(field, new)}"


def plainly(side: Side) -> str:
    """Any value as short text."""
    value = side.value
    match value:
        case None | "" | ():
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case Duration():
            return span(value)
        case Decimal():
            return format(value, "f")
        case Enum():
            return str(value.value).replace("_", " ")
        case Basis():
            return str(value) or "none"
        case Test():
            return _test(value, side.version)
        case Group():
            return _group(value, side.version)
        case Trigger():
            return _trigger(side)
        case Rung():
            kind = f" of {value.time} time" if value.time is not None else ""
            return f"after {span(value.after)}{kind} {', '.join(value.tell)}"
        case tuple() | list():
            return ", ".join(plainly(Side(side.version, one)) for one in value)
        case Mapping():
            return ", ".join(f"{key} {plainly(Side(side.version, one))}" for key, one in value.items()) or "nothing"
    return _spelled(side) if is_dataclass(value) else str(value)


# ---------------------------------------------------------------------------------------------------------------


def _spelled(side: Side) -> str:
    """The fields of a thing that say something."""
    kept = []
    for each in fields(side.value):  # type: ignore[arg-type]  # callers pass dataclasses only
        value = getattr(side.value, each.name)
        if each.name not in ("key", "name", "label") and _says(value):
            kept.append(f"{_called(each.name)} {_name(each.name, Side(side.version, value))}")
    return "; ".join(kept) or "nothing more"


def _says(value: object) -> bool:
    """Whether a value says anything; a zero does."""
    empty = value is None or value is False or value == Basis()
    return not empty and not (isinstance(value, str | tuple | Mapping) and not value)


def _called(field: str) -> str:
    return _CALLED.get(field, field.replace("_", " "))


def _is_criterion(value: object) -> bool:
    return isinstance(value, Test | Group)


def _inside(thing: str, field: str, old: Side, new: Side) -> Iterator[str]:
    """The fields of a value inside a thing, each with the way to it."""
    for each in fields(old.value):  # type: ignore[arg-type]  # callers pass dataclasses only
        pair = old.at(each.name), new.at(each.name)
        if pair[0].value != pair[1].value:
            for phrase in phrases(f"{thing}.{field}", each.name, *pair):
                yield f"{_called(field)}: {phrase}"


def _members(thing: str, field: str, old: Side, new: Side) -> Iterator[str]:
    """What a list has more and less of, and whether only its order changed."""
    was, now = ([_name(field, Side(side.version, one)) for one in _listed(side)] for side in (old, new))
    more, less = [one for one in now if one not in was], [one for one in was if one not in now]
    also, no_longer = _GONE.get((thing, field), (f"{_called(field)} also {{}}", f"{_called(field)} no longer {{}}"))
    if more:
        yield also.format(listed(more))
    if less:
        yield no_longer.format(listed(less))
    if not more and not less:
        yield f"{_called(field)} in another order or number: {', '.join(now)}"


def _listed(side: Side) -> Sequence[object]:
    return side.value if isinstance(side.value, tuple) else ()


def _name(field: str, side: Side) -> str:
    """A value as its label, where its field names something the version declares."""
    value, version = side.value, side.version
    homes: dict[str, Mapping[str, object]] = {
        "gates": version.gates,
        "warns": version.gates,
        "asks": version.gates,
        "sources": version.stages,
        "to": version.stages,
        "stage": version.stages,
        "duties": version.tasks,
        "without": version.tasks,
        "task": version.tasks,
        "opens": version.tasks,
        "ladder": version.ladders,
        "authorises": version.acts,
        "records": version.acts,
        "act": version.acts,
        "instrument": version.items,
        "item": version.items,
    }
    if isinstance(value, tuple):
        return ", ".join(_name(field, Side(version, one)) for one in value) or "nothing"
    found = homes.get(field, {}).get(value) if isinstance(value, str) else None
    return plainly(side) if found is None else label_of(Side(version, found), str(value))


# -- criteria


def _criterion(old: Side, new: Side) -> Iterator[str]:
    """Tests that are new, gone or moved; and how they are joined, where that changed."""
    assert isinstance(old.value, Test | Group)
    assert isinstance(new.value, Test | Group)
    was, now = tests_of(old.value), tests_of(new.value)
    match = SequenceMatcher(a=[_about(t) for t in was], b=[_about(t) for t in now], autojunk=False)
    for what, a, b, c, d in match.get_opcodes():
        if what == "equal":
            for one, other in zip(was[a:b], now[c:d], strict=True):
                yield from _moved(one, other, old.version, new.version)
            continue
        yield from (f"no longer asks {_test(test, old.version)}" for test in was[a:b])
        yield from (f"also asks {_test(test, new.version)}" for test in now[c:d])
    if _joined(old.value) != _joined(new.value):
        yield f"reads now: {plainly(new)}"


def _about(test: Test) -> tuple[str, str, str, bool]:
    seen = test.subject
    return seen.item, seen.derived, seen.of, seen.this_trial


def _moved(was: Test, now: Test, before: ProtocolVersion, after: ProtocolVersion) -> Iterator[str]:
    """One test that asks for something else now, with where each line comes from."""
    if was == now:
        return
    old, new = _test(was, before), _test(now, after)
    yield f"{old} becomes {new}" if old != new else f"{new}: {_spelled(Side(after, now))}"


def _joined(part: Criterion) -> object:
    """How the tests of a criterion are put together; a plain list of them is the same however long it is."""
    if isinstance(part, Test):
        return "test"
    rest = [getattr(part, each.name) for each in fields(part) if each.name != "parts"]
    flat = all(isinstance(one, Test) for one in part.parts)
    return rest if flat else [*rest, *(_nested(one) for one in part.parts)]


def _nested(part: Criterion) -> object:
    if isinstance(part, Test):
        return "test"
    rest = [getattr(part, each.name) for each in fields(part) if each.name != "parts"]
    return [*rest, *(_nested(one) for one in part.parts)]


def _test(test: Test, version: ProtocolVersion) -> str:
    """A test with its age limit and its source: Platelets: at least 100 10*9/L (PACC24; R)."""
    seen = test.subject
    item = version.items.get(seen.item)
    name = test.label or (item.label if item else f"{seen.item}{seen.derived} {seen.of}".strip())
    said = f"{name}: {_wanted(test, version, item.unit if item else '')}"
    said += f", not older than {span(seen.within)}" if seen.within is not None else ""
    said += ", in this trial" if seen.this_trial else ""
    return f"{said} {resting_on(test.basis)}".rstrip()


def _wanted(test: Test, version: ProtocolVersion, unit: str) -> str:
    sign = "" if test.operator is Operator.IS else test.operator.replace("_", " ")
    bound = listed([text.replace("_", " ") for text in test.texts], "or")
    if test.number is not None:
        bound = f"{test.number:f} {'' if unit.startswith('{') else unit}"
    elif test.parameter:
        set_here = version.parameters.get(test.parameter)
        bound = f"what the site sets ({label_of(Side(version, set_here), test.parameter)})"
    known = {"subject", "operator", "number", "texts", "parameter", "label", "basis"}
    more = [str(getattr(test, each.name)) for each in fields(test) if each.name not in known]
    return " ".join(part for part in (sign, bound.strip(), *more) if part)


_JOINS = {Join.ALL: "all of", Join.ANY: "any of", Join.NONE: "none of"}


def _group(group: Group, version: ProtocolVersion) -> str:
    inner = "; ".join(plainly(Side(version, part)) for part in group.parts)
    least = [str(getattr(group, each.name)) for each in fields(group) if each.name not in ("join", "parts", "label")]
    joined = " ".join([_JOINS.get(group.join, str(group.join)), *(one for one in least if one not in ("0", ""))])
    return f"{group.label + ': ' if group.label else ''}{joined} ({inner})"


def _trigger(side: Side) -> str:
    """What opens or closes work: its one fact by its label, and whatever narrows it."""
    told = []
    for each in fields(side.value):  # type: ignore[arg-type]  # a Trigger
        value = getattr(side.value, each.name)
        if _says(value) and value != 1:
            told.append(f"{_called(each.name)} {_name(each.name, Side(side.version, value))}")
    return ", ".join(told) or "nothing"


# -- ladders


def _rungs(old: Side, new: Side) -> Iterator[str]:
    was, now = _listed(old), _listed(new)
    for at, (one, other) in enumerate(zip(was, now, strict=False), start=1):
        if one != other:
            yield from _inside("ladders", f"rung {at}", Side(old.version, one), Side(new.version, other))
    yield from (f"a further rung: {plainly(Side(new.version, rung))}" for rung in now[len(was) :])
    yield from (f"a rung less: {plainly(Side(old.version, rung))}" for rung in was[len(now) :])
