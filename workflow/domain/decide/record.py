"""Record: values as they were observed, or why there is none. A score opens a gate; a person walks through it."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from workflow.domain.decide.steps import settle, watch
from workflow.domain.decision import Decision, Draft
from workflow.domain.errors import ImpossibleInputError, NotPermittedError
from workflow.domain.item import Item, Kind, moment_of
from workflow.domain.observation import Observation, Reading
from workflow.domain.policy import Verb, permits, who_may
from workflow.domain.situation import Situation
from workflow.domain.work import Fact, happened

MOST_AT_ONCE = 200


def record(s: Situation, *, readings: tuple[Reading, ...]) -> Decision:
    """Record one to 200 readings in one decision: all of them, or none.

    A value entered late that speaks against a gate somebody passed opens an urgent safety duty.
    Raises UnknownNameError, ImpossibleValueError (naming the range), ImpossibleTimeError and
    ImpossibleInputError (unit, trial, both or neither of value and absent), each naming the reading's place.
    """
    if not 1 <= len(readings) <= MOST_AT_ONCE:
        raise ImpossibleInputError(f"{len(readings)} readings at once", allowed=f"1 to {MOST_AT_ONCE}")
    draft = Draft(s)
    for number, reading in enumerate(readings):
        seen = observed(s, reading, key=f"{s.episode.seq + 1}.{number}", place=f"[{number}]")
        draft.put("observations", seen.key, seen)
        happened(draft, Fact(at=seen.observed_at, observation=seen))
    shown = reassess(draft)
    first = min(s.now, *(reading.observed_at for reading in readings))
    undone = watch(draft, since=min(first, *(happened_at(reading) for reading in readings)))
    settle(draft)
    about = {"items": [reading.item for reading in readings], "undone": [passage.name for passage in undone], **shown}
    return draft.decide("record", occurred_at=first, about=about)


def observed(s: Situation, reading: Reading, *, key: str, place: str) -> Observation:
    """The observation a reading makes. Raises where the value, unit, time or trial cannot be."""
    at = s.moment(reading.observed_at, place=f"{place}.observed_at")
    number, text = _value(s, reading, place)
    if text is not None and reading.item in s.protocol.past_moments:
        s.moment(moment_of(text), place=f"{place}.{reading.item}")
    return Observation(
        key=key,
        item=reading.item,
        observed_at=at,
        recorded_at=s.now,
        by=s.actor.id,
        number=number,
        text=text,
        absent=reading.absent,
        unit=reading.unit if number is not None else "",
        trial=_trial(s, reading, at, place),
    )


def happened_at(reading: Reading | Observation) -> datetime:
    """The earliest time a value says something about: when it was observed, or the moment it names."""
    named = moment_of(reading.text) if reading.text is not None else None
    return reading.observed_at if named is None else min(named, reading.observed_at)


def reassess(draft: Draft) -> dict[str, object]:
    """Recompute what the last trial shows; before and after, where it changed."""
    trial = draft.episode.trial
    if trial is None:
        return {}
    found = draft.view(draft.s.now).response()
    assert found is not None
    if (found.verdict, found.relief_shown) == (trial.response, trial.relief):
        return {}
    draft.put("trials", trial.key, replace(trial, response=found.verdict, relief=found.relief_shown))
    return {
        "response_before": trial.response or "none",
        "response_after": found.verdict,
        "relief_before": trial.relief,
        "relief_after": found.relief_shown,
        "because": found.because,
    }


def _value(s: Situation, reading: Reading, place: str) -> tuple[Decimal | None, str | None]:
    try:
        item = s.protocol.item(reading.item)
        _check_judge(s, item)
        _check_shape(item, reading)
        if reading.number is not None:
            return item.number(reading.number, reading.unit), None
        return None, None if reading.text is None else item.text(reading.text)
    except ImpossibleInputError as wrong:
        wrong.place = f"{place}.{wrong.place or reading.item}"
        raise


def _check_judge(s: Situation, item: Item) -> None:
    """A recorded judgement is a clinical one, whoever else may record values."""
    if item.judgement and not permits(s.actor, Verb.JUDGE):
        judges = ", ".join(sorted(who_may(Verb.JUDGE)))
        raise NotPermittedError(f"{item.label} is a clinical judgement", allowed=f"roles: {judges}")


def _check_shape(item: Item, reading: Reading) -> None:
    given = [v for v in (reading.number, reading.text, reading.absent) if v is not None]
    if len(given) != 1:
        raise ImpossibleInputError(f"{item.label}: say a value, or why there is none", allowed="value or absent")
    if item.kind is not Kind.NUMBER and reading.unit:
        raise ImpossibleInputError(f"{item.label} has no unit", allowed="no unit")


def _trial(s: Situation, reading: Reading, at: datetime, place: str) -> int | None:
    """The trial a reading belongs to: as said, or the one under way when it was observed."""
    if reading.trial is None:
        return max((trial.number for trial in s.episode.trials.values() if trial.under_way(at)), default=None)
    named = s.episode.trials.get(str(reading.trial))
    if named is None or not named.under_way(at):
        known = ", ".join(sorted(s.episode.trials)) or "none yet"
        raise ImpossibleInputError(
            f"no trial {reading.trial} was under way then", place=f"{place}.trial", allowed=f"trials: {known}"
        )
    return reading.trial
