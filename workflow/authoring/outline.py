"""A protocol written out as a page: everything it prescribes, in words, with where each number comes from."""

from collections.abc import Iterator

from workflow.authoring.markdown import head_row, link, row
from workflow.authoring.outline_plans import outcomes, plans
from workflow.authoring.outline_response import responses
from workflow.authoring.words import asked, closing, counted, listed, resting_on, span, trigger
from workflow.domain.criterion import Criterion, Group, Join, Test
from workflow.domain.item import Item, Kind
from workflow.domain.ladder import AfterOutage, Ladder, OnHold
from workflow.domain.protocol import Dispensation, Drug, ProtocolVersion, TaskRule, Transition
from workflow.domain.task import Scope

_JOINS = {Join.ALL: "all of", Join.ANY: "any of", Join.NONE: "none of", Join.SOME: "some of"}
_MARKS = "Marks: R read in the source, U unconfirmed, D a default that a site's clinician confirms."


def outline(version: ProtocolVersion) -> str:
    """The page as Markdown; the same text for the same file."""
    parts = (
        _head(version),
        _stages(version),
        _transitions(version),
        _gates(version),
        _items(version),
        _drugs(version),
        responses(version),
        plans(version),
        _tasks(version),
        _duties(version),
        _ladders(version),
        _rules(version),
        outcomes(version),
        _sources(version),
    )
    pages = ("\n".join(part).strip("\n") for part in parts)
    return "\n\n".join(page for page in pages if page) + "\n"


# ---------------------------------------------------------------------------------------------------------------


def _head(version: ProtocolVersion) -> Iterator[str]:
    yield f"# {version.title}\n"
    yield f"`{version.name}`, SHA-256 `{version.sha256}`. Generated from the protocol file.\n"
    yield "Theca shows these criteria and their basis. It computes no dose and decides nothing.\n"
    yield _MARKS


def _stages(version: ProtocolVersion) -> Iterator[str]:
    yield "## Stages\n"
    yield from head_row("stage", "work in it", "ways on")
    for key, stage in version.stages.items():
        work = [task.label for task in version.tasks.values() if any(t.stage == key for t in task.opens)]
        duties = [f"duty: {version.tasks[duty].label}" for duty in stage.duties]
        ways = [t.label for t in version.transitions.values() if key in t.sources and t.to]
        told = "the pathway ends here" if stage.ends else "; ".join([*work, *duties])
        yield row(f"**{stage.label}**{' (begins here)' if key == version.begins else ''}", told, "; ".join(ways))


def _transitions(version: ProtocolVersion) -> Iterator[str]:
    yield "## Transitions\n"
    yield "A transition is taken by one of its roles, and only while every gate it asks is open.\n"
    yield from head_row("transition", "from", "to", "by", "asks", "also")
    for way in version.transitions.values():
        everywhere = len(way.sources) == len(version.stages)
        sources = "any stage" if everywhere else ", ".join(version.stages[key].label for key in way.sources)
        to = version.stages[way.to].label if way.to else "(stays)"
        asks = [link(version.gates[gate].label) for gate in way.gates]
        asks += [f"{link(version.gates[gate].label)} (warns)" for gate in way.warns]
        asks += ["today's approval, its gates judged again"] if way.records else []
        gates = ", ".join(asks) or "no gate"
        yield row(f"**{way.label}**", sources, to, ", ".join(way.by) or "the software", gates, _also(way, version))


def _also(way: Transition, version: ProtocolVersion) -> str:
    acts = version.acts
    said = (
        f"authorises {acts[way.authorises].label} for {span(acts[way.authorises].valid_for)}" if way.authorises else "",
        f"records {acts[way.records].label}" if way.records else "",
        f"begins a trial ({way.begins_trial.replace('_', ' ')})" if way.begins_trial else "",
        f"ends the trial as {_plain(way.ends_trial)}" if way.ends_trial else "",
        "a second person must agree" if way.second_person else "",
        f"signed: “{way.signed}”" if way.signed else "",
        f"reason: {listed([_plain(reason) for reason in way.reasons], 'or')}" if way.reasons else "",
        "also on hold" if way.on_hold else "",
    )
    return "; ".join(part for part in said if part)


def _gates(version: ProtocolVersion) -> Iterator[str]:
    yield "## Gates\n"
    yield "A gate answers open, shut or unknown. What is not recorded, or stale, is unknown and does not pass.\n"
    blocks = []
    for gate in version.gates.values():
        lines = [f"### {gate.label}\n", *_top(gate.criterion, version)]
        if gate.dispensation is not None:
            lines.append("\n" + _past(gate.dispensation))
        blocks.append("\n".join(lines))
    yield "\n\n".join(blocks)


def _past(past: Dispensation) -> str:
    how = "waived" if past.how == "waived" else "overridden"
    reasons = listed([_plain(reason) for reason in past.reasons], "or")
    return f"May be {how} by two people ({', '.join(past.by)}) for {span(past.lapses_after)}: {reasons}."


def _criterion(part: Criterion, version: ProtocolVersion, *, depth: int) -> Iterator[str]:
    match part:
        case Test():
            yield f"{'  ' * depth}- {asked(part, version)} {resting_on(part.basis)}".rstrip()
        case Group(parts=parts, label=label):
            yield f"{'  ' * depth}- {label + ': ' if label else ''}{_joined(part)}"
            for inner in parts:
                yield from _criterion(inner, version, depth=depth + 1)


def _joined(group: Group) -> str:
    return f"at least {group.least} of" if group.join is Join.SOME else _JOINS[group.join]


def _top(criterion: Criterion, version: ProtocolVersion) -> Iterator[str]:
    """A gate's own tests as one list, with how they are joined above it."""
    if isinstance(criterion, Test):
        yield from _criterion(criterion, version, depth=0)
        return
    if len(criterion.parts) > 1 or criterion.join is Join.NONE:
        yield f"{_joined(criterion).capitalize()}:\n"
    for part in criterion.parts:
        yield from _criterion(part, version, depth=0)


def _items(version: ProtocolVersion) -> Iterator[str]:
    yield "## Items\n"
    yield "What can be recorded. A judgement is a clinician's: nobody overrides it.\n"
    yield from head_row("item", "takes", "valid for", "basis")
    for item in version.items.values():
        label = item.label + (" (judgement)" if item.judgement else "")
        yield row(label, _takes(item), span(item.valid_for) if item.valid_for else "always", resting_on(item.basis))


def _takes(item: Item) -> str:
    match item.kind:
        case Kind.NUMBER:
            decimals = f", {counted(item.decimals, 'decimal')}" if item.decimals else ""
            return f"{item.minimum} to {item.maximum} `{item.unit}`{decimals}"
        case Kind.YES_NO:
            return "yes or no"
        case Kind.CHOICE:
            return listed([_plain(choice) for choice in item.choices], "or")
        case Kind.TEXT:
            return "text"
        case Kind.DATE:
            return "a date"
        case Kind.TIME:
            return "a moment"
        case Kind.GRADE:
            return listed([f"{grade} (counts {worth})" for grade, worth in item.grades.items()], "or")


def _drugs(version: ProtocolVersion) -> Iterator[str]:
    yield "## Drugs\n"
    yield "Doses are recorded as given and checked for plausibility; none is computed.\n"
    yield from head_row("drug", "plausible", "never above", "steps", "effect", "observe", "basis")
    for drug in version.drugs.values():
        yield row(drug.label, *_doses(drug), resting_on(drug.basis))


def _doses(drug: Drug) -> tuple[str, str, str, str, str]:
    return (
        f"{drug.minimum} to {drug.maximum} {drug.unit}",
        f"{drug.hard_maximum} {drug.unit}",
        ", ".join(str(step) for step in drug.steps) or "none",
        f"from {span(drug.onset)} to {span(drug.lasts)}",
        span(drug.observe),
    )


def _tasks(version: ProtocolVersion) -> Iterator[str]:
    yield "## Tasks\n"
    yield from head_row("task", "for", "belongs to", "opens on", "ladder")
    for task in version.tasks.values():
        if task.scope is not Scope.EPISODE:
            facts = [trigger(fact, version) for fact in task.opens] + _chased(task.key, version)
            opens = listed(facts, "or") or f"the {task.scope}"
            scope = "stay in a stage" if task.scope is Scope.STINT else str(task.scope)
            opens += " where an item it needs will have expired" if task.repeats else ""
            yield row(_said(task), task.role, scope, opens, _ladder_of(task, version))


def _duties(version: ProtocolVersion) -> Iterator[str]:
    yield "## Duties\n"
    yield "A duty outlives stages, holds and endings. Only the fact that discharges it closes it.\n"
    yield from head_row("duty", "for", "opens on", "closes on", "ladder")
    for key, task in version.tasks.items():
        if task.scope is Scope.EPISODE and not key.startswith("complication_"):
            label = _said(task) + ("" if task.ends_at_death else " (also after death)")
            yield row(
                label, task.role, _opening(key, task, version), _closing(task, version), _ladder_of(task, version)
            )


def _opening(key: str, task: TaskRule, version: ProtocolVersion) -> str:
    stages = [stage.label for stage in version.stages.values() if key in stage.duties]
    named = ["a deviation, or a passed gate undone by a correction"] if key == version.safety_task else []
    missed = {kind.missed or version.missed_task for kind in version.appointments.values()}
    named += ["a missed appointment"] if key in missed else []
    named += ["a letter that did not arrive: opened by the engine"] if task.by_engine else []
    return listed([*(trigger(fact, version) for fact in task.opens), *stages, *named, *_chased(key, version)], "or")


def _chased(key: str, version: ProtocolVersion) -> list[str]:
    """The work on whose outsiders somebody tries in vain before this opens."""
    return [
        f"{counted(task.chase.attempts, 'attempt')} in vain of: {task.label}"
        for task in version.tasks.values()
        if task.chase is not None and task.chase.opens == key
    ]


def _closing(task: TaskRule, version: ProtocolVersion) -> str:
    gates = [link(version.gates[gate].label) for gate in task.gates]
    return closing(task, version) + (f", while {listed(gates)} is open" if gates else "")


def _ladder_of(task: TaskRule, version: ProtocolVersion) -> str:
    follows = f", counted from {task.follows.replace('.', ': ').replace('_', ' ')}" if task.follows else ""
    chase = task.chase
    if chase is not None:
        tried = f"every {counted(chase.attempts, 'attempt')} to reach the outsider it waits on"
        follows += f"; after {tried}: {version.tasks[chase.opens].label} {resting_on(chase.basis)}".rstrip()
    return version.ladders[task.ladder].label + follows


def _said(task: TaskRule) -> str:
    return f"{task.label}. {task.advice}" if task.advice else task.label


def _ladders(version: ProtocolVersion) -> Iterator[str]:
    yield "## Ladders\n"
    yield "Who is told, after how long. Working time counts a site's open hours only. The last rung repeats.\n"
    yield from head_row("ladder", "urgency", "rungs", "repeats every", "on hold", "after an outage", "source")
    for ladder in version.ladders.values():
        on_hold = "pauses" if ladder.on_hold is OnHold.PAUSE else "runs on"
        label, after = f"**{ladder.label}**", _AFTER[ladder.after_outage]
        yield row(label, ladder.urgency, _rungs(ladder), span(ladder.repeat), on_hold, after, ladder.source)


_AFTER = {
    AfterOutage.FIRE: "each is told, late",
    AfterOutage.COLLAPSE: "told once",
    AfterOutage.SKIP: "what passed is left out",
}


def _rungs(ladder: Ladder) -> str:
    """Each rung; the kind of time once where it is the same for all, else with each."""
    kinds = [ladder.kind(at) for at in range(len(ladder.rungs))]
    said = [f"{span(rung.after)}: {', '.join(rung.tell)}" for rung in ladder.rungs]
    if len(set(kinds)) == 1:
        return "; ".join(said) + ("" if kinds[0] == "clock" else " (working time)")
    return "; ".join(f"{one} ({kind} time)" for one, kind in zip(said, kinds, strict=True))


def _rules(version: ProtocolVersion) -> Iterator[str]:
    hold = version.hold
    reasons = listed([_plain(reason) for reason in hold.reasons], "or")
    yield "## Rules\n"
    yield f"- At most {counted(version.max_trials, 'trial')} a candidate."
    yield f"- A hold has a reason ({reasons}) and is looked at again after {span(hold.review_after)}."
    yield f"- What waits for a second person lapses after {span(version.second_person_lapses)}."
    codes = f": {listed([_plain(code) for code in version.late_reasons], 'or')}" if version.late_reasons else ""
    yield f"- An approval entered more than {span(version.late_after)} late wants a reason{codes}."
    if version.soft_reasons:
        codes = listed([_plain(code) for code in version.soft_reasons], "or")
        yield f"- A dose outside what is plausible, or out of its steps, wants a reason: {codes}."
    first = version.priority
    if first is not None:
        within = f"{span(first.within)}{' (working time)' if first.time == 'working' else ''}"
        basis = resting_on(first.test.basis)
        yield f"- {first.label} comes first ({asked(first.test, version)}): its first step within {within} {basis}."
    for kind in version.appointments.values():
        if kind.act:
            yield f"- {kind.label} is booked for: {version.acts[kind.act].label}."


def _sources(version: ProtocolVersion) -> Iterator[str]:
    yield "## Sources\n"
    yield from (f"- **{key}**: {text}" for key, text in version.sources.items())


def _plain(code: str) -> str:
    return code.replace("_", " ")
