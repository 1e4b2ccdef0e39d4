"""From a written criterion or event to the domain's."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from workflow.authoring import shape_criterion as written
from workflow.authoring.scalars import NUMBER
from workflow.authoring.subjects import is_numeric
from workflow.domain.criterion import Criterion, Group, Join, Operator, Subject, Test
from workflow.domain.item import Basis, Item
from workflow.domain.protocol import Trigger

Items = Mapping[str, Item]


def criterion(part: written.WrittenTest | written.WrittenGroup, items: Items) -> Criterion:
    """A test or a group, as meant."""
    match part:
        case written.WrittenTest():
            return single(part, items)
        case written.WrittenGroup():
            return group(part, items, label=part.label or "")


def group(said: written.WrittenGroup, items: Items, *, label: str) -> Group:
    """Parts joined one way."""
    parts = tuple(criterion(part, items) for part in said.parts)
    return Group(join=Join(said.join), parts=parts, label=label, least=said.least or 0)


def single(said: written.WrittenTest, items: Items) -> Test:
    """One test on one subject."""
    subject = Subject(
        item=said.item or "",
        derived=said.derived or "",
        of=said.of or "",
        within=said.within,
        this_trial=said.this_trial,
    )
    return compared(said, subject, items)


def triggers(events: Iterable[written.WrittenEvent] | None, items: Items) -> tuple[Trigger, ...]:
    """What opens or closes work."""
    return tuple(_trigger(event, items) for event in events or ())


def basis(thing: written.Sourced) -> Basis:
    """A source and its mark; empty where none is named."""
    return Basis(source=thing.source or "", mark=thing.mark or "")


def compared(said: written.Compared, subject: Subject, items: Items) -> Test:
    """A subject held against what is written beside it."""
    number, texts = said.number, said.texts
    (operator,) = said.operators
    if operator is Operator.IS and is_numeric(subject, items) and NUMBER.fullmatch(texts[0]):
        number, texts = Decimal(texts[0]), ()
    return Test(
        subject=subject,
        operator=operator,
        number=number,
        texts=texts,
        parameter=said.parameter,
        label=said.label or "",
        basis=basis(said),
    )


def _trigger(event: written.WrittenEvent, items: Items) -> Trigger:
    return Trigger(
        stage=event.stage or "",
        act=event.act or "",
        appointment=event.appointment or "",
        cancelled=event.cancelled or "",
        transition=event.transition or "",
        test=compared(event, Subject(item=event.item), items) if event.item else None,
        during=event.during or "",
        times=event.times,
        rise_over=event.rise_over,
    )
