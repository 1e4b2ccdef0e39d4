"""Rules on names: what a file uses, it declares, and uses as what it is. The other rules build on these."""

from collections.abc import Container, Iterator, Mapping

from workflow.authoring.build_own import OWN_LADDER
from workflow.authoring.build_plans import COMPLICATION
from workflow.authoring.rule import Rule, Said, declared_work, triggers, work_path
from workflow.authoring.subjects import DERIVED, Of, misfits
from workflow.authoring.uses import every_test, items_named, names_in_plans, responses
from workflow.domain.anticoagulant import NOTHING
from workflow.domain.criterion import Subject
from workflow.domain.decide.deviate import DOSES
from workflow.domain.item import Kind
from workflow.domain.ladder import Urgency
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.roster import NAMES
from workflow.domain.task import Scope
from workflow.domain.trial import Method


def unknown_items(version: ProtocolVersion) -> Iterator[Said]:
    """Items that are used and not declared."""
    for path, item in _items_used(version):
        if item not in version.items:
            yield path, f"no item is called {item}"


def undeclared_roles(version: ProtocolVersion) -> Iterator[Said]:
    """Roles that are used and not declared."""
    declared = {*version.roles, *NAMES}
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
    rises = {
        path for path, trigger in triggers(version) if trigger.rise_over is not None
    }  # in percent, whatever the item
    for path, test in every_test(version):
        if _is_known(test.subject, version) and path not in rises:
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
        *(
            (f"appointments.{k}.missed", kind.missed, Scope.EPISODE, "a duty")
            for k, kind in version.appointments.items()
        ),
    )
    for path, name, scope, must in wanted:
        if name in version.tasks and version.tasks[name].scope is not scope:
            yield path, f"{name} must be {must}"
    for key, stage in version.stages.items():
        for at, name in enumerate(stage.duties):
            if name in version.tasks and version.tasks[name].scope is not Scope.EPISODE:
                yield f"stages.{key}.duties.{at}", f"{name} must be a duty"
    yield from _misused_chases(version)


def missing_acts(version: ProtocolVersion) -> Iterator[Said]:
    """Acts the engine records doses and catheters under, where the protocol lacks them."""
    methods = {transition.begins_trial for transition in version.transitions.values()}
    for act in (*DOSES, "catheter_removal") if Method.CATHETER in methods else DOSES[:1]:
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
    for path, test in every_test(version):
        subject = test.subject
        if subject.item:
            yield path, subject.item
        elif subject.derived in DERIVED:
            yield from ((f"{path}.of", item) for item in _items_of(subject))
    yield from ((path, item) for path, item, _ in items_named(version))


def _items_of(subject: Subject) -> tuple[str, ...]:
    """The items a derived value is about."""
    first, _, second = subject.of.partition("/")
    match DERIVED[subject.derived].of:
        case Of.ITEM | Of.ITEM_AT_APPOINTMENT:
            return (first,)
        case Of.ITEM_AND_ITEM:
            return (first,) if second == "trial.drug" else (first, second)
        case _:
            return ()


def _roles_used(version: ProtocolVersion) -> Iterator[Said]:
    for name, transition in version.transitions.items():
        yield from ((f"transitions.{name}.by.{at}", role) for at, role in enumerate(transition.by))
    for key, gate in version.gates.items():
        if past := gate.dispensation:
            key_of = "waiver" if past.how == "waived" else "override"
            yield from ((f"gates.{key}.{key_of}.by.{at}", role) for at, role in enumerate(past.by))
    for key, task in declared_work(version).items():
        yield f"{work_path(key, task)}.for", task.role
    for key, ladder in version.ladders.items():
        for at, rung in enumerate(() if ladder is OWN_LADDER else ladder.rungs):
            yield from ((f"ladders.{key}.rungs.{at}.tell.{who}", role) for who, role in enumerate(rung.tell))


def _names_used(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    yield "begins", "stage", version.begins, version.stages
    for path, name in (
        ("hold.task", version.hold.task),
        ("second_person.task", version.second_person_task),
        ("safety_task", version.safety_task),
        ("missed_task", version.missed_task),
    ):
        yield path, "task or duty", name, declared_work(version)
    yield from _names_in_stages(version)
    yield from _names_in_work(version)
    yield from _names_in_tests(version)
    yield from names_in_plans(version)


def _names_in_stages(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for key, stage in version.stages.items():
        for at, duty in enumerate(stage.duties):
            yield f"stages.{key}.duties.{at}", "duty", duty, declared_work(version)
    for name, transition in version.transitions.items():
        path = f"transitions.{name}"
        for at, source in enumerate(transition.sources):
            yield f"{path}.from.{at}", "stage", source, version.stages
        for side, gates in (("gates", transition.gates), ("warns", transition.warns)):
            for at, gate in enumerate(gates):
                yield f"{path}.{side}.{at}", "gate", gate, version.gates
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
        for side, facts in (("opens", task.opens), ("closes", task.closes)):
            for at, trigger in enumerate(facts):
                named = (
                    ("stage", trigger.stage, version.stages),
                    ("act", trigger.act, version.acts),
                    ("appointment", trigger.appointment, version.appointments),
                    ("appointment", trigger.cancelled, version.appointments),
                    ("stage or duty", trigger.during, {**version.stages, **declared_work(version)}),
                    ("transition", trigger.transition, version.transitions),
                )
                yield from ((f"{path}.{side}.{at}", what, name, known) for what, name, known in named if name)


def _names_in_tests(version: ProtocolVersion) -> Iterator[tuple[str, str, str, Container[str]]]:
    for path, test in every_test(version):
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
            duties = [key for key, task in declared_work(version).items() if task.scope is Scope.EPISODE]
            yield path, "duty", subject.of, ("", *duties)
        case Of.APPOINTMENT:
            yield path, "appointment", subject.of, version.appointments
        case Of.ITEM_AT_APPOINTMENT:
            yield path, "appointment", subject.of.partition("/")[2], version.appointments
        case Of.RESPONSE:
            yield path, "further response", subject.of, ("", *version.responses)
        case Of.FORM:
            yield path, "form", subject.of, version.forms
        case Of.ITEM | Of.ITEM_AND_ITEM:
            pass


def _misused_chases(version: ProtocolVersion) -> Iterator[Said]:
    """Chases on work that never waits, or that open what cannot open then."""
    for key, task in version.tasks.items():
        if task.chase is None:
            continue
        path, opened = f"{work_path(key, task)}.chase", version.tasks.get(task.chase.opens)
        if opened is not None and (opened.key == key or opened.scope not in (Scope.STINT, Scope.EPISODE)):
            yield f"{path}.opens", f"{opened.key} must be a duty, or a task of a stay, and other work than {key}"
        ladder = version.ladders.get(task.ladder)
        if ladder is not None and ladder.urgency is Urgency.RED:
            yield path, f"{key} is red, and red work waits on nobody"


def _misused_items(version: ProtocolVersion) -> Iterator[Said]:
    for path, name, kinds in items_named(version):
        if name in version.items and version.items[name].kind not in kinds:
            yield path, f"{name} must be of kind {' or '.join(sorted(kinds))}"
    for path, test in every_test(version):
        wanted = {"days_since": Kind.DATE}.get(test.subject.derived)
        named = version.items.get(test.subject.of)
        if wanted is not None and named is not None and named.kind is not wanted:
            yield f"{path}.of", f"{named.key} must be of kind {wanted}"
    yield from _choices_that_differ(version)


def _choices_that_differ(version: ProtocolVersion) -> Iterator[Said]:
    """Items whose choices must be what something else declares."""
    must: list[tuple[str, str, Mapping[str, object]]] = [(version.drug_item, "the drugs", version.drugs)]
    if version.complications:
        must.append((COMPLICATION, "the complications", version.complications))
        if COMPLICATION not in version.items:
            yield "complications", f"no item is called {COMPLICATION}: nothing could open their work"
    for name, what, declared in must:
        item = version.items.get(name)
        if item is not None and item.kind is Kind.CHOICE and set(item.choices) != set(declared):
            yield f"items.{name}.choices", f"these must be {what}: {', '.join(declared)}"
    for path, rule in responses(version):
        item = version.items.get(rule.line_by)
        if item is not None and (lacks := [choice for choice in item.choices if choice not in rule.lines]):
            yield f"{path}.lines", f"no line for {', '.join(lacks)}"
    yield from _choices_of_plans(version)


def _choices_of_plans(version: ProtocolVersion) -> Iterator[Said]:
    """The same for the kinds of a filling, and for the anticoagulants somebody can take."""
    refill, plan = version.refill, version.anticoagulants
    kinds = version.items.get(refill.kind) if refill else None
    if refill is not None and kinds is not None and set(kinds.choices) != set(refill.keeps):
        yield "refill.keeps", f"these must be the choices of {refill.kind}: {', '.join(kinds.choices)}"
    taken = version.items.get(plan.drug) if plan else None
    if plan is not None and taken is not None:
        known = {row.drug for row in plan.interruptions} | {NOTHING}
        if odd := sorted(known - set(taken.choices)):
            yield "anticoagulants.interruptions", f"{', '.join(odd)} is no choice of {plan.drug}"
