"""The closed list of derived values: what a gate may look at beside recorded items. No expression language.

Each answers on recorded facts alone; a missing input is unknown. `of` says what it is about, where it needs that.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from workflow.domain import derived_plans as plans
from workflow.domain.appointment import AppointmentState
from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.reckoning import floor
from workflow.domain.response import Judgement
from workflow.domain.task import Task

if TYPE_CHECKING:
    from datetime import datetime

    from workflow.domain.view import View


def of_trial(number: int) -> str:
    """What an answer rests on where nothing is recorded yet: that it was about this trial, and no other."""
    return f"trial.{number}"


def _relief(view: "View", of: str) -> Known | Missing:
    response = view.response(of)
    if response is None:
        return Missing(because="has no trial to be judged on")
    if response.verdict is Judgement.UNJUDGED:
        keys = (of_trial(view.trial.number) if view.trial else "", *response.keys)
        return Missing(because=f"cannot be judged: {response.because}", keys=keys)
    # The verdict is decided in exact fractions; here it travels as text, so no rounding can move it.
    return Known(shown=response.because, text=response.verdict, keys=response.keys, judged=True)


def _response_scores(view: "View", of: str) -> Known | Missing:
    response = view.response(of)
    return Missing(because="has no trial") if response is None else _count(len(response.scores))


def _response_baseline(view: "View", of: str) -> Known | Missing:
    response = view.response(of)
    if response is None or response.baseline is None:
        return Missing(because="is not known" + (f": {response.because}" if response else ""))
    number = floor(response.baseline)
    return Known(shown=f"{number}", number=number, keys=response.baseline_scores)


def _count_trials(view: "View", _: str) -> Known | Missing:
    """The trials begun by now; looking back at one, those before it."""
    begun = [trial for trial in view.episode.trials.values() if trial.started_at <= view.at]
    return _count(sum(1 for trial in begun if view.of_trial is None or trial.number < view.of_trial))


def _count_doses(view: "View", _: str) -> Known | Missing:
    """The doses before this instant: what is given at it was authorised by it."""
    trial = view.trial
    doses = view.episode.administrations.values()
    return _count(sum(1 for d in doses if trial and d.trial == trial.number and d.given_at < view.at))


def _count_duties(view: "View", of: str) -> Known | Missing:
    rules = view.protocol.tasks
    ran = [task for task in view.episode.tasks.values() if of in ("", task.name) and _ran(task, view.at)]
    duties = [task for task in ran if of or not rules[task.name].by_engine]  # a lost letter bars nobody's way
    names = ", ".join(sorted({rules[task.name].label for task in duties}))
    shown = f"{len(duties)}" + (f" ({names})" if names else "")
    return Known(shown=shown, number=Decimal(len(duties)))


def _ran(duty: Task, at: "datetime") -> bool:
    """Whether this is a duty that was open at `at`."""
    over = not duty.is_open and duty.closed_at is not None and duty.closed_at <= at
    # A later act of the same kind moves the anchor; the duty ran since it was opened all the same.
    return duty.is_duty and min(duty.anchor_at, duty.opened_at) <= at and not over


def _since_item(view: "View", of: str) -> Known | Missing:
    seen = view.latest(of)
    return Missing(because="is not recorded") if seen is None else _hours(view.at - seen.observed_at, seen.key)


def _since_dose(view: "View", _: str) -> Known | Missing:
    trial = view.trial
    doses = [d for d in view.episode.administrations.values() if trial and d.trial == trial.number]
    before = [d for d in doses if d.given_at < view.at]
    if not before:
        return Missing(because="has no dose to count from")
    last = max(before, key=lambda d: d.given_at)
    return _hours(view.at - last.given_at, last.key)


def _last_dose(view: "View", _: str) -> Known | Missing:
    """The last dose given in this trial, in its drug's unit."""
    trial = view.trial
    doses = [d for d in view.episode.administrations.values() if trial and d.trial == trial.number]
    before = [d for d in doses if d.given_at < view.at]
    if not before:
        return Missing(because="is not there: no dose in this trial")
    last = max(before, key=lambda d: d.given_at)
    return Known(shown=f"{last.given} {last.unit}", number=last.given, keys=(last.key,))


def _age(view: "View", _: str) -> Known | Missing:
    """Whole years since birth."""
    if view.born_on is None:
        return Missing(because="is not known: no birth date")
    day, born = view.calendar.local(view.at).date(), view.born_on
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return _count(years)


def _days_since(view: "View", of: str) -> Known | Missing:
    """Whole days since the day an item of kind `date` names."""
    seen = view.latest(of)
    if seen is None or seen.text is None:
        return Missing(because="is not recorded", keys=() if seen is None else (seen.key,))
    days = (view.calendar.local(view.at).date() - date.fromisoformat(seen.text)).days
    return Known(shown=f"{days} d (since {seen.text})", number=Decimal(days), keys=(seen.key,))


def _same(view: "View", of: str) -> Known | Missing:
    """Whether two items say the same: `item/item`, or `item/trial.drug` for the drug that was tried."""
    first, _, second = of.partition("/")
    left = view.look(Subject(item=first))
    right = _trial_drug(view, "") if second == "trial.drug" else view.look(Subject(item=second))
    for found in (left, right):
        if isinstance(found, Missing):
            return found
    assert isinstance(left, Known)
    assert isinstance(right, Known)
    shown = f"{left.shown} and {right.shown}"
    same = (left.text, left.number) == (right.text, right.number)
    return Known(shown=shown, text="yes" if same else "no", keys=left.keys + right.keys)


def _difference(view: "View", of: str) -> Known | Missing:
    """How far two numbers lie apart: `item/item`."""
    first, _, second = of.partition("/")
    left, right = view.look(Subject(item=first)), view.look(Subject(item=second))
    for found in (left, right):
        if isinstance(found, Missing):
            return found
    assert isinstance(left, Known)
    assert isinstance(right, Known)
    if left.number is None or right.number is None:
        return Missing(because="is no number")
    apart = abs(left.number - right.number)
    return Known(shown=f"{left.shown} and {right.shown}", number=apart, keys=left.keys + right.keys)


def _trial_drug(view: "View", _: str) -> Known | Missing:
    trial = view.trial
    return Known(shown=trial.drug, text=trial.drug) if trial and trial.drug else Missing(because="has no trial")


def _observed_enough(view: "View", _: str) -> Known | Missing:
    """Whether the observation time of every dose and puncture so far, as its drug asks, has passed: yes or no.

    Of every trial: an observation can run on into the next one. Where no trial tells the drug, the longest counts.
    """
    longest = max(drug.observe.minutes for drug in view.protocol.drugs.values())
    told = [
        (at + timedelta(minutes=drug.observe.minutes if drug else longest), key)
        for at, name, key in _observed_from(view)
        if at <= view.at
        for drug in (view.protocol.drugs.get(name),)
    ]
    if not told:
        return Missing(because="has nothing to count from")
    ends = max(at for at, _ in told)
    shown = f"until {view.calendar.local(ends):%Y-%m-%d %H:%M}"
    return Known(shown=shown, text="yes" if ends <= view.at else "no", keys=tuple(key for _, key in told if key))


def _observed_from(view: "View") -> "Iterator[tuple[datetime, str, str]]":
    """When an observation began, on which drug, with the key of its dose; also for a puncture outside any trial."""
    episode = view.episode
    yield from ((d.given_at, d.drug, d.key) for d in episode.administrations.values())
    yield from ((t.punctured_at, t.drug, "") for t in episode.trials.values() if t.punctured_at is not None)
    for passage in episode.passages.values():
        trial = episode.trials.get(str(passage.trial))
        told = trial is not None and trial.punctured_at is not None and trial.punctured_at >= passage.at
        if passage.act == "puncture" and passage.until is None and not told:
            yield passage.at, "", ""


def _until_appointment(view: "View", of: str) -> Known | Missing:
    planned = view.episode.planned(of)
    return Missing(because="is not booked") if planned is None else _hours(planned.starts_at - view.at, planned.key)


def _valid_at(view: "View", of: str) -> Known | Missing:
    """Whether an item's value will still be valid when an appointment starts: `item/appointment`."""
    item, _, kind = of.partition("/")
    planned, seen = view.episode.planned(kind), view.latest(item)
    if planned is None or seen is None or seen.absent is not None:
        return Missing(because="is not recorded" if planned else "is not booked")
    valid = view.protocol.items[item].valid_for
    good = valid is None or planned.starts_at - seen.observed_at <= valid.elapsed
    return Known(shown=seen.shown, text="yes" if good else "no", keys=(seen.key, planned.key))


def _trial_method(view: "View", _: str) -> Known | Missing:
    trial = view.trial
    return Missing(because="has no trial") if trial is None else Known(shown=trial.method, text=trial.method)


def _attended(view: "View", of: str) -> Known | Missing:
    kept = [a for a in view.episode.appointments.values() if a.kind == of]
    done = any(a.state is AppointmentState.ATTENDED for a in kept)
    return Known(shown="attended" if done else "not attended", text="yes" if done else "no")


def _catheter(view: "View", _: str) -> Known | Missing:
    """Where the catheter of this trial was at this instant: none, in or out."""
    trial = view.trial
    if trial is not None and trial.holds_catheter(view.at):
        return Known(shown="in", text="in")
    out = trial is not None and trial.catheter_out_at is not None and trial.catheter_out_at <= view.at
    return Known(shown="out", text="out") if out else Known(shown="none", text="none")


def _count(number: int) -> Known:
    return Known(shown=str(number), number=Decimal(number))


def _hours(span: timedelta, key: str) -> Known:
    hours = Decimal(int(span.total_seconds())) / 3600
    return Known(shown=f"{hours:.1f} h", number=hours, keys=(key,))


# The whole list: no expression language. Each answers on recorded facts alone; a missing input is unknown.
DERIVED: Mapping[str, Callable[["View", str], Known | Missing]] = MappingProxyType(
    {
        "response.verdict": _relief,
        "response.scores": _response_scores,
        "response.baseline": _response_baseline,
        "count.trials": _count_trials,
        "count.doses": _count_doses,
        "count.open_duties": _count_duties,
        "since": _since_item,
        "since.dose": _since_dose,
        "dose.last": _last_dose,
        "days_since": _days_since,
        "age.years": _age,
        "same": _same,
        "difference": _difference,
        "observation.over": _observed_enough,
        "observation.complete": plans.observed,
        "form.complete": plans.form_given,
        "anticoagulant.planned": plans.anticoagulant_planned,
        "anticoagulant.clear": plans.anticoagulant_clear,
        "anticoagulant.restart": plans.anticoagulant_restart,
        "refill.due": plans.refill_due,
        "refill.gap": plans.refill_gap,
        "until": _until_appointment,
        "valid_at": _valid_at,
        "attended": _attended,
        "trial.method": _trial_method,
        "trial.catheter": _catheter,
    }
)
