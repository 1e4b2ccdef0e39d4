"""What a simulation showed: as tables for people, as plain values for programs."""

from collections import Counter
from collections.abc import Iterator, Mapping

from workflow.authoring.simulate.run import Simulated
from workflow.authoring.simulate.tally import Tally, quantile

_DAY = 24


def as_json(simulated: Simulated) -> dict[str, object]:
    """The whole result as plain JSON values."""
    tally, asked = simulated.tally, simulated.asked
    return {
        "protocol": simulated.version.name,
        "cohort": simulated.cohort.title,
        "candidates": tally.candidates,
        "seed": asked.seed,
        "followed_weeks": asked.weeks,
        "referrals_per_week": f"{simulated.cohort.per_week:f}",
        "decisions": tally.decisions,
        "trialled": tally.trialled,
        "trials": tally.trials,
        "passed": tally.passed,
        "implanted": tally.implanted,
        "trial_to_implant_percent": _percent(tally.implanted, tally.trialled),
        "passed_percent": _percent(tally.passed, tally.trials),
        "deviations": tally.deviations,
        "stood_in_at_the_end": dict(sorted(tally.ends.items())),
        "days_in_stage": days_in_stage(simulated),
        "per_role": per_role(simulated),
        "clinician_messages_a_week": clinician_load(simulated),
        "messages_by_urgency": dict(sorted(tally.urgencies.items())),
        "refusals_by_gate": dict(tally.refusals.most_common()),
        "impossible": dict(tally.impossible.most_common()),
    }


def told(simulated: Simulated) -> Iterator[str]:
    """The result line by line."""
    tally, asked, version = simulated.tally, simulated.asked, simulated.version
    yield f"{simulated.cohort.title} ({version.name}): {tally.candidates} candidates, seed {asked.seed}"
    if simulated.cohort.plain:
        yield "No cohort was given: checks pass, half of the trials respond, nobody leaves. --cohort says otherwise."
    yield f"Each is followed for {asked.weeks} weeks; {simulated.cohort.per_week:f} referrals a week."
    yield ""
    yield f"Trialled {tally.trialled}, implanted {tally.implanted}: {_percent(tally.implanted, tally.trialled)} %"
    basis = f"; fed: {simulated.cohort.passing:f} %, {simulated.cohort.basis or 'no source said'}"
    yield f"Trials {tally.trials}, over the line {tally.passed}: {_percent(tally.passed, tally.trials)} %{basis}"
    yield f"Decisions {tally.decisions}, deviations {tally.deviations}"
    yield from _stages(simulated)
    yield from _roles(simulated)
    yield from _load(simulated)
    yield from _counted("Refused by", tally.refusals)
    yield from _counted("Could not be done at all", tally.impossible)


def days_in_stage(simulated: Simulated) -> dict[str, dict[str, str | int]]:
    """How long stays lasted that have ended: how many, half of them within, nine tenths within, in days."""
    hours = simulated.tally.hours
    return {
        stage: {
            "stays": sum(hours[stage].values()),
            "median": f"{quantile(hours[stage], 0.5) / _DAY:.1f}",
            "p90": f"{quantile(hours[stage], 0.9) / _DAY:.1f}",
        }
        for stage in simulated.version.stages
        if stage in hours
    }


def per_role(simulated: Simulated) -> dict[str, dict[str, str | int]]:
    """Tasks opened and messages sent for each role: for a candidate, and for a week of the referrals as they come."""
    tally = simulated.tally
    return {
        str(role): _role(tally, str(role), simulated.cohort.crew.holding(role), float(simulated.cohort.per_week))
        for role in simulated.version.roles
    }


def clinician_load(simulated: Simulated) -> dict[str, int]:
    """Messages one clinician has in a week: half of all weeks at most, nine tenths at most, and the worst."""
    weeks = simulated.tally.weeks
    people = simulated.cohort.crew.holding(next(r for r in simulated.version.roles if r == "clinician"))
    counts: Counter[int] = Counter()
    for person in people:
        counts.update(weeks.loads.get(person, Counter()))
    zeros = weeks.finished * len(people) - sum(counts.values())
    return {
        "weeks": weeks.finished,
        "median": quantile(counts, 0.5, zeros=zeros),
        "p90": quantile(counts, 0.9, zeros=zeros),
        "most": max(counts, default=0),
    }


# ---------------------------------------------------------------------------------------------------------------


def _role(tally: Tally, role: str, people: list[str], per_week: float) -> dict[str, str | int]:
    each = per_week / max(1, tally.candidates)
    messages = sum(tally.messages[person] for person in people)
    late = sum(tally.late[person] for person in people)
    return {
        "people": len(people),
        "tasks": tally.tasks[role],
        "tasks_a_week": f"{tally.tasks[role] * each:.1f}",
        "messages": messages,
        "messages_a_week": f"{messages * each:.1f}",
        "escalations": late,
        "messages_a_person_a_week": f"{messages * each / max(1, len(people)):.1f}",
    }


def _stages(simulated: Simulated) -> Iterator[str]:
    found, ends = days_in_stage(simulated), simulated.tally.ends
    yield f"\n{'Stage':<36}{'stays':>8}{'median d':>10}{'p90 d':>8}{'end here':>10}"
    for stage, rule in simulated.version.stages.items():
        if stage in found or ends[stage]:
            row: Mapping[str, object] = found.get(stage, {"stays": "", "median": "", "p90": ""})
            yield f"{rule.label:<36}{row['stays']:>8}{row['median']:>10}{row['p90']:>8}{ends[stage]:>10}"


def _roles(simulated: Simulated) -> Iterator[str]:
    yield f"\n{'Role, in a week':<20}{'people':>8}{'tasks':>8}{'messages':>10}{'each':>8}{'late rungs':>12}"
    for role, row in per_role(simulated).items():
        late = f"{_percent(int(row['escalations']), int(row['messages']))} %"
        messages, each = row["messages_a_week"], row["messages_a_person_a_week"]
        yield f"{role:<20}{row['people']:>8}{row['tasks_a_week']:>8}{messages:>10}{each:>8}{late:>12}"


def _load(simulated: Simulated) -> Iterator[str]:
    load = clinician_load(simulated)
    said = f"half of {load['weeks']} weeks at most {load['median']}, nine tenths at most {load['p90']}"
    yield f"\nMessages to one clinician in a week: {said}, never more than {load['most']}"


def _counted(title: str, counts: Counter[str]) -> Iterator[str]:
    if counts:
        yield f"{title}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"
