"""What can be known of an episode at one instant: recorded items, and the closed list of derived values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from workflow.domain.calendar import Calendar, Duration
from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.derived import DERIVED, of_trial
from workflow.domain.episode import Episode
from workflow.domain.item import moment_of
from workflow.domain.observation import Observation
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response import Response, respond
from workflow.domain.trial import Trial


@dataclass(frozen=True, slots=True)
class View:
    """An episode under its protocol as it stood at `at`: nothing observed later counts, nothing stale counts."""

    protocol: ProtocolVersion
    episode: Episode
    at: datetime
    calendar: Calendar
    of_trial: int | None = None  # look at this trial instead of the last one
    settings: Mapping[str, Decimal] = field(default_factory=dict)  # what the site has set; else a default counts
    born_on: date | None = None

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

    def parameter(self, name: str) -> Decimal:
        """The site's value of a parameter; the default where it has none, or one outside this version's bounds."""
        rule = self.protocol.parameters[name]
        value = self.settings.get(name, rule.default)
        return value if rule.minimum <= value <= rule.maximum else rule.default

    def response(self, rule: str = "") -> Response | None:
        """Relief in the trial under way, or the last one; by a further rule, where one is named."""
        trial = self.trial
        return None if trial is None else respond(self.protocol.response_rule(rule), self, trial)

    def number(self, item: str) -> Decimal | None:
        """The newest valid value of an item as a number; None where there is none."""
        found = self.look(Subject(item=item))
        return None if isinstance(found, Missing) else found.number

    def text(self, item: str) -> str | None:
        """The newest valid value of an item as text; None where there is none."""
        found = self.look(Subject(item=item))
        return None if isinstance(found, Missing) else found.text

    def moments(self, item: str, *, learned: bool = False) -> list[tuple[datetime, str]]:
        """Every moment recorded in an item of kind `time` by now, oldest first, with the observation's key.

        `learned`: also what had happened by now and was told later.
        """
        found = []
        for seen in self.episode.observations.values():
            moment = moment_of(seen.text) if seen.item == item and seen.stands and seen.text is not None else None
            if moment is not None and (seen.observed_at <= self.at or (learned and moment <= self.at)):
                found.append((moment, seen.key))
        return sorted(found)

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
            return Missing(because="is not recorded in this trial", keys=(of_trial(trial.number),))
        if seen.absent is not None:
            return Missing(because=f"was not obtained ({seen.absent})", keys=(seen.key,))
        valid = _shorter(subject.within, self.protocol.items[subject.item].valid_for)
        if valid is not None and self.at - seen.observed_at > valid.elapsed:
            return Missing(because=f"has expired: {_age(seen, valid, self.calendar)}", keys=(seen.key,))
        taken = self.calendar.local(seen.observed_at)
        return Known(
            shown=f"{seen.shown} ({taken:%Y-%m-%d %H:%M})",
            number=self.protocol.items[seen.item].worth(seen.number, seen.text),
            text=seen.text,
            keys=(seen.key,),
            age=_lasted(self.at - seen.observed_at),
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


def _lasted(span: timedelta) -> str:
    hours = int(span.total_seconds()) // 3600
    return f"{hours // 24} d old" if hours >= 48 else f"{hours} h old" if hours else "just taken"
