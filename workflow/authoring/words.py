"""How tests, triggers and spans of time are said in words, wherever people read a protocol."""

from collections.abc import Sequence

from workflow.authoring.subjects import DERIVED, Of
from workflow.domain.calendar import Duration
from workflow.domain.criterion import Operator, Subject, Test
from workflow.domain.item import Basis
from workflow.domain.protocol import ProtocolVersion, TaskRule, Transition, Trigger

_UNITS = {"min": "minute", "h": "hour", "d": "day", "w": "week"}
_SIGNS = {
    Operator.ABOVE: "above",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "below",
    Operator.AT_MOST: "at most",
    Operator.IS: "",
    Operator.IN: "one of",
    Operator.RECORDED: "recorded",
}


def span(wait: Duration) -> str:
    """A duration in words: 1 day, 24 hours, 7 days before."""
    amount = abs(wait.amount)
    plural = "" if amount == 1 else "s"
    return f"{amount} {_UNITS[wait.unit]}{plural}{' before' if wait.amount < 0 else ''}"


def asked(test: Test, version: ProtocolVersion) -> str:
    """A test in words, without its source: Platelets: at least 100 10*9/L, not older than 30 days."""
    said = f"{test.label or subject_label(test.subject, version)}: {_wanted(test, version)}"
    if test.subject.within is not None:
        said += f", not older than {span(test.subject.within)}"
    return said + (", in this trial" if test.subject.this_trial else "")


def resting_on(basis: Basis) -> str:
    """The source and its mark, in brackets; nothing where there is none."""
    return f"({basis.source}; {basis.mark})" if basis.source else ""


def subject_label(subject: Subject, version: ProtocolVersion) -> str:
    """What a test looks at, as its label says it."""
    if subject.item:
        return version.items[subject.item].label
    derived = DERIVED[subject.derived]
    return f"{derived.label} {_of(derived.of, subject.of, version)}".rstrip()


def trigger(fact: Trigger, version: ProtocolVersion) -> str:
    """What opens or closes work, in words."""
    during = f", during {_going_on(fact.during, version)}" if fact.during else ""
    return _fact(fact, version) + during


def _going_on(name: str, version: ProtocolVersion) -> str:
    return version.stages[name].label if name in version.stages else version.tasks[name].label


def _fact(fact: Trigger, version: ProtocolVersion) -> str:
    if fact.test is not None:
        rise = f" (its rise in percent over {span(fact.rise_over)})" if fact.rise_over else ""
        times = f", {fact.times} times in a row" if fact.times > 1 else ""
        return asked(fact.test, version) + rise + times
    if fact.cancelled:
        return f"{version.appointments[fact.cancelled].label} cancelled"
    if fact.stage:
        return version.stages[fact.stage].label
    if fact.act:
        return version.acts[fact.act].label
    if fact.appointment:
        return version.appointments[fact.appointment].label
    return version.transitions[fact.transition].label


def closing(task: TaskRule, version: ProtocolVersion) -> str:
    """What ends a duty, in words."""
    facts = [trigger(fact, version) for fact in task.closes]
    return listed([*facts, *(["marked done by a person"] if task.completable else [])], "or")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words joined as people join them: a, b and c."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), "".join(words[-1:])) if part)


def barred(way: Transition) -> str:
    """What a transition asks for, in few words. An act asks for the approval of the day, judged again."""
    gates = counted(len(way.gates), "gate")
    if not way.records:
        return gates
    return f"{gates} · approved today" if way.gates else "approved today"


def counted(number: int, thing: str) -> str:
    """How many there are, in words: no gate, 1 gate, 2 gates."""
    return f"{number or 'no'} {thing}{'s' if number > 1 else ''}"


# ---------------------------------------------------------------------------------------------------------------


def _wanted(test: Test, version: ProtocolVersion) -> str:
    sign = _SIGNS[test.operator]
    if test.operator is Operator.RECORDED:
        return sign
    if test.parameter:
        return f"{sign} what the site sets ({version.parameters[test.parameter].label})"
    if test.number is None:
        return f"{sign} {listed([text.replace('_', ' ') for text in test.texts], 'or')}".strip()
    unit = version.items[test.subject.item].unit if test.subject.item else ""
    return f"{sign} {test.number:f} {'' if unit.startswith('{') else unit}".strip()


def _of(kind: Of, name: str, version: ProtocolVersion) -> str:
    match kind:
        case Of.NOTHING:
            return ""
        case Of.ITEM:
            return version.items[name].label
        case Of.APPOINTMENT:
            return version.appointments[name].label
        case Of.DUTY:
            return version.tasks[name].label if name else ""
        case Of.ITEM_AT_APPOINTMENT:
            item, _, appointment = name.partition("/")
            return f"{version.items[item].label}, {version.appointments[appointment].label}"
        case Of.ITEM_AND_ITEM:
            first, _, second = name.partition("/")
            other = "the drug of the trial" if second == "trial.drug" else version.items[second].label
            return f"{version.items[first].label} and {other}"
        case Of.RESPONSE:
            return version.response_rule(name).label if name else ""
        case Of.FORM:
            return version.forms[name].label
