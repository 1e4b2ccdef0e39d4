"""Rules on names: what a file uses, it declares, and uses as what it is. The other rules build on these."""

from collections.abc import Container, Iterator

from workflow.authoring.rule import Rule, Said, gate_tests, trigger_tests, work_path
from workflow.authoring.subjects import DERIVED, Of, misfits
from workflow.domain.criterion import Subject
from workflow.domain.decide.deviate import DOSES
from workflow.domain.item import Kind
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.task import Scope
from workflow.domain.trial import Method


def unknown_items(version: ProtocolVersion) -> Iterator[Said]:
    """Items that are used and not declared."""
    for path, item in _items_used(version):
        if item not in version.items:
            yield path, f"no item is called {item}"


def undeclared_roles(version: ProtocolVersion) -> Iterator[Said]:
    """Roles that are used and not declared."""
    declared = {*version.roles, "assignee"}
    for path, role in _roles_used(version):
        if role not in declared:
            yield path, f"{role} is not one of this protocol's roles"


def unknown_names(version: ProtocolVersion) -> Iterator[Said]:
    """Stages, gates, acts, transitions, ladders, tasks, appointments and derived values that do not exist."""
    for path, what, name, known in _names_used(version):
        if name not in known:
            yield path, f"no {what} is called {name}"


def misfit_tests(version: ProtocolVersion) -> Iterator[Said]:
    """Tests that compare a value with something it can never be."""
    for path, test in (*gate_tests(version), *trigger_tests(version)):
        if _is_known(test.subject, version):
            for message, allowed in misfits(test, version.items):
                yield path, f"{message}; allowed: {allowed}"


def misused(version: ProtocolVersion) -> Iterator[Said]:
    """Items and work named for a purpose they cannot serve."""
    yield from _misused_items(version)
    wanted = (
        ("hold.task", version.hold.task, Scope.HOLD, "scope: hold"),
        ("second_person.task", version.second_person_task, Scope.PROPOSAL, "scope: proposal"),
        ("safety_task", version.safety_task, Scope.EPISODE, "a duty"),
        ("missed_task", version.missed_task, Scope.EPISODE, "a duty"),
    )
    for path, name, scope, must in wanted:
        if name in version.tasks and version.tasks[name].scope is not scope:
            yield path, f"{name} must be {must}"
    for key, stage in version.stages.items():
        for at, name in enumerate(stage.duties):
            if name in version.tasks and version.tasks[name].scope is not Scope.EPISODE:
                yield f"stages.{key}.duties.{at}", f"{name} must be a duty"


def missing_acts(version: ProtocolVersion) -> Iterator[Said]:
    """Acts the engine records doses and catheters under, where the protocol lacks them."""
    methods = {transition.begins_trial for transition in version.transitions.values()}
    removal = ("catheter_removal",) if Method.CATHETER in methods else ()
    for act in (*DOSES, *removal):
        if act not in version.acts:
            yield "acts", f"there is no act called {act}"


REFERENCES = (
    Rule(
        code="T101",
        title="Unknown item",
        why="A gate that looks at an item nobody can record stays unknown for ever, and a misspelt one looks right.",
        remedy="declare it under items, or correct its spelling",
        check=unknown_items,
    ),
    Rule(
        code="T102",
        title="Undeclared role",
        why="A role the protocol does not name has nobody at the site; what is sent to it reaches no one.",
        remedy="add it to roles, or name one that is there",
        check=undeclared_roles,
    ),
    Rule(
        code="T103",
        title="Unknown name",
        why="A stage, gate, act, transition, ladder, task, appointment or derived value must exist to be used.",
        remedy="declare it, or correct its spelling",
        check=unknown_names,
    ),
    Rule(
        code="T104",
        title="Test that does not fit its item",
        why="A value held against something it can never be is never met, and nobody sees why.",
        remedy="compare with a value the item can have",
        check=misfit_tests,
    ),
    Rule(
        code="T105",
        title="Used as what it is not",
        why="The instrument must score, the drug item must name the drugs, and the work the software opens by itself "
        "must live as long as its cause.",
        remedy="name an item or task of the right kind",
        check=misused,
    ),
    Rule(
        code="T106",
        title="Act the engine needs is missing",
        why="Doses are given under the acts puncture and repeat_dose, and a trial catheter comes out under "
        "catheter_removal. Without the act the fact could not be recorded.",
        remedy="declare it under acts, and a transition that authorises it",
        check=missing_acts,
    ),
)


# ---------------------------------------------------------------------------------------------------------------


def _is_known(subject: Subject, version: ProtocolVersion) -> bool:
    return subject.item in version.items if subject.item else subject.derived in DERIVED


def _items_used(version: ProtocolVersion) -> Iterator[Said]:
    for path, test in (*gate_tests(version), *trigger_tests(version)):
        subject = test.subject
        if subject.item:
            yield path, subject.item
        elif subject.derived in DERIVED and DERIVED[subject.derived].of in (Of.ITEM, Of.ITEM_AT_APPOINTMENT):
            yield f"{path}.of", subject.of.partition("/")[0]
    yield "response.instrument", version.response.instrument
    if version.response.baseline.void_by:
        yield "response.baseline.void_by", version.response.baseline.void_by
    yield "drug_item", version.drug_item


def _roles_used(version: ProtocolVersion) -> Iterator[Said]:
    for name, transition in version.transitions.items():
        yield from ((f"transitions.{name}.by.{at}", role) for at, role in enumerate(transition.by))
    for key, gate in version.gates.items():
        if past := gate.dispensation:
            key_of = "waiver" if past.how == "waived" else "override"
            yield from ((f"gates.{key}.{key_of}.by.{at}", role) for at, role in enumerate(past.by))
    for key, task in version.tasks.items():
        yield f"{work_path(key, task)}.for", task.role
    for key, ladder in version.ladders.items():
        for at, rung in enumerate(ladder.rungs):
            yield from ((f"ladders.{key}.rungs.{at}.tell.{who}", role) for who, role in enumerate(rung.tell))


def _names_used(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    yield "begins", "stage", version.begins, version.stages
    for path, name in (
        ("hold.task", version.hold.task),
        ("second_person.task", version.second_person_task),
        ("safety_task", version.safety_task),
        ("missed_task", version.missed_task),
    ):
        yield path, "task or duty", name, version.tasks
    yield from _names_in_stages(version)
    yield from _names_in_work(version)
    yield from _names_in_tests(version)


def _names_in_stages(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for key, stage in version.stages.items():
        for at, duty in enumerate(stage.duties):
            yield f"stages.{key}.duties.{at}", "duty", duty, version.tasks
    for name, transition in version.transitions.items():
        path = f"transitions.{name}"
        for at, source in enumerate(transition.sources):
            yield f"{path}.from.{at}", "stage", source, version.stages
        for at, gate in enumerate(transition.gates):
            yield f"{path}.gates.{at}", "gate", gate, version.gates
        if transition.to:
            yield f"{path}.to", "stage", transition.to, version.stages
        for verb, act in (("authorises", transition.authorises), ("records", transition.records)):
            if act:
                yield f"{path}.{verb}", "act", act, version.acts


def _names_in_work(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for key, task in version.tasks.items():
        path = work_path(key, task)
        yield f"{path}.ladder", "ladder", task.ladder, version.ladders
        for at, gate in enumerate(task.gates):
            yield f"{path}.gates.{at}", "gate", gate, version.gates
        for side, triggers in (("opens", task.opens), ("closes", task.closes)):
            for at, trigger in enumerate(triggers):
                facts = (
                    ("stage", trigger.stage, version.stages),
                    ("act", trigger.act, version.acts),
                    ("appointment", trigger.appointment, version.appointments),
                    ("transition", trigger.transition, version.transitions),
                )
                yield from ((f"{path}.{side}.{at}", what, name, known) for what, name, known in facts if name)


def _names_in_tests(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for path, test in gate_tests(version):
        subject = test.subject
        if subject.item:
            continue
        yield path, "derived value", subject.derived, DERIVED
        if subject.derived in DERIVED:
            yield from _names_in_of(subject, f"{path}.of", version)


def _names_in_of(
    subject: Subject, path: str, version: ProtocolVersion
) -> Iterator[tuple[str, str, str, Container[str]]]:
    match DERIVED[subject.derived].of:
        case Of.NOTHING:
            yield path, "`of` for this value", subject.of, ("",)
        case Of.DUTY:
            duties = [key for key, task in version.tasks.items() if task.scope is Scope.EPISODE]
            yield path, "duty", subject.of, ("", *duties)
        case Of.APPOINTMENT:
            yield path, "appointment", subject.of, version.appointments
        case Of.ITEM_AT_APPOINTMENT:
            yield path, "appointment", subject.of.partition("/")[2], version.appointments
        case Of.ITEM:
            pass


def _misused_items(version: ProtocolVersion) -> Iterator[Said]:
    kinds = (
        ("response.instrument", version.response.instrument, Kind.NUMBER),
        ("response.baseline.void_by", version.response.baseline.void_by, Kind.YES_NO),
        ("drug_item", version.drug_item, Kind.CHOICE),
    )
    for path, name, kind in kinds:
        if name in version.items and version.items[name].kind is not kind:
            yield path, f"{name} must be of kind {kind}"
    drugs = version.items.get(version.drug_item)
    if drugs is not None and drugs.kind is Kind.CHOICE and set(drugs.choices) != set(version.drugs):
        yield f"items.{version.drug_item}.choices", f"these must be the drugs: {', '.join(version.drugs)}"
