"""The names a walk uses, held against the protocol it is for."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from workflow.authoring.scalars import NUMBER
from workflow.authoring.walk.deeds import people_of
from workflow.authoring.walk.shape import Values, WrittenExpected, WrittenStep, WrittenWalk
from workflow.domain.item import Kind
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import ProtocolVersion

Said: TypeAlias = tuple[str, str, str]  # a dotted path, what is wrong there, what is allowed


def unknown(file: WrittenWalk, version: ProtocolVersion) -> Iterator[Said]:
    """Everything a walk names that its protocol or its people do not have."""
    if file.protocol is not None and file.protocol not in (version.key, version.name):
        yield "protocol", f"this walk is for {file.protocol}", f"{version.key}, or {version.name}"
    yield from odd_settings(file.parameters or {}, version)
    yield from _odd_people(file, version)
    people = people_of(file, version)
    if not any(who_may(Verb.ENROL) & set(roles) for roles in people.values()):
        yield "people", "nobody here may enrol a candidate", _listed(who_may(Verb.ENROL))
    for number, step in enumerate(file.steps):
        path = f"steps.{number}"
        yield from _in_step(path, step, version, people)
        yield from _in_values(path, step, version)
        if step.expect is not None:
            yield from _in_expected(f"{path}.expect", step.expect, version, people)


def odd_settings(settings: Mapping[str, Decimal], version: ProtocolVersion) -> Iterator[Said]:
    """Parameters the protocol does not have, and values it does not leave to a site."""
    for key, value in settings.items():
        rule = version.parameters.get(key)
        if rule is None:
            yield f"parameters.{key}", f"there is no parameter {key}", _listed(version.parameters) or "none is declared"
        elif not rule.minimum <= value <= rule.maximum:
            allowed = f"{rule.minimum:f} to {rule.maximum:f} {rule.unit}"
            yield f"parameters.{key}", f"{rule.label} cannot be set to {value:f}", allowed


def _odd_people(file: WrittenWalk, version: ProtocolVersion) -> Iterator[Said]:
    for name, roles in (file.people or {}).items():
        if name in version.roles and tuple(roles) != (name,):
            yield f"people.{name}", "a person is called like a role they do not simply hold", "another name"


def _in_step(path: str, step: WrittenStep, version: ProtocolVersion, people: Iterable[str]) -> Iterator[Said]:
    who = (*people, *version.roles)
    kinds = version.appointments
    tasks = version.tasks
    named = (
        ("by", step.by, "person", who),
        ("and_by", step.and_by, "person", who),
        ("to", step.to, "person", who),
        ("adopt", step.adopt, "stage", version.stages),
        ("correct", step.correct, "item", version.items),
        ("advance", step.advance, "transition", version.transitions),
        ("administer", step.administer, "drug", version.drugs),
        ("drug", step.drug, "drug", version.drugs),
        ("override", step.override, "gate", version.gates),
        ("deviate", step.deviate, "act", version.acts),
        *((verb, getattr(step, verb), "appointment", kinds) for verb in ("appoint", "reschedule")),
        *((verb, getattr(step, verb), "appointment", kinds) for verb in ("attend", "miss", "cancel")),
        *((verb, getattr(step, verb), "task or duty", tasks) for verb in ("complete", "acknowledge", "claim")),
        *((verb, getattr(step, verb), "task or duty", tasks) for verb in ("reassign", "snooze", "wait")),
    )
    for key, name, what, known in named:
        if name is not None and name not in known:
            yield f"{path}.{key}", f"there is no {what} {name}", _listed(known)


def _in_values(path: str, step: WrittenStep, version: ProtocolVersion) -> Iterator[Said]:
    for item, values in (step.record or {}).items():
        if item not in version.items:
            yield f"{path}.record.{item}", f"there is no item {item}", _listed(version.items)
        else:
            yield from _odd_numbers(f"{path}.record.{item}", item, values, version)
    item, value = step.correct or "", step.value or ""
    if item in version.items and value and not _reads(item, value, version):
        yield f"{path}.value", f"{value} is not a number", version.items[item].allowed


def _odd_numbers(path: str, item: str, values: Values, version: ProtocolVersion) -> Iterator[Said]:
    for said in values:
        if said.value is not None and not _reads(item, said.value, version):
            yield path, f"{said.value} is not a number", version.items[item].allowed


def _reads(item: str, value: str, version: ProtocolVersion) -> bool:
    return version.items[item].kind is not Kind.NUMBER or NUMBER.fullmatch(value) is not None


def _in_expected(path: str, said: WrittenExpected, version: ProtocolVersion, people: Iterable[str]) -> Iterator[Said]:
    if said.stage is not None and said.stage not in version.stages:
        yield f"{path}.stage", f"there is no stage {said.stage}", _listed(version.stages)
    for key, names in (("open", said.open), ("closed", said.closed), ("told", said.told)):
        for at, name in enumerate(names or ()):
            if name not in version.tasks:
                place = f"{path}.{key}.{name if key == 'told' else at}"
                yield place, f"there is no task or duty {name}", _listed(version.tasks)
    for task, who in (said.told or {}).items():
        for at, name in enumerate(who):
            if name not in (*people, *version.roles):
                yield f"{path}.told.{task}.{at}", f"there is no person {name}", _listed((*people, *version.roles))


def _listed(known: Iterable[str]) -> str:
    return ", ".join(sorted(dict.fromkeys(str(name) for name in known)))
