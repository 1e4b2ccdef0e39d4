"""A stage as a box: its number, its name, what is done in it, and the ways that are told in words."""

from workflow.authoring.drawing.figures import INSET, PAD, TEXT, TITLE, Box, Entry
from workflow.authoring.drawing.lettering import SEPARATOR, Run, held, wrap
from workflow.authoring.drawing.plan import Plan
from workflow.authoring.words import barred
from workflow.domain.protocol import Transition

_NUMBER = 28  # what a stage's number takes of its first line


def box_of(plan: Plan, key: str, *, w: float, ways_in: tuple[Transition, ...] = ()) -> Box:
    """The box of a stage, as wide as it is told and as tall as it must be."""
    stage = plan.version.stages[key]
    room = w - 2 * PAD - INSET
    entries = [_entry("way", room, runs(way, source=f"from {plan.among(way.sources)}")) for way in ways_in]
    entries += [_entry("gate" if t.authorises else "fact", room, runs(t)) for t in plan.staying(key)]
    entries += [_entry("way", room, runs(t, source=f"to {plan.numbers[t.to]}")) for t in plan.told(key)]
    entries += [_entry("duty", room, (Run(plan.version.tasks[duty].label),)) for duty in stage.duties]
    return Box(
        key=key,
        number=plan.numbers[key],
        kind="end" if stage.ends else "stage",
        w=w,
        title=wrap([Run(stage.label, "strong")], size=TITLE, room=w - 2 * PAD - _NUMBER),
        entries=tuple(entries),
    )


def runs(transition: Transition, *, source: str = "") -> tuple[Run, ...]:
    """A transition in words: its label, and in a muted tone where from, how many gates, whether two agree, and sign."""
    told = [source, barred(transition)]
    told += ["two people"] if transition.second_person else []
    told += ["signed"] if transition.signed else []
    told += ["by the software"] if transition.by_system else []
    return (Run(transition.label), *(Run(SEPARATOR + held(part), "muted") for part in told if part))


def _entry(mark: str, room: float, told: tuple[Run, ...]) -> Entry:
    return Entry(mark=mark, lines=wrap(told, size=TEXT, room=room))
