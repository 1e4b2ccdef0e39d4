"""What can be known of an episode at one instant: recorded items, and the closed list of derived values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from workflow.domain.appointment import AppointmentState
from workflow.domain.calendar import Calendar, Duration
from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.episode import Episode
from workflow.domain.observation import Observation
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response import Response, respond
from workflow.domain.task import Task
from workflow.domain.trial import Trial


@dataclass(frozen=True, slots=True)
class View:
    """An episode under its protocol as it stood at `at`: nothing observed later counts, nothing stale counts."""

    protocol: ProtocolVersion
    episode: Episode
    at: datetime
    calendar: Calendar
    of_trial: int | None = None  # look at this trial instead of the last one

    @property
    def trial(self) -> Trial | None:
        """The trial looked at."""
        return self.episode.trial if self.of_trial is None else self.episode.trials[str(self.of_trial)]

    def look(self, subject: Subject) -> Known | Missing:
        """The value of a subject, or why there is none."""
        if subject.item:
            return self._item(subject)
        return DERIVED[subject.derived](self, subject.of)

    def label(self, subject: Subject) -> str:
        if subject.item:
            return self.protocol.items[subject.item].label
        return f"{subject.derived} {subject.of}".strip()

    def response(self) -> Response | None:
        """Relief in the trial under way, or the last one."""
        trial = self.trial
        if trial is None:
            return None
        return respond(self.protocol, self.episode, trial, at=self.at, calendar=self.calendar)

    def latest(self, item: str, *, of: Trial | None = None) -> Observation | None:
        """The newest standing observation of an item made by now; in or after one trial, where that is asked."""
        seen = [
            o
            for o in self.episode.observations.values()
            if o.item == item and o.stands and o.observed_at <= self.at and _concerns(o, of)
        ]
        return max(seen, key=lambda o: o.order, default=None)

    def _item(self, subject: Subject) -> Known | Missing:
        trial = self.trial
        seen = self.latest(subject.item, of=trial if subject.this_trial else None)
        if subject.this_trial and trial is None:
            because = "has no trial to belong to" + (f"; recorded without one: {seen.shown}" if seen else "")
            return Missing(because=because, keys=(seen.key,) if seen else ())
        if seen is None:
            if trial is None or not subject.this_trial:
                return Missing(because="is not recorded")
            return Missing(because="is not recorded in this trial", keys=(_of(trial.number),))
        if seen.absent is not None:
            return Missing(because=f"was not obtained ({seen.absent})", keys=(seen.key,))
        valid = _shorter(subject.within, self.protocol.items[subject.item].valid_for)
        if valid is not None and self.at - seen.observed_at > valid.elapsed:
            return Missing(because=f"has expired: {_age(seen, valid, self.calendar)}", keys=(seen.key,))
        taken = self.calendar.local(seen.observed_at)
        return Known(
            shown=f"{seen.shown} ({taken:%Y-%m-%d %H:%M})",
            number=seen.number,
            text=seen.text,
            keys=(seen.key,),
        )


def _concerns(seen: Observation, trial: Trial | None) -> bool:
    """Whether a value may answer for a trial: recorded in it, or after it and in no other."""
    after = trial is not None and seen.trial is None and seen.observed_at >= trial.started_at
    return trial is None or seen.trial == trial.number or after


def _shorter(within: Duration | None, valid_for: Duration | None) -> Duration | None:
    """A test may ask for a fresher value than its item does, never for a staler one."""
    return min((d for d in (within, valid_for) if d is not None), key=lambda d: d.minutes, default=None)


def _age(seen: Observation, valid: Duration, calendar: Calendar) -> str:
    return f"{seen.shown} of {calendar.local(seen.observed_at):%Y-%m-%d %H:%M}, valid for {valid}"


def _of(trial: int) -> str:
    """What an answer rests on where nothing is recorded yet: that it was about this trial, and no other."""
    return f"trial.{trial}"


def _relief(view: View, _: str) -> Known | Missing:
    response = view.response()
    if response is None:
        return Missing(because="has no trial to be judged on")
    if response.relief is None:
        keys = (_of(view.trial.number) if view.trial else "", *response.keys)
        return Missing(because=f"cannot be judged: {response.because}", keys=keys)
    # The verdict is decided in exact fractions; here it travels as text, so no rounding can move it.
    return Known(shown=response.because, text=response.verdict, keys=response.keys, judged=True)


def _response_scores(view: View, _: str) -> Known | Missing:
    response = view.response()
    return Missing(because="has no trial") if response is None else _count(len(response.scores))


def _count_trials(view: View, _: str) -> Known | Missing:
    """The trials begun by now; looking back at one, those before it."""
    begun = [trial for trial in view.episode.trials.values() if trial.started_at <= view.at]
    return _count(sum(1 for trial in begun if view.of_trial is None or trial.number < view.of_trial))


def _count_doses(view: View, _: str) -> Known | Missing:
    """The doses before this instant: what is given at it was authorised by it."""
    trial = view.trial
    doses = view.episode.administrations.values()
    return _count(sum(1 for d in doses if trial and d.trial == trial.number and d.given_at < view.at))


def _count_duties(view: View, of: str) -> Known | Missing:
    duties = [task for task in view.episode.tasks.values() if of in ("", task.name) and _ran(task, view.at)]
    names = ", ".join(sorted({view.protocol.tasks[task.name].label for task in duties}))
    shown = f"{len(duties)}" + (f" ({names})" if names else "")
    return Known(shown=shown, number=Decimal(len(duties)))


def _ran(duty: Task, at: datetime) -> bool:
    """Whether this is a duty that was open at `at`."""
    over = not duty.is_open and duty.closed_at is not None and duty.closed_at <= at
    # A later act of the same kind moves the anchor; the duty ran since it was opened all the same.
    return duty.is_duty and min(duty.anchor_at, duty.opened_at) <= at and not over


def _since_item(view: View, of: str) -> Known | Missing:
    seen = view.latest(of)
    return Missing(because="is not recorded") if seen is None else _hours(view.at - seen.observed_at, seen.key)


def _since_dose(view: View, _: str) -> Known | Missing:
    trial = view.trial
    doses = [d for d in view.episode.administrations.values() if trial and d.trial == trial.number]
    if not doses:
        return Missing(because="has no dose to count from")
    last = max(doses, key=lambda d: d.given_at)
    return _hours(view.at - last.given_at, last.key)


def _observed_enough(view: View, _: str) -> Known | Missing:
    """Whether the last dose's observation time, as its drug asks, has passed: yes or no."""
    trial = view.trial
    doses = [d for d in view.episode.administrations.values() if trial and d.trial == trial.number]
    starts = [(d.given_at, d.drug) for d in doses]
    if trial and trial.punctured_at:
        starts.append((trial.punctured_at, trial.drug))
    if not starts:
        return Missing(because="has nothing to count from")
    ends = max(at + view.protocol.drug(drug).observe.elapsed for at, drug in starts)
    shown = f"until {view.calendar.local(ends):%Y-%m-%d %H:%M}"
    return Known(shown=shown, text="yes" if ends <= view.at else "no", keys=tuple(d.key for d in doses))


def _until_appointment(view: View, of: str) -> Known | Missing:
    planned = view.episode.planned(of)
    return Missing(because="is not booked") if planned is None else _hours(planned.starts_at - view.at, planned.key)


def _valid_at(view: View, of: str) -> Known | Missing:
    """Whether an item's value will still be valid when an appointment starts: `item/appointment`."""
    item, _, kind = of.partition("/")
    planned, seen = view.episode.planned(kind), view.latest(item)
    if planned is None or seen is None or seen.absent is not None:
        return Missing(because="is not recorded" if planned else "is not booked")
    valid = view.protocol.items[item].valid_for
    good = valid is None or planned.starts_at - seen.observed_at <= valid.elapsed
    return Known(shown=seen.shown, text="yes" if good else "no", keys=(seen.key, planned.key))


def _trial_method(view: View, _: str) -> Known | Missing:
    trial = view.trial
    return Missing(because="has no trial") if trial is None else Known(shown=trial.method, text=trial.method)


def _attended(view: View, of: str) -> Known | Missing:
    kept = [a for a in view.episode.appointments.values() if a.kind == of]
    done = any(a.state is AppointmentState.ATTENDED for a in kept)
    return Known(shown="attended" if done else "not attended", text="yes" if done else "no")


def _catheter(view: View, _: str) -> Known | Missing:
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
DERIVED: Mapping[str, Callable[[View, str], Known | Missing]] = MappingProxyType(
    {
        "response.verdict": _relief,
        "response.scores": _response_scores,
        "count.trials": _count_trials,
        "count.doses": _count_doses,
        "count.open_duties": _count_duties,
        "since": _since_item,
        "since.dose": _since_dose,
        "observation.over": _observed_enough,
        "until": _until_appointment,
        "valid_at": _valid_at,
        "attended": _attended,
        "trial.method": _trial_method,
        "trial.catheter": _catheter,
    }
)
