"""Derived values that read a declared plan: rounds of observation, forms, anticoagulants, refills.

The moments here are also what a ladder can follow: it then counts from the moment, wherever recording moves that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from workflow.domain.anticoagulant import NOTHING, AnticoagulantRule, Interruption
from workflow.domain.appointment import AppointmentState
from workflow.domain.criterion import Known, Missing, Subject, Verdict, judge
from workflow.domain.item import moment_of
from workflow.domain.observation import Observation
from workflow.domain.observing import Round, rounds
from workflow.domain.refill import Refill, RefillRule, reckon

if TYPE_CHECKING:
    from workflow.domain.view import View

# ---------------------------------------------------------------------------------------------------- observation


def observed(view: "View", _: str) -> Known | Missing:
    """Whether every round after the last dose was made and its plan is over: yes or no."""
    found = _rounds(view)
    if isinstance(found, Missing):
        return found
    made, ends_at, keys = found
    open_rounds = [one for one in made if not one.made]
    if open_rounds:
        first = open_rounds[0]
        lacks = ", ".join(view.protocol.items[item].label for item in first.lacks)
        shown = f"{len(made) - len(open_rounds)} of {len(made)} rounds; {_local(view, first.due_at)} lacks {lacks}"
        return Known(shown=shown, text="no", keys=keys)
    over = ends_at <= view.at
    shown = f"all {len(made)} rounds, " + ("over" if over else f"until {_local(view, ends_at)}")
    return Known(shown=shown, text="yes" if over else "no", keys=keys)


def rounds_of(view: "View") -> tuple[Round, ...]:
    """Every round after the last dose; none where no plan runs."""
    found = _rounds(view)
    return () if isinstance(found, Missing) else found[0]


def next_round(view: "View") -> datetime | None:
    """When the next round is due: the first after the last one made, then any that was missed, then the end.

    While nobody looks it stays where it is; None where no plan runs.
    """
    found = _rounds(view)
    if isinstance(found, Missing):
        return None
    made, ends_at, _ = found
    last = max((one.due_at for one in made if one.made), default=None)
    left = [one.due_at for one in made if not one.made]
    ahead = [due_at for due_at in left if last is None or due_at > last]
    return next(iter((*ahead, *left)), ends_at)


def _rounds(view: "View") -> tuple[tuple[Round, ...], datetime, tuple[str, ...]] | Missing:
    newest = view.trial.number if view.trial else 0
    doses = [d for d in view.episode.administrations.values() if d.trial <= newest and d.given_at <= view.at]
    if not doses:
        return Missing(because="has no dose to count from")
    last = max(doses, key=lambda d: d.given_at)  # of an earlier trial too: who is watched is watched on into the next
    punctured_at = view.trial.punctured_at if view.trial else None
    if punctured_at is not None and last.given_at < punctured_at <= view.at:
        return Missing(because="has no dose since the last puncture", keys=(last.key,))
    plan = view.protocol.plan(last.drug, view.episode.trials[str(last.trial)].method)
    if plan is None:
        return Missing(because=f"has no plan for {last.drug}", keys=(last.key,))
    seen = [o for o in view.episode.observations.values() if o.observed_at <= view.at]
    return rounds(plan, last.given_at, seen), plan.ends(last.given_at), (last.key,)


# ----------------------------------------------------------------------------------------------------------- forms


def form_given(view: "View", of: str) -> Known | Missing:
    """Whether every item of a form is known: yes, or unknown with what it lacks."""
    form = view.protocol.forms[of]
    looked = {item: view.look(Subject(item=item)) for item in form.items}
    keys = tuple(key for seen in looked.values() for key in seen.keys)
    lacks = [view.protocol.items[item].label for item, seen in looked.items() if isinstance(seen, Missing)]
    if lacks:
        return Missing(because=f"lacks {', '.join(lacks)}", keys=keys)
    return Known(shown=f"complete ({len(form.items)} items)", text="yes", keys=keys)


# -------------------------------------------------------------------------------------------------- anticoagulants


def anticoagulant_planned(view: "View", _: str) -> Known | Missing:
    """Whether the planned last dose lies early enough before the next planned procedure, and the prescriber agrees."""
    rule = view.protocol.anticoagulants
    found = _interruption(view)
    if not isinstance(found, Interruption) or rule is None:
        return found if isinstance(found, Known) else _missing(found)
    booked = [one for one in view.episode.appointments.values() if one.state is AppointmentState.PLANNED]
    procedures = [one for one in booked if one.kind in rule.procedures and one.starts_at >= view.at]
    planned = view.latest(rule.planned)
    stops_at = moment_of(planned.text) if planned is not None and planned.text is not None else None
    again = view.moments(rule.restarted)
    if not procedures or planned is None or stops_at is None or (again and stops_at <= again[-1][0]):
        return Missing(because="has no planned last dose" if procedures else "has no booked procedure")
    starts_at, key = min(p.starts_at for p in procedures), planned.key
    agreed = view.look(Subject(item=rule.agreed))
    if isinstance(agreed, Missing):
        return Missing(because="waits for the prescriber's agreement", keys=(key, *agreed.keys))
    good = agreed.text == "yes" and starts_at - stops_at >= found.stop.elapsed
    shown = f"last dose {_local(view, stops_at)}, procedure {_local(view, starts_at)}, stop {found.stop} before"
    return Known(shown=shown, text="yes" if good else "no", keys=(key, *agreed.keys))


def anticoagulant_clear(view: "View", _: str) -> Known | Missing:
    """Whether the last dose taken lies far enough back by now: yes or no."""
    rule = view.protocol.anticoagulants
    found = _interruption(view)
    if rule is None or found is None:
        return _missing(None)
    if isinstance(found, Missing):
        return found
    changes = _changes(view, rule)
    if running := [one for one in changes if one.clear_at > view.at]:
        return Known(shown=running[-1].shown, text="no", keys=running[-1].keys)
    if isinstance(found, Known):
        return found
    since = max((one.at for one in changes), default=None)
    doses = [view.episode.observations[key] for _, key in view.moments(rule.last_dose)]
    known = [seen for seen in doses if since is None or seen.observed_at >= since]
    taken, again = view.moments(rule.last_dose, learned=True), view.moments(rule.restarted, learned=True)
    if not known or (again and again[-1][0] > taken[-1][0]):
        return Missing(because="is not known: the last dose taken is not recorded", keys=tuple(key for _, key in again))
    (last, key) = taken[-1]
    clear_at = last + found.stop.elapsed
    shown = f"last dose {_local(view, last)}, clear from {_local(view, clear_at)} ({found.key})"
    return Known(shown=shown, text="yes" if clear_at <= view.at else "no", keys=(key,))


@dataclass(frozen=True, slots=True)
class _Changed:
    """A drug taken before this one: when the change was noted, and from when it no longer counts."""

    at: datetime
    clear_at: datetime
    shown: str
    keys: tuple[str, ...]


def _changes(view: "View", rule: AnticoagulantRule) -> list[_Changed]:
    """Every other drug that was taken before this one, each for as long as its longest row asks.

    Without its last dose on record it counts as taken until the change was noted.
    """
    seen = [o for o in view.episode.observations.values() if o.item == rule.drug and o.stands]
    named = sorted((o for o in seen if o.text is not None and o.observed_at <= view.at), key=lambda o: o.order)
    drug = named[-1].text if named else None
    return [_change(view, rule, a, b) for a, b in pairwise(named) if a.text not in (NOTHING, drug, b.text)]


def _change(view: "View", rule: AnticoagulantRule, old: Observation, new: Observation) -> _Changed:
    at = new.observed_at
    taken = [one for one in view.moments(rule.last_dose, learned=True) if one[0] <= at]
    again = [one for one in view.moments(rule.restarted, learned=True) if one[0] <= at]
    last = at if not taken or again[-1:] > taken[-1:] else taken[-1][0]
    clear_at = last + _longest_stop(rule, old.text)
    shown = f"{old.text} until {_local(view, last)}, clear from {_local(view, clear_at)}"
    return _Changed(at, clear_at, shown, (old.key, new.key, *(key for _, key in taken[-1:])))


def anticoagulant_restart(view: "View", _: str) -> Known | Missing:
    """Whether the next dose may be taken by now: catheter out, and the wait after it over. Yes or no."""
    found = _interruption(view)
    if not isinstance(found, Interruption):
        return found if isinstance(found, Known) else _missing(found)
    if view.trial is not None and view.trial.holds_catheter(view.at):
        return Known(shown="a catheter is in", text="no")
    at = restart_from(view)
    if at is None:
        return Missing(because="has no procedure to count from")
    return Known(shown=f"from {_local(view, at)}", text="yes" if at <= view.at else "no")


def restart_from(view: "View") -> datetime | None:
    """When the next anticoagulant dose may be taken at the earliest; None where that is not known."""
    rule, trial = view.protocol.anticoagulants, view.trial
    found = _interruption(view)
    if rule is None or not isinstance(found, Interruption) or (trial is not None and trial.holds_catheter(view.at)):
        return None
    taken = view.moments(rule.last_dose)
    last = max((at for at in _procedures(view) if not taken or at > taken[-1][0]), default=None)
    if last is None:
        return None
    traumatic = view.text(rule.traumatic) == "yes"
    return last + (found.restart_after_trauma if traumatic else found.restart).elapsed


def _procedures(view: "View") -> list[datetime]:
    """When the puncture of the last trial was over, its catheter out, and when a pump was implanted."""
    trial = view.trial
    over = trial.catheter_out_at or trial.punctured_at if trial else None
    implants = [p.at for p in view.episode.passages.values() if p.act == "implant" and p.until is None]
    return [at for at in (over, *implants) if at is not None and at <= view.at]


def stop_before(view: "View", starts_at: datetime) -> datetime | None:
    """When the last dose before a procedure must have been taken; None where nothing is taken.

    Where it is not known which row counts, the longest does: whoever tells when to stop is told in time.
    """
    rule, found = view.protocol.anticoagulants, _interruption(view)
    if isinstance(found, Interruption):
        return starts_at - found.stop.elapsed
    if rule is None or not isinstance(found, Missing):
        return None
    named = view.latest(rule.drug)
    return starts_at - _longest_stop(rule, named.text if named is not None else None)


def _longest_stop(rule: AnticoagulantRule, drug: str | None) -> timedelta:
    """The longest any row of this drug asks for; of every row, where it has none or is not known."""
    rows = [row for row in rule.interruptions if row.drug == drug] or list(rule.interruptions)
    return max((row.stop.elapsed for row in rows), default=timedelta())


def _interruption(view: "View") -> Interruption | Known | Missing | None:
    """The row that counts for this person; Known where they take nothing; Missing or None where it is not known."""
    rule = view.protocol.anticoagulants
    if rule is None:
        return None
    taken = view.look(Subject(item=rule.drug))
    if isinstance(taken, Missing):
        return Missing(because=f"is not known: {view.protocol.items[rule.drug].label} {taken.because}", keys=taken.keys)
    if taken.text == NOTHING:
        return Known(shown="takes none", text="yes", keys=taken.keys)
    looked = {item: view.look(Subject(item=item)) for item in rule.inputs}
    if lacks := [view.protocol.items[item].label for item, seen in looked.items() if isinstance(seen, Missing)]:
        return Missing(because=f"cannot be planned without {', '.join(lacks)}", keys=taken.keys)
    for row in rule.interruptions:
        if row.drug != taken.text:
            continue
        verdict = Verdict.OPEN if row.when is None else judge(row.when, view).verdict
        if verdict is Verdict.UNKNOWN:
            return Missing(because=f"cannot be planned: whether {row.key} counts is not known", keys=taken.keys)
        if verdict is Verdict.OPEN:
            return row
    return Missing(because=f"has no interruption for {taken.text} in this protocol", keys=taken.keys)


def _missing(found: Missing | Interruption | None) -> Missing:
    return found if isinstance(found, Missing) else Missing(because="is not planned for in this protocol")


# ---------------------------------------------------------------------------------------------------------- refill


def refill(view: "View") -> Refill:
    """The two dates a refill is due by, as far as they are known.

    What is recorded after a filling may be of the next one, not made yet: it brings a date nearer, and puts none off.
    """
    rule = view.protocol.refill
    if rule is None:
        return Refill(reckoned=None, printed=None)
    filled = [at for at, _ in view.moments(rule.filled_at) if at <= view.at]
    last = filled[-1] if filled else None
    numbers = {name: number for name in (rule.volume, rule.reserve) if (number := view.number(name)) is not None}
    for item, earliest in ((rule.concentration, min), (rule.daily_dose, max)):
        if told := [seen.number for seen in _since(view, item, last) if seen.number is not None]:
            numbers[item] = earliest(told)
    kinds = [seen.text for seen in _since(view, rule.kind, last) if seen.text is not None]
    kind = min(kinds, key=lambda one: rule.keeps[one].minutes if one in rule.keeps else 0, default=None)
    return Refill(
        reckoned=reckon(rule, filled_at=last, numbers=numbers, kind=kind),
        printed=_printed(view, rule.printed, last),
        kept=_kept(view, rule, last),
    )


def _kept(view: "View", rule: RefillRule, filled_at: datetime | None) -> datetime | None:
    """When the filling that keeps longest would be due, from the filling or else from the pump's sheet."""
    sheet = view.latest(rule.printed)
    at = filled_at or (sheet.observed_at if sheet is not None else None)
    longest = max((kept.minutes for kept in rule.keeps.values()), default=None)
    return None if at is None or longest is None else at + timedelta(minutes=longest - rule.margin.minutes)


def _since(view: "View", item: str, at: datetime | None) -> list[Observation]:
    """The value of an item in force at a moment, and every one since; where there is no moment, the newest."""
    seen = [o for o in view.episode.observations.values() if o.item == item and o.stands and o.observed_at <= view.at]
    before = max((o for o in seen if at is None or o.observed_at <= at), key=lambda o: o.order, default=None)
    return [o for o in seen if o is before or (at is not None and o.observed_at > at)]


def _printed(view: "View", item: str, filled_at: datetime | None) -> datetime | None:
    """The date the pump printed at its last filling, as midnight at the site; an older sheet says nothing."""
    told = [o for o in view.episode.observations.values() if o.item == item and o.stands and o.text is not None]
    seen = max((o for o in told if o.observed_at <= view.at), key=lambda o: o.order, default=None)
    if seen is None or seen.text is None or (filled_at is not None and seen.observed_at < filled_at):
        return None
    day = datetime.combine(datetime.fromisoformat(seen.text).date(), time(), view.calendar.local(view.at).tzinfo)
    return day.astimezone(UTC)


def refill_due(view: "View", _: str) -> Known | Missing:
    """Days until the pump must be filled again; negative once that is past."""
    due_at = refill(view).due_at
    if due_at is None:
        return Missing(because="is not known: record the filling and the pump's own sheet")
    return Known(shown=f"due {_local(view, due_at)}", number=_days(due_at - view.at))


def refill_gap(view: "View", _: str) -> Known | Missing:
    """Days between the arithmetic and the date the pump printed."""
    found = refill(view)
    if found.gap is None or found.reckoned is None or found.printed is None:
        return Missing(because="is not known: one of the two dates is missing")
    shown = f"reckoned {_local(view, found.reckoned)}, printed {_local(view, found.printed)}"
    return Known(shown=shown, number=_days(found.gap))


def _days(span: timedelta) -> Decimal:
    return Decimal(int(span.total_seconds())) / 86400


def _local(view: "View", at: datetime) -> str:
    return f"{view.calendar.local(at):%Y-%m-%d %H:%M}"
