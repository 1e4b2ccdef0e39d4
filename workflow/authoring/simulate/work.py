"""How people do one thing: say what a way asks for, take it, find the second person, and look again when refused."""

from collections.abc import Iterable

from workflow.authoring.simulate.candidate import Answered, Candidate
from workflow.authoring.simulate.ways import Wanted, Way
from workflow.authoring.walk.deed import Advance, Record
from workflow.domain.criterion import Finding, Verdict
from workflow.domain.decision import Decision, Outcome
from workflow.domain.item import Kind
from workflow.domain.policy import Verb

_ASKED_AT_MOST = 4  # times two people ask before they give up agreeing
_MARGIN = 60  # minutes a value must still be good for


def prepare(c: Candidate, way: Way) -> None:
    """Record whatever a way asks for that nobody has looked at lately."""
    record_missing(c, way.wants)


def record_missing(c: Candidate, wants: Iterable[Wanted]) -> None:
    """Record whatever of these nobody has looked at lately."""
    record(c, *(want for want in wants if _missing(c, want)))


def record(c: Candidate, *wants: Wanted) -> None:
    """Record values of items as they are found now: drawn where the cohort says how, as wanted where not."""
    if not wants:
        return
    readings = tuple(c.reading(want.item, _found(c, want), c.now) for want in wants)
    c.do(c.able(Verb.RECORD), Record(readings=readings))
    trial = c.episode.trial
    for want in wants:
        c.known[want.item] = (c.now, trial.number if trial is not None else 0)


def take(c: Candidate, way: Way) -> Answered:
    """Go a way, with a second person where one is asked for."""
    rule, said = way.rule, c.clinic.cohort.ways.get(way.rule.name)
    left = c.clinic.cohort.leaves.get(rule.name)
    reason = (said.reason if said else None) or (left.reason if left else None) or next(iter(rule.reasons), None)
    asks = Advance(name=rule.name, reason=reason)
    by = c.somebody(*rule.by) or c.able(Verb.ADVANCE)
    stint = c.episode.stint
    decision = c.do(by, asks)
    for _ in range(_ASKED_AT_MOST):
        if decision.entry.outcome is not Outcome.PROPOSED:
            break
        yield c.after(c.clinic.cohort.pace[c.clinic.version.second_person_task])
        if c.episode.stint != stint:
            break
        by = c.somebody(*rule.by, but=by) or by
        decision = c.do(by, asks)
    return decision


def look_again(c: Candidate, decision: Decision) -> None:
    """Forget every value a refusal rested on, so that it is looked at anew."""
    for seen in decision.entry.basis:
        for key in _unmet(seen.finding):
            item = c.episode.observations[key].item if key in c.episode.observations else key
            c.known.pop(item, None)
            c.drawn.pop(item, None)


# ---------------------------------------------------------------------------------------------------------------


def _missing(c: Candidate, want: Wanted) -> bool:
    seen = c.known.get(want.item)
    if seen is None:
        return True
    at, number = seen
    trial = c.episode.trial
    if want.this_trial and trial is not None and number != trial.number:
        return True
    return want.within is not None and c.soon(_MARGIN) - at > want.within


def _found(c: Candidate, want: Wanted) -> str:
    trial, drawn = c.episode.trial, c.clinic.cohort.items.get(want.item)
    if trial is not None and want.item in (shown := c.shown.get(trial.number, {})):
        base, score = shown[want.item]
        return score if any(dose.trial == trial.number for dose in c.episode.administrations.values()) else base
    if drawn is None:
        return want.value
    if c.clinic.version.items[want.item].kind is not Kind.CHOICE:
        return drawn.draw(c.chance)
    return c.drawn.setdefault(want.item, drawn.draw(c.chance))


def _unmet(finding: Finding | None) -> list[str]:
    """The observations that did not do."""
    if finding is None or finding.verdict is Verdict.OPEN:
        return []
    return [*finding.keys] if not finding.parts else [key for part in finding.parts for key in _unmet(part)]
