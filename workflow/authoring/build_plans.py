"""From written plans to the domain's: observation, anticoagulants, refills, forms, parameters, complications."""

from dataclasses import replace
from types import MappingProxyType

from workflow.authoring import shape as written
from workflow.authoring.build_criterion import Items, basis, compared, criterion
from workflow.authoring.shape_plans import WrittenComplication
from workflow.domain.anticoagulant import AnticoagulantRule, Interruption
from workflow.domain.criterion import Operator, Subject, Test
from workflow.domain.observing import ObservationPlan, Rounds
from workflow.domain.parameter import Parameter
from workflow.domain.protocol import (
    AppointmentKind,
    Benchmark,
    Complication,
    Form,
    Priority,
    Remark,
    TaskRule,
    Trigger,
)
from workflow.domain.refill import RefillRule
from workflow.domain.task import Scope

COMPLICATION = "complication"  # the item whose choices are the complications a file declares


def appointments(file: written.WrittenProtocol) -> dict[str, AppointmentKind]:
    """The kinds of appointment."""
    return {
        key: AppointmentKind(
            key=key, label=said.label, needs=said.needs or (), missed=said.missed or "", act=said.act or ""
        )
        for key, said in file.appointments.items()
    }


def parameters(file: written.WrittenProtocol) -> dict[str, Parameter]:
    """What a site may set for itself."""
    return {
        key: Parameter(
            key=key,
            label=said.label,
            unit=said.unit,
            default=said.default,
            minimum=said.range[0],
            maximum=said.range[1],
            basis=basis(said),
        )
        for key, said in file.parameters.items()
    }


def forms(file: written.WrittenProtocol) -> dict[str, Form]:
    """Items that are asked for together."""
    return {
        key: Form(key=key, label=said.label, items=said.items, basis=basis(said)) for key, said in file.forms.items()
    }


def observation_plans(file: written.WrittenProtocol) -> dict[str, ObservationPlan]:
    """How a person is watched after a dose."""
    return {
        key: ObservationPlan(
            key=key,
            label=said.label,
            drug=said.drug,
            method=said.method,
            lasts=said.lasts,
            rounds=tuple(Rounds(every=part.every, until=part.until) for part in said.rounds),
            items=said.items,
            tolerance=said.tolerance,
            basis=basis(said),
        )
        for key, said in file.observation_plans.items()
    }


def anticoagulants(file: written.WrittenProtocol, items: Items) -> AnticoagulantRule | None:
    """How anticoagulants are interrupted, where the file says so."""
    said = file.anticoagulants
    if said is None:
        return None
    return AnticoagulantRule(
        drug=said.drug,
        inputs=said.inputs,
        agreed=said.agreed,
        planned=said.planned,
        last_dose=said.last_dose,
        restarted=said.restarted,
        traumatic=said.traumatic,
        procedures=said.procedures,
        interruptions=tuple(
            Interruption(
                key=key,
                drug=row.of,
                stop=row.stop,
                restart=row.restart,
                restart_after_trauma=row.restart_after_trauma,
                when=None if row.when is None else criterion(row.when, items),
                basis=basis(row),
            )
            for key, row in said.interruptions.items()
        ),
    )


def refill(file: written.WrittenProtocol) -> RefillRule | None:
    """What a refill is worked out from, where the file says so."""
    said = file.refill
    if said is None:
        return None
    return RefillRule(
        filled_at=said.filled_at,
        volume=said.volume,
        reserve=said.reserve,
        concentration=said.concentration,
        daily_dose=said.daily_dose,
        printed=said.printed,
        kind=said.kind,
        keeps=MappingProxyType(said.keeps),
        margin=said.margin,
        basis=basis(said),
    )


def complications(file: written.WrittenProtocol) -> dict[str, Complication]:
    """The complications a file knows, each with the duty it opens."""
    return {
        key: Complication(
            key=key,
            label=said.label,
            severity=said.severity,
            act_within=said.act_within,
            duty=f"complication_{key}",
            basis=basis(said),
        )
        for key, said in file.complications.items()
    }


def complication_duties(file: written.WrittenProtocol, items: Items) -> dict[str, TaskRule]:
    """A duty for each complication: it opens when that is recorded, and ends when somebody says what was done."""
    return {
        f"complication_{key}": TaskRule(
            key=f"complication_{key}",
            label=said.label,
            role=said.for_,
            ladder=said.ladder,
            scope=Scope.EPISODE,
            opens=(_recorded(key, said),) if COMPLICATION in items else (),
            advice=said.advice or "",
        )
        for key, said in file.complications.items()
    }


def priority(file: written.WrittenProtocol, items: Items) -> Priority | None:
    """Whose referral comes first, where the file says so."""
    said = file.priority
    if said is None:
        return None
    test = replace(compared(said, Subject(item=said.item), items), label="")
    return Priority(label=said.label, test=test, within=said.within, time=said.time)


def _recorded(key: str, said: WrittenComplication) -> Trigger:
    test = Test(subject=Subject(item=COMPLICATION), operator=Operator.IS, texts=(key,), basis=basis(said))
    return Trigger(test=test)


def benchmarks(file: written.WrittenProtocol) -> dict[str, Benchmark]:
    """Published figures to hold an outcome against."""
    return {
        key: Benchmark(
            key=key,
            label=said.label,
            value=said.value,
            unit=said.unit,
            after=said.after,
            n=said.n,
            basis=basis(said),
        )
        for key, said in file.benchmarks.items()
    }


def background(file: written.WrittenProtocol) -> dict[str, Remark]:
    """What is only to be known."""
    return {key: Remark(key=key, text=said.text, basis=basis(said)) for key, said in file.background.items()}
