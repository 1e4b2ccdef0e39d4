"""From what is written to what is meant: a checked shape becomes the domain's ProtocolVersion."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from workflow.authoring import shape as written
from workflow.authoring.scalars import NUMBER
from workflow.authoring.subjects import is_numeric
from workflow.domain.criterion import Criterion, Group, Join, Operator, Subject, Test
from workflow.domain.item import Basis, Item
from workflow.domain.ladder import Ladder, Rung
from workflow.domain.protocol import (
    Act,
    BaselineRule,
    Dispensation,
    Drug,
    Gate,
    HoldRule,
    Invariant,
    ProtocolVersion,
    ResponseRule,
    Stage,
    TaskRule,
    Transition,
    Trigger,
)
from workflow.domain.task import Scope


def build(file: written.WrittenProtocol, *, sha256: str) -> ProtocolVersion:
    """The version a file describes. Names it uses are not yet known to exist: `references` looks."""
    items = {key: _item(key, item) for key, item in file.items.items()}
    return ProtocolVersion(
        key=file.protocol,
        number=file.version,
        title=file.title,
        sha256=sha256,
        begins=file.begins,
        roles=file.roles,
        sources=MappingProxyType(file.sources),
        items=MappingProxyType(items),
        drugs=MappingProxyType({key: _drug(key, drug) for key, drug in file.drugs.items()}),
        stages=MappingProxyType({key: _stage(key, stage) for key, stage in file.stages.items()}),
        gates=MappingProxyType({key: _gate(key, gate, items) for key, gate in file.gates.items()}),
        acts=MappingProxyType(
            {key: Act(key=key, label=act.label, valid_for=act.valid_for) for key, act in file.acts.items()}
        ),
        transitions=MappingProxyType(_transitions(file)),
        ladders=MappingProxyType({key: _ladder(key, ladder) for key, ladder in file.ladders.items()}),
        tasks=MappingProxyType(_work(file, items)),
        appointments=MappingProxyType(file.appointments),
        response=_response(file.response),
        hold=HoldRule(reasons=file.hold.reasons, review_after=file.hold.review_after, task=file.hold.task),
        safety_task=file.safety_task,
        missed_task=file.missed_task,
        second_person_task=file.second_person.task,
        second_person_lapses=file.second_person.lapses_after,
        late_after=file.late_after,
        drug_item=file.drug_item,
        max_trials=file.max_trials,
        stage_order=tuple(file.stages),
        invariants=MappingProxyType({key: _invariant(key, said) for key, said in file.invariants.items()}),
    )


def _invariant(key: str, said: written.WrittenInvariant) -> Invariant:
    return Invariant(
        key=key,
        label=said.label,
        act=said.act or "",
        stage=said.stage or "",
        asks=said.asks or (),
        without=said.without or (),
    )


def _basis(thing: written.Sourced) -> Basis:
    return Basis(source=thing.source or "", mark=thing.mark or "")


def _item(key: str, item: written.WrittenItem) -> Item:
    low, high = item.range or (None, None)
    return Item(
        key=key,
        label=item.label,
        kind=item.kind,
        unit=item.unit or "",
        minimum=low,
        maximum=high,
        decimals=item.decimals or 0,
        choices=item.choices or (),
        valid_for=item.valid_for,
        judgement=item.judgement,
        basis=_basis(item),
    )


def _drug(key: str, drug: written.WrittenDrug) -> Drug:
    low, high = drug.plausible
    return Drug(
        key=key,
        label=drug.label,
        unit=drug.unit,
        minimum=low,
        maximum=high,
        hard_maximum=drug.hard_maximum,
        onset=drug.onset,
        lasts=drug.lasts,
        observe=drug.observe,
        basis=_basis(drug),
    )


def _stage(key: str, stage: written.WrittenStage) -> Stage:
    return Stage(key=key, label=stage.label, ends=stage.ends, duties=stage.duties or ())


def _gate(key: str, gate: written.WrittenGate, items: Mapping[str, Item]) -> Gate:
    return Gate(key=key, label=gate.label, criterion=_group(gate, items, label=""), dispensation=_dispensation(gate))


def _dispensation(gate: written.WrittenGate) -> Dispensation | None:
    said, how = (gate.override, "overridden") if gate.override else (gate.waiver, "waived")
    if said is None:
        return None
    return Dispensation(how=how, by=said.by, reasons=said.reasons, lapses_after=said.lapses_after)


def _criterion(part: written.WrittenTest | written.WrittenGroup, items: Mapping[str, Item]) -> Criterion:
    match part:
        case written.WrittenTest():
            return _test(part, items)
        case written.WrittenGroup():
            return _group(part, items, label=part.label or "")


def _group(group: written.WrittenGroup, items: Mapping[str, Item], *, label: str) -> Group:
    return Group(join=Join(group.join), parts=tuple(_criterion(part, items) for part in group.parts), label=label)


def _test(test: written.WrittenTest, items: Mapping[str, Item]) -> Test:
    subject = Subject(
        item=test.item or "",
        derived=test.derived or "",
        of=test.of or "",
        within=test.within,
        this_trial=test.this_trial,
    )
    return _compared(test, subject, items)


def _compared(test: written.Compared, subject: Subject, items: Mapping[str, Item]) -> Test:
    number, texts = test.number, test.texts
    (operator,) = test.operators
    if operator is Operator.IS and is_numeric(subject, items) and NUMBER.fullmatch(texts[0]):
        number, texts = Decimal(texts[0]), ()
    return Test(
        subject=subject,
        operator=operator,
        number=number,
        texts=texts,
        label=test.label or "",
        basis=_basis(test),
    )


def _transitions(file: written.WrittenProtocol) -> dict[str, Transition]:
    everywhere = tuple(file.stages)
    return {
        name: Transition(
            name=name,
            label=said.label,
            sources=said.from_ or everywhere,
            to=said.to or "",
            by=said.by,
            gates=said.gates,
            authorises=said.authorises or "",
            records=said.records or "",
            begins_trial=said.begins_trial,
            ends_trial=said.ends_trial or "",
            second_person=said.second_person,
            reasons=said.reasons or (),
            on_hold=said.on_hold,
            death=said.death,
            by_system=not said.by,
        )
        for name, said in file.transitions.items()
    }


def _ladder(key: str, ladder: written.WrittenLadder) -> Ladder:
    return Ladder(
        key=key,
        label=ladder.label,
        time=ladder.time,
        on_hold=ladder.on_hold,
        urgency=ladder.urgency,
        rungs=tuple(Rung(after=rung.after, tell=rung.tell) for rung in ladder.rungs),
        repeat=ladder.repeat,
        source=ladder.source or "",
    )


def _work(file: written.WrittenProtocol, items: Mapping[str, Item]) -> dict[str, TaskRule]:
    tasks = {key: _task(key, task, items) for key, task in file.tasks.items()}
    return tasks | {key: _duty(key, duty, items) for key, duty in file.duties.items()}


def _task(key: str, task: written.WrittenTask, items: Mapping[str, Item]) -> TaskRule:
    return TaskRule(
        key=key,
        label=task.label,
        role=task.for_,
        ladder=task.ladder,
        scope=Scope(task.scope),
        opens=_triggers(task.opens, items),
    )


def _duty(key: str, duty: written.WrittenDuty, items: Mapping[str, Item]) -> TaskRule:
    closes = duty.closes or ()
    return TaskRule(
        key=key,
        label=duty.label,
        role=duty.for_,
        ladder=duty.ladder,
        scope=Scope.EPISODE,
        opens=_triggers(duty.opens, items),
        closes=_triggers([event for event in closes if not event.done], items),
        gates=duty.gates or (),
        completable=any(event.done for event in closes),
        ends_at_death=duty.ends_at_death,
    )


def _triggers(events: Iterable[written.WrittenEvent] | None, items: Mapping[str, Item]) -> tuple[Trigger, ...]:
    return tuple(_trigger(event, items) for event in events or ())


def _trigger(event: written.WrittenEvent, items: Mapping[str, Item]) -> Trigger:
    return Trigger(
        stage=event.stage or "",
        act=event.act or "",
        appointment=event.appointment or "",
        transition=event.transition or "",
        test=_compared(event, Subject(item=event.item), items) if event.item else None,
    )


def _response(said: written.WrittenResponse) -> ResponseRule:
    above = said.above is not None
    return ResponseRule(
        instrument=said.instrument,
        lower_is_better=said.better == "lower",
        baseline=_baseline(said.baseline),
        operator=Operator.ABOVE if above else Operator.AT_LEAST,
        threshold=next(number for number in (said.above, said.at_least) if number is not None),
        scores=said.scores,
        basis=_basis(said),
    )


def _baseline(said: written.WrittenBaseline) -> BaselineRule:
    return BaselineRule(
        window=said.window,
        days=said.days,
        ended_within=said.ended_within,
        predose_within=said.predose_within,
        void_by=said.void_by or "",
        floor=said.floor,
        basis=_basis(said),
    )
