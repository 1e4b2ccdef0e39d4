"""From what is written to what is meant: a checked shape becomes the domain's ProtocolVersion."""

from collections.abc import Mapping
from types import MappingProxyType

from workflow.authoring import build_plans as plans
from workflow.authoring import shape as written
from workflow.authoring.build_criterion import basis, group, triggers
from workflow.authoring.build_own import with_own
from workflow.authoring.build_response import response
from workflow.domain.item import Item
from workflow.domain.ladder import Ladder, Rung
from workflow.domain.protocol import (
    Act,
    Chase,
    Dispensation,
    Drug,
    Gate,
    HoldRule,
    Invariant,
    ProtocolVersion,
    Stage,
    TaskRule,
    Transition,
)
from workflow.domain.task import Scope


def build(file: written.WrittenProtocol, *, sha256: str) -> ProtocolVersion:
    """The version a file describes. Names it uses are not yet known to exist: `references` looks."""
    items = {key: _item(key, item) for key, item in file.items.items()}
    tasks, ladders = with_own(_work(file, items), {key: _ladder(key, said) for key, said in file.ladders.items()})
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
        ladders=MappingProxyType(ladders),
        tasks=MappingProxyType(tasks),
        appointments=MappingProxyType(plans.appointments(file)),
        response=response("", file.response, items),
        hold=HoldRule(reasons=file.hold.reasons, review_after=file.hold.review_after, task=file.hold.task),
        safety_task=file.safety_task,
        missed_task=file.missed_task,
        second_person_task=file.second_person.task,
        second_person_lapses=file.second_person.lapses_after,
        late_after=file.late_after,
        late_reasons=file.late_reasons or (),
        soft_reasons=file.soft_reasons or (),
        drug_item=file.drug_item,
        max_trials=file.max_trials,
        stage_order=tuple(file.stages),
        invariants=MappingProxyType({key: _invariant(key, said) for key, said in file.invariants.items()}),
        responses=MappingProxyType({key: response(key, said, items) for key, said in file.responses.items()}),
        parameters=MappingProxyType(plans.parameters(file)),
        forms=MappingProxyType(plans.forms(file)),
        plans=MappingProxyType(plans.observation_plans(file)),
        anticoagulants=plans.anticoagulants(file, items),
        refill=plans.refill(file),
        complications=MappingProxyType(plans.complications(file)),
        benchmarks=MappingProxyType(plans.benchmarks(file)),
        background=MappingProxyType(plans.background(file)),
        priority=plans.priority(file, items),
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
        grades=MappingProxyType(item.grades or {}),
        valid_for=item.valid_for,
        judgement=item.judgement,
        basis=basis(item),
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
        steps=drug.steps or (),
        basis=basis(drug),
    )


def _stage(key: str, stage: written.WrittenStage) -> Stage:
    return Stage(key=key, label=stage.label, ends=stage.ends, duties=stage.duties or ())


def _gate(key: str, gate: written.WrittenGate, items: Mapping[str, Item]) -> Gate:
    return Gate(key=key, label=gate.label, criterion=group(gate, items, label=""), dispensation=_dispensation(gate))


def _dispensation(gate: written.WrittenGate) -> Dispensation | None:
    said, how = (gate.override, "overridden") if gate.override else (gate.waiver, "waived")
    if said is None:
        return None
    return Dispensation(how=how, by=said.by, reasons=said.reasons, lapses_after=said.lapses_after)


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
            signed=said.signed or "",
            reasons=said.reasons or (),
            warns=said.warns or (),
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
        rungs=tuple(Rung(after=rung.after, tell=rung.tell, time=rung.time) for rung in ladder.rungs),
        repeat=ladder.repeat,
        after_outage=ladder.after_outage,
        source=ladder.source or "",
    )


def _work(file: written.WrittenProtocol, items: Mapping[str, Item]) -> dict[str, TaskRule]:
    tasks = {key: _task(key, task, items) for key, task in file.tasks.items()}
    duties = {key: _duty(key, duty, items) for key, duty in file.duties.items()}
    return tasks | duties | plans.complication_duties(file, items)


def _task(key: str, task: written.WrittenTask, items: Mapping[str, Item]) -> TaskRule:
    return TaskRule(
        key=key,
        label=task.label,
        role=task.for_,
        ladder=task.ladder,
        scope=Scope(task.scope),
        opens=triggers(task.opens, items),
        follows=task.follows or "",
        repeats=task.repeats_expiring,
        advice=task.advice or "",
        chase=_chase(task),
    )


def _duty(key: str, duty: written.WrittenDuty, items: Mapping[str, Item]) -> TaskRule:
    closes = duty.closes or ()
    return TaskRule(
        key=key,
        label=duty.label,
        role=duty.for_,
        ladder=duty.ladder,
        scope=Scope.EPISODE,
        opens=triggers(duty.opens, items),
        closes=triggers([event for event in closes if not event.done], items),
        gates=duty.gates or (),
        completable=any(event.done for event in closes),
        ends_at_death=duty.ends_at_death,
        follows=duty.follows or "",
        advice=duty.advice or "",
        chase=_chase(duty),
    )


def _chase(work: written.WrittenWork) -> Chase | None:
    said = work.chase
    return None if said is None else Chase(attempts=said.attempts, opens=said.opens, basis=basis(said))
