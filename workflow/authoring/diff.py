"""What changes from one version of a protocol to the next: every field, in words, with whom it concerns.

Versions are compared field by field over the dataclasses they are made of, so that what is added to them one day is
told without a word here; `diff_words` only says the important ones as people would.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from workflow.authoring.diff_words import Side, label_of, phrases, plainly, sort_of
from workflow.domain.actor import Role
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Criterion
from workflow.domain.ladder import Ladder
from workflow.domain.protocol import ProtocolVersion, tests_of

EXPECTED = ("number", "sha256")  # another printing has another number and another text; alone they say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `thing` is the part of the file, `key` which of them; `concerns` is empty where it is everybody.

    `before` and `after` are the values as short text; empty where there is none.
    """

    thing: str
    key: str
    field: str
    before: str
    after: str
    told: str
    concerns: tuple[Role, ...] = ()


def diff(before: ProtocolVersion, after: ProtocolVersion) -> tuple[Change, ...]:
    """Every difference, in the order of the fields of a version. Empty: the two prescribe the same."""
    found = list[Change]()
    for each in fields(ProtocolVersion):
        if each.name not in EXPECTED:
            found.extend(_of_field(each.name, before, after))
    if not found:
        found = [change for name in EXPECTED for change in _of_field(name, before, after)]
        if {change.field for change in found} == {"sha256"}:
            return (_text_only(found[0]),)
    return tuple(found)


# ---------------------------------------------------------------------------------------------------------------


def _of_field(name: str, before: ProtocolVersion, after: ProtocolVersion) -> Iterator[Change]:
    """The differences in one field of a version: a collection of things, one thing, or a single value."""
    old, new = getattr(before, name), getattr(after, name)
    sides = Side(before, old), Side(after, new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            pair = Side(before, old.get(key)), Side(after, new.get(key))
            yield from _of_thing(name, key, *pair)
    elif _is_thing(old) or _is_thing(new):
        yield from _of_thing(name, "", *sides)
    elif old != new:
        yield _change(name, "", "", sides, f"{name.replace('_', ' ')}: {plainly(sides[0])} becomes {plainly(sides[1])}")


def _of_thing(thing: str, key: str, old: Side, new: Side) -> Iterator[Change]:
    """The differences of one thing: it is new, it is gone, or some of its fields differ."""
    if old.value is None or new.value is None:
        if old.value is not new.value:
            said = "is new" if old.value is None else "is gone"
            known = new if old.value is None else old
            named = f"{sort_of(thing, known)} {label_of(known, key)}" if key else thing.replace("_", " ")
            yield _change(thing, key, "", (old, new), f"{named} {said}: {plainly(known)}")
        return
    named = f"{sort_of(thing, new)} {label_of(new, key)}" if key else thing.replace("_", " ")
    if not _is_thing(old.value) or type(old.value) is not type(new.value):
        if old.value != new.value:
            yield _change(thing, key, "", (old, new), f"{named}: {plainly(old)} becomes {plainly(new)}")
        return
    for each in fields(old.value):  # type: ignore[arg-type]  # a thing is a dataclass
        pair = old.at(each.name), new.at(each.name)
        if pair[0].value != pair[1].value:
            for phrase in phrases(thing, each.name, *pair):
                yield _change(thing, key, each.name, pair, f"{named}: {phrase}")


def _is_thing(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, Duration)


def _change(thing: str, key: str, field: str, sides: tuple[Side, Side], told: str) -> Change:
    old, new = sides
    concerned = {*_concerns(old.version, thing, key), *_concerns(new.version, thing, key)}
    return Change(
        thing=thing,
        key=key,
        field=field or thing,
        before=plainly(old),
        after=plainly(new),
        told=told,
        concerns=tuple(role for role in Role if role in concerned),
    )


def _text_only(change: Change) -> Change:
    told = "the text differs in nothing that is prescribed: comments, spacing, or the order things are written in"
    return Change(thing=change.thing, key="", field=change.field, before=change.before, after=change.after, told=told)


# -- whom it concerns


def _concerns(version: ProtocolVersion, thing: str, key: str) -> Iterator[Role]:
    """The roles whose work a thing touches, as far as a version says; nobody in particular: everybody."""
    match thing:
        case "transitions" if key in version.transitions:
            yield from version.transitions[key].by
        case "gates":
            yield from _asked_of(version, {key})
        case "items":
            looked_at = {name for name, gate in version.gates.items() if _looks_at(gate.criterion, key)}
            yield from _asked_of(version, looked_at)
        case "acts":
            yield from (r for t in version.transitions.values() if key in (t.authorises, t.records) for r in t.by)
        case "stages":
            yield from (r for t in version.transitions.values() if t.to == key for r in t.by)
            yield from (t.role for t in version.tasks.values() if any(fact.stage == key for fact in t.opens))
        case "tasks" if key in version.tasks:
            yield version.tasks[key].role
            yield from _told(version.ladders.get(version.tasks[key].ladder))
        case "ladders":
            yield from (task.role for task in version.tasks.values() if task.ladder == key)
            yield from _told(version.ladders.get(key))


def _asked_of(version: ProtocolVersion, gates: set[str]) -> Iterator[Role]:
    for way in version.transitions.values():
        asked = {name for each in fields(way) for name in _names(getattr(way, each.name))}
        if gates & asked:
            yield from way.by


def _names(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, tuple) else ()


def _looks_at(criterion: Criterion, item: str) -> bool:
    return any(item in (test.subject.item, test.subject.of) for test in tests_of(criterion))


def _told(ladder: Ladder | None) -> Iterator[Role]:
    for rung in ladder.rungs if ladder is not None else ():
        yield from (Role(name) for name in rung.tell if name in set(Role))
