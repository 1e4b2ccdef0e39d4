"""What a test may look at, and what it may compare it with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from workflow.domain.criterion import Operator, Subject, Test
from workflow.domain.item import Item, Kind
from workflow.domain.response import Judgement
from workflow.domain.trial import Method


class Of(StrEnum):
    """What a derived value is `of`."""

    NOTHING = "nothing"
    ITEM = "item"
    APPOINTMENT = "appointment"
    DUTY = "duty"  # or no duty: all of them
    ITEM_AT_APPOINTMENT = "item/appointment"
    ITEM_AND_ITEM = "item/item"  # the second may be trial.drug
    RESPONSE = "response"  # a further response, or nothing: the one for relief
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A derived value as a file may use it. Without `texts` it is a number."""

    label: str
    of: Of = Of.NOTHING
    texts: tuple[str, ...] = ()


_YES_NO = ("yes", "no")

# One row for each of domain.view.DERIVED; a test holds the two together.
DERIVED: Mapping[str, Derived] = MappingProxyType(
    {
        "response.verdict": Derived(
            label="Relief in the trial", of=Of.RESPONSE, texts=tuple(j for j in Judgement if j != Judgement.UNJUDGED)
        ),
        "response.scores": Derived(label="Scores inside the effect window", of=Of.RESPONSE),
        "response.baseline": Derived(label="Baseline score", of=Of.RESPONSE),
        "count.trials": Derived(label="Trials so far"),
        "count.doses": Derived(label="Doses in this trial"),
        "count.open_duties": Derived(label="Open duties", of=Of.DUTY),
        "since": Derived(label="Hours since", of=Of.ITEM),
        "since.dose": Derived(label="Hours since the last dose"),
        "dose.last": Derived(label="Last dose in this trial"),
        "days_since": Derived(label="Days since the date of", of=Of.ITEM),
        "age.years": Derived(label="Age in years"),
        "same": Derived(label="The same", of=Of.ITEM_AND_ITEM, texts=_YES_NO),
        "difference": Derived(label="Difference", of=Of.ITEM_AND_ITEM),
        "observation.complete": Derived(label="Every round of observation made, and over", texts=_YES_NO),
        "form.complete": Derived(label="Form complete", of=Of.FORM, texts=("yes",)),
        "anticoagulant.planned": Derived(label="Anticoagulant planned in time", texts=_YES_NO),
        "anticoagulant.clear": Derived(label="Last anticoagulant dose far enough back", texts=_YES_NO),
        "anticoagulant.restart": Derived(label="Anticoagulant may go on", texts=_YES_NO),
        "refill.due": Derived(label="Days until the pump must be filled"),
        "refill.gap": Derived(label="Days between reckoned and printed refill date"),
        "observation.over": Derived(label="Observed as long as the drug asks", texts=_YES_NO),
        "until": Derived(label="Hours until", of=Of.APPOINTMENT),
        "valid_at": Derived(label="Still valid at the appointment", of=Of.ITEM_AT_APPOINTMENT, texts=_YES_NO),
        "attended": Derived(label="Attended", of=Of.APPOINTMENT, texts=_YES_NO),
        "trial.method": Derived(label="Method of this trial", texts=tuple(Method)),
        "trial.catheter": Derived(label="Trial catheter", texts=("none", "in", "out")),
    }
)

NUMBER_OPERATORS = (Operator.ABOVE, Operator.AT_LEAST, Operator.BELOW, Operator.AT_MOST)


def is_numeric(subject: Subject, items: Mapping[str, Item]) -> bool:
    """Whether the subject is a number. What nobody declares is none."""
    if subject.item:
        return subject.item in items and items[subject.item].kind is Kind.NUMBER
    return subject.derived in DERIVED and not DERIVED[subject.derived].texts


def texts_of(subject: Subject, items: Mapping[str, Item]) -> tuple[str, ...]:
    """The words a declared subject can be; none for numbers, dates and free text."""
    if not subject.item:
        return DERIVED[subject.derived].texts
    item = items[subject.item]
    return _YES_NO if item.kind is Kind.YES_NO else item.choices or tuple(item.grades)


def misfits(test: Test, items: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """How a test on a declared subject cannot be met or not met, each with what is allowed."""
    if test.operator is Operator.RECORDED:
        return
    if is_numeric(test.subject, items):
        yield from _number_misfits(test, items)
    else:
        yield from _text_misfits(test, texts_of(test.subject, items), items)


def _number_misfits(test: Test, items: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    allowed = ", ".join((*NUMBER_OPERATORS, Operator.IS, Operator.RECORDED))
    if test.number is None and not test.parameter:
        yield f"a number is not compared with {', '.join(test.texts)}", f"{allowed}, with a number"
        return
    item = items.get(test.subject.item)
    low, high = (item.minimum, item.maximum) if item else (None, None)
    if test.number is None:
        return
    if (low is not None and test.number < low) or (high is not None and test.number > high):
        yield f"{test.number} lies outside the range", f"{low} to {high}"


def _text_misfits(test: Test, texts: tuple[str, ...], items: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    item = items.get(test.subject.item)
    if item is not None and item.kind is Kind.GRADE and (test.number is not None or test.parameter):
        worth = sorted(item.grades.values())
        if test.number is not None and not worth[0] <= test.number <= worth[-1]:
            yield f"{test.number} lies outside the grades", f"{worth[0]} to {worth[-1]}"
    elif not texts:
        yield f"`{test.operator}` does not fit free text or a date", "recorded"
    elif test.number is not None or test.parameter:
        yield f"`{test.operator}` is for numbers", f"is or in, with {', '.join(texts)}"
    elif odd := [text for text in test.texts if text not in texts]:
        yield f"{', '.join(odd)} is none of its values", ", ".join(texts)
